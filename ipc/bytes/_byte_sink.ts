/**
 * A growing row of bytes with the primitives that messages are made of.
 *
 * Messages are written one after the other into a slab, and each is handed out as a piece of it: that
 * costs no copy, and bytes that were handed out are never written again, so they may wait to be sent
 * for as long as they must. A sink has its slab for itself from its making to its end; one that is
 * made meanwhile (by a getter of what is being written) takes another.
 */

import { SHORT_TEXT, Tag } from "./_bytes_tags.ts";

/** Larger wastes memory while a message waits to be sent, smaller makes slabs more often. */
const SLAB = 65_536;
/** What must be left of a slab for another message. */
const LEAST_ROOM = 1024;
/** A slab that no sink has, and how far it is used. */
let spare: { readonly bytes: Uint8Array<ArrayBuffer>; readonly used: number } | undefined;

const encoder = new TextEncoder();

/** See the head of the file. */
export class ByteSink {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #position: number;
  #start: number;

  /** @param own Memory to write into from its beginning, instead of a slab; see {@linkcode rewind}. */
  constructor(own?: Uint8Array<ArrayBuffer>) {
    this.#bytes = own ?? spare?.bytes ?? new Uint8Array(SLAB);
    this.#start = this.#position = own === undefined ? spare?.used ?? 0 : 0;
    if (own === undefined) spare = undefined;
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Begins anew, in the memory that was given to the constructor. */
  rewind(own: Uint8Array<ArrayBuffer>): void {
    this.#position = this.#start = 0;
    if (this.#bytes === own) return;
    this.#bytes = own;
    this.#view = new DataView(own.buffer);
  }

  /** How many bytes were written into `own`; `undefined` when they did not fit. */
  writtenInto(own: Uint8Array<ArrayBuffer>): number | undefined {
    return this.#bytes === own ? this.#position : undefined;
  }

  /** Gives the slab back without what was written. */
  abandon(): void {
    this.#giveBack(this.#start);
  }

  /** What was written; the sink can't be used any more. */
  end(): Uint8Array {
    this.#giveBack(this.#position);
    return this.#bytes.subarray(this.#start, this.#position);
  }

  /** A slab that grew is let go, since it is as large as the largest message. */
  #giveBack(used: number): void {
    if (this.#bytes.length === SLAB && used <= SLAB - LEAST_ROOM) {
      spare = { bytes: this.#bytes, used };
    }
  }

  byte(value: number): void {
    if (this.#position === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#position++] = value;
  }

  /** An unsigned integer of up to 32 bits; small ones are short. */
  length(value: number): void {
    while (value > 0x7f) {
      this.byte(value & 0x7f | 0x80);
      value >>>= 7;
    }
    this.byte(value);
  }

  /** A number with its tag, in as few bytes as may be. */
  number(value: number): void {
    this.#reserve(9);
    const integer = value | 0;
    if (!Object.is(integer, value)) {
      this.#bytes[this.#position] = Tag.double;
      this.#view.setFloat64(this.#position + 1, value, true);
      this.#position += 9;
    } else if (integer >= 0 && integer < 0x80) {
      this.#bytes[this.#position++] = Tag.smallInt + integer;
    } else if (integer << 16 >> 16 === integer) {
      this.#bytes[this.#position] = Tag.int16;
      this.#view.setInt16(this.#position + 1, integer, true);
      this.#position += 3;
    } else {
      this.#bytes[this.#position] = Tag.int32;
      this.#view.setInt32(this.#position + 1, integer, true);
      this.#position += 5;
    }
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#position, value, true);
    this.#position += 8;
  }

  bigInt64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#position, value, true);
    this.#position += 8;
  }

  /** A block of numbers that are 32-bit integers. */
  int32s(values: readonly number[]): void {
    const count = values.length;
    this.#reserve(4 * count);
    const view = this.#view;
    let position = this.#position;
    for (let i = 0; i < count; i++, position += 4) view.setInt32(position, values[i]!, true);
    this.#position = position;
  }

  /** A block of numbers. */
  float64s(values: readonly number[]): void {
    const count = values.length;
    this.#reserve(8 * count);
    const view = this.#view;
    let position = this.#position;
    for (let i = 0; i < count; i++, position += 8) view.setFloat64(position, values[i]!, true);
    this.#position = position;
  }

  /** Text with its tag. */
  text(text: string): void {
    const length = text.length;
    if (length > SHORT_TEXT) return text.isWellFormed() ? this.#utf8(text) : this.#utf16(text);
    this.#reserve(1 + length);
    const bytes = this.#bytes;
    let position = this.#position;
    bytes[position++] = Tag.shortText + length;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0xff) return this.#utf16(text);
      bytes[position++] = unit;
    }
    this.#position = position;
  }

  #utf8(text: string): void {
    this.#reserve(5 + text.length);
    this.#bytes[this.#position] = Tag.utf8;
    // Goes before the text, is known after it.
    const lengthAt = this.#position + 1;
    this.#position += 5;
    for (let rest = text;;) {
      const { read, written } = encoder.encodeInto(rest, this.#bytes.subarray(this.#position));
      this.#position += written;
      if (read === rest.length) break;
      // Most texts have a byte a character; only others come here, and have at most three.
      rest = rest.slice(read);
      this.#reserve(3 * rest.length);
    }
    this.#view.setUint32(lengthAt, this.#position - lengthAt - 4, true);
  }

  #utf16(text: string): void {
    this.byte(Tag.utf16);
    this.length(text.length);
    this.#reserve(2 * text.length);
    const view = this.#view;
    let position = this.#position;
    for (let i = 0; i < text.length; i++, position += 2) {
      view.setUint16(position, text.charCodeAt(i), true);
    }
    this.#position = position;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  #reserve(count: number): void {
    if (this.#bytes.length - this.#position < count) this.#grow(count);
  }

  /** Moves to a slab of its own with room for `count` more bytes, and as much again. */
  #grow(count: number): void {
    const written = this.#bytes.subarray(this.#start, this.#position);
    this.#bytes = new Uint8Array(2 * written.length + count + SLAB);
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes.set(written);
    this.#start = 0;
    this.#position = written.length;
  }
}
