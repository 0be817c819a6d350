/**
 * An array in shared memory, with a lock.
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
import { attachArray, cellsOfArray, RawArray } from "./raw_array.ts";
import type { RLock } from "./rlock.ts";

/**
 * Python's `multiprocessing.Array`: numbers, bytes or characters in memory that all threads share, with a lock.
 *
 * - It is what a {@linkcode RawArray} is: see there for indexes, slices, and what is atomic.
 * - Reading and writing it takes no lock and waits for none. Who reads and then writes, or wants several
 *   elements to fit each other, holds the lock meanwhile, and so do all others that write.
 * - It is for the threads of one process. In a child process, use the `Array` of a manager.
 *
 * Semantics: CPython's `multiprocessing.Array`, where each access takes the lock. Here each access is atomic
 * without: an access that waits would block its thread, and with it the task that is to release the lock.
 *
 * @example
 * ```ts
 * import { Array, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const accounts = new Array("i", [100, 0]);
 *
 * async function pay(accounts: Array<"i">, sum: number) {
 *   using _held = await accounts.hold();
 *   accounts[0]! -= sum;
 *   accounts[1]! += sum;
 * }
 *
 * await using executor = new ThreadPoolExecutor(2);
 * await Promise.all([10, 20, 30].map((sum) => executor.submit(pay, accounts, sum)));
 * assertEquals(accounts.slice(), [40, 60]);
 * ```
 */
export class SharedArray<C extends Typecode> extends RawArray<C> {
  readonly #lock: LockSlot;

  static {
    Object.defineProperty(this, "name", { value: "Array" });
    registerShareable<SharedArray<Typecode>>({
      name: "Array",
      prototype: SharedArray.prototype,
      id: (array) => cellsOfArray(array).id,
      data: (array) => ({ cells: cellsOfArray(array).record, lock: array.#lock.shared }),
      make(data) {
        const { cells, lock } = data as { cells: CellsRecord; lock: Lock | RLock | false };
        const array = new SharedArray(cells.code, 0, { lock });
        attachArray(array, cells);
        return array;
      },
      refusal: refusalOf("Array"),
    });
  }

  /**
   * Makes an array.
   *
   * @param typecode What its elements are: see `RawValue`.
   * @param size_or_init Its length, an integer from 0, for elements that are zero; or its elements.
   * @param options `lock`: a `Lock` or `RLock`, which it may have in common with others; `false` for none; a
   * new `RLock` by default.
   * @throws {TypeError} For an unknown type code, an element of another type, what is neither a number nor to
   * be iterated, or a `lock` that is none.
   * @throws {ValueError} For a size or an element that is out of range, or a size that there is no memory for.
   */
  constructor(
    typecode: C,
    size_or_init: number | Iterable<TypecodeInit<C>>,
    options: LockOption = {},
  ) {
    super(typecode, size_or_init);
    this.#lock = new LockSlot("an Array", options);
  }

  /**
   * The lock, for those that read and write in several steps.
   *
   * @returns The lock that the array was made with, an `RLock` by default.
   * @throws {TypeError} When it was made with `lock: false`.
   *
   * @example
   * ```ts
   * import { Array } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const totals = new Array("d", 2);
   * assertEquals(await totals.get_lock().locked(), false);
   * assertEquals(await totals.acquire(), true);
   * assertEquals(await totals.get_lock().locked(), true);
   * ```
   */
  get_lock(): Lock | RLock {
    return this.#lock.of("an Array");
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
