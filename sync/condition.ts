/**
 * Waiting for a condition under a lock.
 *
 * A waiter joins the condition's queue while it still holds the lock, releases the lock, sleeps, and
 * acquires the lock again before it goes on, however its sleep ended. Who notifies holds the lock, too: so
 * between the waiter's look at whatever it waits for and its place in the queue nobody can change that and
 * notify, and no notification is lost. A waiter is granted under the guard of the queue: one whose time is up
 * has either been notified, or takes no notification with it.
 *
 * @module
 */

import { Acquirable, type AcquireOptions, type AcquireSyncOptions, DONE } from "./_acquirable.ts";
import {
  type Deadline,
  deadlineOf,
  deadlineOfSync,
  driveAsync,
  driveSync,
  forever,
  type Protocol,
  type WaitLimit,
} from "./_drive.ts";
import { type Identity, whoCalls } from "./_identity.ts";
import { isHere, Lockable, ownershipOf } from "./_lockable.ts";
import { checkArgument, integerFrom } from "./_options.ts";
import { registerShareable } from "./_shareable.ts";
import { allocate, WaitQueue } from "./_wait_queue.ts";
import { NODE } from "./_waiters.ts";
import { untilDismissed, wakeAll } from "./_waiting.ts";
import { RuntimeError } from "./errors.ts";
import { Lock } from "./lock.ts";
import type { RLock } from "./rlock.ts";

const WAIT = "wait for a Condition";
const NOTIFY = "notify a Condition";
const WAITERS = integerFrom(1);

/**
 * Python's `multiprocessing.Condition`: a lock, and a queue of those that wait for something to change that
 * the lock protects.
 *
 * - One object serves all threads, and child processes that it is passed to.
 * - Notified are those that have waited longest. There are no spurious wake-ups; what was waited for may have
 *   changed again by the time the lock is acquired, so {@linkcode Condition.wait_for} is mostly what one wants.
 * - A notification of nobody is not remembered.
 *
 * Semantics: CPython's `threading.Condition`. Its lock is a `Lock` by default, not an `RLock`: two functions
 * of one thread that are in the middle of an `await` could not be told apart.
 *
 * @example
 * ```ts
 * import { Condition, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const condition = new Condition();
 * const stock = new Int32Array(new SharedArrayBuffer(4));
 *
 * async function take(condition: Condition, stock: Int32Array) {
 *   using _held = await condition.hold();
 *   await condition.wait_for(() => stock[0]! > 0);
 *   return --stock[0]!;
 * }
 *
 * await using executor = new ThreadPoolExecutor(1);
 * const left = executor.submit(take, condition, stock);
 * {
 *   using _held = await condition.hold();
 *   stock[0] = 3;
 *   condition.notify();
 * }
 * assertEquals(await left, 2);
 * ```
 */
export class Condition extends Acquirable {
  #lock: Lock | RLock;
  #buffer: SharedArrayBuffer = allocate(0);
  #queue: WaitQueue = new WaitQueue(this.#buffer);

  static {
    registerShareable<Condition>({
      name: "Condition",
      prototype: Condition.prototype,
      meets: true,
      id: (condition) => condition.#queue.id,
      data: (condition) => ({ lock: condition.#lock, buffer: condition.#buffer }),
      make(data) {
        const { lock, buffer } = data as { lock: Lock | RLock; buffer: SharedArrayBuffer };
        const condition = new Condition(lock);
        condition.#buffer = buffer;
        condition.#queue = new WaitQueue(buffer);
        return condition;
      },
    });
  }

  /**
   * Makes a condition.
   *
   * @param lock A `Lock` or `RLock`, which several conditions may have in common; a new `Lock` by default.
   * @throws {TypeError} For anything else, and for a lock that lives in another process.
   */
  constructor(lock?: Lock | RLock) {
    super();
    if (lock !== undefined && !(lock instanceof Lockable)) {
      throw new TypeError(
        `Cannot make a Condition: lock is ${Deno.inspect(lock)}: a Lock or RLock is wanted`,
      );
    }
    if (lock !== undefined && !isHere(lock)) {
      throw new TypeError(
        "Cannot make a Condition: its lock lives in another process: make it there, and pass it on",
      );
    }
    this.#lock = lock ?? new Lock();
  }

  /**
   * Acquires the lock: see `Lock.acquire`.
   *
   * @param options Whether to wait, for how many milliseconds, and a signal.
   * @returns Whether it was to be had in time.
   * @throws {CancelledError} When the signal was aborted.
   */
  override acquire(options?: AcquireOptions): Promise<boolean> {
    return this.#lock.acquire(options);
  }

  /**
   * Acquires the lock, and blocks the thread meanwhile: see `Lock.acquireSync`.
   *
   * @param options Whether to wait, and for how many milliseconds.
   * @returns Whether it was to be had in time.
   */
  override acquireSync(options?: AcquireSyncOptions): boolean {
    return this.#lock.acquireSync(options);
  }

  /**
   * Releases the lock: see `Lock.release`.
   *
   * @returns A promise, for the sake of locks in another process.
   * @throws {ValueError} As a rejection, when nobody holds it; a `RuntimeError` of an `RLock`.
   */
  override release(): Promise<void> {
    return this.#lock.release();
  }

  /** Whether anybody holds the lock. */
  locked(): Promise<boolean> {
    return this.#lock.locked();
  }

  /** Whether anybody holds the lock. */
  lockedSync(): boolean {
    return this.#lock.lockedSync();
  }

  /** Whether the lock's holder got it because the holder before it had died: see `Lock.abandoned`. */
  get abandoned(): boolean {
    return this.#lock.abandoned;
  }

  /**
   * Releases the lock, waits to be notified, and acquires the lock again.
   *
   * @param limit How long to wait to be notified, in milliseconds, and a signal. The lock is waited for
   * without a limit.
   * @returns Whether it was notified in time.
   * @throws {RuntimeError} When the caller does not hold the lock.
   * @throws {CancelledError} When the signal was aborted; the lock is held again.
   *
   * @example
   * ```ts
   * import { Condition } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const condition = new Condition();
   * using _held = await condition.hold();
   * assertEquals(await condition.wait({ timeout: 5 }), false);
   * ```
   */
  async wait(limit?: WaitLimit): Promise<boolean> {
    const caller = whoCalls();
    const deadline = deadlineOf(WAIT, limit);
    return await driveAsync(this.#wait(caller, deadline));
  }

  /**
   * Does what {@linkcode Condition.wait} does, and blocks the thread meanwhile.
   *
   * @param limit How long to wait to be notified, in milliseconds.
   * @returns Whether it was notified in time.
   * @throws {RuntimeError} When the caller does not hold the lock.
   *
   * @example
   * ```ts
   * import { Condition } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const condition = new Condition();
   * using _held = condition.holdSync();
   * assertEquals(condition.waitSync({ timeout: 5 }), false);
   * ```
   */
  waitSync(limit?: Omit<WaitLimit, "signal">): boolean {
    return driveSync(this.#wait(whoCalls(), deadlineOfSync(WAIT, limit)));
  }

  *#wait({ realm, task }: Identity, deadline: Deadline): Protocol<boolean> {
    this.#checkOwner(WAIT, { realm, task });
    const ownership = ownershipOf(this.#lock);
    const { count } = ownership;
    const node = this.#queue.guarded(() => this.#queue.join(realm, 0));
    ownership.count = 0;
    ownership.free();
    try {
      return (yield* untilDismissed(this.#queue, node, deadline)) === "granted";
    } finally {
      yield* ownership.take(realm, task, forever(WAIT));
      // Whose lock it is may have acquired it once more since.
      ownership.count += count - 1;
    }
  }

  /**
   * Waits until `predicate` returns something true, which is asked once more whenever the condition is
   * notified.
   *
   * @param predicate Called with the lock held.
   * @param limit How long to wait in all, in milliseconds, and a signal.
   * @returns What `predicate` returned last: something false when the time was up.
   * @throws {RuntimeError} When the caller does not hold the lock.
   * @throws {CancelledError} When the signal was aborted; the lock is held again.
   *
   * @example
   * ```ts
   * import { Condition } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const condition = new Condition();
   * using _held = await condition.hold();
   * assertEquals(await condition.wait_for(() => "there"), "there");
   * assertEquals(await condition.wait_for(() => 0, { timeout: 5 }), 0);
   * ```
   */
  async wait_for<T>(predicate: () => T | PromiseLike<T>, limit?: WaitLimit): Promise<T> {
    const { until, signal } = deadlineOf(WAIT, limit);
    let result = await predicate();
    while (!result) {
      const timeout = until - performance.now();
      if (timeout <= 0) return result;
      await this.wait({ timeout, signal });
      result = await predicate();
    }
    return result;
  }

  /**
   * Does what {@linkcode Condition.wait_for} does, and blocks the thread meanwhile.
   *
   * @param predicate Called with the lock held.
   * @param limit How long to wait in all, in milliseconds.
   * @returns What `predicate` returned last: something false when the time was up.
   * @throws {RuntimeError} When the caller does not hold the lock.
   */
  wait_forSync<T>(predicate: () => T, limit?: Omit<WaitLimit, "signal">): T {
    const { until } = deadlineOfSync(WAIT, limit);
    let result = predicate();
    while (!result) {
      const timeout = until - performance.now();
      if (timeout <= 0) return result;
      this.waitSync({ timeout });
      result = predicate();
    }
    return result;
  }

  /**
   * Wakes those that have waited longest; they go on once they have acquired the lock.
   *
   * @param n How many at most, an integer from 1.
   * @returns A promise of their having been woken, for the sake of conditions in another process.
   * @throws {RuntimeError} As a rejection, when the caller does not hold the lock.
   * @throws {ValueError} As a rejection, for any other `n`.
   *
   * @example
   * ```ts
   * import { Condition, RuntimeError } from "@herd/concurrent";
   * import { assertRejects } from "@std/assert";
   *
   * await assertRejects(() => new Condition().notify(), RuntimeError);
   * ```
   */
  notify(n: number = 1): Promise<void> {
    try {
      checkArgument(NOTIFY, "n", n, WAITERS);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#notify(() => {
      for (let left = n; left > 0; left--) {
        const node = this.#queue.first();
        if (node === 0) return;
        this.#queue.dismiss(node, NODE.GRANTED);
      }
    });
  }

  /**
   * Wakes all that wait; they go on, one after the other, once they have acquired the lock.
   *
   * @returns A promise of their having been woken, for the sake of conditions in another process.
   * @throws {RuntimeError} As a rejection, when the caller does not hold the lock.
   */
  notify_all(): Promise<void> {
    return this.#notify(() => wakeAll(this.#queue, NODE.GRANTED));
  }

  #notify(wake: () => void): Promise<void> {
    try {
      this.#checkOwner(NOTIFY, whoCalls());
    } catch (error) {
      return Promise.reject(error);
    }
    if (!this.#queue.isEmpty) this.#queue.guarded(wake);
    return DONE;
  }

  #checkOwner(what: string, { realm, task }: Identity): void {
    const ownership = ownershipOf(this.#lock);
    const isOwner = ownership.realm === realm &&
      (this.#lock instanceof Lock || ownership.task === task);
    if (!isOwner) throw new RuntimeError(`Cannot ${what}: its lock is not held by the caller`);
  }

  /** How it is printed. */
  [Symbol.for("Deno.customInspect")](): string {
    const waiting = this.#queue.guarded(() => [...this.#queue.each()].length);
    return `Condition { ${Deno.inspect(this.#lock)}, ${waiting} waiting }`;
  }
}
