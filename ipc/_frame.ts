/**
 * Messages in a stream of bytes: where each begins and ends, and whether it came whole.
 *
 * ```
 * marker │ version │ length │ ~length │ payload │ trailer
 *     16 │       1 │      4 │       4 │  length │      16   bytes, little-endian
 * ```
 *
 * The marker is random, made by the parent for one child and told to it in another way, so that no
 * output looks like a frame by chance or by design; the trailer is its complement. What is guaranteed:
 *
 * - A payload is given out only whole, and only when the trailer stands where the length says: bytes
 *   that another writer put into a frame are noticed, wherever in it they are. So nobody waits for the
 *   rest of a frame whose length is not its own, or for one whose marker was broken.
 * - What is wrong is thrown after all that was right before it was given out. From then on the reader
 *   throws the same error again, since where the next frame begins is unknown.
 * - Of a stream with stray bytes between the frames (`stray`), each is given out once, in order. Those
 *   that may be the beginning of a marker wait until the next bytes prove them one or none; no byte of
 *   text ever does, as markers begin with one that no UTF-8 has.
 *
 * | the reader is | and goes on to | with |
 * | --- | --- | --- |
 * | between frames | in the header | the last byte of a marker |
 * | in the header | in the payload | a known version, and a length within the limit |
 * | in the payload | in the trailer | its last byte |
 * | in the trailer | between frames | its last byte: the payload is given out |
 * | anywhere | failed | any other byte, or an end elsewhere than between frames |
 *
 * **Who has the memory:** a payload that lies in one chunk is a piece of that chunk, and good only for as
 * long as the chunk is; a payload of several chunks has its own memory. So whoever reads into the same
 * buffer again must be done with the payloads first; `fromBytes` copies whatever it keeps. Nothing else
 * of a chunk is kept: what is given to `stray`, too, is a copy.
 */

import { ValueError } from "../sync/errors.ts";
import { FrameError, quoteBytes } from "./_frame_error.ts";
import { MarkerSearch } from "./_marker_search.ts";

/** The version of the frames and of what is in them. Both ends are to have the same. */
export const FRAME_VERSION = 1;
/** The length of a marker. */
export const MARKER_LENGTH = 16;
/**
 * The longest payload, unless the reader says otherwise: 2 GiB. A message is in memory twice on each side
 * on its way, so that longer ones would take more than most machines have; and no more than this can be
 * asked for by a header that lies.
 */
export const MAX_PAYLOAD = 2 ** 31;

/** What a marker begins with. */
const FIRST_BYTE = 0xff;
/** The version, the length and its complement. */
const HEADER_LENGTH = 9;
const EMPTY: Uint8Array = new Uint8Array(0);
/** Parts are joined with their neighbours up to this length: a copy costs less than a call to write. */
const JOINED = 65_536;

/** Makes the marker of a channel. */
export function newMarker(): Uint8Array {
  const marker = crypto.getRandomValues(new Uint8Array(MARKER_LENGTH));
  marker[0] = FIRST_BYTE;
  return marker;
}

/**
 * Makes a frame of a message's parts.
 *
 * @param marker The channel's marker, {@linkcode MARKER_LENGTH} bytes.
 * @returns What is to be written, one after the other: small parts joined, large ones as they are.
 * @throws {ValueError} When it would be longer than {@linkcode MAX_PAYLOAD}.
 */
export function frame(parts: readonly Uint8Array[], marker: Uint8Array): Uint8Array[] {
  checkMarker(marker);
  const length = lengthOf(parts);
  if (length > MAX_PAYLOAD) {
    throw new ValueError(
      `Cannot send a message: it is too long: ${length} bytes, where ${MAX_PAYLOAD} are the most: ` +
        `send it in pieces`,
    );
  }
  return joinSmall([marker, headerOf(length), ...parts, trailerOf(marker)]);
}

function headerOf(length: number): Uint8Array {
  const header = new DataView(new ArrayBuffer(HEADER_LENGTH));
  header.setUint8(0, FRAME_VERSION);
  header.setUint32(1, length, true);
  header.setUint32(5, ~length, true);
  return new Uint8Array(header.buffer);
}

function checkMarker(marker: Uint8Array): void {
  if (marker.length !== MARKER_LENGTH) {
    throw new TypeError(
      `Cannot frame messages: a marker of ${MARKER_LENGTH} bytes is wanted: ${marker.length}`,
    );
  }
}

function trailerOf(marker: Uint8Array): Uint8Array {
  return marker.map((byte) => ~byte);
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
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

/** How frames are read. */
export interface FrameReaderOptions {
  /** The channel's marker, {@linkcode MARKER_LENGTH} bytes. */
  readonly marker: Uint8Array;
  /** The longest payload that is taken; default {@linkcode MAX_PAYLOAD}. */
  readonly limit?: number;
  /** Gets the bytes between frames; without it there must be none. */
  readonly stray?: (bytes: Uint8Array) => void;
}

/** What the next byte is a part of. */
type State = "between" | "header" | "payload" | "trailer";

/** See the head of the file. */
export class FrameReader {
  readonly #search: MarkerSearch;
  /** Looks at the stray bytes, for the end of a frame whose marker was broken. */
  readonly #lostEnds: MarkerSearch;
  readonly #trailer: Uint8Array;
  readonly #limit: number;
  readonly #stray: ((bytes: Uint8Array) => void) | undefined;

  #state: State = "between";
  /** How many bytes of the header, payload or trailer there are. */
  #filled = 0;
  readonly #header = new Uint8Array(HEADER_LENGTH);
  #length = 0;
  #payload = EMPTY;
  /** Whether there is more of a chunk to be read. */
  #isReading = false;
  #failure: unknown = undefined;

  constructor(options: FrameReaderOptions) {
    checkMarker(options.marker);
    this.#search = new MarkerSearch(options.marker.slice());
    this.#trailer = trailerOf(options.marker);
    this.#lostEnds = new MarkerSearch(this.#trailer);
    this.#limit = options.limit ?? MAX_PAYLOAD;
    this.#stray = options.stray;
  }

  /**
   * Gives out the payloads that are complete with this chunk, in order; to be read to the end before the
   * next chunk.
   *
   * @throws {FrameError} At the place of what is wrong, after the payloads before it.
   */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, void> {
    this.#check();
    // Stays so, should the rest of the chunk be lost: who reads the payloads threw, or left early.
    this.#isReading = true;
    try {
      for (let at = 0; at < chunk.length;) {
        at = this.#advance(chunk, at);
        if (this.#state !== "trailer" || this.#filled < MARKER_LENGTH) continue;
        const payload = this.#payload;
        this.#payload = EMPTY;
        this.#enter("between");
        this.#isReading = at < chunk.length;
        yield payload;
      }
      this.#isReading = false;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /**
   * The stream has ended.
   *
   * @throws {FrameError} When it ended inside a frame.
   */
  end(): void {
    this.#check();
    const { held } = this.#search;
    if (this.#state === "between" && (held.length === 0 || this.#stray !== undefined)) {
      this.#search.reset();
      return held.length === 0 ? undefined : this.#stray!(held);
    }
    const place = this.#state === "between" ? "marker" : this.#state;
    const count = this.#state === "payload"
      ? ` after ${this.#filled} of ${this.#length} bytes`
      : "";
    throw this.#failure = new FrameError(
      `Cannot read a frame: the stream ended in its ${place}${count}`,
    );
  }

  /** Throws when something went wrong before. */
  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#isReading) return;
    throw this.#failure = new FrameError("Cannot read frames: a chunk was not read to its end");
  }

  #enter(state: State): void {
    this.#state = state;
    this.#filled = 0;
  }

  /** Goes on from a place in the chunk, and returns how far it came. */
  #advance(chunk: Uint8Array, at: number): number {
    switch (this.#state) {
      case "between":
        return this.#seekMarker(chunk, at);
      case "header":
        return this.#readHeader(chunk, at);
      case "payload":
        return this.#readPayload(chunk, at);
      case "trailer":
        return this.#readTrailer(chunk, at);
    }
  }

  #seekMarker(chunk: Uint8Array, at: number): number {
    const { others, found, next } = this.#search.search(chunk, at);
    if (others.length > 0) this.#giveStray(others);
    if (found) {
      this.#enter("header");
      this.#lostEnds.reset();
    }
    return next;
  }

  #giveStray(bytes: Uint8Array): void {
    if (this.#stray === undefined) {
      throw new FrameError(
        `Cannot read a frame: there is something else where it should begin: ${quoteBytes(bytes)}`,
      );
    }
    if (this.#lostEnds.search(bytes, 0).found) {
      throw new FrameError(
        `Cannot read a frame: other bytes got into its marker: its trailer came after ` +
          quoteBytes(bytes),
      );
    }
    this.#stray(bytes);
  }

  #readHeader(chunk: Uint8Array, at: number): number {
    while (at < chunk.length && this.#filled < HEADER_LENGTH) {
      this.#header[this.#filled++] = chunk[at++]!;
    }
    const version = this.#header[0]!;
    if (version !== FRAME_VERSION) {
      throw new FrameError(
        `Cannot read a frame: it has another version: ${version}, where ${FRAME_VERSION} is ` +
          `known: use one version of Herd on both sides`,
      );
    }
    if (this.#filled < HEADER_LENGTH) return at;
    const header = new DataView(this.#header.buffer);
    this.#length = header.getUint32(1, true);
    if (~this.#length >>> 0 !== header.getUint32(5, true)) {
      throw new FrameError(
        `Cannot read a frame: other bytes got into its header: ${quoteBytes(this.#header)}`,
      );
    }
    if (this.#length > this.#limit) {
      throw new FrameError(
        `Cannot read a frame: its payload is too long: ${this.#length} bytes, where ` +
          `${this.#limit} are the most: send less at a time`,
      );
    }
    this.#enter(this.#length === 0 ? "trailer" : "payload");
    return at;
  }

  #readPayload(chunk: Uint8Array, at: number): number {
    const length = this.#length;
    // Not when the trailer is missing: the chunk may be overwritten before it comes.
    if (this.#filled === 0 && chunk.length - at >= length + MARKER_LENGTH) {
      this.#payload = chunk.subarray(at, at + length);
      this.#enter("trailer");
      return at + length;
    }
    if (this.#filled === 0) this.#payload = allocate(length);
    const piece = chunk.subarray(at, at + length - this.#filled);
    this.#payload.set(piece, this.#filled);
    this.#filled += piece.length;
    if (this.#filled === length) this.#enter("trailer");
    return at + piece.length;
  }

  #readTrailer(chunk: Uint8Array, start: number): number {
    let at = start;
    for (; at < chunk.length && this.#filled < MARKER_LENGTH; at++, this.#filled++) {
      if (chunk[at] === this.#trailer[this.#filled]) continue;
      throw new FrameError(
        `Cannot read a frame: other bytes got into it: where its trailer should be is ` +
          quoteBytes(chunk.subarray(start)),
      );
    }
    return at;
  }
}

function allocate(length: number): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new FrameError(`Cannot read a frame: there is no memory for it: ${length} bytes`, {
      cause,
    });
  }
}
