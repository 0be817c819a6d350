/**
 * One output of a program, collected to its end.
 *
 * It is read into one growing buffer. Chunks of the stream's own hold 64 kB of memory each, however few
 * bytes there are in them: keeping those would let a program that writes a line at a time fill the heap.
 */

/** Room for most outputs; it doubles when it is full. */
const LEAST = 1024;

const NONE = new ArrayBuffer(0);

/** Reads from its construction on, so that the program never waits for a reader. */
export class ProgramOutput {
  /** Resolves at the end of the output, or when it was given up; rejects when it can't be read or kept. */
  readonly ended: Promise<void>;
  readonly #reader: ReadableStreamBYOBReader;
  #buffer = new ArrayBuffer(LEAST);
  #length = 0;
  #isWanted = true;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader({ mode: "byob" });
    this.ended = this.#read();
  }

  /** Reads on and keeps nothing: a program that is to end must not be stopped by a full pipe. */
  discard(): void {
    this.#isWanted = false;
  }

  /** Stops reading, although others may hold the pipe open. */
  giveUp(): void {
    this.discard();
    this.#reader.cancel().catch(() => {});
  }

  /** All bytes; after the end only, and once. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#isWanted ? this.#buffer.transfer(this.#length) : NONE);
  }

  async #read(): Promise<void> {
    for (;;) {
      // Takes the buffer away, and gives it back with the bytes.
      const room = new Uint8Array(this.#buffer, this.#length);
      const { value, done } = await this.#reader.read(room);
      if (value === undefined) return;
      this.#buffer = value.buffer;
      if (done) return;
      if (this.#isWanted) this.#length += value.length;
      else this.#length = 0;
      if (this.#length === this.#buffer.byteLength) {
        this.#buffer = this.#buffer.transfer(2 * this.#length);
      }
    }
  }
}
