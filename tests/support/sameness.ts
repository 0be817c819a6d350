/**
 * Whether two values are the same to the last detail: classes, properties with their flags and order,
 * and which objects are one.
 */

import { assert } from "@std/assert";

/** What to compare. */
export interface SamenessOptions {
  /** Own properties whose values may differ; default none. */
  readonly ignoring?: readonly string[];
}

/** Fails with the path to the first difference. */
export function assertSame(
  actual: unknown,
  expected: unknown,
  of?: string,
  options: SamenessOptions = {},
): void {
  const where = new Comparison(options.ignoring ?? []).difference(actual, expected, "value");
  assert(where === undefined, `${of === undefined ? "" : `${of}: `}${where}`);
}

class Comparison {
  readonly #ignored: ReadonlySet<string>;
  /** Which object on one side is which on the other. */
  readonly #pairs = new Map<object, object>();
  readonly #reverse = new Map<object, object>();

  constructor(ignoring: readonly string[]) {
    this.#ignored = new Set(ignoring);
  }

  /** Where two values differ, as a path; `undefined` when they are the same. */
  difference(left: unknown, right: unknown, path: string): string | undefined {
    // A list of what is left to do, since values may be nested deeper than the stack is.
    const rest: [left: unknown, right: unknown, path: string][] = [[left, right, path]];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const found = this.#shallow(...next, rest);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #shallow(
    left: unknown,
    right: unknown,
    path: string,
    rest: [unknown, unknown, string][],
  ): string | undefined {
    if (!isObject(left) || !isObject(right)) {
      return Object.is(left, right) ? undefined : `${path}: ${show(left)} is not ${show(right)}`;
    }
    if (this.#pairs.has(left) || this.#reverse.has(right)) {
      const isPair = this.#pairs.get(left) === right && this.#reverse.get(right) === left;
      return isPair ? undefined : `${path} (sharing)`;
    }
    this.#pairs.set(left, right);
    this.#reverse.set(right, left);
    if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return `${path} (class)`;
    if (facts(left) !== facts(right)) return `${path}: ${facts(left)} is not ${facts(right)}`;
    if (ArrayBuffer.isView(left)) {
      rest.push([left.buffer, (right as ArrayBufferView).buffer, `${path}.buffer`]);
      return undefined;
    }
    if (left instanceof Map || left instanceof Set) {
      rest.push([itemsOf(left), itemsOf(right as typeof left), `${path}.items`]);
    }
    return this.#properties(left, right, path, rest);
  }

  #properties(
    left: object,
    right: object,
    path: string,
    rest: [unknown, unknown, string][],
  ): string | undefined {
    const keys = Object.getOwnPropertyNames(left);
    const others = Object.getOwnPropertyNames(right);
    if (keys.length !== others.length) return `${path} (keys): ${keys} are not ${others}`;
    for (const [i, key] of keys.entries()) {
      if (key !== others[i]) return `${path} (order of keys): ${keys} are not ${others}`;
      if (flags(left, key) !== flags(right, key)) return `${path}.${key} (flags)`;
      if (this.#ignored.has(key)) continue;
      rest.push([Reflect.get(left, key), Reflect.get(right, key), `${path}.${key}`]);
    }
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 0, strAbbreviateSize: 100 });
}

function itemsOf(collection: Map<unknown, unknown> | Set<unknown>): unknown[] {
  return collection instanceof Map ? [...collection].flat(1) : [...collection];
}

function flags(object: object, key: string): string {
  const { enumerable, configurable, writable } = Object.getOwnPropertyDescriptor(object, key)!;
  return `${enumerable} ${configurable} ${writable}`;
}

/** What an object is, apart from its properties and items. */
function facts(value: object): string {
  if (value instanceof URL) return value.href;
  if (value instanceof Date) return `Date ${value.getTime()}`;
  if (value instanceof RegExp) return `${value} at ${value.lastIndex}`;
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return `${value.constructor.name} ${show(value.valueOf())}`;
  }
  if (value instanceof BigInt) return `BigInt ${value}`;
  if (value instanceof ArrayBuffer) {
    return `bytes ${new Uint8Array(value)} of ${value.resizable} ${value.maxByteLength}`;
  }
  if (ArrayBuffer.isView(value)) {
    const length = "length" in value ? value.length : value.byteLength;
    return `view of ${length} elements from ${value.byteOffset} to ${value.byteLength}`;
  }
  if (value instanceof DOMException) return `${value.name} ${value.message} ${value.code}`;
  if (value instanceof Error) return `${value.name} ${value.message}`;
  return Array.isArray(value) ? `length ${value.length}` : "";
}
