/**
 * A manager's list, as it is in the manager: Python's `list` by JavaScript's `Array`.
 */

import { show } from "../../sync/_options.ts";
import { ValueError } from "../../sync/errors.ts";
import { compare, isEqual } from "./_comparison.ts";
import { checkInteger, itemsOf, placeIn } from "./_server_arguments.ts";

/** See the head of the file, and `ListProxy` for its methods. */
export class ServerList {
  #items: unknown[];

  constructor(init: unknown = []) {
    this.#items = [...itemsOf("make a list", init)];
  }

  get(index: unknown): unknown {
    return this.#items[placeIn("get an item", index, this.#items.length)];
  }

  set(index: unknown, value: unknown): void {
    this.#items[placeIn("set an item", index, this.#items.length)] = value;
  }

  append(value: unknown): void {
    this.#items.push(value);
  }

  extend(source: unknown): void {
    for (const item of [...itemsOf("extend a list", source)]) this.#items.push(item);
  }

  insert(index: unknown, value: unknown): void {
    checkInteger("insert an item", "the index", index);
    this.#items.splice(index, 0, value);
  }

  pop(index: unknown = -1): unknown {
    return this.#items.splice(placeIn("pop an item", index, this.#items.length), 1)[0];
  }

  remove(value: unknown): void {
    this.#items.splice(this.#find("remove an item", value, 0, this.#items.length), 1);
  }

  index(value: unknown, start: unknown = 0, stop: unknown = this.#items.length): number {
    checkInteger("find an item", "start", start);
    checkInteger("find an item", "stop", stop);
    return this.#find("find an item", value, start, stop);
  }

  #find(what: string, value: unknown, start: number, stop: number): number {
    const { length } = this.#items;
    const [from, to] = [start, stop].map((at) => Math.max(0, at < 0 ? at + length : at));
    for (let i = from!; i < to! && i < length; i++) if (isEqual(this.#items[i], value)) return i;
    throw new ValueError(`Cannot ${what}: it is not in the list: ${show(value)}`);
  }

  has(value: unknown): boolean {
    return this.#items.some((item) => isEqual(item, value));
  }

  count(value: unknown): number {
    return this.#items.filter((item) => isEqual(item, value)).length;
  }

  reverse(): void {
    this.#items.reverse();
  }

  sort(options: { reverse?: boolean } = {}): void {
    const isReversed = options?.reverse === true;
    // A copy, so that one that can't be sorted stays as it was; the order of equal ones is kept either way.
    this.#items = this.#items.toSorted(isReversed ? (a, b) => compare(b, a) : compare);
  }

  slice(start?: number, end?: number): unknown[] {
    return this.#items.slice(start, end);
  }

  clear(): void {
    this.#items.length = 0;
  }

  copy(): unknown[] {
    return [...this.#items];
  }

  len(): number {
    return this.#items.length;
  }

  /** By index, as in Python: what changes meanwhile is seen. */
  *[Symbol.iterator](): Generator<unknown, void, void> {
    for (let i = 0; i < this.#items.length; i++) yield this.#items[i];
  }
}
