/**
 * Values of all kinds that structured clone keeps, drawn from a seed: containers in containers, objects
 * that are met twice, cycles, holes, odd keys and texts.
 */

/** Numbers from 0 up to 1, the same for the same seed. */
export type Random = () => number;

/** Mulberry32: small, and good enough to choose by. */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer from 0 up to, and without, `end`. */
export function below(random: Random, end: number): number {
  return Math.floor(random() * end);
}

/** One of a list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)]!;
}

const NUMBERS = [
  ...[0, -0, 1, 127, 128, 255, -1, -128, 32767, 32768, -32768, -32769, 65536, 2 ** 30],
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32, 2 ** 53, 0.5, -1.5, 1e300, 5e-324],
  ...[NaN, Infinity, -Infinity],
];
const BIGINTS = [
  0n,
  1n,
  -1n,
  2n ** 63n - 1n,
  2n ** 63n,
  -(2n ** 63n),
  -(2n ** 63n) - 1n,
  3n ** 200n,
];
const TEXTS = [
  "",
  "a",
  "é",
  "ÿ",
  "Ā",
  "π",
  "🐑",
  "\ud800",
  "\udc00x",
  "\0",
  "\ufeffbom",
  "__proto__",
];
const KEYS = [
  "a",
  "b",
  "id",
  "name",
  "__proto__",
  "constructor",
  "toString",
  "length",
  "0",
  "17",
  "",
];
const ERRORS = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
const VIEWS = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float16Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array],
];

/** See the head of the file. */
export class RandomValues {
  readonly #random: Random;
  /** Objects so far, to be met again. */
  readonly #known: object[] = [];
  /** How many values may still be made. */
  #budget: number;

  constructor(random: Random, size = 60) {
    this.#random = random;
    this.#budget = below(random, size) + 1;
  }

  /** The next value. */
  next(): unknown {
    const random = this.#random;
    if (this.#budget-- <= 0) return below(random, 200);
    if (this.#known.length > 0 && random() < 0.12) return pick(random, this.#known);
    const make = pick(random, this.#makers);
    return make();
  }

  readonly #makers: readonly (() => unknown)[] = [
    ...Array<() => unknown>(3).fill(() => pick(this.#random, NUMBERS)),
    ...Array<() => unknown>(3).fill(() => this.#text()),
    ...Array<() => unknown>(4).fill(() => this.#object()),
    ...Array<() => unknown>(4).fill(() => this.#array()),
    () => pick(this.#random, BIGINTS),
    () => pick(this.#random, [undefined, null, true, false]),
    () => Array.from({ length: below(this.#random, 40) }, () => pick(this.#random, NUMBERS)),
    () => Array.from({ length: below(this.#random, 40) }, () => below(this.#random, 1e6)),
    () => this.#sparse(),
    () => this.#map(),
    () => this.#set(),
    () => this.#keep(new Date(pick(this.#random, [0, 1e12, -1, NaN]))),
    () => this.#keep(new RegExp(pick(this.#random, ["a+", "/", "[é]", ""]), "dgimsy")),
    () => this.#keep(Object(pick<unknown>(this.#random, [1, -0, "text", true, 7n, ""]))),
    () => this.#error(),
    () => this.#buffer(),
    () => this.#view(),
  ];

  #keep<T extends object>(object: T): T {
    this.#known.push(object);
    return object;
  }

  #text(): string {
    const random = this.#random;
    const text = Array.from({ length: below(random, 4) }, () => pick(random, TEXTS)).join("");
    return random() < 0.1 ? text.padEnd(below(random, 300), "padding ") : text;
  }

  #key(): string {
    return this.#random() < 0.6 ? pick(this.#random, KEYS) : this.#text();
  }

  #object(): object {
    const object = this.#keep(this.#random() < 0.1 ? new (class Instance {})() : {});
    for (let n = below(this.#random, 6); n > 0; n--) define(object, this.#key(), this.next());
    return object;
  }

  #array(): unknown[] {
    const list: unknown[] = this.#keep([]);
    for (let n = below(this.#random, 20); n > 0; n--) list.push(this.next());
    return list;
  }

  #sparse(): unknown[] {
    const list: unknown[] = this.#keep(new Array(below(this.#random, 20)));
    for (let n = below(this.#random, 6); n > 0; n--) list[below(this.#random, 30)] = this.next();
    for (let n = below(this.#random, 3); n > 0; n--) define(list, `key ${n}`, this.next());
    if (this.#random() < 0.2) list[pick(this.#random, [5000, 2 ** 31, 2 ** 32 - 2])] = this.next();
    return list;
  }

  #map(): Map<unknown, unknown> {
    const map = this.#keep(new Map());
    for (let n = below(this.#random, 6); n > 0; n--) map.set(this.next(), this.next());
    return map;
  }

  #set(): Set<unknown> {
    const set = this.#keep(new Set());
    for (let n = below(this.#random, 6); n > 0; n--) set.add(this.next());
    return set;
  }

  #error(): Error {
    const error = this.#keep(new (pick(this.#random, ERRORS))(this.#text()));
    if (this.#random() < 0.4) error.cause = this.next();
    if (this.#random() < 0.2) error.name = pick(this.#random, ["TypeError", "Mine"]);
    if (this.#random() < 0.2) {
      Reflect.deleteProperty(error, pick(this.#random, ["message", "stack"]));
    }
    return error;
  }

  #buffer(): ArrayBuffer {
    const random = this.#random;
    const length = 8 * below(random, 6);
    const buffer = random() < 0.3
      ? new ArrayBuffer(length, { maxByteLength: length + 8 * below(random, 3) })
      : new ArrayBuffer(length);
    const bytes = new Uint8Array(buffer);
    for (let i = 0; i < length; i++) bytes[i] = below(random, 256);
    return this.#keep(buffer);
  }

  #view(): ArrayBufferView {
    const random = this.#random;
    const buffers = this.#known.filter((known) => known instanceof ArrayBuffer);
    const buffer = buffers.length > 0 ? pick(random, buffers) : this.#buffer();
    const offset = 8 * below(random, buffer.byteLength / 8 + 1);
    if (random() < 0.3) {
      return this.#keep(
        new DataView(buffer, offset, below(random, buffer.byteLength - offset + 1)),
      );
    }
    const View = pick(random, VIEWS);
    const most = (buffer.byteLength - offset) / View.BYTES_PER_ELEMENT;
    const length = random() < 0.5 ? undefined : below(random, most + 1);
    return this.#keep(new View(buffer, offset, length));
  }
}

function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
