/**
 * What is no object, as bytes and back.
 */

import type { ByteSink } from "./_byte_sink.ts";
import { type ByteSource, nameOf } from "./_byte_source.ts";
import { refusePrimitive } from "./_bytes_kinds.ts";
import { Tag } from "./_bytes_tags.ts";

/** A value that has no identity. */
export type Primitive = undefined | null | boolean | number | string | bigint;

/** @throws {DOMException} `DataCloneError`, for a function or symbol. */
export function writePrimitive(sink: ByteSink, value: unknown): void {
  switch (typeof value) {
    case "number":
      return sink.number(value);
    case "string":
      return sink.text(value);
    case "undefined":
      return sink.byte(Tag.undefined);
    case "boolean":
      return sink.byte(value ? Tag.true : Tag.false);
    case "object":
      return sink.byte(Tag.null);
    case "bigint":
      return writeBigint(sink, value);
    default:
      return refusePrimitive(value);
  }
}

function writeBigint(sink: ByteSink, value: bigint): void {
  if (BigInt.asIntN(64, value) === value) {
    sink.byte(Tag.bigint64);
    sink.bigInt64(value);
  } else {
    sink.byte(Tag.bigint);
    sink.byte(value < 0n ? 1 : 0);
    sink.text((value < 0n ? -value : value).toString(16));
  }
}

/** Whether what has the tag is no object. */
export function isPrimitive(tag: number): boolean {
  return tag < Tag.ref || tag >= Tag.shortText;
}

/** The value that has the tag. */
export function readPrimitive(source: ByteSource, tag: number): Primitive {
  if (tag >= Tag.smallInt) return tag - Tag.smallInt;
  switch (tag) {
    case Tag.undefined:
      return undefined;
    case Tag.null:
      return null;
    case Tag.false:
      return false;
    case Tag.true:
      return true;
    case Tag.int16:
      return source.int16();
    case Tag.int32:
      return source.int32();
    case Tag.double:
      return source.float64();
    case Tag.bigint64:
      return source.bigInt64();
    case Tag.bigint:
      return readBigint(source);
    default: {
      const text = source.textOf(tag);
      if (text === undefined) throw source.fault(`a value is wanted, not ${nameOf(tag)}`);
      return text;
    }
  }
}

function readBigint(source: ByteSource): bigint {
  const isNegative = source.byte() === 1;
  const magnitude = BigInt(`0x${source.text()}`);
  return isNegative ? -magnitude : magnitude;
}
