/**
 * Messages through a stream that others write to: a child's standard error.
 *
 * The system writes up to {@linkcode ATOMIC} bytes to a pipe in one piece. So a message is cut into
 * frames of that size: what user code, another thread or a grandchild writes comes between two frames,
 * never into one.
 */

import { Framer, LONGEST_MESSAGE, type Message } from "./_frame.ts";
import { FrameError } from "./_frame_error.ts";
import { join } from "./_frame_pump.ts";

/** What POSIX promises to be written in one piece is 512 bytes; Linux and macOS keep to more. */
const ATOMIC = Deno.build.os === "linux" ? 4096 : 512;
/** The longest frame's head and tail, with room to spare. */
const OVERHEAD = 64;

/** What a piece begins with: whether its part of the message goes on, or another part follows. */
const Follows = { nothing: 0, rest: 1, part: 2 } as const;

/** The pieces of a message, each a frame to be written at once. */
export function* fragments(message: Message, marker: Uint8Array): Iterable<Uint8Array> {
  const framer = new Framer(marker);
  const size = ATOMIC - OVERHEAD;
  for (const [i, part] of message.entries()) {
    const after = i < message.length - 1 ? Follows.part : Follows.nothing;
    for (let offset = 0; offset === 0 || offset < part.length; offset += size) {
      const follows = offset + size < part.length ? Follows.rest : after;
      const piece = join([new Uint8Array([follows]), part.subarray(offset, offset + size)]);
      yield framer.frame([piece]);
    }
  }
}

/** Puts pieces together again. */
export class Assembler {
  readonly #limit: number;
  /** How long the message is so far. */
  #total = 0;
  #parts: Uint8Array[] = [];
  /** Of the part that goes on. */
  #pieces: Uint8Array[] = [];

  constructor(limit = LONGEST_MESSAGE) {
    this.#limit = limit;
  }

  /**
   * The message that ends with this piece, if one does; its bytes are its own.
   *
   * @throws {FrameError} When it gets too long.
   */
  add(piece: Uint8Array): Message | undefined {
    this.#total += piece.length - 1;
    if (this.#total > this.#limit) {
      throw new FrameError(
        `Cannot read a message: it is too long: ${this.#total} bytes, where ${this.#limit} are the ` +
          `most: send less at a time`,
      );
    }
    this.#pieces.push(piece.slice(1));
    if (piece[0] === Follows.rest) return undefined;
    this.#parts.push(join(this.#pieces));
    this.#pieces = [];
    if (piece[0] === Follows.part) return undefined;
    const message = this.#parts;
    this.#parts = [];
    this.#total = 0;
    return message;
  }
}
