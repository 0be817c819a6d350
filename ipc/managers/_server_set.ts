/**
 * A manager's set, as it is in the manager: Python's `set` by JavaScript's `Set`.
 */

import { show } from "../../sync/_options.ts";
import { checkKey, itemsOf } from "./_server_arguments.ts";
import { KeyError } from "../errors.ts";

/** See the head of the file, and `SetProxy` for its methods. */
export class ServerSet {
  #items: Set<unknown>;

  constructor(init: unknown = []) {
    this.#items = setOf("make a set", init);
  }

  add(item: unknown): void {
    checkKey("add an item", item);
    this.#items.add(item);
  }

  discard(item: unknown): void {
    this.#items.delete(item);
  }

  remove(item: unknown): void {
    if (this.#items.delete(item)) return;
    throw new KeyError(`Cannot remove an item: it is not in the set: ${show(item)}`);
  }

  has(item: unknown): boolean {
    return this.#items.has(item);
  }

  pop(): unknown {
    const [first] = this.#items;
    if (this.#items.size === 0) throw new KeyError("Cannot pop an item: the set is empty");
    this.#items.delete(first);
    return first;
  }

  clear(): void {
    this.#items.clear();
  }

  copy(): Set<unknown> {
    return new Set(this.#items);
  }

  len(): number {
    return this.#items.size;
  }

  union(...others: unknown[]): Set<unknown> {
    return this.#with(others, (set, other) => set.union(other));
  }

  intersection(...others: unknown[]): Set<unknown> {
    return this.#with(others, (set, other) => set.intersection(other));
  }

  difference(...others: unknown[]): Set<unknown> {
    return this.#with(others, (set, other) => set.difference(other));
  }

  symmetric_difference(other: unknown): Set<unknown> {
    return this.#with([other], (set, other) => set.symmetricDifference(other));
  }

  update(...others: unknown[]): void {
    this.#items = this.union(...others);
  }

  intersection_update(...others: unknown[]): void {
    this.#items = this.intersection(...others);
  }

  difference_update(...others: unknown[]): void {
    this.#items = this.difference(...others);
  }

  symmetric_difference_update(other: unknown): void {
    this.#items = this.symmetric_difference(other);
  }

  isdisjoint(other: unknown): boolean {
    return this.#items.isDisjointFrom(setOf("compare sets", other));
  }

  issubset(other: unknown): boolean {
    return this.#items.isSubsetOf(setOf("compare sets", other));
  }

  issuperset(other: unknown): boolean {
    return this.#items.isSupersetOf(setOf("compare sets", other));
  }

  #with(
    others: readonly unknown[],
    combine: (set: Set<unknown>, other: Set<unknown>) => Set<unknown>,
  ): Set<unknown> {
    return others.map((other) => setOf("combine sets", other)).reduce(combine, this.copy());
  }

  /** Of what there is now: what comes or goes meanwhile is not seen. */
  [Symbol.iterator](): Iterator<unknown> {
    return this.copy().values();
  }
}

function setOf(what: string, source: unknown): Set<unknown> {
  const set = new Set(itemsOf(what, source));
  for (const item of set) checkKey(what, item);
  return set;
}
