/**
 * What the methods of a manager's containers are given, checked: who calls may be any program.
 */

import { show } from "../../sync/_options.ts";
import { kindOf } from "../../sync/_shareable.ts";
import { ValueError } from "../../sync/errors.ts";
import { isPlainObject } from "../transfer.ts";

/**
 * Throws unless a key, or an element of a set, can be found again: an object that was sent is a copy.
 *
 * @param what Completes "Cannot …".
 */
export function checkKey(what: string, key: unknown): void {
  if (typeof key !== "object" || key === null || kindOf(key) !== undefined) return;
  throw new TypeError(
    `Cannot ${what}: ${
      show(key)
    } is a copy, and would never be found again: a text, a number, or ` +
      `another value that is no object is wanted, or a proxy`,
  );
}

/** What can be gone through. */
export function itemsOf(what: string, source: unknown): Iterable<unknown> {
  if (typeof source === "string") return source;
  if (typeof source === "object" && source !== null && Symbol.iterator in source) {
    return source as Iterable<unknown>;
  }
  throw new TypeError(
    `Cannot ${what}: ${
      show(source)
    } can't be iterated: an array, a Set, or a proxy of such is wanted`,
  );
}

/** Keys and values: of a map, an array of pairs, a plain object, or what has `items()`. */
export function entriesOf(what: string, source: unknown): Iterable<readonly [unknown, unknown]> {
  if (typeof source === "object" && source !== null) {
    if (source instanceof Map) return source;
    const items: unknown = Reflect.get(source, "items");
    if (kindOf(source) !== undefined && typeof items === "function") return items.call(source);
    if (isPlainObject(source)) return Object.entries(source);
  }
  const pairs = [...itemsOf(what, source)];
  for (const pair of pairs) {
    if (Array.isArray(pair) && pair.length === 2) continue;
    throw new TypeError(`Cannot ${what}: ${show(pair)} is no pair: [key, value] is wanted`);
  }
  return pairs as [unknown, unknown][];
}

/**
 * A place in a list of so many; negative ones count from the end.
 *
 * @throws {ValueError} When there is no such place.
 */
export function placeIn(what: string, index: unknown, length: number): number {
  checkInteger(what, "the index", index);
  const place = index < 0 ? index + length : index;
  if (place >= 0 && place < length) return place;
  throw new ValueError(
    `Cannot ${what}: index ${index} is out of range: ${
      length === 0 ? "the list is empty" : `from ${-length} to ${length - 1} is wanted`
    }`,
  );
}

/** Throws unless a value is an integer. */
export function checkInteger(
  what: string,
  name: string,
  value: unknown,
): asserts value is number {
  if (Number.isInteger(value)) return;
  throw new TypeError(`Cannot ${what}: ${name} is ${show(value)}: an integer is wanted`);
}
