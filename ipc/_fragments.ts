/**
 * Messages through a stream that others write to: a child's standard error.
 *
 * The system writes up to {@linkcode ATOMIC} bytes to a pipe in one piece. So a message is cut into
 * frames of that size: what user code, another thread or a grandchild writes comes between two frames,
 * never into one.
 */

import { frame } from "./_frame.ts";
import { join } from "./_frame_pump.ts";

/** What POSIX promises to be written in one piece is 512 bytes; Linux and macOS keep to more. */
const ATOMIC = Deno.build.os === "linux" ? 4096 : 512;
/** The longest frame's head and tail, with room to spare. */
const OVERHEAD = 64;

const LAST = 0;
const MORE = 1;

/** The pieces of a message, each a frame to be written at once. */
export function* fragments(
  message: readonly Uint8Array[],
  marker: Uint8Array,
): Iterable<Uint8Array> {
  const whole = join(message, message.reduce((sum, { length }) => sum + length, 0));
  const size = ATOMIC - OVERHEAD;
  for (let offset = 0; offset === 0 || offset < whole.length; offset += size) {
    const flag = offset + size < whole.length ? MORE : LAST;
    const piece = [new Uint8Array([flag]), whole.subarray(offset, offset + size)];
    const framed = frame(piece, marker);
    yield join(framed, framed.reduce((sum, { length }) => sum + length, 0));
  }
}

/** Puts pieces together again. */
export class Assembler {
  #pieces: Uint8Array[] = [];
  #size = 0;

  /** The message that ends with this piece, if one does; its bytes are its own. */
  add(piece: Uint8Array): Uint8Array | undefined {
    const own = piece.slice(1);
    this.#pieces.push(own);
    this.#size += own.length;
    if (piece[0] === MORE) return undefined;
    const message = join(this.#pieces, this.#size);
    this.#pieces = [];
    this.#size = 0;
    return message;
  }
}
