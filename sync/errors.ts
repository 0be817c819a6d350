/**
 * The errors that every layer of Herd may throw.
 *
 * @module
 */

/**
 * Python's `RuntimeError`: the call is not possible in the present state.
 *
 * @example
 * ```ts
 * import { RuntimeError, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertThrows } from "@std/assert";
 *
 * const executor = new ThreadPoolExecutor(1);
 * await executor.shutdown();
 * assertThrows(() => executor.submit(() => 1), RuntimeError);
 * ```
 */
export class RuntimeError extends Error {
  /** The name by which the error is printed. */
  override name = "RuntimeError";
}

/**
 * Python's `ValueError`: an argument of the right type with a value out of range.
 *
 * @example
 * ```ts
 * import { ThreadPoolExecutor, ValueError } from "@herd/concurrent";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => new ThreadPoolExecutor(0), ValueError);
 * ```
 */
export class ValueError extends RangeError {
  /** The name by which the error is printed. */
  override name = "ValueError";
}

/**
 * Python's `concurrent.futures.CancelledError`: the work was cancelled, or the wait for it was aborted;
 * `cause` is the signal's reason where a signal did it.
 *
 * @example
 * ```ts
 * import { CancelledError, Future } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * const future = new Future<number>();
 * future.cancel();
 * await assertRejects(() => future.result(), CancelledError);
 * ```
 */
export class CancelledError extends Error {
  /** The name by which the error is printed. */
  override name = "CancelledError";
}

/**
 * Python's `TimeoutError`: a wait or a task took longer than it was given.
 *
 * @example
 * ```ts
 * import { Future, TimeoutError } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => new Future<number>().result(0), TimeoutError);
 * ```
 */
export class TimeoutError extends Error {
  /** The name by which the error is printed. */
  override name = "TimeoutError";
}

/**
 * Python's `threading.BrokenBarrierError`: the barrier is broken, or was broken or reset during the wait.
 *
 * @example
 * ```ts
 * import { Barrier, BrokenBarrierError } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * const barrier = new Barrier(2);
 * await barrier.abort();
 * await assertRejects(() => barrier.wait(), BrokenBarrierError);
 * ```
 */
export class BrokenBarrierError extends RuntimeError {
  /** The name by which the error is printed. */
  override name = "BrokenBarrierError";
}
