/**
 * Futures that wait for their turn: first in, first out.
 *
 * Those that are settled while they wait (cancelled) stay where they are and are passed over; when they
 * are the greater part, they are swept.
 */

import type { Future } from "./future.ts";

/** A future that can wait. */
interface Waiting extends Future<unknown> {
  /** Whether it stands in the queue; the queue writes this. */
  queued: boolean;
}

/** See the head of the file. */
export class Fifo<T extends Waiting> {
  #items: (T | undefined)[] = [];
  #head = 0;
  #live = 0;

  /** How many wait, settled ones not counted. */
  get size(): number {
    return this.#live;
  }

  /** Adds one behind all others. */
  push(item: T): void {
    this.#items.push(item);
    item.queued = true;
    this.#live++;
  }

  /** Takes the first. */
  take(): T | undefined {
    while (this.#head < this.#items.length) {
      const item = this.#items[this.#head]!;
      this.#items[this.#head++] = undefined;
      if (item.done()) continue;
      this.#live--;
      item.queued = false;
      this.#sweep();
      return item;
    }
    this.#sweep();
    return undefined;
  }

  /** Takes all, in their order. */
  drain(): T[] {
    const items = this.#items.slice(this.#head).filter((item) => !item!.done()) as T[];
    for (const item of items) item.queued = false;
    this.#items = [];
    this.#head = this.#live = 0;
    return items;
  }

  /** One that waits was settled. */
  settled(): void {
    this.#live--;
    this.#sweep();
  }

  /** Costs constant time an item: it runs when at least half of the array goes. */
  #sweep(): void {
    if (this.#items.length < 1024 || this.#live * 2 > this.#items.length) return;
    this.#items = this.#items.slice(this.#head).filter((item) => !item!.done());
    this.#head = 0;
  }
}
