/**
 * The words of the byte format, for its writer and its reader. What they mean stands in `_bytes.ts`.
 */

/** The first byte of every value. */
export const Tag = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  /** No value: a hole in an array, or a property that vanished while the object was read. */
  hole: 0x04,
  /** Integers of 16 and 32 bits; smaller ones have no byte but the tag. */
  int16: 0x05,
  int32: 0x06,
  /** Any other number. */
  double: 0x07,
  /** A bigint of 64 bits, and any other: its sign, then its digits. */
  bigint64: 0x08,
  bigint: 0x09,
  /** Text as UTF-8, and as code units: short text with wide ones, and lone surrogates. */
  utf8: 0x0a,
  utf16: 0x0b,
  /** An object that was written before: its number. */
  ref: 0x0c,
  object: 0x0d,
  array: 0x0e,
  /** Arrays of nothing but numbers, as a block. */
  int32Array: 0x0f,
  doubleArray: 0x10,
  /** An array with holes or named properties: its length, then keys and values. */
  sparseArray: 0x11,
  map: 0x12,
  set: 0x13,
  date: 0x14,
  regexp: 0x15,
  boxed: 0x16,
  error: 0x17,
  domException: 0x18,
  buffer: 0x19,
  resizableBuffer: 0x1a,
  /** A buffer that is a part of the message by itself. */
  outsideBuffer: 0x20,
  /** A typed array or DataView. */
  view: 0x1b,
  /** Empty containers, whose contents follow after the main value. */
  lateObject: 0x1c,
  lateArray: 0x1d,
  lateMap: 0x1e,
  lateSet: 0x1f,
  /** Text of up to {@linkcode SHORT_TEXT} Latin-1 characters: the tag has its length. */
  shortText: 0x40,
  /** Integers from 0 to 127: the tag has them. */
  smallInt: 0x80,
} as const;

/** The longest text for which a loop here beats the decoder of the platform. */
export const SHORT_TEXT = 47;

/**
 * How deep a container may be for its contents to be written in place; those of deeper ones come after
 * the main value. Larger needs more stack, smaller makes ordinary values late.
 */
export const DEEPEST = 100;

/**
 * Buffers from this length on are parts of their own. Larger copies more on both sides, smaller costs a
 * frame for each.
 */
export const LEAST_PART = 32_768;

/**
 * The address space that the resizable buffers of one message may reserve, in bytes. What they hold is
 * bounded by the message; what they might grow to is not.
 */
export const MOST_RESERVED = 2 ** 32;

/** What an error's byte of flags says is there. */
export const ErrorFlag = { message: 1, stack: 2, cause: 4, lateCause: 8 } as const;

/** The classes of errors that structured clone keeps, by their place here. */
export const ERROR_CLASSES: readonly ErrorConstructor[] = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
];

/** A class of views. */
export type ViewConstructor = new (
  buffer: ArrayBuffer,
  byteOffset?: number,
  length?: number,
) => ArrayBufferView;

/** The classes of views, by their place here. */
export const VIEW_CLASSES: readonly ViewConstructor[] = [
  DataView,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  Float16Array,
];

/** Whether a key names an element of an array, not a property beside them. */
export function isArrayIndex(key: string): boolean {
  const index = Number(key) >>> 0;
  return index !== 2 ** 32 - 1 && String(index) === key;
}
