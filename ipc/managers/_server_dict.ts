/**
 * A manager's dict, as it is in the manager: Python's `dict` by JavaScript's `Map`.
 */

import { show } from "../../sync/_options.ts";
import { RuntimeError } from "../../sync/errors.ts";
import { checkKey, entriesOf } from "./_server_arguments.ts";
import { KeyError } from "../errors.ts";

/** See the head of the file, and `DictProxy` for its methods. */
export class ServerDict {
  readonly #entries = new Map<unknown, unknown>();

  constructor(init?: unknown) {
    if (init !== undefined) this.update(init);
  }

  get(key: unknown, fallback: unknown = null): unknown {
    return this.#entries.has(key) ? this.#entries.get(key) : fallback;
  }

  set(key: unknown, value: unknown): void {
    checkKey("set a key", key);
    this.#entries.set(key, value);
  }

  delete(key: unknown): void {
    if (!this.#entries.delete(key)) throw noKey("delete a key", key);
  }

  has(key: unknown): boolean {
    return this.#entries.has(key);
  }

  pop(key: unknown, ...fallback: [unknown?]): unknown {
    if (!this.#entries.has(key) && fallback.length === 0) throw noKey("pop a key", key);
    const value = this.get(key, fallback[0]);
    this.#entries.delete(key);
    return value;
  }

  popitem(): [unknown, unknown] {
    const last = [...this.#entries].at(-1);
    if (last === undefined) throw new KeyError("Cannot pop an item: the dict is empty");
    this.#entries.delete(last[0]);
    return last;
  }

  setdefault(key: unknown, value: unknown = null): unknown {
    if (!this.#entries.has(key)) this.set(key, value);
    return this.get(key);
  }

  update(source: unknown): void {
    // All before any: a key that can't be one leaves the dict as it was.
    const entries = [...entriesOf("update a dict", source)];
    for (const [key] of entries) checkKey("update a dict", key);
    for (const [key, value] of entries) this.#entries.set(key, value);
  }

  keys(): unknown[] {
    return [...this.#entries.keys()];
  }

  values(): unknown[] {
    return [...this.#entries.values()];
  }

  items(): [unknown, unknown][] {
    return [...this.#entries];
  }

  clear(): void {
    this.#entries.clear();
  }

  copy(): Map<unknown, unknown> {
    return new Map(this.#entries);
  }

  len(): number {
    return this.#entries.size;
  }

  /** The keys; as in Python, none may come or go meanwhile. */
  *[Symbol.iterator](): Generator<unknown, void, void> {
    const { size } = this.#entries;
    for (const key of this.#entries.keys()) {
      yield key;
      if (this.#entries.size !== size) {
        throw new RuntimeError(
          "Cannot iterate a dict: its size has changed meanwhile: iterate await dict.keys()",
        );
      }
    }
  }
}

function noKey(what: string, key: unknown): KeyError {
  return new KeyError(`Cannot ${what}: there is none such: ${show(key)}`);
}
