/**
 * The executor over threads.
 *
 * @module
 */

import { canUnref, checkMayLoadWorkers, workerLauncher } from "../ipc/_launch_worker.ts";
import { isMarked } from "../ipc/transfer.ts";
import { describe, type TaskReference } from "../ipc/callable.ts";
import { type Permissions, workerPermissions } from "../ipc/permissions.ts";
import { aTypeOf, checkOptions, integerFrom, MILLISECONDS, oneOf } from "./_options.ts";
import type { OptionRules } from "./_options.ts";
import { PoolExecutor } from "./pool_executor.ts";
import { BrokenThreadPool } from "./errors.ts";

/** Options of {@linkcode ThreadPoolExecutor}. */
export interface ThreadPoolOptions {
  /** The most workers at a time; default the number of processors. */
  max_workers?: number | undefined;
  /** Workers are named `<prefix>_<n>`; default `ThreadPoolExecutor-<k>`. */
  thread_name_prefix?: string | undefined;
  /** Called once in each worker before its first task; when it fails, the pool is broken. */
  initializer?: ((...args: never[]) => unknown) | TaskReference<never[], unknown> | undefined;
  /** The initializer's arguments. */
  initargs?: readonly unknown[] | undefined;
  /** Absolute URLs of modules whose exported functions may be submitted as they are. */
  modules?: readonly (string | URL)[] | undefined;
  /**
   * What the workers may do; default `"inherit"`. Anything else needs `--unstable-worker-options`, or
   * `"unstable": ["worker-options"]` in deno.json: without it Deno ends the program with code 70.
   */
  permissions?: Permissions | undefined;
  /** Tasks after which a worker is replaced by a new one; default never. */
  max_tasks_per_child?: number | undefined;
  /** Milliseconds after which an idle worker is let go; default a minute. */
  idleTimeout?: number | undefined;
  /** Asynchronous tasks that a worker runs at once, at most 65,536; default 1. */
  concurrency?: number | undefined;
  /** Whether a dead worker is replaced (default) or breaks the pool, as in Python. */
  on_worker_death?: "replace" | "break" | undefined;
}

/** Each task at a time costs a worker a claim word and the parent a slot. */
const MOST_AT_ONCE = 65_536;

const aString = aTypeOf("a string", (value) => typeof value === "string");
const anything = aTypeOf("anything", () => true);

const RULES: OptionRules = {
  max_workers: integerFrom(1),
  thread_name_prefix: aString,
  initializer: aTypeOf(
    "a function or task(url, function)",
    (value) => typeof value === "function" || (typeof value === "object" && value !== null),
  ),
  initargs: aTypeOf("an array", Array.isArray),
  modules: aTypeOf(
    "an array of absolute URLs",
    (value) => Array.isArray(value) && value.every((url) => URL.canParse(String(url))),
  ),
  permissions: anything,
  max_tasks_per_child: integerFrom(1),
  idleTimeout: MILLISECONDS,
  concurrency: integerFrom(1, MOST_AT_ONCE),
  on_worker_death: oneOf("replace", "break"),
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
 *   memory takes the program down. Use processes for such work.
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
    const given = typeof options === "object" ? options : { max_workers: options };
    checkOptions("make a ThreadPoolExecutor", given, RULES);
    checkMayLoadWorkers("make a ThreadPoolExecutor");
    if (given.initargs?.some(isMarked)) {
      throw new TypeError(
        "Cannot make a ThreadPoolExecutor: initargs go to every worker, so they can't be transferred",
      );
    }
    const permissions = workerPermissions("make a ThreadPoolExecutor", given.permissions);
    const maxWorkers = given.max_workers ?? navigator.hardwareConcurrency;
    const modules = (given.modules ?? []).map(String);
    const initializer = given.initializer === undefined
      ? null
      : { call: describe(given.initializer), args: given.initargs ?? [] };
    const prefix = given.thread_name_prefix || `ThreadPoolExecutor-${pools}`;
    pools++;
    const concurrency = given.concurrency ?? 1;
    super({
      launch: workerLauncher(permissions),
      prefix,
      initializer,
      maxWorkers,
      concurrency,
      tasksPerWorker: given.max_tasks_per_child ?? Infinity,
      idleTimeout: given.idleTimeout ?? IDLE_TIMEOUT,
      onWorkerDeath: given.on_worker_death ?? "replace",
      broken: BrokenThreadPool,
      modules,
    });
  }
}
