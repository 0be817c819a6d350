/**
 * A lock that its owner may acquire again.
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
import { type Deadline, driveAsync, driveSync, type Protocol } from "./_drive.ts";
import { type Identity, whoCalls } from "./_identity.ts";
import { Lockable, ownershipOf, shareLocks } from "./_lockable.ts";
import type { Ownership } from "./_ownership.ts";
import { RuntimeError } from "./errors.ts";

const ACQUIRE = "acquire an RLock";

/**
 * Python's `multiprocessing.RLock`: held by one owner at a time, who may acquire it again and releases it as
 * often.
 *
 * - An owner is a task of a thread: two tasks that a worker runs at the same time exclude each other. Code
 *   outside any task is one owner a thread, also where several of its functions are in the middle of an
 *   `await`.
 * - Who waits gets it in order of arrival.
 * - When the thread or process that holds it dies, the next gets it and finds `abandoned`.
 *
 * Semantics: CPython's `multiprocessing.RLock`, where an owner is a thread.
 *
 * @example
 * ```ts
 * import { RLock } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new RLock();
 * await lock.acquire();
 * await lock.acquire();
 * await lock.release();
 * assertEquals(await lock.locked(), true);
 * await lock.release();
 * assertEquals(await lock.locked(), false);
 * ```
 */
export class RLock extends Lockable {
  /**
   * Acquires the lock, in its turn, or once more where the caller holds it.
   *
   * @param options `block: false` or a `timeout` of 0 (milliseconds) to try without waiting; a `signal`.
   * @returns Whether it was acquired in time.
   * @throws {CancelledError} When the signal was aborted.
   *
   * @example
   * ```ts
   * import { RLock } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const lock = new RLock();
   * assertEquals(await lock.acquire(), true);
   * assertEquals(await lock.acquire({ block: false }), true);
   * ```
   */
  override acquire(options?: AcquireOptions): Promise<boolean> {
    if (options === undefined && tryAcquire(ownershipOf(this), whoCalls())) return YES;
    return this.#acquire(options);
  }

  async #acquire(options: AcquireOptions | undefined): Promise<boolean> {
    const deadline = acquireDeadline(ACQUIRE, options);
    return await driveAsync(acquireFor(ownershipOf(this), whoCalls(), deadline));
  }

  /**
   * Acquires the lock, in its turn, and blocks the thread meanwhile; or once more where the caller holds it.
   *
   * @param options `block: false` or a `timeout` of 0 (milliseconds) to try without waiting.
   * @returns Whether it was acquired in time.
   *
   * @example
   * ```ts
   * import { RLock } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const lock = new RLock();
   * assertEquals(lock.acquireSync(), true);
   * assertEquals(lock.acquireSync(), true);
   * ```
   */
  override acquireSync(options?: AcquireSyncOptions): boolean {
    const ownership = ownershipOf(this);
    const caller = whoCalls();
    if (options === undefined && tryAcquire(ownership, caller)) return true;
    return driveSync(acquireFor(ownership, caller, acquireSyncDeadline(ACQUIRE, options)));
  }

  /**
   * Releases the lock once; the last time it goes to whoever has waited longest.
   *
   * @returns A promise of its having been released, for the sake of locks in another process.
   * @throws {RuntimeError} As a rejection, when the caller does not hold the lock.
   *
   * @example
   * ```ts
   * import { RLock, RuntimeError } from "@herd/concurrent";
   * import { assertRejects } from "@std/assert";
   *
   * await assertRejects(() => new RLock().release(), RuntimeError);
   * ```
   */
  override release(): Promise<void> {
    const ownership = ownershipOf(this);
    if (!isOwner(ownership, whoCalls())) {
      const reason = ownership.isHeld ? "another task or thread holds it" : "it is not held";
      return Promise.reject(new RuntimeError(`Cannot release an RLock: ${reason}`));
    }
    const count = --ownership.count;
    if (count === 0 && !ownership.tryFree()) ownership.free();
    return DONE;
  }
}

shareLocks("RLock", RLock);

/** Whether `caller` holds the lock. */
function isOwner(ownership: Ownership, { realm, task }: Identity): boolean {
  return ownership.realm === realm && ownership.task === task;
}

function tryAcquire(ownership: Ownership, caller: Identity): boolean {
  if (isOwner(ownership, caller)) {
    ownership.count++;
    return true;
  }
  if (!ownership.tryTakeFor(caller.realm)) return false;
  ownership.begin(caller.task);
  return true;
}

function* acquireFor(
  ownership: Ownership,
  caller: Identity,
  deadline: Deadline,
): Protocol<boolean> {
  if (tryAcquire(ownership, caller)) return true;
  if (!(yield* ownership.take(caller.realm, caller.task, deadline))) return false;
  ownership.admitOwner();
  return true;
}
