/**
 * What the methods of a manager's containers are given, checked: who calls may be any program.
 */

import { show } from "../../sync/_options.ts";
import { kindOf } from "../../sync/_shareable.ts";
import { ValueError } from "../../sync/errors.ts";
import { isPlainObject } from "../transfer.ts";
import { ITERATE, offers, VALUE } from "./_referents.ts";

/** An array with holes may be this long: it takes a few bytes on its way, and all of its length here. */
const LONGEST_WITH_HOLES = 2 ** 20;

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

/**
 * What can be gone through: what was sent, or what is here and exposes that.
 *
 * @throws {TypeError} When it is nothing of the kind.
 * @throws {ValueError} When it is an array of next to nothing.
 */
export function itemsOf(what: string, source: unknown): Iterable<unknown> {
  if (typeof source === "string") return source;
  if (typeof source === "object" && source !== null && Symbol.iterator in source) {
    if (Array.isArray(source)) checkHoles(what, source);
    if (isReadable(source, ITERATE)) return source as Iterable<unknown>;
    // Nothing of what is in it: that is what it does not expose.
    throw new TypeError(
      `Cannot ${what}: the object does not expose that: list "Symbol.iterator" in what its type exposes`,
    );
  }
  throw new TypeError(
    `Cannot ${what}: ${
      show(source)
    } can't be iterated: an array, a Set, or a proxy of such is wanted`,
  );
}

/** Throws when an array is long only by its holes. */
export function checkHoles(what: string, array: readonly unknown[]): void {
  if (array.length <= LONGEST_WITH_HOLES) return;
  for (let i = 0; i < array.length; i++) {
    if (i in array) continue;
    throw new ValueError(
      `Cannot ${what}: an array of ${array.length} has a hole at ${i}: at most ${LONGEST_WITH_HOLES} ` +
        `elements are wanted, or no holes`,
    );
  }
}

/** Whether an object is data, or lives here and may be read so: one of another program's is only asked by its name. */
function isReadable(source: object, way: string): boolean {
  return kindOf(source) === undefined || offers(source, way) || offers(source, VALUE);
}

/** Keys and values: of a map, an array of pairs, a plain object, or what has `items()`. */
export function entriesOf(what: string, source: unknown): Iterable<readonly [unknown, unknown]> {
  if (typeof source === "object" && source !== null) {
    if (source instanceof Map && isReadable(source, ITERATE)) return source;
    if (offers(source, "items")) {
      return itemsOf(what, entriesIn(source)) as Iterable<readonly [unknown, unknown]>;
    }
    if (isPlainObject(source) && isReadable(source, VALUE)) return Object.entries(source);
  }
  const pairs = [...itemsOf(what, source)];
  for (const pair of pairs) {
    if (Array.isArray(pair) && pair.length === 2) continue;
    throw new TypeError(`Cannot ${what}: ${show(pair)} is no pair: [key, value] is wanted`);
  }
  return pairs as [unknown, unknown][];
}

/** What an object's `items()` gives; where that is a promise, it is not waited for, and fails nobody. */
function entriesIn(source: object): unknown {
  const entries: unknown = Reflect.apply(Reflect.get(source, "items"), source, []);
  if (entries instanceof Promise) entries.catch(() => {});
  return entries;
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
