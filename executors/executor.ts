/**
 * What all executors have in common.
 *
 * @module
 */

import type { Callable } from "../ipc/callable.ts";
import type { Future } from "./future.ts";

/** Options of single tasks, for {@linkcode Executor.options}. */
export interface TaskOptions {
  /** Aborting it cancels the futures at once; a running task is asked to stop. */
  signal?: AbortSignal | undefined;
  /**
   * The longest run time of one task, in milliseconds from its start. When its module has to be loaded
   * first, that counts too.
   */
  deadline?: number | undefined;
  /** Higher runs first among queued tasks; default 0. */
  priority?: number | undefined;
  /** What to move to the worker instead of copying it. */
  transfer?: Transferable[] | undefined;
  /** For `map`: milliseconds from the call within which the iterator must have its results. */
  timeout?: number | undefined;
  /** For `map`: items a message; default as many as take a few milliseconds. */
  chunksize?: number | undefined;
  /** For `map`: at most this many results computed ahead of the consumer; default no limit. */
  buffersize?: number | undefined;
}

/** One input of `map` for each parameter of its function. */
export type Inputs<A extends unknown[]> = { [K in keyof A]: Iterable<A[K]> | AsyncIterable<A[K]> };

/** Takes tasks; an executor, or a view of one with options. */
export interface Submitter {
  /**
   * Has a worker call a function.
   *
   * @param fn The function, or a reference to it.
   * @param args Its arguments.
   * @returns The future of its result.
   */
  submit<A extends unknown[], R>(fn: Callable<A, R>, ...args: A): Future<Awaited<R>>;

  /**
   * Has workers call a function for each item of the inputs.
   *
   * @param fn The function, or a reference to it.
   * @param iterables One for each parameter; it ends with the shortest.
   * @returns The results, in the order of the inputs.
   */
  map<A extends unknown[], R>(
    fn: Callable<A, R>,
    ...iterables: Inputs<A>
  ): AsyncIterableIterator<Awaited<R>>;
}

/**
 * Runs calls on workers, as in Python's `concurrent.futures`.
 *
 * - Works with `await using`, which waits for what was submitted, and with `using`, which does not.
 * - A busy executor keeps the program alive until its tasks are done; an idle one does not.
 *
 * Semantics: CPython's `concurrent.futures.Executor`.
 *
 * @example
 * ```ts
 * import { type Executor, ProcessPoolExecutor, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * async function total(executor: Executor): Promise<number> {
 *   let sum = 0;
 *   for await (const square of executor.map((n: number) => n * n, [1, 2, 3])) sum += square;
 *   return sum;
 * }
 *
 * await using threads = new ThreadPoolExecutor(1);
 * await using processes = new ProcessPoolExecutor({ max_workers: 1, permissions: "none" });
 * assertEquals([await total(threads), await total(processes)], [14, 14]);
 * ```
 */
export abstract class Executor implements Submitter, AsyncDisposable, Disposable {
  /**
   * Has a worker call a function.
   *
   * @param fn The function, or a reference to it.
   * @param args Its arguments.
   * @returns The future of its result.
   * @throws {TypeError} When it can be seen at once that the function cannot travel.
   * @throws {RuntimeError} When the executor was shut down.
   * @throws {BrokenExecutor} When the executor is broken.
   */
  abstract submit<A extends unknown[], R>(fn: Callable<A, R>, ...args: A): Future<Awaited<R>>;

  /**
   * Has workers call a function for each item of the inputs, which may be endless.
   *
   * - Results come in the order of the inputs, whatever order they are computed in.
   * - Inputs are read as workers need them, also when nobody reads the results; with `buffersize` only
   *   that far ahead of the reader.
   * - The first failed item ends it after the earlier results, with the item's error. Ending it early
   *   (`break`) cancels what has not begun and closes the inputs.
   *
   * @param fn The function, or a reference to it.
   * @param iterables Iterables or async iterables, one for each parameter; it ends with the shortest.
   * @returns The results; `next()` rejects with a `TimeoutError` when `options({ timeout })` is over.
   * @throws {TypeError} When it can be seen at once that the function cannot travel.
   * @throws {RuntimeError} When the executor was shut down.
   * @throws {BrokenExecutor} When the executor is broken.
   */
  abstract map<A extends unknown[], R>(
    fn: Callable<A, R>,
    ...iterables: Inputs<A>
  ): AsyncIterableIterator<Awaited<R>>;

  /**
   * A view of this executor whose tasks have options.
   *
   * @param options For all tasks that are submitted through the view.
   * @returns An object with the same `submit` and `map`.
   * @throws {ValueError} When an option is out of range.
   * @throws {TypeError} When an option is of the wrong type or unknown.
   */
  abstract options(options: TaskOptions): Submitter;

  /**
   * Takes no more tasks; lets go of the workers when those that it has are done. What still runs although
   * its future is settled (aborted, or past its deadline) has a tenth of a second to end.
   *
   * @param options `wait` (default `true`): resolve only when all is done and the workers have ended;
   * `cancel_futures` (default `false`): cancel what has not begun.
   * @returns When the shutdown is complete; at once without `wait`.
   */
  abstract shutdown(
    options?: { wait?: boolean | undefined; cancel_futures?: boolean | undefined },
  ): Promise<void>;

  /** `shutdown({ wait: true })`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown({ wait: true });
  }

  /** `shutdown({ wait: false })`. */
  [Symbol.dispose](): void {
    this.shutdown({ wait: false });
  }
}
