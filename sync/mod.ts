/**
 * What threads and processes share: locks, semaphores, events, conditions, barriers, values, arrays, and the
 * errors that all of Herd throws.
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
