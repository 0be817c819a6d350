/**
 * One output of a program, collected to its end.
 *
 * The bytes are copied into one growing buffer: a chunk that a pipe gives holds 64 kB of memory however
 * few bytes there are in it, so keeping chunks would let a program that writes a line at a time fill
 * the heap.
 */

/** The least memory that is taken once there is output. */
const LEAST = 1024;

/** Reads from its construction on, so that the program never waits for a reader. */
export class ProgramOutput {
  /** Resolves at the end of the output, or when it was given up; rejects when it can't be read. */
  readonly ended: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #buffer = new Uint8Array(0);
  #length = 0;
  #wanted = true;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.ended = this.#read();
    // Whoever waits for the program looks at this one later.
    this.ended.catch(() => {});
  }

  /** Reads on and keeps nothing: a program that is to end must not be stopped by a full pipe. */
  discard(): void {
    this.#wanted = false;
    this.#buffer = new Uint8Array(0);
    this.#length = 0;
  }

  /** Stops reading, although others may hold the pipe open. */
  giveUp(): void {
    this.discard();
    this.#reader.cancel().catch(() => {});
  }

  /** All bytes; after the end only, and once. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer.buffer.transfer(this.#length));
  }

  async #read(): Promise<void> {
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) return;
      if (this.#wanted) this.#add(value);
    }
  }

  #add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const capacity = Math.max(LEAST, length, 2 * this.#buffer.length);
      this.#buffer = new Uint8Array(this.#buffer.buffer.transfer(capacity));
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }
}
