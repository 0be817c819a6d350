/**
 * The errors of futures and executors.
 *
 * @module
 */

import { registerErrorClass } from "../ipc/values/_known_errors.ts";
import { RuntimeError } from "../sync/errors.ts";

/**
 * Python's `concurrent.futures.InvalidStateError`: a future was given a second outcome; the first one stays.
 *
 * @example
 * ```ts
 * import { Future, InvalidStateError } from "@herd/concurrent";
 * import { assertThrows } from "@std/assert";
 *
 * const future = new Future<number>();
 * future.set_result(1);
 * assertThrows(() => future.set_result(2), InvalidStateError);
 * ```
 */
export class InvalidStateError extends Error {
  /** The name by which the error is printed. */
  override name = "InvalidStateError";
}

/**
 * Python's `concurrent.futures.BrokenExecutor`: a worker died with the task, or the whole executor can run
 * nothing any more; `cause` tells why.
 *
 * @example
 * ```ts
 * import { BrokenExecutor, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor(1);
 * await assertRejects(() => executor.submit(() => Deno.exit(3)).result(), BrokenExecutor);
 * ```
 */
export class BrokenExecutor extends RuntimeError {
  /** The name by which the error is printed. */
  override name = "BrokenExecutor";
}

/**
 * Python's `concurrent.futures.thread.BrokenThreadPool`: {@linkcode BrokenExecutor} of a `ThreadPoolExecutor`.
 *
 * @example
 * ```ts
 * import { BrokenThreadPool, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * const executor = new ThreadPoolExecutor({
 *   max_workers: 1,
 *   initializer: () => {
 *     throw new Error("no database");
 *   },
 * });
 * const error = await assertRejects(() => executor.submit(() => 1).result(), BrokenThreadPool);
 * console.assert((error.cause as Error).message === "no database");
 * ```
 */
export class BrokenThreadPool extends BrokenExecutor {
  /** The name by which the error is printed. */
  override name = "BrokenThreadPool";
}

/**
 * Python's `concurrent.futures.process.BrokenProcessPool`: {@linkcode BrokenExecutor} of a
 * `ProcessPoolExecutor`. Its message ends with the last lines that the worker wrote to its standard error.
 *
 * @example
 * ```ts
 * import { BrokenProcessPool, ProcessPoolExecutor } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * await using executor = new ProcessPoolExecutor(1);
 * const future = executor.submit(() => Deno.kill(Deno.pid, "SIGKILL"));
 * await assertRejects(() => future.result(), BrokenProcessPool, "was killed by SIGKILL");
 * ```
 */
export class BrokenProcessPool extends BrokenExecutor {
  /** The name by which the error is printed. */
  override name = "BrokenProcessPool";
}

for (const type of [InvalidStateError, BrokenExecutor, BrokenThreadPool, BrokenProcessPool]) {
  registerErrorClass(type.name, type);
}
