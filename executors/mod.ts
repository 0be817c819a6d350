/**
 * Executors and futures: Python's `concurrent.futures`.
 *
 * @example
 * ```ts
 * import { as_completed, ThreadPoolExecutor } from "@herd/concurrent/executors";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor();
 * const futures = [3, 1, 2].map((n) => executor.submit((n: number) => n * 10, n));
 * let sum = 0;
 * for await (const future of as_completed(futures)) sum += await future;
 * assertEquals(sum, 60);
 * ```
 *
 * @module
 */

export type { Bound, ContextClasses } from "./_context_classes.ts";
export { AsyncResult } from "./async_result.ts";
export { BasePool } from "./base_pool.ts";
export type { ChunkOptions, ImapIterator, KeywordOptions } from "./_pool_methods.ts";
export type { Callbacks } from "./_callbacks.ts";
export {
  type CommandEncoding,
  CommandExecutor,
  type CommandExecutorOptions,
  type CommandOptions,
  type CommandOutput,
  type CommandResult,
  type CommandStats,
} from "./command.ts";
export {
  type Context,
  type ContextNames,
  get_all_start_methods,
  get_context,
  get_start_method,
  set_start_method,
} from "./context.ts";
export * as dummy from "./_dummy_names.ts";
export {
  BrokenExecutor,
  BrokenProcessPool,
  BrokenThreadPool,
  InvalidStateError,
} from "./errors.ts";
export { Executor, type Inputs, type Submitter, type TaskOptions } from "./executor.ts";
export { Future } from "./future.ts";
export { Pool, type PoolSettings, ThreadPool, type ThreadPoolSettings } from "./pool.ts";
export type { PoolOptions } from "./_pool_options.ts";
export { progress, type ProgressOptions } from "./progress.ts";
export { ProcessPoolExecutor, type ProcessPoolOptions } from "./process_pool.ts";
export { ThreadPoolExecutor, type ThreadPoolOptions } from "./thread_pool.ts";
export {
  ALL_COMPLETED,
  as_completed,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  type FutureIterator,
  type ReturnWhen,
  wait,
  type WaitForFuturesOptions,
  type WaitResult,
} from "./wait.ts";
export { type ExecutorStats, PoolExecutor } from "./pool_executor.ts";
export type { BookStats } from "./_books.ts";
export type { DurationStats } from "./_stats.ts";
export type { Trace } from "./_trace.ts";
