/**
 * Messages in a stream of bytes as CPython's `multiprocessing.connection` puts them there: the length,
 * then the payload, nothing else.
 *
 * | payload | what goes before it, big-endian |
 * | --- | --- |
 * | up to 2³¹ - 1 bytes | the length as a signed number of 4 bytes |
 * | any length | -1 in 4 bytes, then the length as an unsigned number of 8 |
 *
 * What is guaranteed:
 *
 * - A message is given out only whole, with memory of its own, in the order of the stream.
 * - What can't be a message breaks the reader for good, after all that came before was given out: a length
 *   below -1, one over {@linkcode LONGEST_MESSAGE}, an end inside of a message.
 * - Memory is taken for what has arrived, not for what a header announces: at most twice as much, and
 *   {@linkcode FIRST_PIECE} for a start.
 * - While nobody receives, no more than {@linkcode LOOK_AHEAD} bytes are read ahead: what is longer counts
 *   as there when its length is.
 *
 * The bytes are read into the memory that `space` gives, which belongs to whoever reads until `advance`.
 * `next` may be called meanwhile: it never touches that memory, since it begins a long payload only when
 * its header is there, and then no read for less is under way (`isReady` was true).
 */

import { LONGEST_MESSAGE } from "../bytes/_frame.ts";
import { tooLong } from "./_message_transport.ts";
import { EOFError, OSError } from "../errors.ts";

/** Larger lets more messages come in one read, and takes that memory a connection. */
export const LOOK_AHEAD = 65_536;
/** What a connection begins with; doubled while reads fill it. */
const SMALLEST_BUFFER = 1024;
/** Up to this many bytes of a payload are provided at once. */
const FIRST_PIECE = 16 * 1024 * 1024;

const SHORT_HEADER = 4;
const LONG_HEADER = 12;
const LONGEST_SHORT = 0x7fff_ffff;
const IS_LONG = -1;

/** The longest header. */
export const HEADER_LENGTH: number = LONG_HEADER;

/**
 * Writes what goes before a payload of so many bytes.
 *
 * @returns Where the payload begins.
 */
export function putHeader(into: Uint8Array, at: number, length: number): number {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  if (length <= LONGEST_SHORT) {
    view.setInt32(at, length);
    return at + SHORT_HEADER;
  }
  view.setInt32(at, IS_LONG);
  view.setBigUint64(at + SHORT_HEADER, BigInt(length));
  return at + LONG_HEADER;
}

/** See the head of the file. */
export class MessageReader {
  #buffer = new Uint8Array(SMALLEST_BUFFER);
  /** What of it has been read and not been given out. */
  #from = 0;
  #to = 0;
  /** Of the message whose header was taken from the buffer. */
  #length: number | undefined = undefined;
  /** A long payload on its way, and how much of it is there. */
  #payload: Uint8Array<ArrayBuffer> | undefined = undefined;
  #filled = 0;
  #hasEnded = false;
  /** Why the stream has ended, where that was no proper end. */
  #failure: OSError | undefined = undefined;
  /** What is wrong with what came. */
  #fault: OSError | undefined = undefined;

  /** Whether `next` would give a message, the first bytes of a long one, or throw. */
  get isReady(): boolean {
    const length = this.#announced();
    if (this.#hasEnded || this.#fault !== undefined) return true;
    if (length === undefined || this.#payload !== undefined) return false;
    return isLong(length) || this.#to - this.#from >= length;
  }

  /** Where the next bytes of the stream are to be put: at least one. */
  space(): Uint8Array<ArrayBuffer> {
    if (this.#payload !== undefined) return this.#payloadSpace(this.#payload);
    const missing = (this.#announced() ?? LONG_HEADER) - (this.#to - this.#from);
    const unread = this.#buffer.subarray(this.#from, this.#to);
    const size = Math.min(
      LOOK_AHEAD,
      Math.max(this.#buffer.length, unread.length + Math.max(missing, 1)),
    );
    if (size > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(LOOK_AHEAD, Math.max(size, 2 * this.#buffer.length)));
      larger.set(unread);
      this.#buffer = larger;
    } else this.#buffer.set(unread);
    this.#to -= this.#from;
    this.#from = 0;
    return this.#buffer.subarray(this.#to);
  }

  /** So many bytes were put there; `null` for the end of the stream. */
  advance(count: number | null): void {
    if (count === null) this.#hasEnded = true;
    else if (this.#payload !== undefined) this.#filled += count;
    else this.#fill(count);
  }

  /** The stream is broken: what has come of it is all. */
  fail(failure: OSError): void {
    this.#hasEnded = true;
    this.#failure = failure;
  }

  /**
   * The next message; `undefined` when more of it has to be read.
   *
   * @param limit The longest that is wanted, in bytes.
   * @throws {MessageTooLong} When it is longer.
   * @throws {EOFError} When the stream has ended before the message.
   * @throws {OSError} When it is no message, or the stream is broken, or has ended within.
   */
  next(limit = Infinity): Uint8Array<ArrayBuffer> | undefined {
    const length = this.#announced();
    if (this.#fault !== undefined) throw this.#fault;
    if (length === undefined) return this.#incomplete(this.#to - this.#from);
    if (length > limit) {
      throw tooLong(length, limit);
    }
    const there = this.#to - this.#from;
    if (this.#payload === undefined && there >= length) {
      const message = this.#buffer.slice(this.#from, this.#from + length);
      this.#from += length;
      this.#length = undefined;
      return message;
    }
    if (!isLong(length)) return this.#incomplete(there, length);
    this.#payload ??= this.#begin(length);
    if (this.#filled < length) return this.#incomplete(this.#filled, length);
    const message = this.#payload;
    this.#payload = this.#length = undefined;
    return message;
  }

  #fill(count: number): void {
    this.#to += count;
    // So much comes at a time: there may be more.
    const { length } = this.#buffer;
    if (this.#to < length || length >= LOOK_AHEAD) return;
    const larger = new Uint8Array(2 * length);
    larger.set(this.#buffer);
    this.#buffer = larger;
  }

  /** The length of the next message, once its header is there. */
  #announced(): number | undefined {
    if (this.#length !== undefined || this.#fault !== undefined) return this.#length;
    const there = this.#to - this.#from;
    if (there < SHORT_HEADER) return undefined;
    const view = new DataView(this.#buffer.buffer, this.#from, there);
    const short = view.getInt32(0);
    if (short === IS_LONG && there < LONG_HEADER) return undefined;
    const length = short === IS_LONG ? Number(view.getBigUint64(SHORT_HEADER)) : short;
    if (length < 0 || length > LONGEST_MESSAGE) {
      this.#fault = new OSError(
        `Cannot receive a message: what came is none: its length would be ${length}, ` +
          `0 to ${LONGEST_MESSAGE} are possible`,
      );
      return undefined;
    }
    this.#from += short === IS_LONG ? LONG_HEADER : SHORT_HEADER;
    return this.#length = length;
  }

  /** Memory for a long payload, with what is there of it. */
  #begin(length: number): Uint8Array<ArrayBuffer> {
    const payload = new Uint8Array(Math.min(length, FIRST_PIECE));
    const there = this.#buffer.subarray(this.#from, this.#to);
    payload.set(there);
    this.#filled = there.length;
    this.#from = this.#to = 0;
    return payload;
  }

  #payloadSpace(payload: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (this.#filled < payload.length) return payload.subarray(this.#filled);
    const larger = new Uint8Array(Math.min(this.#length!, 2 * payload.length));
    larger.set(payload);
    this.#payload = larger;
    return larger.subarray(this.#filled);
  }

  /** @throws When there will be no more. */
  #incomplete(there: number, length?: number): undefined {
    if (!this.#hasEnded) return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    // As CPython has it: an end right after a header is one between messages, too.
    if (there === 0) throw new EOFError("Cannot receive: the other end is closed");
    throw this.#fault = new OSError(
      "Cannot receive a message: the stream ended inside of it: " +
        (length === undefined
          ? `after ${there} bytes of its header`
          : `${there} of ${length} bytes had come`),
    );
  }
}

/** Whether a payload has memory of its own from the start. */
function isLong(length: number): boolean {
  return length > LOOK_AHEAD - LONG_HEADER;
}
