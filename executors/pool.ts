/**
 * Python's `multiprocessing.Pool`, over child processes or threads.
 *
 * @module
 */

import "./_pool_in_managers.ts";
import {
  A_METHOD,
  chosenMethod,
  type StartMethod,
  type StartMethodSource,
} from "../ipc/processes/_start_method.ts";
import { WORKER_RULES } from "../ipc/workers/_worker_rules.ts";
import { canUnref } from "../ipc/workers/_worker_ref.ts";
import type { TaskReference } from "../ipc/callable.ts";
import type { Permissions } from "../ipc/permissions.ts";
import { checkOptions, integerFrom, type OptionRules } from "../sync/_options.ts";
import { contextLaunch } from "./_context_launch.ts";
import { POOL_RULES, poolSetup } from "./_pool_options.ts";
import type { SchedulerOptions } from "./_scheduler.ts";
import { BasePool } from "./base_pool.ts";
import { BrokenProcessPool, BrokenThreadPool } from "./errors.ts";

/** Options of {@linkcode ThreadPool}. */
export interface ThreadPoolSettings {
  /** The most workers at a time; default the number of processors. */
  processes?: number | undefined;
  /** Called once in each worker before its first call; when it fails, the pool is broken. */
  initializer?: ((...args: never[]) => unknown) | TaskReference<never[], unknown> | undefined;
  /** The initializer's arguments. */
  initargs?: readonly unknown[] | undefined;
  /** Calls, or chunks of calls, after which a worker is replaced by a new one; default never. */
  maxtasksperchild?: number | undefined;
  /** Absolute URLs of modules whose exported functions may be given as they are. */
  modules?: readonly (string | URL)[] | undefined;
  /** What the workers may do; default `"inherit"`. */
  permissions?: Permissions | undefined;
}

/** Options of {@linkcode Pool}. */
export interface PoolSettings extends ThreadPoolSettings {
  /**
   * What the workers are: `"spawn"`, `deno run` children; or `"worker"`, Web Workers, for programs that
   * can't start children, such as compiled ones; or a context that says so. By default what
   * `get_start_method` gives.
   */
  context?: StartMethod | StartMethodSource | undefined;
}

const THREAD_RULES: OptionRules = {
  processes: integerFrom(1),
  initializer: POOL_RULES.initializer!,
  initargs: POOL_RULES.initargs!,
  maxtasksperchild: integerFrom(1),
  ...WORKER_RULES,
};
const RULES: OptionRules = { ...THREAD_RULES, context: A_METHOD };

/** Milliseconds. Workers stay as long as their pool, as in Python, but where an idle one holds the program. */
const IDLE_TIMEOUT = canUnref ? Infinity : 500;

/** What a kind of pool is. */
interface Kind {
  readonly name: string;
  readonly rules: OptionRules;
  readonly method: StartMethod;
  readonly broken: SchedulerOptions["broken"];
}

let pools = 0;

/**
 * A pool of workers that call functions, as Python's `multiprocessing.Pool`: `deno run` children, or Web
 * Workers with `context: "worker"`.
 *
 * - Functions travel by reference or by source, arguments and results are copied, as with executors.
 *   Workers start when there is work for them, at most `processes`, and stay as long as the pool.
 * - `apply` and `map` wait for results; `apply_async` and `map_async` give an {@linkcode AsyncResult} at
 *   once; `imap` and `imap_unordered` give results one by one and take endless inputs.
 * - A worker that dies fails the calls that it was running, with a `BrokenProcessPool` that says how it
 *   died, and is replaced. A failing initializer breaks the pool: everything fails with that.
 * - `close()` ends it when its work is done, `terminate()` at once; `join()` waits for either.
 *   `await using` closes and joins. A pool that is dropped, or has nothing to do, lets the program end.
 *
 * Semantics: CPython's `multiprocessing.pool.Pool`; docs/pools.md lists the differences.
 *
 * @example
 * ```ts
 * import { Pool } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using pool = new Pool(2);
 * assertEquals(await pool.apply((a: number, b: number) => a ** b, [2, 10]), 1024);
 * assertEquals(await pool.map((n: number) => n * n, [1, 2, 3]), [1, 4, 9]);
 * ```
 */
export class Pool extends BasePool {
  /**
   * Makes the pool; its workers start when there is work.
   *
   * @param processes The most workers at a time, bare or among other options.
   * @throws {ValueError} When an option is out of range.
   * @throws {TypeError} When an option is of the wrong type or unknown.
   * @throws {Deno.errors.NotCapable} When the permissions are more than the program has, or it may not
   * start such workers.
   */
  constructor(processes?: number | PoolSettings) {
    const settings: PoolSettings = settingsOf(processes);
    super(setup(settings, {
      name: "Pool",
      rules: RULES,
      method: chosenMethod(settings.context),
      broken: BrokenProcessPool,
    }));
  }
}

/**
 * {@linkcode Pool} over threads, as Python's `multiprocessing.pool.ThreadPool`: Web Workers, which share
 * memory with the program.
 *
 * A synchronous loop in a thread can't be stopped: `terminate()` leaves it spinning until the program
 * ends. Errors of dead workers are `BrokenThreadPool`.
 *
 * Semantics: CPython's `multiprocessing.pool.ThreadPool`.
 *
 * @example
 * ```ts
 * import { ThreadPool } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using pool = new ThreadPool(2);
 * assertEquals(await pool.map((n: number) => n * n, [1, 2, 3]), [1, 4, 9]);
 * ```
 */
export class ThreadPool extends BasePool {
  /**
   * Makes the pool; its workers start when there is work.
   *
   * @param processes The most workers at a time, bare or among other options.
   * @throws {ValueError} When an option is out of range.
   * @throws {TypeError} When an option is of the wrong type or unknown.
   * @throws {Deno.errors.NotCapable} When the permissions are more than the program has, or it may not
   * read the file that its workers run.
   */
  constructor(processes?: number | ThreadPoolSettings) {
    super(setup(settingsOf(processes), {
      name: "ThreadPool",
      rules: THREAD_RULES,
      method: "worker",
      broken: BrokenThreadPool,
    }));
  }
}

function settingsOf<S extends ThreadPoolSettings>(given: number | S | undefined): S {
  return typeof given === "object" && given !== null ? given : { processes: given } as S;
}

function setup(settings: ThreadPoolSettings, kind: Kind): SchedulerOptions {
  const { name, rules, method, broken } = kind;
  const what = `make a ${name}`;
  checkOptions(what, settings, rules);
  const { processes, maxtasksperchild, initializer, initargs, modules, permissions } = settings;
  const options = {
    max_workers: processes,
    max_tasks_per_child: maxtasksperchild,
    initializer,
    initargs,
    modules,
  };
  return poolSetup(what, options, {
    launch: contextLaunch(what, method, { permissions }),
    prefix: `${name}-${pools++}`,
    broken,
    idleTimeout: IDLE_TIMEOUT,
  });
}
