/**
 * A manager's Namespace, Value and Array, as they are in the manager.
 */

import { show } from "../../sync/_options.ts";
import { RawArray } from "../../sync/raw_array.ts";
import { RawValue } from "../../sync/raw_value.ts";
import { checkHoles, entriesOf } from "./_server_arguments.ts";
import { KeyError } from "../errors.ts";

/** Python's `Namespace`: names and what they stand for. */
export class ServerNamespace {
  readonly #values = new Map<string, unknown>();

  constructor(init: unknown = {}) {
    for (const [name, value] of entriesOf("make a Namespace", init)) this.set(name, value);
  }

  get(name: unknown): unknown {
    if (this.has(name)) return this.#values.get(name as string);
    throw new KeyError(`Cannot get an attribute: there is none such: ${show(name)}`);
  }

  set(name: unknown, value: unknown): void {
    if (typeof name !== "string") {
      throw new TypeError(`Cannot set an attribute: its name is ${show(name)}: a text is wanted`);
    }
    this.#values.set(name, value);
  }

  delete(name: unknown): void {
    if (this.#values.delete(name as string)) return;
    throw new KeyError(`Cannot delete an attribute: there is none such: ${show(name)}`);
  }

  has(name: unknown): boolean {
    return this.#values.has(name as string);
  }

  copy(): Record<string, unknown> {
    return Object.fromEntries(this.#values);
  }

  /** Names and values, of what there is now. */
  [Symbol.iterator](): Iterator<[string, unknown]> {
    return [...this.#values].values();
  }
}

type Code = ConstructorParameters<typeof RawValue>[0];

/** Python's `Value`. */
export class ServerValue {
  readonly #value: RawValue<"i">;

  constructor(typecode: Code, init?: number) {
    // One code stands for all: what is of a wrong type is refused by the value itself.
    this.#value = new RawValue(typecode as "i", init);
  }

  get(): unknown {
    return this.#value.value;
  }

  set(value: number): void {
    this.#value.value = value;
  }

  add(n: number): unknown {
    return this.#value.add(n);
  }

  exchange(value: number): unknown {
    return this.#value.exchange(value);
  }

  compareExchange(expected: number, replacement: number): unknown {
    return this.#value.compareExchange(expected, replacement);
  }

  copy(): unknown {
    return this.get();
  }
}

/** Python's `Array`. */
export class ServerArray {
  readonly #array: RawArray<"i">;

  constructor(typecode: Code, size_or_init: number | Iterable<number>) {
    if (Array.isArray(size_or_init)) checkHoles("make an Array", size_or_init);
    this.#array = new RawArray(typecode as "i", size_or_init);
  }

  get(index: number): unknown {
    return this.#array.get(index);
  }

  set(index: number, value: number): void {
    this.#array.set(index, value);
  }

  slice(start?: number, end?: number): unknown {
    return this.#array.slice(start, end);
  }

  add(index: number, n: number): unknown {
    return this.#array.add(index, n);
  }

  exchange(index: number, value: number): unknown {
    return this.#array.exchange(index, value);
  }

  compareExchange(index: number, expected: number, replacement: number): unknown {
    return this.#array.compareExchange(index, expected, replacement);
  }

  copy(): unknown {
    return this.slice();
  }

  len(): number {
    return this.#array.length;
  }

  /** By index: what changes meanwhile is seen. */
  *[Symbol.iterator](): Generator<unknown, void, void> {
    for (let i = 0; i < this.#array.length; i++) yield this.#array.get(i);
  }
}
