/**
 * Indexes, slices and values of arrays in shared memory.
 */

import { nameOf } from "./_cells.ts";
import { checkArgument, integerFrom, type OptionRule, show } from "./_options.ts";
import { ValueError } from "./errors.ts";

const SIZE = integerFrom(0);
const AN_INTEGER: OptionRule = { wanted: "an integer", allows: Number.isInteger };

/**
 * The place of an element, also of one that is counted from the end.
 *
 * @param verb Completes "Cannot … element 3".
 * @throws {ValueError} When there is none.
 */
export function placeOf(array: object, length: number, index: number, verb: string): number {
  if (Number.isInteger(index) && index < length) {
    if (index >= 0) return index;
    if (index >= -length) return index + length;
  }
  const wanted = length === 0
    ? "it has no elements"
    : `an integer from ${-length} to ${length - 1} is wanted`;
  throw new ValueError(
    `Cannot ${verb} element ${show(index)} of ${nameOf(array)}: its length is ${length}: ${wanted}`,
  );
}

/**
 * The places of a slice, from the first to the one after the last, clipped as in Python.
 *
 * @throws {ValueError} When an end is no integer.
 */
export function placesOf(
  array: object,
  length: number,
  start: number | undefined,
  end: number | undefined,
): [start: number, end: number] {
  const clip = (name: string, index: number) => {
    checkArgument(`take a slice of ${nameOf(array)}`, name, index, AN_INTEGER);
    return Math.max(0, Math.min(length, index < 0 ? index + length : index));
  };
  const first = clip("start", start === undefined ? 0 : start);
  return [first, Math.max(first, clip("end", end === undefined ? length : end))];
}

/**
 * The size or the values that an array is made with.
 *
 * @throws {ValueError} For a size that is none.
 * @throws {TypeError} For what is neither.
 */
export function sizeOrValues<T>(array: object, given: number | Iterable<T>): number | ArrayLike<T> {
  if (isIterable(given)) {
    return ArrayBuffer.isView(given) ? given as unknown as ArrayLike<T> : [...given];
  }
  const what = `make ${nameOf(array)}`;
  if (typeof given !== "number") {
    throw new TypeError(`Cannot ${what}: ${show(given)}: a size or the values are wanted`);
  }
  checkArgument(what, "size", given, SIZE);
  return given;
}

/**
 * Exactly `count` values.
 *
 * @throws {ValueError} When there are more or fewer.
 * @throws {TypeError} When it is nothing to be iterated.
 */
export function exactly<T>(array: object, values: Iterable<T>, count: number): T[] {
  const what = `set a slice of ${nameOf(array)}`;
  if (!isIterable(values)) {
    throw new TypeError(`Cannot ${what}: ${show(values)}: the values are wanted`);
  }
  const found: T[] = [];
  for (const value of values) {
    if (found.push(value) > count) break;
  }
  if (found.length === count) return found;
  const given = found.length > count ? "more" : found.length;
  throw new ValueError(
    `Cannot ${what}: it has ${count} elements: as many values are wanted, not ${given}`,
  );
}

function isIterable(value: unknown): value is Iterable<never> {
  return typeof value === "string" ||
    typeof value === "object" && value !== null && Symbol.iterator in value;
}

/** What {@linkcode indexable} calls. */
interface Indexed {
  get(index: number): unknown;
  set(index: number, value: never): void;
}

/**
 * Makes `object[index]` mean `object.get(index)` and `object.set(index, value)`, for a class.
 *
 * The proxy is what the class's prototype inherits from, and is asked only for what nothing before it has.
 * Around the object itself it would make every call of a method as slow as an index.
 */
export function indexable(prototype: Indexed): void {
  const handler: ProxyHandler<object> = {
    get(target, key, receiver) {
      const index = indexFrom(key);
      return index === undefined ? Reflect.get(target, key, receiver) : receiver.get(index);
    },
    set(target, key, value, receiver) {
      const index = indexFrom(key);
      if (index === undefined) return Reflect.set(target, key, value, receiver);
      receiver.set(index, value);
      return true;
    },
  };
  Object.setPrototypeOf(prototype, new Proxy({}, handler));
}

/** The number that a key is: any, as with typed arrays, so that an index that is none is not a name. */
function indexFrom(key: string | symbol): number | undefined {
  if (typeof key === "symbol") return undefined;
  const index = Number(key);
  return String(index) === key ? index : undefined;
}
