/**
 * Whether values that were copied are the same, and which comes first: as Python compares, by what they hold.
 */

import { isPlainObject } from "../transfer.ts";

/** Whether two values are equal: objects of data by what is in them, all others when they are the same. */
export function isEqual(a: unknown, b: unknown): boolean {
  return new Comparison().isEqual(a, b);
}

class Comparison {
  /**
   * Pairs that are equal so far: one that differs ends it all. Met again, within themselves or beside, they are not
   * compared again, of which there could be more than anybody can wait for.
   */
  readonly #met = new Map<object, Set<object>>();

  isEqual(a: unknown, b: unknown): boolean {
    if (a === b || Object.is(a, b)) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    const met = this.#met.get(a);
    if (met?.has(b)) return true;
    if (met === undefined) this.#met.set(a, new Set([b]));
    else met.add(b);
    return this.#haveEqual(a, b);
  }

  #haveEqual(a: object, b: object): boolean {
    if (a instanceof Date) return a.getTime() === (b as Date).getTime();
    if (a instanceof RegExp || a instanceof URL) return String(a) === String(b);
    if (a instanceof Map) {
      const other = b as Map<unknown, unknown>;
      return a.size === other.size &&
        [...a].every(([key, value]) => other.has(key) && this.isEqual(value, other.get(key)));
    }
    if (a instanceof Set) {
      return a.size === (b as Set<unknown>).size && a.isSubsetOf(b as Set<unknown>);
    }
    if (ArrayBuffer.isView(a)) return sameBytes(bytesOf(a), bytesOf(b as ArrayBufferView));
    if (a instanceof ArrayBuffer) {
      return sameBytes(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
    }
    if (!Array.isArray(a) && !isPlainObject(a)) return false;
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length &&
      (!Array.isArray(a) || a.length === (b as unknown[]).length) &&
      keys.every((key) =>
        Object.hasOwn(b, key) && this.isEqual(Reflect.get(a, key), Reflect.get(b, key))
      );
  }
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/**
 * Which of two values comes first: negative, 0, or positive. Numbers by size, texts by their characters, dates by
 * time, arrays by their first elements that differ.
 *
 * @throws {TypeError} When they have no order.
 */
export function compare(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < a.length && i < b.length; i++) {
      const order = compare(a[i], b[i]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  const kind = orderOf(a);
  if (kind === undefined || kind !== orderOf(b)) {
    throw new TypeError(
      `Cannot sort: ${typeof a} and ${typeof b} have no order: sort numbers, texts, dates or arrays of ` +
        `those, one of them only`,
    );
  }
  const [x, y] = [a, b] as [number, number];
  return x < y ? -1 : x > y ? 1 : 0;
}

function orderOf(value: unknown): string | undefined {
  const type = typeof value;
  if (type === "number" || type === "bigint" || type === "boolean") return "number";
  return type === "string" ? type : value instanceof Date ? "date" : undefined;
}
