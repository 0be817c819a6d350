/**
 * Reads messages from a stream of bytes, in chunks that begin and end anywhere. What is guaranteed:
 *
 * - A message is given out only whole, and only when each trailer stands where the length says: bytes
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
 * | in the trailer | between frames | its last byte: of the last part, and the message is given out |
 * | anywhere | failed | any other byte, or an end elsewhere than between messages |
 *
 * **Who has the memory:** the part of a message that has but one and lies in one chunk is a piece of that
 * chunk, and good only for as long as the chunk is. So whoever reads into the same memory again must be
 * done with such messages first; `fromBytes` copies whatever it keeps of a first part. All other parts
 * have memory of their own, just for them, so that `fromBytes` may keep it. Nothing else of a chunk is
 * kept: what is given to `stray`, too, is a copy.
 */

import {
  checkMarker,
  FRAME_VERSION,
  HEADER_LENGTH,
  LONGEST_MESSAGE,
  MARKER_LENGTH,
  trailerOf,
} from "./_frame.ts";
import { FrameError, quoteBytes } from "./_frame_error.ts";
import { MarkerSearch } from "./_marker_search.ts";

/** The least that is missing of a payload for it to be read to its place: less comes with other bytes. */
const LEAST_SPACE = 65_536;
const EMPTY: Uint8Array = new Uint8Array(0);

/** How frames are read. */
export interface FrameReaderOptions {
  /** The channel's marker, {@linkcode MARKER_LENGTH} bytes. */
  readonly marker: Uint8Array;
  /** The longest message that is taken, in bytes; default {@linkcode LONGEST_MESSAGE}. */
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
  /** Whether another part of the message follows. */
  #hasMore = false;
  /** The parts of a message whose last part is missing, and how long they are together. */
  #parts: Uint8Array[] = [];
  #total = 0;
  /** Whether there is more of a chunk to be read. */
  #isReading = false;
  #failure: unknown = undefined;

  constructor(options: FrameReaderOptions) {
    checkMarker(options.marker);
    this.#search = new MarkerSearch(options.marker.slice());
    this.#trailer = trailerOf(options.marker);
    this.#lostEnds = new MarkerSearch(this.#trailer);
    this.#limit = options.limit ?? LONGEST_MESSAGE;
    this.#stray = options.stray;
  }

  /**
   * Gives out the messages that are complete with this chunk, in order, each as its parts; to be read to
   * the end before the next chunk.
   *
   * @throws {FrameError} At the place of what is wrong, after the messages before it.
   */
  *push(chunk: Uint8Array): Generator<readonly Uint8Array[], void, void> {
    this.#check();
    // Stays so, should the rest of the chunk be lost: who reads the messages threw, or left early.
    this.#isReading = chunk.length > 0;
    try {
      for (let at = 0; at < chunk.length;) {
        at = this.#advance(chunk, at);
        this.#isReading = at < chunk.length;
        const message = this.#takeMessage();
        if (message !== undefined) yield message;
      }
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /**
   * Where to read the next bytes to, so that a long payload is not copied: then {@linkcode fill} is to be
   * told of them, and they are not to be pushed. `undefined` when the next bytes are wanted as a chunk.
   */
  get space(): Uint8Array | undefined {
    this.#check();
    if (this.#state !== "payload" || this.#filled === 0) return undefined;
    const space = this.#payload.subarray(this.#filled);
    return space.length < LEAST_SPACE ? undefined : space;
  }

  /** Tells how many bytes have been read to {@linkcode space}. */
  fill(count: number): void {
    this.#filled += count;
    if (this.#filled === this.#length) this.#enter("trailer");
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
      if (held.length > 0) this.#stray!(held);
      return this.#parts.length > 0 ? this.#throwEndWithin() : undefined;
    }
    const place = this.#state === "between" ? "marker" : this.#state;
    const count = this.#state === "payload"
      ? ` after ${this.#filled} of ${this.#length} bytes`
      : "";
    throw this.#failure = new FrameError(
      `Cannot read a frame: the stream ended in its ${place}${count}`,
    );
  }

  #throwEndWithin(): never {
    throw this.#failure = new FrameError(
      `Cannot read a message: the stream ended after ${this.#parts.length} of its parts`,
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

  /** The message whose last part is complete, if there is one. */
  #takeMessage(): readonly Uint8Array[] | undefined {
    if (this.#state !== "trailer" || this.#filled < MARKER_LENGTH) return undefined;
    this.#parts.push(this.#payload);
    this.#payload = EMPTY;
    this.#enter("between");
    if (this.#hasMore) return undefined;
    const message = this.#parts;
    this.#parts = [];
    this.#total = 0;
    return message;
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
    this.#readFields(new DataView(this.#header.buffer));
    this.#enter(this.#length === 0 ? "trailer" : "payload");
    return at;
  }

  #readFields(header: DataView): void {
    const more = header.getUint8(1);
    this.#length = header.getUint32(2, true);
    if (more > 1 || ~this.#length >>> 0 !== header.getUint32(6, true)) {
      throw new FrameError(
        `Cannot read a frame: other bytes got into its header: ${quoteBytes(this.#header)}`,
      );
    }
    this.#hasMore = more === 1;
    this.#total += this.#length;
    if (this.#total > this.#limit) {
      throw new FrameError(
        `Cannot read a frame: its message is too long: ${this.#total} bytes, where ` +
          `${this.#limit} are the most: send less at a time`,
      );
    }
  }

  #readPayload(chunk: Uint8Array, at: number): number {
    const length = this.#length;
    // Not when the trailer is missing: the chunk may be overwritten before it comes.
    if (this.#filled === 0 && chunk.length - at >= length + MARKER_LENGTH) {
      const isWhole = !this.#hasMore && this.#parts.length === 0;
      const end = at + length;
      this.#payload = isWhole ? chunk.subarray(at, end) : chunk.slice(at, end);
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
