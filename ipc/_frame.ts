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

import { ValueError } from "../sync/errors.ts";

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
/** Parts are joined with their neighbours up to this length: a copy costs less than a call to write. */
const JOINED = 65_536;

/** Makes the marker of a channel. */
export function newMarker(): Uint8Array {
  const marker = crypto.getRandomValues(new Uint8Array(MARKER_LENGTH));
  marker[0] = FIRST_BYTE;
  return marker;
}

/**
 * Frames the parts of a message.
 *
 * @param marker The channel's marker, {@linkcode MARKER_LENGTH} bytes.
 * @returns What is to be written, one after the other: small pieces joined, large parts as they are.
 * @throws {ValueError} When it would be longer than {@linkcode LONGEST_MESSAGE}.
 */
export function frame(parts: readonly Uint8Array[], marker: Uint8Array): Uint8Array[] {
  checkMarker(marker);
  checkLength(parts);
  const trailer = trailerOf(marker);
  return joinSmall(parts.flatMap((part, i) => {
    return [marker, headerOf(part.length, i < parts.length - 1), part, trailer];
  }));
}

/** @throws {ValueError} When the parts are longer together than {@linkcode LONGEST_MESSAGE}. */
export function checkLength(parts: readonly { readonly byteLength: number }[]): void {
  const length = lengthOf(parts);
  if (length <= LONGEST_MESSAGE) return;
  throw new ValueError(
    `Cannot send a message: it is too long: ${length} bytes, where ${LONGEST_MESSAGE} are the ` +
      `most: send it in pieces`,
  );
}

function headerOf(length: number, hasMore: boolean): Uint8Array {
  const header = new DataView(new ArrayBuffer(HEADER_LENGTH));
  header.setUint8(0, FRAME_VERSION);
  header.setUint8(1, hasMore ? 1 : 0);
  header.setUint32(2, length, true);
  header.setUint32(6, ~length, true);
  return new Uint8Array(header.buffer);
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

function lengthOf(parts: readonly { readonly byteLength: number }[]): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}

function joinSmall(parts: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = [];
  let group: Uint8Array[] = [];
  let length = 0;
  for (const part of parts) {
    if (group.length > 0 && length + part.length > JOINED) {
      joined.push(join(group));
      group = [];
      length = 0;
    }
    group.push(part);
    length += part.length;
  }
  joined.push(join(group));
  return joined;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
