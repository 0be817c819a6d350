/**
 * What a child writes to its standard error: passed on to the parent's own, and the end of it kept, to
 * say with the news of the child's death.
 */

/** How much of the end is kept, in bytes. */
const KEPT = 8 * 1024;
/** How many lines are said. */
const LINES = 10;

/** See the head of the file. */
export class LastWords {
  #tail: Uint8Array = new Uint8Array(0);
  #passing: Promise<void> = Promise.resolve();
  #unpassed = 0;

  /** How many bytes have not been passed on yet. */
  get unpassed(): number {
    return this.#unpassed;
  }

  /** Takes what the child has written; it may be changed afterwards. */
  add(bytes: Uint8Array): void {
    const own = bytes.slice();
    this.#unpassed += own.length;
    this.#passing = this.#passing.then(() => passOn(own)).then(() => {
      this.#unpassed -= own.length;
    });
    const tail = new Uint8Array(this.#tail.length + own.length);
    tail.set(this.#tail);
    tail.set(own, this.#tail.length);
    this.#tail = tail.slice(-KEPT);
  }

  /** Resolves when all has been passed on. */
  passedOn(): Promise<void> {
    return this.#passing;
  }

  /** The last lines, without colours; empty when nothing was written. */
  text(): string {
    const text = new TextDecoder().decode(this.#tail).replaceAll(ANSI_CODES, "").trimEnd();
    return text.split("\n").slice(-LINES).join("\n");
  }

  /** Whether the end tells that the heap was full. */
  get tellsOutOfMemory(): boolean {
    return new TextDecoder().decode(this.#tail).includes("JavaScript out of memory");
  }
}

const ESCAPE = String.fromCharCode(27);
const ANSI_CODES = new RegExp(`${ESCAPE}\\[[0-9;]*m`, "g");

async function passOn(bytes: Uint8Array): Promise<void> {
  try {
    let offset = 0;
    while (offset < bytes.length) offset += await Deno.stderr.write(bytes.subarray(offset));
  } catch {
    // Nobody reads the program's standard error: nobody misses this.
  }
}
