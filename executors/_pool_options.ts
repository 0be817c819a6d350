/**
 * The options that pools of threads and of processes share.
 */

import type { Launch } from "../ipc/workers/_channel.ts";
import { WORKER_RULES } from "../ipc/workers/_worker_rules.ts";
import { describe, type TaskReference } from "../ipc/callable.ts";
import type { Permissions } from "../ipc/permissions.ts";
import { isMarked } from "../ipc/transfer.ts";
import { aTypeOf, integerFrom, MILLISECONDS, oneOf, type OptionRules } from "../sync/_options.ts";
import type { SchedulerOptions } from "./_scheduler.ts";

/** Options of every pool executor. */
export interface PoolOptions {
  /** The most workers at a time; default the number of processors. */
  max_workers?: number | undefined;
  /** Called once in each worker before its first task; when it fails, the pool is broken. */
  initializer?: ((...args: never[]) => unknown) | TaskReference<never[], unknown> | undefined;
  /** The initializer's arguments. */
  initargs?: readonly unknown[] | undefined;
  /** Absolute URLs of modules whose exported functions may be submitted as they are. */
  modules?: readonly (string | URL)[] | undefined;
  /** What the workers may do; default `"inherit"`. */
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

/** The rules of {@linkcode PoolOptions}. */
export const POOL_RULES: OptionRules = {
  max_workers: integerFrom(1),
  initializer: aTypeOf(
    "a function or task(url, function)",
    (value) => typeof value === "function" || (typeof value === "object" && value !== null),
  ),
  initargs: aTypeOf("an array", Array.isArray),
  ...WORKER_RULES,
  max_tasks_per_child: integerFrom(1),
  idleTimeout: MILLISECONDS,
  concurrency: integerFrom(1, MOST_AT_ONCE),
  on_worker_death: oneOf("replace", "break"),
};

/** What a kind of pool brings along. */
export interface PoolKind {
  readonly launch: Launch;
  readonly prefix: string;
  readonly broken: SchedulerOptions["broken"];
  /** Milliseconds, where the options name none. */
  readonly idleTimeout: number;
}

/**
 * What a pool executor is made of.
 *
 * @param what Completes "Cannot …".
 * @param options They have been checked.
 */
export function poolSetup(what: string, options: PoolOptions, kind: PoolKind): SchedulerOptions {
  if (options.initargs?.some(isMarked)) {
    throw new TypeError(
      `Cannot ${what}: initargs go to every worker, so they can't be transferred`,
    );
  }
  return {
    ...kind,
    initializer: options.initializer === undefined
      ? null
      : { call: describe(options.initializer), args: options.initargs ?? [] },
    modules: (options.modules ?? []).map(String),
    maxWorkers: options.max_workers ?? navigator.hardwareConcurrency,
    concurrency: options.concurrency ?? 1,
    tasksPerWorker: options.max_tasks_per_child ?? Infinity,
    idleTimeout: options.idleTimeout ?? kind.idleTimeout,
    onWorkerDeath: options.on_worker_death ?? "replace",
  };
}
