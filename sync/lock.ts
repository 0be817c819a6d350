/**
 * A lock between threads and processes.
 *
 * @module
 */

import {
  acquireDeadline,
  type AcquireOptions,
  acquireSyncDeadline,
  type AcquireSyncOptions,
  DONE,
  YES,
} from "./_acquirable.ts";
import { driveAsync, driveSync, forever } from "./_drive.ts";
import { isSelf, whoCalls } from "./_identity.ts";
import { Lockable, ownershipOf, shareLocks } from "./_lockable.ts";
import { ValueError } from "./errors.ts";

const ACQUIRE = "acquire a Lock";

/**
 * Python's `multiprocessing.Lock`: held by one at a time.
 *
 * - One object serves all threads, and child processes that it is passed to.
 * - Who waits gets it in order of arrival, whether by `acquire` or `acquireSync`; a holder that releases it
 *   and acquires it again waits behind those that wait already.
 * - It belongs to no task: whoever acquires it twice waits for ever, and whoever wants may release it.
 * - When the thread or process that holds it dies, the next gets it and finds {@linkcode Lock.abandoned}.
 *
 * Semantics: CPython's `multiprocessing.Lock`; fairness and recovery are Herd's own.
 *
 * @example Eight tasks on two threads, one at a time
 * ```ts
 * import { Lock, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new Lock();
 * const counter = new Int32Array(new SharedArrayBuffer(4));
 *
 * async function increment(lock: Lock, counter: Int32Array) {
 *   using _held = await lock.hold();
 *   const seen = counter[0]!;
 *   await new Promise((resolve) => setTimeout(resolve, 1));
 *   counter[0] = seen + 1;
 * }
 *
 * await using executor = new ThreadPoolExecutor(2);
 * await Promise.all(Array.from({ length: 8 }, () => executor.submit(increment, lock, counter)));
 * assertEquals(counter[0], 8);
 * ```
 */
export class Lock extends Lockable {
  /**
   * Acquires the lock, in its turn.
   *
   * @param options `block: false` or a `timeout` of 0 (milliseconds) to try without waiting; a `signal`.
   * @returns Whether it was acquired in time.
   * @throws {CancelledError} When the signal was aborted.
   *
   * @example
   * ```ts
   * import { Lock } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const lock = new Lock();
   * assertEquals(await lock.acquire(), true);
   * assertEquals(await lock.acquire({ timeout: 5 }), false);
   * await lock.release();
   * ```
   */
  override acquire(options?: AcquireOptions): Promise<boolean> {
    if (options !== undefined) return this.#acquire(options);
    if (isSelf() && ownershipOf(this).tryTake()) return YES;
    const { realm, task } = whoCalls();
    return driveAsync(ownershipOf(this).take(realm, task, forever(ACQUIRE)));
  }

  async #acquire(options: AcquireOptions): Promise<boolean> {
    const deadline = acquireDeadline(ACQUIRE, options);
    const { realm, task } = whoCalls();
    return await driveAsync(ownershipOf(this).take(realm, task, deadline));
  }

  /**
   * Acquires the lock, in its turn, and blocks the thread meanwhile.
   *
   * @param options `block: false` or a `timeout` of 0 (milliseconds) to try without waiting.
   * @returns Whether it was acquired in time.
   *
   * @example
   * ```ts
   * import { Lock } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const lock = new Lock();
   * assertEquals(lock.acquireSync(), true);
   * assertEquals(lock.acquireSync({ block: false }), false);
   * lock.release();
   * ```
   */
  override acquireSync(options?: AcquireSyncOptions): boolean {
    if (options === undefined && ownershipOf(this).tryTake()) return true;
    const deadline = acquireSyncDeadline(ACQUIRE, options);
    const { realm, task } = whoCalls();
    return driveSync(ownershipOf(this).take(realm, task, deadline));
  }

  /**
   * Releases the lock, at once, or hands it to whoever has waited longest. Any thread may.
   *
   * @returns A promise of its having been released, for the sake of locks in another process.
   * @throws {ValueError} As a rejection, when the lock is not held.
   *
   * @example
   * ```ts
   * import { Lock, ValueError } from "@herd/concurrent";
   * import { assertRejects } from "@std/assert";
   *
   * const lock = new Lock();
   * await lock.acquire();
   * await lock.release();
   * await assertRejects(() => lock.release(), ValueError);
   * ```
   */
  override release(): Promise<void> {
    if (ownershipOf(this).tryFree() || ownershipOf(this).free()) return DONE;
    return Promise.reject(new ValueError("Cannot release a Lock: it is not held"));
  }
}

shareLocks("Lock", Lock);
