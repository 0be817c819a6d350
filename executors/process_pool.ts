/**
 * The executor over processes.
 *
 * @module
 */

import {
  A_METHOD,
  chosenMethod,
  type StartMethod,
  type StartMethodSource,
} from "../ipc/processes/_start_method.ts";
import { CHILD_RULES, refuseForThreads } from "../ipc/workers/_worker_rules.ts";
import { checkOptions, type OptionRules } from "../sync/_options.ts";
import { contextLaunch } from "./_context_launch.ts";
import { POOL_RULES, type PoolOptions, poolSetup } from "./_pool_options.ts";
import { BrokenProcessPool } from "./errors.ts";
import { PoolExecutor } from "./pool_executor.ts";

/** Options of {@linkcode ProcessPoolExecutor}. */
export interface ProcessPoolOptions extends PoolOptions {
  /**
   * What the workers are: `"spawn"`, `deno run` children; or `"worker"`, Web Workers, for programs that
   * can't start children, such as compiled ones; or a context, which says so. Default what
   * `get_start_method()` says.
   */
  mp_context?: StartMethod | StartMethodSource | undefined;
  /** Megabytes of heap that a child may use; default what V8 thinks fit. */
  memoryLimit?: number | undefined;
  /** Environment variables of the children, beside those that they inherit. */
  env?: Readonly<Record<string, string>> | undefined;
  /** The children's working directory; default the program's. */
  cwd?: string | URL | undefined;
  /** The `deno.json` by which the children find their imports; default the program's. */
  config?: string | URL | undefined;
}

const RULES: OptionRules = {
  ...POOL_RULES,
  ...CHILD_RULES,
  mp_context: A_METHOD,
};

const IDLE_TIMEOUT = 60_000;

let pools = 0;

/**
 * An executor whose workers are processes, as Python's `ProcessPoolExecutor`: for work that may crash,
 * leak, loop for ever, or must not be allowed everything.
 *
 * - Each worker is a `deno run` child with the permissions that it was given and no others. It finds
 *   imports as the program does.
 * - Functions travel by reference or by source, arguments and results are copied. Memory that is
 *   transferred is gone at the sender's, as with threads; shared memory can't cross.
 * - What was sent to a worker counts as running: it can't be cancelled, only asked to stop. A worker is
 *   sent more than one task at a time only when these are known to be tiny.
 * - A task past its `deadline` is stopped for real: its worker is ended and replaced.
 * - A worker that dies fails the tasks that it had, which may have run, and is replaced. The error says
 *   how it died and what it last wrote to its standard error.
 * - Workers end with the program, however that ends; one that is busy within a second or so.
 *
 * Semantics: CPython's `concurrent.futures.ProcessPoolExecutor`, but that a dead worker does not break
 * the pool unless asked to.
 *
 * @example
 * ```ts
 * import { ProcessPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ProcessPoolExecutor({ max_workers: 2, permissions: "none" });
 * const future = executor.submit((a: number, b: number) => a ** b, 2, 10);
 * assertEquals(await future, 1024);
 * ```
 */
export class ProcessPoolExecutor extends PoolExecutor {
  /**
   * Makes the executor; its workers start when there is work.
   *
   * @param options `max_workers`, bare or among other options.
   * @throws {ValueError} When an option is out of range.
   * @throws {TypeError} When an option is of the wrong type or unknown.
   * @throws {Deno.errors.NotCapable} When the permissions are more than the program has, or it may not
   * run Deno.
   */
  constructor(options?: number | ProcessPoolOptions) {
    const what = "make a ProcessPoolExecutor";
    const given = typeof options === "object" ? options : { max_workers: options };
    checkOptions(what, given, RULES);
    const method = chosenMethod(given.mp_context);
    if (method === "worker") refuseForThreads(what, given, `mp_context "worker"`);
    super(poolSetup(what, given, {
      launch: contextLaunch(what, method, given),
      prefix: `ProcessPoolExecutor-${pools}`,
      broken: BrokenProcessPool,
      idleTimeout: IDLE_TIMEOUT,
    }));
    pools++;
  }

  /**
   * Ends all workers by SIGTERM, and takes no more tasks: running ones fail with `BrokenProcessPool`, the
   * others are cancelled.
   */
  terminate_workers(): void {
    this.endWorkers("SIGTERM");
  }

  /** As {@linkcode ProcessPoolExecutor.terminate_workers}, by SIGKILL. */
  kill_workers(): void {
    this.endWorkers("SIGKILL");
  }
}
