/**
 * The type codes of shared values: what each stands for, what it accepts, and how it is kept.
 *
 * An element is kept in one word of an integer type, so that `Atomics` reads and writes it whole: nobody ever
 * sees half of it. The floating-point numbers are no exception: `f` and `d` go through the bits of the number
 * in a word of 4 or 8 bytes, which costs a nanosecond or two.
 */

/** A type code: what a shared value or the elements of a shared array are. See `RawValue` for the list. */
export type Typecode =
  | "b"
  | "B"
  | "h"
  | "H"
  | "i"
  | "I"
  | "l"
  | "L"
  | "q"
  | "Q"
  | "f"
  | "d"
  | "c"
  | "u";

/** What is read where the type code is `C`: a number, a bigint (`q`, `Q`), a byte (`c`), a character (`u`). */
export type TypecodeElement<C extends Typecode> = C extends "q" | "Q" ? bigint
  : C extends "c" ? Uint8Array<ArrayBuffer>
  : C extends "u" ? string
  : number;

/** What may be written where the type code is `C`: what is read there; for `c`, a number, too. */
export type TypecodeInit<C extends Typecode> = C extends "c" ? Uint8Array | number
  : TypecodeElement<C>;

/** What is added and exchanged where the type code is `C`: `never` where it is no integer. */
export type TypecodeInteger<C extends Typecode> = C extends "q" | "Q" ? bigint
  : C extends "f" | "d" | "c" | "u" ? never
  : number;

/** Some elements where the type code is `C`: an array; bytes for `c`, a string for `u`. */
export type TypecodeSlice<C extends Typecode> = C extends "q" | "Q" ? bigint[]
  : C extends "c" ? Uint8Array<ArrayBuffer>
  : C extends "u" ? string
  : number[];

/** What an array of type code `C` holds as text: bytes for `c`, a string for `u`, `never` for the rest. */
export type TypecodeText<C extends Typecode> = Extract<TypecodeSlice<C>, Uint8Array | string>;

/** The typed array over the memory where the type code is `C`. */
export type TypecodeView<C extends Typecode> = C extends "b" ? Int8Array<SharedArrayBuffer>
  : C extends "B" | "c" ? Uint8Array<SharedArrayBuffer>
  : C extends "h" ? Int16Array<SharedArrayBuffer>
  : C extends "H" ? Uint16Array<SharedArrayBuffer>
  : C extends "i" | "l" ? Int32Array<SharedArrayBuffer>
  : C extends "I" | "L" | "u" ? Uint32Array<SharedArrayBuffer>
  : C extends "q" ? BigInt64Array<SharedArrayBuffer>
  : C extends "Q" ? BigUint64Array<SharedArrayBuffer>
  : C extends "f" ? Float32Array<SharedArrayBuffer>
  : Float64Array<SharedArrayBuffer>;

/** What `Atomics` works on. */
export type Word = number | bigint;

/** Makes a typed array over shared memory. */
interface Constructor<View> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: SharedArrayBuffer): View;
}

type AnyView = TypecodeView<Typecode>;
type SmallView = TypecodeView<"b" | "B" | "h" | "H" | "i" | "I">;

/** How the elements of a type code are kept. */
export interface Layout {
  /** What the elements are kept in. */
  readonly Words: Constructor<AnyView>;
  /** What users see of the memory. */
  readonly View: Constructor<AnyView>;
  /** Completes "… is wanted". */
  readonly wanted: string;
  /** Whether the value is of the right type, be it in range or not. */
  isTyped(value: unknown): boolean;
  /** Whether the value may be written. */
  allows(value: unknown): boolean;
  /** The `typeof` of what may be added, where the elements are integers. */
  readonly integer?: "number" | "bigint";
  /** From a value that is allowed to its word and back, where they are not the same. */
  readonly coding?: Coding;
  /** From words to a slice, where that is no plain array. */
  joined?(words: readonly Word[]): unknown;
}

interface Coding {
  encode(value: unknown): Word;
  decode(word: Word): unknown;
}

const isNumber = (value: unknown) => typeof value === "number";

function small(View: Constructor<SmallView>, signed: boolean): Layout {
  const bits = 8 * View.BYTES_PER_ELEMENT;
  const min = signed ? -(2 ** (bits - 1)) : 0;
  const max = 2 ** (signed ? bits - 1 : bits) - 1;
  return {
    Words: View,
    View,
    integer: "number",
    wanted: `an integer from ${min} to ${max}`,
    isTyped: isNumber,
    allows: (value) =>
      Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}

function big(View: Constructor<TypecodeView<"q" | "Q">>, signed: boolean): Layout {
  const min = signed ? -(2n ** 63n) : 0n;
  const max = 2n ** (signed ? 63n : 64n) - 1n;
  return {
    Words: View,
    View,
    integer: "bigint",
    wanted: `a bigint from ${min}n to ${max}n`,
    isTyped: (value) => typeof value === "bigint",
    allows: (value) => typeof value === "bigint" && value >= min && value <= max,
  };
}

function float<W extends Word>(
  View: Float32ArrayConstructor | Float64ArrayConstructor,
  Words: Int32ArrayConstructor | BigInt64ArrayConstructor,
): Layout {
  const number = new View(1);
  const bits = new Words(number.buffer) as unknown as W[];
  return {
    Words,
    View,
    wanted: "a number",
    isTyped: isNumber,
    allows: isNumber,
    coding: {
      encode(value) {
        number[0] = value as number;
        return bits[0]!;
      },
      decode(word) {
        bits[0] = word as W;
        return number[0];
      },
    },
  };
}

const BYTE: Layout = {
  Words: Uint8Array,
  View: Uint8Array,
  wanted: "a Uint8Array of length 1, or an integer from 0 to 255",
  isTyped: (value) => isNumber(value) || value instanceof Uint8Array,
  allows: (value) =>
    value instanceof Uint8Array
      ? value.length === 1
      : Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255,
  coding: {
    encode: (value) => value instanceof Uint8Array ? value[0]! : value as number,
    decode: (word) => Uint8Array.of(word as number),
  },
  joined: (words) => Uint8Array.from(words as number[]),
};

const LAST_CODE_POINT = 0x10ffff;

const CHARACTER: Layout = {
  Words: Uint32Array,
  View: Uint32Array,
  wanted: "a string of one character",
  isTyped: (value) => typeof value === "string",
  allows: (value) => typeof value === "string" && value !== "" && firstOf(value) === value,
  coding: {
    encode: (value) => (value as string).codePointAt(0)!,
    decode: character,
  },
  joined: (words) => words.map(character).join(""),
};

/** What was written by way of a view need not be a character: it is read as U+FFFD, as in decoding. */
function character(word: Word): string {
  return word <= LAST_CODE_POINT ? String.fromCodePoint(word as number) : "\ufffd";
}

function firstOf(text: string): string {
  return String.fromCodePoint(text.codePointAt(0)!);
}

const LAYOUTS: Readonly<Record<Typecode, Layout>> = {
  b: small(Int8Array, true),
  B: small(Uint8Array, false),
  h: small(Int16Array, true),
  H: small(Uint16Array, false),
  i: small(Int32Array, true),
  I: small(Uint32Array, false),
  l: small(Int32Array, true),
  L: small(Uint32Array, false),
  q: big(BigInt64Array, true),
  Q: big(BigUint64Array, false),
  f: float<number>(Float32Array, Int32Array),
  d: float<bigint>(Float64Array, BigInt64Array),
  c: BYTE,
  u: CHARACTER,
};

/** The type codes of integers. */
export const INTEGER_CODES: readonly string[] = Object.entries(LAYOUTS)
  .filter(([, { integer }]) => integer !== undefined)
  .map(([code]) => code);

/** How the elements of a type code are kept; `undefined` where there is no such type code. */
export function layoutOf(code: unknown): Layout | undefined {
  return typeof code === "string" && Object.hasOwn(LAYOUTS, code)
    ? LAYOUTS[code as Typecode]
    : undefined;
}

/** All type codes, for messages. */
export const KNOWN_CODES: string = Object.keys(LAYOUTS).join(", ");
