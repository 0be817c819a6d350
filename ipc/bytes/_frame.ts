/**
 * Messages in a stream of bytes. A message has one part or more, and a part is a frame:
 *
 * ```
 * marker │ version │ more │ length │ ~length │ payload │ trailer
 *     16 │       1 │    1 │      4 │       4 │  length │      16   bytes, little-endian
 * ```
 *
 * `more` is 1 when another part of the message follows, else 0. The marker is random, made by the parent
 * for one child and told to it in another way, so that no output looks like a frame by chance or by
 * design; the trailer is its complement. What all that is good for is told where frames are read, in
 * `_frame_reader.ts`.
 */

import { ValueError } from "../../sync/errors.ts";

/** A message, as its parts. */
export type Message = readonly Uint8Array[];

/** The version of the frames and of what is in them. Both ends are to have the same. */
export const FRAME_VERSION = 1;
/** The length of a marker. */
export const MARKER_LENGTH = 16;
/**
 * The longest message, unless the reader says otherwise: 2 GiB. A message is in memory on both sides at
 * once, mostly beside the value itself, so that longer ones would take more than most machines have; and
 * no more than this can be asked for by a header that lies.
 */
export const LONGEST_MESSAGE = 2 ** 31;

/** What a marker begins with. */
const FIRST_BYTE = 0xff;
/** The version, whether there is more, the length and its complement. */
export const HEADER_LENGTH = 10;
/** How many bytes go before a payload. */
export const HEAD_LENGTH: number = MARKER_LENGTH + HEADER_LENGTH;
/** How many bytes go after it. */
export const TAIL_LENGTH: number = MARKER_LENGTH;

/** Makes the marker of a channel. */
export function newMarker(): Uint8Array {
  const marker = crypto.getRandomValues(new Uint8Array(MARKER_LENGTH));
  marker[0] = FIRST_BYTE;
  return marker;
}

/** Puts the messages of one channel into frames, in the caller's memory, which costs hardly anything. */
export class Framer {
  readonly #marker: Uint8Array;
  readonly #trailer: Uint8Array;

  /** @param marker The channel's marker, {@linkcode MARKER_LENGTH} bytes. */
  constructor(marker: Uint8Array) {
    checkMarker(marker);
    this.#marker = marker.slice();
    this.#trailer = trailerOf(marker);
  }

  /**
   * Writes what goes before a payload of so many bytes.
   *
   * @returns Where the payload begins.
   */
  putHead(into: Uint8Array, at: number, length: number, hasMore: boolean): number {
    into.set(this.#marker, at);
    let place = at + MARKER_LENGTH;
    into[place++] = FRAME_VERSION;
    into[place++] = hasMore ? 1 : 0;
    for (let bits = 0; bits < 32; bits += 8) into[place++] = length >>> bits;
    for (let bits = 0; bits < 32; bits += 8) into[place++] = ~length >>> bits;
    return place;
  }

  /**
   * Writes what goes after a payload.
   *
   * @returns Where the frame ends.
   */
  putTail(into: Uint8Array, at: number): number {
    into.set(this.#trailer, at);
    return at + TAIL_LENGTH;
  }

  /** The frames of a message, in one piece. */
  frame(message: Message): Uint8Array<ArrayBuffer> {
    const overhead = message.length * (HEAD_LENGTH + TAIL_LENGTH);
    const whole = new Uint8Array(messageLength(message) + overhead);
    let at = 0;
    for (const [i, part] of message.entries()) {
      at = this.putHead(whole, at, part.length, i < message.length - 1);
      whole.set(part, at);
      at = this.putTail(whole, at + part.length);
    }
    return whole;
  }
}

/**
 * How many bytes the parts of a message have.
 *
 * @throws {ValueError} When they are more than {@linkcode LONGEST_MESSAGE}.
 */
export function messageLength(message: readonly { readonly byteLength: number }[]): number {
  let length = 0;
  for (const part of message) length += part.byteLength;
  if (length <= LONGEST_MESSAGE) return length;
  throw new ValueError(
    `Cannot send a message: it is too long: ${length} bytes, where ${LONGEST_MESSAGE} are the ` +
      `most: send it in pieces`,
  );
}

/** @throws {TypeError} When the marker has not its length. */
export function checkMarker(marker: Uint8Array): void {
  if (marker.length !== MARKER_LENGTH) {
    throw new TypeError(
      `Cannot frame messages: a marker of ${MARKER_LENGTH} bytes is wanted: ${marker.length}`,
    );
  }
}

/** What a frame ends with. */
export function trailerOf(marker: Uint8Array): Uint8Array {
  return marker.map((byte) => ~byte);
}
