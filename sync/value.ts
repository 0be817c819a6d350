/**
 * A value in shared memory, with a lock.
 *
 * @module
 */

import type { AcquireOptions, AcquireSyncOptions, Held } from "./_acquirable.ts";
import { type CellsRecord, refusalOf } from "./_cells.ts";
import type { WaitLimit } from "./_drive.ts";
import { type LockOption, LockSlot } from "./_lock_slot.ts";
import { registerShareable } from "./_shareable.ts";
import type { Typecode, TypecodeInit } from "./_typecodes.ts";
import type { Lock } from "./lock.ts";
import { attachValue, cellsOfValue, RawValue } from "./raw_value.ts";
import type { RLock } from "./rlock.ts";

/**
 * Python's `multiprocessing.Value`: a number, byte or character in memory that all threads share, with a lock.
 *
 * - It is what a {@linkcode RawValue} is: see there for the type codes, and for what is atomic.
 * - Reading and writing it takes no lock and waits for none. Who reads and then writes, as `value += 1` does,
 *   holds the lock meanwhile, and so do all others that write; or uses `add`, which needs none.
 * - It is for the threads of one process. In a child process, use the `Value` of a manager.
 *
 * Semantics: CPython's `multiprocessing.Value`, where each access takes the lock. Here each access is atomic
 * without: an access that waits would block its thread, and with it the task that is to release the lock.
 *
 * @example
 * ```ts
 * import { ThreadPoolExecutor, Value } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const balance = new Value("d", 100);
 *
 * async function earn(balance: Value<"d">) {
 *   using _held = await balance.hold();
 *   balance.value *= 1.5;
 * }
 *
 * await using executor = new ThreadPoolExecutor(2);
 * await Promise.all([executor.submit(earn, balance), executor.submit(earn, balance)]);
 * assertEquals(balance.value, 225);
 * ```
 */
export class Value<C extends Typecode> extends RawValue<C> {
  readonly #lock: LockSlot;

  static {
    registerShareable<Value<Typecode>>({
      name: "Value",
      prototype: Value.prototype,
      id: (value) => cellsOfValue(value).id,
      data: (value) => ({ cells: cellsOfValue(value).record, lock: value.#lock.shared }),
      make(data) {
        const { cells, lock } = data as { cells: CellsRecord; lock: Lock | RLock | false };
        const value = new Value(cells.code, undefined, { lock });
        attachValue(value, cells);
        return value;
      },
      refusal: refusalOf("Value"),
    });
  }

  /**
   * Makes a value.
   *
   * @param typecode What it is: see {@linkcode RawValue}.
   * @param init The value at first; zero by default.
   * @param options `lock`: a `Lock` or `RLock`, which it may have in common with others; `false` for none; a
   * new `RLock` by default.
   * @throws {TypeError} For an unknown type code, an `init` of another type, or a `lock` that is none.
   * @throws {ValueError} For an `init` that is out of range.
   */
  constructor(typecode: C, init?: TypecodeInit<C>, options: LockOption = {}) {
    super(typecode, init);
    this.#lock = new LockSlot("a Value", options);
  }

  /**
   * The lock, for those that read and write in several steps.
   *
   * @returns The lock that the value was made with, an `RLock` by default.
   * @throws {TypeError} When it was made with `lock: false`.
   *
   * @example
   * ```ts
   * import { Value } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const total = new Value("d");
   * assertEquals(await total.get_lock().locked(), false);
   * assertEquals(await total.acquire(), true);
   * assertEquals(await total.get_lock().locked(), true);
   * ```
   */
  get_lock(): Lock | RLock {
    return this.#lock.of("a Value");
  }

  /**
   * Acquires the lock: see `RLock.acquire`.
   *
   * @param options Whether to wait, for how many milliseconds, and a signal.
   * @returns Whether it was to be had in time.
   * @throws {CancelledError} When the signal was aborted.
   */
  async acquire(options?: AcquireOptions): Promise<boolean> {
    return await this.get_lock().acquire(options);
  }

  /**
   * Acquires the lock, and blocks the thread meanwhile: see `RLock.acquireSync`.
   *
   * @param options Whether to wait, and for how many milliseconds.
   * @returns Whether it was to be had in time.
   */
  acquireSync(options?: AcquireSyncOptions): boolean {
    return this.get_lock().acquireSync(options);
  }

  /**
   * Releases the lock: see `RLock.release`.
   *
   * @returns A promise, for which nothing has to wait.
   * @throws {RuntimeError} As a rejection, when the caller does not hold it.
   */
  async release(): Promise<void> {
    await this.get_lock().release();
  }

  /**
   * Acquires the lock until what this resolves to is disposed of: see `Acquirable.hold`.
   *
   * @param limit How long to wait, in milliseconds, and a signal.
   * @returns What releases it, by `using` or `await using`.
   * @throws {TimeoutError} When it was not to be had in time.
   * @throws {CancelledError} When the signal was aborted.
   */
  async hold(limit?: WaitLimit): Promise<Held> {
    return await this.get_lock().hold(limit);
  }

  /**
   * Acquires the lock until what this returns is disposed of, and blocks the thread: see `Acquirable.holdSync`.
   *
   * @param limit How long to wait, in milliseconds.
   * @returns What releases it, by `using`.
   * @throws {TimeoutError} When it was not to be had in time.
   */
  holdSync(limit?: Omit<WaitLimit, "signal">): Held {
    return this.get_lock().holdSync(limit);
  }
}
