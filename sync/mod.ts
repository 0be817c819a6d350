/**
 * What threads and processes share: locks, semaphores, events, conditions, barriers, values, arrays, and the
 * errors that all of Herd throws.
 *
 * @example
 * ```ts
 * import { ThreadPoolExecutor } from "@herd/concurrent";
 * import { Lock, Value } from "@herd/concurrent/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new Lock();
 * const count = new Value("i", 0);
 * const work = async (lock: Lock, count: Value<"i">) => {
 *   using _held = await lock.hold();
 *   count.value += 1; // a look and a change: safe under the lock
 * };
 *
 * await using executor = new ThreadPoolExecutor(2);
 * await Promise.all([1, 2, 3].map(() => executor.submit(work, lock, count)));
 * assertEquals(count.value, 3);
 * ```
 *
 * @module
 */

export { Acquirable, type AcquireOptions, type AcquireSyncOptions, Held } from "./_acquirable.ts";
export { SharedArray as Array } from "./array.ts";
export { Barrier, type BarrierAction, type BarrierOptions } from "./barrier.ts";
export { Condition } from "./condition.ts";
export type { WaitLimit } from "./_drive.ts";
export {
  BrokenBarrierError,
  CancelledError,
  RuntimeError,
  TimeoutError,
  ValueError,
} from "./errors.ts";
export { SharedEvent as Event } from "./event.ts";
export { Lock } from "./lock.ts";
export { Lockable } from "./_lockable.ts";
export type { LockOption } from "./_lock_slot.ts";
export { RawArray } from "./raw_array.ts";
export { RawValue } from "./raw_value.ts";
export { RLock } from "./rlock.ts";
export { BoundedSemaphore, Semaphore } from "./semaphore.ts";
export type {
  Typecode,
  TypecodeElement,
  TypecodeInit,
  TypecodeInteger,
  TypecodeSlice,
  TypecodeText,
  TypecodeView,
} from "./_typecodes.ts";
export { Value } from "./value.ts";
