/**
 * Reads the primitives of a message, with every length checked before anything is made of it. What it
 * returns has its own memory.
 */

import { FrameError } from "./_frame_error.ts";
import { SHORT_TEXT, Tag } from "./_bytes_tags.ts";

/** Replaces what is no UTF-8, as no writer sends it: to refuse it takes eight times as long. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
/** How many code units are made text at a time: as many as may well be arguments of one call. */
const UNITS = 8192;

/** See the head of the file. */
export class ByteSource {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;
  /** What arrays may still have in elements: each of them has a byte at least. */
  #elements: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#elements = bytes.length;
  }

  /** Begins anew: the bytes are others now. */
  rewind(): void {
    this.#position = 0;
  }

  /** What is wrong with the bytes, as an error that tells where. */
  fault(reason: string, cause?: unknown): FrameError {
    return new FrameError(
      `Cannot read a value: ${reason}: at byte ${this.#position} of ${this.#bytes.length}`,
      cause === undefined ? undefined : { cause },
    );
  }

  /** @throws {FrameError} When bytes are left. */
  end(): void {
    const rest = this.#bytes.length - this.#position;
    if (rest !== 0) throw this.fault(`bytes are left over: ${rest}`);
  }

  byte(): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw this.fault("the message ends early");
    this.#position++;
    return byte;
  }

  /** Skips a byte if it is the next one. */
  skip(byte: number): boolean {
    if (this.#bytes[this.#position] !== byte) return false;
    this.#position++;
    return true;
  }

  length(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw this.fault("a length has too many bytes");
  }

  /**
   * The length of an array that is to be made in one go. All arrays together have no more elements than
   * the message has bytes, so that no few bytes can ask for much memory.
   */
  elements(): number {
    const count = this.length();
    this.#elements -= count;
    if (this.#elements < 0) {
      throw this.fault(`an array of ${count} elements can't be in the message`);
    }
    return count;
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  bigInt64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  /** Fills the array with a block of 32-bit integers. */
  int32s(into: unknown[], count: number): void {
    let position = this.#take(4 * count);
    const view = this.#view;
    for (let i = 0; i < count; i++, position += 4) into[i] = view.getInt32(position, true);
  }

  /** Fills the array with a block of numbers. */
  float64s(into: unknown[], count: number): void {
    let position = this.#take(8 * count);
    const view = this.#view;
    for (let i = 0; i < count; i++, position += 8) into[i] = view.getFloat64(position, true);
  }

  /** The next bytes: the message's own, so they are to be copied. */
  bytes(count: number): Uint8Array {
    const start = this.#take(count);
    return this.#bytes.subarray(start, start + count);
  }

  /** Text with its tag. */
  text(): string {
    const tag = this.byte();
    const text = this.textOf(tag);
    if (text === undefined) throw this.fault(`a text is wanted, not ${nameOf(tag)}`);
    return text;
  }

  /** The text that has the tag, if it is one of text. */
  textOf(tag: number): string | undefined {
    if (tag >= Tag.shortText && tag <= Tag.shortText + SHORT_TEXT) {
      return this.#latin1(tag - Tag.shortText);
    }
    if (tag === Tag.utf8) {
      return utf8.decode(this.bytes(this.#view.getUint32(this.#take(4), true)));
    }
    return tag === Tag.utf16 ? this.#utf16(this.length()) : undefined;
  }

  /** Several characters a call: half the time of one by one, and of the decoder at such lengths. */
  #latin1(length: number): string {
    const bytes = this.#bytes;
    let position = this.#take(length);
    const end = position + length;
    const make = String.fromCharCode;
    let text = "";
    for (; position + 8 <= end; position += 8) {
      text += make(
        bytes[position]!,
        bytes[position + 1]!,
        bytes[position + 2]!,
        bytes[position + 3]!,
        bytes[position + 4]!,
        bytes[position + 5]!,
        bytes[position + 6]!,
        bytes[position + 7]!,
      );
    }
    for (; position < end; position++) text += make(bytes[position]!);
    return text;
  }

  #utf16(length: number): string {
    let position = this.#take(2 * length);
    let text = "";
    for (let rest = length; rest > 0; rest -= UNITS) {
      const units: number[] = [];
      for (let i = 0; i < Math.min(rest, UNITS); i++, position += 2) {
        units.push(this.#view.getUint16(position, true));
      }
      text += String.fromCharCode(...units);
    }
    return text;
  }

  /** Where the next bytes begin, of which there are enough. */
  #take(count: number): number {
    const start = this.#position;
    if (count > this.#bytes.length - start) {
      throw this.fault(`${count} bytes are wanted where the message ends`);
    }
    this.#position = start + count;
    return start;
  }
}

/** A tag as it is written in errors. */
export function nameOf(tag: number): string {
  const known = Object.entries(Tag).find(([, value]) => value === tag);
  return known === undefined ? `0x${tag.toString(16).padStart(2, "0")}` : `"${known[0]}"`;
}
