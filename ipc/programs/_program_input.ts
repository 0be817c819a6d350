/**
 * What a program is given to read: bytes, text, or a stream of both.
 *
 * A stream is locked when the input is made, long before the program may start, so that nobody else
 * reads it; it ends in one of three ways, and is cancelled unless it was read to its end:
 *
 * - read to its end: the pipe is closed, and the program sees the end of its input;
 * - the program reads no more: the rest is not wanted, and nothing is wrong;
 * - it is cancelled: the pipe stays open until the program is gone. Closing it would tell the program
 *   that what it has read so far is the whole.
 */

import { CancelledError } from "../../sync/errors.ts";

/** What a program may be given to read. */
export type InputSource = string | Uint8Array | ReadableStream<unknown>;

/** See the head of the file. */
export class ProgramInput {
  /** For messages. */
  readonly #command: string;
  /** What was given whole, until it is written. */
  #whole: string | Uint8Array | undefined = undefined;
  readonly #reader: ReadableStreamDefaultReader<unknown> | undefined = undefined;
  #isOver = false;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined = undefined;
  /** The first half of a character that a stream of strings has cut in two. */
  #half = "";

  /** @throws {TypeError} When the stream is locked. */
  constructor(command: string, source: InputSource) {
    this.#command = command;
    if (source instanceof ReadableStream) this.#reader = source.getReader();
    // The caller may change the bytes before the program starts.
    else this.#whole = typeof source === "string" ? source : source.slice();
  }

  /**
   * Writes everything to a program's pipe.
   *
   * @returns When all is written, or is not wanted any more.
   * @throws What the stream failed with, or a `TypeError` for a chunk that is no bytes and no text.
   */
  async feed(pipe: WritableStream<Uint8Array>): Promise<void> {
    this.#writer = pipe.getWriter();
    for (;;) {
      const chunk = await this.#next();
      if (this.#isOver) return;
      const bytes = this.#bytesOf(chunk);
      if (bytes.length > 0 && !await this.#write(bytes)) {
        return this.cancel(
          new CancelledError(`Cannot feed ${this.#command}: it reads no more of its stdin`),
        );
      }
      if (chunk === undefined) break;
    }
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader?.releaseLock();
    await this.#writer.close().catch(() => {});
  }

  /** Nothing more is wanted of the source. The pipe stays as it is. */
  cancel(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#whole = undefined;
    this.#reader?.cancel(reason).catch(() => {});
  }

  /** Closes the pipe of a program that is gone; a write that is under way has to come to its end. */
  async close(): Promise<void> {
    await this.#writer?.abort().catch(() => {});
  }

  /** The next chunk; `undefined` at the end. */
  async #next(): Promise<unknown> {
    if (this.#reader !== undefined) {
      const { value, done } = await this.#reader.read();
      // A chunk that is `undefined` is wrong, and no end.
      return done ? undefined : value ?? null;
    }
    const whole = this.#whole;
    this.#whole = undefined;
    return whole;
  }

  #bytesOf(chunk: unknown): Uint8Array {
    if (typeof chunk === "string") return this.#encode(chunk, false);
    if (chunk === undefined) return this.#encode("", true);
    if (!(chunk instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot feed ${this.#command}: its stdin stream gave ${
          Deno.inspect(chunk, { depth: 0 })
        }: ` +
          "strings and Uint8Arrays are wanted",
      );
    }
    if (this.#half === "") return chunk;
    const half = this.#encode("", true);
    const both = new Uint8Array(half.length + chunk.length);
    both.set(half);
    both.set(chunk, half.length);
    return both;
  }

  #encode(chunk: string, isLast: boolean): Uint8Array {
    const text = this.#half + chunk;
    const isCut = !isLast && isFirstHalf(text.charCodeAt(text.length - 1));
    const end = isCut ? text.length - 1 : text.length;
    this.#half = text.slice(end);
    return new TextEncoder().encode(text.slice(0, end));
  }

  /** Whether the program took it. */
  async #write(bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#writer!.write(bytes);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return false;
      throw error;
    }
  }
}

function isFirstHalf(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
