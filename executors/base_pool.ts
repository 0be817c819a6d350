/**
 * What pools of processes and of threads have in common.
 *
 * @module
 */

import { checkMayNest, type Lineage } from "../ipc/workers/_lineage.ts";
import { checkMayStart } from "../ipc/values/_main_module.ts";
import { registerUnsendable } from "../ipc/values/_unsendable.ts";
import type { Callable } from "../ipc/callable.ts";
import { checkArgument, checkOptions } from "../sync/_options.ts";
import { CancelledError, ValueError } from "../sync/errors.ts";
import { addCallbacks, type Callbacks } from "./_callbacks.ts";
import { shutDownWhenDropped } from "./_dropped.ts";
import { Inputs } from "./_inputs.ts";
import { OwnWaits } from "./_own_waits.ts";
import { PoolBackend, type Work } from "./_pool_backend.ts";
import { type Imap, type ImapOwner, PoolImap } from "./_pool_imap.ts";
import { PoolMap } from "./_pool_map.ts";
import {
  APPLY_RULES,
  ARGUMENTS,
  CHUNK_RULES,
  type ChunkOptions,
  type ImapIterator,
  KEYWORD_RULES,
  type KeywordOptions,
  MAP_ASYNC_RULES,
} from "./_pool_methods.ts";
import type { SchedulerOptions } from "./_scheduler.ts";
import { AsyncResult } from "./async_result.ts";
import type { Future } from "./future.ts";

/** How errors call what was wanted. */
const APPLY = "apply a function";
const MAP = "map a function";

/**
 * For those who serve a pool: waits for it, or for a result of its, on behalf of a caller whose lineage is
 * given; rejects with a `RuntimeError` when that would never end, since all workers of the pool would wait
 * for it.
 */
export let waitOnBehalf: <T>(
  pool: BasePool,
  caller: Lineage,
  wait: () => PromiseLike<T>,
) => Promise<T>;

/**
 * What {@linkcode Pool} and {@linkcode ThreadPool} have in common: all but what their workers are.
 *
 * Semantics: CPython's `multiprocessing.pool.Pool`.
 */
export abstract class BasePool implements AsyncDisposable, Disposable {
  readonly #backend: PoolBackend;
  readonly #imaps = new Set<Imap>();
  readonly #ownWaits = new OwnWaits();
  #state: "running" | "closed" | "terminated" = "running";

  static {
    waitOnBehalf = (pool, caller, wait) => pool.#ownWaits.wait(pool.#backend, caller, wait);
    registerUnsendable(
      BasePool.prototype,
      "a pool is its thread's: make one in the task, or have a Manager serve it",
    );
  }

  /** For subclasses. */
  constructor(options: SchedulerOptions) {
    this.#backend = new PoolBackend(options);
    shutDownWhenDropped(this, this.#backend.scheduler);
  }

  /**
   * Has a worker call a function, and waits for its result.
   *
   * @param fn The function, or a reference to it.
   * @param args Its arguments.
   * @param options Nothing; see below.
   * @returns What the function returns.
   * @throws What the function throws.
   * @throws {ValueError} When the pool was closed or terminated.
   * @throws {TypeError} When the function can't travel.
   * @throws {BrokenExecutor} When the worker died with the call, or the pool is broken.
   *
   * @example
   * ```ts
   * import { ThreadPool } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * await using pool = new ThreadPool(1);
   * assertEquals(await pool.apply((a: number, b: number) => a + b, [1, 2]), 3);
   * ```
   */
  apply<A extends unknown[], R>(
    fn: Callable<A, R>,
    args: readonly [...A],
    options?: { kwds?: undefined },
  ): Promise<Awaited<R>>;
  /**
   * Has a worker call a function without arguments, and waits for its result.
   *
   * @param fn The function, or a reference to it.
   * @returns What the function returns.
   */
  apply<R>(fn: Callable<[], R>): Promise<Awaited<R>>;
  /**
   * Has a worker call a function with keywords, and waits for its result.
   *
   * @param fn The function, whose last parameter takes the keywords as one object.
   * @param args Its other arguments.
   * @param options `kwds`: the keywords.
   * @returns What the function returns.
   */
  apply<A extends unknown[], K extends object, R>(
    fn: Callable<[...A, K], R>,
    args: readonly [...A],
    options: KeywordOptions<K>,
  ): Promise<Awaited<R>>;
  async apply(
    fn: Callable<never[], unknown>,
    args: readonly unknown[] = [],
    options: { kwds?: object | undefined } = {},
  ): Promise<unknown> {
    checkOptions(APPLY, options, KEYWORD_RULES);
    return await this.#call(fn, this.apply, args, options.kwds);
  }

  /**
   * Has a worker call a function, and does not wait for it.
   *
   * @param fn The function, or a reference to it.
   * @param args Its arguments.
   * @param options `callback` and `error_callback`, one of which is called once, here, with the result or the
   * error, in the order in which calls end.
   * @returns The result to be.
   * @throws {ValueError} When the pool was closed or terminated.
   * @throws {TypeError} When it can be seen at once that the function can't travel.
   * @throws {BrokenExecutor} When the pool is broken.
   *
   * @example
   * ```ts
   * import { ThreadPool } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * await using pool = new ThreadPool(2);
   * const lengths: number[] = [];
   * const result = pool.apply_async((text: string) => text.length, ["herd"], {
   *   callback: (length) => lengths.push(length),
   * });
   * assertEquals(await result, 4);
   * assertEquals(lengths, [4]);
   * ```
   */
  apply_async<A extends unknown[], R>(
    fn: Callable<A, R>,
    args: readonly [...A],
    options?: Callbacks<Awaited<R>> & { kwds?: undefined },
  ): AsyncResult<Awaited<R>>;
  /**
   * Has a worker call a function without arguments, and does not wait for it.
   *
   * @param fn The function, or a reference to it.
   * @returns The result to be.
   */
  apply_async<R>(fn: Callable<[], R>): AsyncResult<Awaited<R>>;
  /**
   * Has a worker call a function with keywords, and does not wait for it.
   *
   * @param fn The function, whose last parameter takes the keywords as one object.
   * @param args Its other arguments.
   * @param options `kwds`: the keywords; `callback` and `error_callback`.
   * @returns The result to be.
   */
  apply_async<A extends unknown[], K extends object, R>(
    fn: Callable<[...A, K], R>,
    args: readonly [...A],
    options: KeywordOptions<K> & Callbacks<Awaited<R>>,
  ): AsyncResult<Awaited<R>>;
  apply_async(
    fn: Callable<never[], unknown>,
    args: readonly unknown[] = [],
    options: { kwds?: object | undefined } & Callbacks<unknown> = {},
  ): AsyncResult<unknown> {
    checkOptions(APPLY, options, APPLY_RULES);
    const future = this.#call(fn, this.apply_async, args, options.kwds);
    addCallbacks(future, options);
    return new AsyncResult(future);
  }

  /**
   * Has workers call a function for each item, and waits for all results.
   *
   * - An item that fails keeps no other chunk of items from being run; the error comes when all have ended,
   *   of several that of the first item.
   * - The input is read as workers need it. When it throws, that error comes when what was read has ended.
   *
   * @param fn The function, or a reference to it.
   * @param iterable Its arguments; sync or async.
   * @param options `chunksize`: items a message.
   * @returns The results, in the order of the items.
   * @throws What the function or the input throws.
   * @throws {ValueError} When the pool was closed or terminated.
   * @throws {BrokenExecutor} When a worker died with an item, or the pool is broken.
   *
   * @example
   * ```ts
   * import { ThreadPool } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * await using pool = new ThreadPool(2);
   * assertEquals(await pool.map((n: number) => n * 10, [3, 1, 2]), [30, 10, 20]);
   * ```
   */
  async map<T, R>(
    fn: Callable<[T], R>,
    iterable: Iterable<T> | AsyncIterable<T>,
    options: ChunkOptions = {},
  ): Promise<Awaited<R>[]> {
    checkOptions(MAP, options, CHUNK_RULES);
    return await this.#map<Awaited<R>>(fn, this.map, iterable, options, false);
  }

  /**
   * {@linkcode BasePool.map} that does not wait.
   *
   * @param fn The function, or a reference to it.
   * @param iterable Its arguments; sync or async.
   * @param options `chunksize`; and `callback` and `error_callback`, one of which is called once, here, with
   * all results or the error.
   * @returns The results to be.
   * @throws {ValueError} When the pool was closed or terminated.
   * @throws {TypeError} When it can be seen at once that the function can't travel.
   * @throws {BrokenExecutor} When the pool is broken.
   */
  map_async<T, R>(
    fn: Callable<[T], R>,
    iterable: Iterable<T> | AsyncIterable<T>,
    options: ChunkOptions & Callbacks<Awaited<R>[]> = {},
  ): AsyncResult<Awaited<R>[]> {
    checkOptions(MAP, options, MAP_ASYNC_RULES);
    const future = this.#map<Awaited<R>>(fn, this.map_async, iterable, options, false);
    addCallbacks(future, options);
    return new AsyncResult(future);
  }

  /**
   * {@linkcode BasePool.map} of a function of several parameters: each item is a list of arguments.
   *
   * @param fn The function, or a reference to it.
   * @param iterable Lists of arguments; sync or async.
   * @param options `chunksize`: items a message.
   * @returns The results, in the order of the items.
   * @throws What the function or the input throws.
   * @throws {ValueError} When the pool was closed or terminated.
   * @throws {BrokenExecutor} When a worker died with an item, or the pool is broken.
   *
   * @example
   * ```ts
   * import { ThreadPool } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * await using pool = new ThreadPool(2);
   * const powers = await pool.starmap((a: number, b: number) => a ** b, [[2, 3], [3, 2]]);
   * assertEquals(powers, [8, 9]);
   * ```
   */
  async starmap<A extends unknown[], R>(
    fn: Callable<A, R>,
    iterable: Iterable<Readonly<A>> | AsyncIterable<Readonly<A>>,
    options: ChunkOptions = {},
  ): Promise<Awaited<R>[]> {
    checkOptions(MAP, options, CHUNK_RULES);
    return await this.#map<Awaited<R>>(fn, this.starmap, iterable, options, true);
  }

  /**
   * {@linkcode BasePool.starmap} that does not wait.
   *
   * @param fn The function, or a reference to it.
   * @param iterable Lists of arguments; sync or async.
   * @param options `chunksize`; and `callback` and `error_callback`, one of which is called once, here, with
   * all results or the error.
   * @returns The results to be.
   * @throws {ValueError} When the pool was closed or terminated.
   * @throws {TypeError} When it can be seen at once that the function can't travel.
   * @throws {BrokenExecutor} When the pool is broken.
   */
  starmap_async<A extends unknown[], R>(
    fn: Callable<A, R>,
    iterable: Iterable<Readonly<A>> | AsyncIterable<Readonly<A>>,
    options: ChunkOptions & Callbacks<Awaited<R>[]> = {},
  ): AsyncResult<Awaited<R>[]> {
    checkOptions(MAP, options, MAP_ASYNC_RULES);
    const future = this.#map<Awaited<R>>(fn, this.starmap_async, iterable, options, true);
    addCallbacks(future, options);
    return new AsyncResult(future);
  }

  /**
   * Has workers call a function for each item of an input, which may be endless, and gives the results one
   * by one in the order of the items.
   *
   * - What is read ahead of the reader is bounded: a few milliseconds of work a worker, at least four items;
   *   with `chunksize`, four chunks a worker.
   * - A failed item, or a dead worker, rejects the `next()` of that item alone: the reading may go on. When
   *   the input throws, that comes after the results of the items before it, and ends it.
   * - Leaving a loop early cancels what has not begun and closes the input.
   * - `join()` reads what is left of the input, however long that takes, and holds the results.
   *
   * @param fn The function, or a reference to it.
   * @param iterable Its arguments; sync or async.
   * @param options `chunksize`: items a message; default 1, and as many messages as are quick.
   * @returns The results.
   * @throws {ValueError} When the pool was closed or terminated.
   * @throws {TypeError} When it can be seen at once that the function can't travel.
   * @throws {BrokenExecutor} When the pool is broken.
   *
   * @example
   * ```ts
   * import { ThreadPool } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * function* count() {
   *   for (let n = 0;; n++) yield n;
   * }
   *
   * await using pool = new ThreadPool(2);
   * const squares: number[] = [];
   * for await (const square of pool.imap((n: number) => n * n, count())) {
   *   squares.push(square);
   *   if (squares.length === 3) break;
   * }
   * assertEquals(squares, [0, 1, 4]);
   * ```
   */
  imap<T, R>(
    fn: Callable<[T], R>,
    iterable: Iterable<T> | AsyncIterable<T>,
    options: ChunkOptions = {},
  ): ImapIterator<Awaited<R>> {
    return this.#imap(fn, this.imap, iterable, options, true);
  }

  /**
   * {@linkcode BasePool.imap} whose results come in the order in which calls end.
   *
   * @param fn The function, or a reference to it.
   * @param iterable Its arguments; sync or async.
   * @param options `chunksize`: items a message; default 1, and as many messages as are quick.
   * @returns The results.
   * @throws {ValueError} When the pool was closed or terminated.
   * @throws {TypeError} When it can be seen at once that the function can't travel.
   * @throws {BrokenExecutor} When the pool is broken.
   */
  imap_unordered<T, R>(
    fn: Callable<[T], R>,
    iterable: Iterable<T> | AsyncIterable<T>,
    options: ChunkOptions = {},
  ): ImapIterator<Awaited<R>> {
    return this.#imap(fn, this.imap_unordered, iterable, options, false);
  }

  /** Takes no more work; workers end when what there is is done. May be called again. */
  close(): void {
    if (this.#state !== "running") return;
    this.#state = "closed";
    this.#letGo();
  }

  /** Workers end when they have nothing to do, once nothing more can come: an imap may be read on. */
  #letGo(): void {
    if (this.#state !== "closed" || this.#imaps.size > 0) return;
    this.#backend.scheduler.shutdown(false, false);
  }

  /**
   * Takes no more work, and ends the workers at once: what they run fails, what has not begun is cancelled.
   * A thread in a synchronous loop is left to it. May be called again, and after `close()`.
   */
  terminate(): void {
    if (this.#state === "terminated") return;
    this.#state = "terminated";
    for (const imap of [...this.#imaps]) {
      imap.stop(new CancelledError("Cannot go on with a map: the pool was terminated"));
    }
    this.#backend.scheduler.terminate("SIGTERM");
  }

  /**
   * Waits until all work is done and the workers have ended.
   *
   * @returns When they have.
   * @throws {ValueError} When neither `close()` nor `terminate()` was called.
   *
   * @example
   * ```ts
   * import { ThreadPool, ValueError } from "@herd/concurrent";
   * import { assertRejects } from "@std/assert";
   *
   * const pool = new ThreadPool(1);
   * await assertRejects(() => pool.join(), ValueError, "still running");
   * pool.close();
   * await pool.join();
   * ```
   */
  async join(): Promise<void> {
    if (this.#state === "running") {
      throw new ValueError(
        "Cannot join the pool: it is still running: call close() or terminate() before",
      );
    }
    for (const imap of [...this.#imaps]) imap.release();
    await this.#backend.scheduler.shutdown(true, false);
  }

  /** `close()` and `join()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.join();
  }

  /** `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #call(
    fn: Callable<never[], unknown>,
    boundary: (...args: never[]) => unknown,
    args: readonly unknown[],
    kwds: object | undefined,
  ): Future<unknown> {
    checkArgument(APPLY, "args", args, ARGUMENTS);
    const work = this.#work(APPLY, fn, boundary);
    // A copy: what is sent is sent later.
    return this.#backend.call(work, kwds === undefined ? [...args] : [...args, { ...kwds }]);
  }

  #map<R>(
    fn: Callable<never[], unknown>,
    boundary: (...args: never[]) => unknown,
    iterable: unknown,
    { chunksize }: ChunkOptions,
    spread: boolean,
  ): Future<R[]> {
    const work = this.#work(MAP, fn, boundary);
    const inputs = new Inputs([iterable]);
    return new PoolMap<R>(this.#backend, work, inputs, { chunksize, spread }).future;
  }

  #imap<R>(
    fn: Callable<never[], unknown>,
    boundary: (...args: never[]) => unknown,
    iterable: unknown,
    options: ChunkOptions,
    ordered: boolean,
  ): ImapIterator<R> {
    checkOptions(MAP, options, CHUNK_RULES);
    const work = this.#work(MAP, fn, boundary);
    const inputs = new Inputs([iterable]);
    const { chunksize = 1 } = options;
    const owner: ImapOwner = {
      over: (imap) => {
        if (this.#imaps.delete(imap)) this.#letGo();
      },
    };
    const imap = new PoolImap<R>(this.#backend, work, inputs, { chunksize, ordered }, owner);
    this.#imaps.add(imap);
    return imap.start();
  }

  #work(
    action: string,
    fn: Callable<never[], unknown>,
    boundary: (...args: never[]) => unknown,
  ): Work {
    checkMayStart("a pool's workers");
    checkMayNest("a pool's workers");
    if (this.#state !== "running") {
      throw new ValueError(`Cannot ${action}: the pool is not running: it was ${this.#state}`);
    }
    return this.#backend.work(fn, boundary);
  }
}
