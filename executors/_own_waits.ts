/**
 * Tasks of a pool that wait for that pool: as long as one of its workers does not, it gets on; when the last
 * one would wait too, nothing could ever end, and that one is told.
 */

import type { Lineage } from "../ipc/workers/_lineage.ts";
import { RuntimeError } from "../sync/errors.ts";

/** The pool in question. */
export interface AwaitedPool {
  /** As in a {@linkcode Lineage}. */
  readonly id: string;
  readonly maxWorkers: number;
  /** Whether a worker of this name lives. */
  hasWorker(name: string): boolean;
}

/** See the head of the file. */
export class OwnWaits {
  /** How many waits of each worker are under way; those of dead ones may be among them. */
  readonly #waits = new Map<string, number>();

  /**
   * Waits on behalf of a caller.
   *
   * @param wait Begins to wait; not called when it must not.
   * @throws {RuntimeError} When all workers of the pool would wait for it.
   */
  async wait<T>(
    pool: AwaitedPool,
    caller: Lineage,
    wait: () => PromiseLike<T>,
  ): Promise<T> {
    const place = caller.find(({ pool: id }) => id === pool.id);
    if (place === undefined) return await wait();
    const { worker } = place;
    this.#count(worker, 1);
    try {
      this.#check(pool);
      return await wait();
    } finally {
      this.#count(worker, -1);
    }
  }

  #check(pool: AwaitedPool): void {
    const waiting = [...this.#waits.keys()].filter((name) => pool.hasWorker(name)).length;
    if (waiting < pool.maxWorkers) return;
    const workers = pool.maxWorkers === 1 ? "its only worker" : `all of its ${waiting} workers`;
    throw new RuntimeError(
      `Cannot wait for the pool in a task of its own: ${workers} would wait for it, and nobody be left ` +
        `to do the work: give it more processes, or have the task return what is left to do`,
    );
  }

  #count(worker: string, by: number): void {
    const count = (this.#waits.get(worker) ?? 0) + by;
    if (count === 0) this.#waits.delete(worker);
    else this.#waits.set(worker, count);
  }
}
