/**
 * The executor over threads.
 *
 * @module
 */

import type { Launch } from "../ipc/workers/_channel.ts";
import { killableLauncher } from "../ipc/workers/_launch_killable.ts";
import { checkMayLoadWorkers, workerLauncher } from "../ipc/workers/_launch_worker.ts";
import { canUnref } from "../ipc/workers/_worker_ref.ts";
import { type Permissions, workerPermissions } from "../ipc/permissions.ts";
import { aTypeOf, checkOptions, integerFrom, type OptionRules } from "../sync/_options.ts";
import { POOL_RULES, type PoolOptions, poolSetup } from "./_pool_options.ts";
import { PoolExecutor } from "./pool_executor.ts";
import { BrokenThreadPool } from "./errors.ts";

/** Options of {@linkcode ThreadPoolExecutor}. */
export interface ThreadPoolOptions extends PoolOptions {
  /** Workers are named `<prefix>_<n>`; default `ThreadPoolExecutor-<k>`. */
  thread_name_prefix?: string | undefined;
  /**
   * What the workers may do; default `"inherit"`. Anything else needs `--unstable-worker-options`, or
   * `"unstable": ["worker-options"]` in deno.json: without it Deno ends the program with code 70.
   */
  permissions?: Permissions | undefined;
  /**
   * Whether the workers are threads that can be stopped by force; default `false`. They take longer to
   * start than Web Workers and more memory, and need Deno 2.9.4 or later.
   */
  killable?: boolean | undefined;
  /**
   * Megabytes of heap that a killable worker may use, at least 16; default what V8 thinks fit. One that
   * needs more ends, and fails its task. Typed arrays and their like do not count.
   */
  memoryLimit?: number | undefined;
}

const RULES: OptionRules = {
  ...POOL_RULES,
  thread_name_prefix: aTypeOf("a string", (value) => typeof value === "string"),
  killable: aTypeOf("a boolean", (value) => typeof value === "boolean"),
  memoryLimit: integerFrom(16, 1_048_576),
};

/** Milliseconds; where an idle worker holds the program, it must be let go soon. */
const IDLE_TIMEOUT = canUnref ? 60_000 : 500;

let pools = 0;

/**
 * An executor whose workers are threads (Web Workers), as Python's `ThreadPoolExecutor`, for work that
 * keeps processors busy.
 *
 * - Workers start when there is work for them, at most `max_workers`, and are used again. Idle ones do
 *   not keep the program alive.
 * - Functions travel by reference or by source, arguments and results by structured clone; see the
 *   README. Tasks of one priority begin in the order of their submission.
 * - A worker that dies fails the task it was running and is replaced.
 * - A synchronous endless loop in a thread cannot be stopped: past its `deadline` the future fails and
 *   the worker is replaced, but the loop spins on until the program ends. A thread that runs out of
 *   memory takes the program down. Use `killable` threads or processes for such work.
 *
 * Semantics: CPython's `concurrent.futures.ThreadPoolExecutor`, but that a dead worker does not break
 * the pool unless asked to.
 *
 * @example
 * ```ts
 * import { ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor(2);
 * const future = executor.submit((a: number, b: number) => a ** b, 2, 10);
 * assertEquals(await future, 1024);
 *
 * const squares = [];
 * for await (const square of executor.map((n: number) => n * n, [1, 2, 3])) squares.push(square);
 * assertEquals(squares, [1, 4, 9]);
 * ```
 */
export class ThreadPoolExecutor extends PoolExecutor {
  /**
   * Makes the executor; its workers start when there is work.
   *
   * @param options `max_workers`, bare or among other options.
   * @throws {ValueError} When an option is out of range.
   * @throws {TypeError} When an option is of the wrong type or unknown.
   * @throws {Deno.errors.NotCapable} When the permissions are more than the program has, or it may not
   * read the file that its workers run.
   */
  constructor(options?: number | ThreadPoolOptions) {
    const what = "make a ThreadPoolExecutor";
    const given = typeof options === "object" ? options : { max_workers: options };
    checkOptions(what, given, RULES);
    super(poolSetup(what, given, {
      launch: launchFor(what, given),
      prefix: given.thread_name_prefix || `ThreadPoolExecutor-${pools}`,
      broken: BrokenThreadPool,
      idleTimeout: IDLE_TIMEOUT,
    }));
    pools++;
  }
}

function launchFor(
  what: string,
  { killable, memoryLimit, permissions }: ThreadPoolOptions,
): Launch {
  if (memoryLimit !== undefined && !killable) {
    throw new TypeError(
      `Cannot ${what}: memoryLimit is for threads that are killable: add killable: true`,
    );
  }
  checkMayLoadWorkers(what);
  const forWorkers = workerPermissions(what, permissions);
  return killable
    ? killableLauncher(what, { permissions: forWorkers, memoryLimit })
    : workerLauncher(forWorkers);
}
