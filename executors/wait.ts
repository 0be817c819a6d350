/**
 * Waiting for several futures: {@linkcode wait} and {@linkcode as_completed}.
 *
 * @module
 */

import { abortedError, checkTimeout, limit } from "../sync/_deadline.ts";
import { TimeoutError, ValueError } from "../sync/errors.ts";
import { type Future, hasFailed, removeCallback } from "./future.ts";

/**
 * {@linkcode wait} returns when any future is done or cancelled.
 *
 * @example
 * ```ts
 * import { FIRST_COMPLETED, Future, wait } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const [quick, slow] = [new Future<number>(), new Future<number>()];
 * setTimeout(() => quick.set_result(1));
 * const { done } = await wait([quick, slow], { return_when: FIRST_COMPLETED });
 * assertEquals([...done], [quick]);
 * ```
 */
export const FIRST_COMPLETED = "FIRST_COMPLETED";
/**
 * {@linkcode wait} returns when any future has failed, or when all are done.
 *
 * @example
 * ```ts
 * import { FIRST_EXCEPTION, Future, wait } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const [good, bad, slow] = [new Future<number>(), new Future<number>(), new Future<number>()];
 * good.set_result(1);
 * setTimeout(() => bad.set_exception(new Error("no")));
 * const { not_done } = await wait([good, bad, slow], { return_when: FIRST_EXCEPTION });
 * assertEquals([...not_done], [slow]);
 * ```
 */
export const FIRST_EXCEPTION = "FIRST_EXCEPTION";
/**
 * {@linkcode wait} returns when all futures are done or cancelled: the default.
 *
 * @example
 * ```ts
 * import { ALL_COMPLETED, Future, wait } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const [one, two] = [new Future<number>(), new Future<number>()];
 * one.set_result(1);
 * setTimeout(() => two.cancel());
 * const { done } = await wait([one, two], { return_when: ALL_COMPLETED });
 * assertEquals(done.size, 2);
 * ```
 */
export const ALL_COMPLETED = "ALL_COMPLETED";

/** When {@linkcode wait} returns. */
export type ReturnWhen = typeof FIRST_COMPLETED | typeof FIRST_EXCEPTION | typeof ALL_COMPLETED;

/** Limits of {@linkcode wait} and {@linkcode as_completed}. */
export interface WaitForFuturesOptions {
  /** Milliseconds to wait at the most; 0 or less polls, `undefined` waits without limit. */
  timeout?: number | undefined;
  /** Aborting it ends the wait with a `CancelledError` whose `cause` is the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The futures that {@linkcode wait} was given, in two sets. */
export interface WaitResult<T> {
  /** Finished or cancelled ones. */
  done: Set<Future<T>>;
  /** The others. */
  not_done: Set<Future<T>>;
}

/**
 * Waits for several futures.
 *
 * - The futures may be of different executors; one that is given twice counts once.
 * - A cancelled future is done, and is no exception.
 * - It never throws what a future failed with.
 *
 * Semantics: CPython's `concurrent.futures.wait`, but that a future which was cancelled before its
 * worker saw it counts as done.
 *
 * @typeParam T The futures' type of result.
 * @param fs The futures.
 * @param options `timeout` in milliseconds, `signal`, and `return_when` (default
 * {@linkcode ALL_COMPLETED}).
 * @returns The futures in two sets; on a timeout as far as they are.
 * @throws {TypeError} When the options are no object, but a bare timeout, say.
 * @throws {ValueError} When `return_when` or `timeout` is none.
 * @throws {CancelledError} When the signal was aborted.
 *
 * @example
 * ```ts
 * import { FIRST_COMPLETED, Future, wait } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const [quick, slow] = [new Future<number>(), new Future<number>()];
 * quick.set_result(1);
 * const { done, not_done } = await wait([quick, slow], { return_when: FIRST_COMPLETED });
 * assertEquals([done.has(quick), not_done.has(slow)], [true, true]);
 * ```
 */
export function wait<T>(
  fs: Iterable<Future<T>>,
  options?: WaitForFuturesOptions & { return_when?: ReturnWhen | undefined },
): Promise<WaitResult<T>>;
/**
 * The same for futures of different types.
 *
 * @typeParam F The types of the futures.
 * @param fs The futures.
 * @param options `timeout` in milliseconds, `signal`, and `return_when`.
 * @returns The futures in two sets.
 *
 * @example
 * ```ts
 * import { Future, wait } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const [count, name] = [new Future<number>(), new Future<string>()];
 * count.set_result(3);
 * name.set_result("Dolly");
 * const { done } = await wait([count, name]);
 * assertEquals(await Promise.all(done), [3, "Dolly"]);
 * ```
 */
export function wait<F extends Future<unknown>>(
  fs: Iterable<F>,
  options?: WaitForFuturesOptions & { return_when?: ReturnWhen | undefined },
): Promise<WaitResult<Awaited<F>>>;
export async function wait<T>(
  fs: Iterable<Future<T>>,
  options: WaitForFuturesOptions & { return_when?: ReturnWhen | undefined } = {},
): Promise<WaitResult<T>> {
  checkIsObject(options);
  const { timeout, signal, return_when = ALL_COMPLETED } = options;
  checkTimeout(timeout);
  if (!Object.hasOwn(ENOUGH, return_when)) {
    throw new ValueError(
      `Cannot wait: return_when is ${String(return_when)}: ` +
        `${Object.keys(ENOUGH).join(", ")} is wanted`,
    );
  }
  const isEnough = ENOUGH[return_when];
  const futures = distinct(fs);
  const pending = [...futures].filter((future) => !future.done());
  const enough = pending.length === 0 ||
    [...futures].some((future) => future.done() && isEnough(future));
  if (!enough && (timeout === undefined || timeout > 0)) {
    await settled(pending, isEnough, { timeout, signal });
  }
  const result: WaitResult<T> = { done: new Set(), not_done: new Set() };
  for (const future of futures) (future.done() ? result.done : result.not_done).add(future);
  return result;
}

/** A number was meant to be the timeout, as it is where that is all there is to say. */
function checkIsObject(options: unknown): void {
  if (typeof options === "object" && options !== null) return;
  const hint = typeof options === "number" ? `: { timeout: ${options} } is wanted` : "";
  throw new TypeError(`Cannot wait: the options are ${String(options)}, no object${hint}`);
}

/** The futures without repetitions. Unlike the constructor of `Set`, it does not take `undefined`. */
function distinct<T>(fs: Iterable<Future<T>>): Set<Future<T>> {
  const futures = new Set<Future<T>>();
  for (const future of fs) futures.add(future);
  return futures;
}

/** Whether a future that is done ends the wait although others are not. */
const ENOUGH: Record<ReturnWhen, (future: Future<unknown>) => boolean> = {
  FIRST_COMPLETED: () => true,
  FIRST_EXCEPTION: hasFailed,
  ALL_COMPLETED: () => false,
};

/** Resolves when one of `pending` is enough, when all are done, or at the timeout. */
async function settled<T>(
  pending: readonly Future<T>[],
  isEnough: (future: Future<unknown>) => boolean,
  limits: WaitForFuturesOptions,
): Promise<void> {
  if (limits.signal?.aborted) throw abortedError("wait for futures", limits.signal);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let left = pending.length;
  const onDone = (future: Future<T>) => {
    if (--left === 0 || isEnough(future)) resolve();
  };
  for (const future of pending) future.add_done_callback(onDone);
  const stop = limit(limits, (why) => {
    if (why === "timeout") resolve();
    else reject(abortedError("wait for futures", limits.signal!));
  });
  try {
    await promise;
  } finally {
    stop();
    for (const future of pending) removeCallback(future, onDone);
  }
}

/**
 * What {@linkcode as_completed} returns: an async iterator that gives futures, and not their results.
 *
 * Its type is a union of two that differ in a name that is never there, because the compiler takes what
 * a union yields as it is. It would have `for await` unwrap the futures of an `AsyncIterableIterator`,
 * and those of a single interface from the second loop in a program on.
 *
 * @typeParam T The futures' type of result.
 */
export type FutureIterator<T> =
  & {
    /** Resolves to the next future that is done. */
    next(): Promise<IteratorResult<Future<T>, undefined>>;
    /** Ends the iteration. */
    return(): Promise<IteratorResult<Future<T>, undefined>>;
    /** The iterator itself. */
    [Symbol.asyncIterator](): FutureIterator<T>;
  }
  & ({ readonly [Symbol.toStringTag]?: "left" } | { readonly [Symbol.toStringTag]?: "right" });

/**
 * Gives several futures one by one, as they are done.
 *
 * - Those that are done already come first; cancelled ones come too. One given twice comes once.
 * - It keeps no reference to a future that it has given, and none at all once it has ended.
 *
 * Semantics: CPython's `concurrent.futures.as_completed`.
 *
 * @typeParam T The futures' type of result.
 * @param fs The futures; they may be of different executors.
 * @param options `timeout`: milliseconds for the whole iteration, counted from this call; `signal`.
 * @returns An iterator for `for await`. Its `next()` rejects with a `TimeoutError` once the time is up
 * and no future is ready, with a `CancelledError` when the signal is aborted; it has ended then.
 * @throws {TypeError} When the options are no object, but a bare timeout, say.
 * @throws {ValueError} When `timeout` is not a number.
 *
 * @example
 * ```ts
 * import { as_completed, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor(2);
 * const futures = [1, 2, 3].map((n) => executor.submit((n: number) => n * n, n));
 * const squares = [];
 * for await (const future of as_completed(futures)) squares.push(await future);
 * assertEquals(squares.sort(), [1, 4, 9]);
 * ```
 */
export function as_completed<T>(
  fs: Iterable<Future<T>>,
  options?: WaitForFuturesOptions,
): FutureIterator<T>;
/**
 * The same for futures of different types.
 *
 * @typeParam F The types of the futures.
 * @param fs The futures.
 * @param options `timeout` in milliseconds for the whole iteration; `signal`.
 * @returns An iterator for `for await`.
 *
 * @example
 * ```ts
 * import { as_completed, Future } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const [count, name] = [new Future<number>(), new Future<string>()];
 * name.set_result("Dolly");
 * count.set_result(3);
 * const results: (number | string)[] = [];
 * for await (const future of as_completed([count, name])) results.push(await future);
 * assertEquals(results.length, 2);
 * ```
 */
export function as_completed<F extends Future<unknown>>(
  fs: Iterable<F>,
  options?: WaitForFuturesOptions,
): FutureIterator<Awaited<F>>;
export function as_completed<T>(
  fs: Iterable<Future<T>>,
  options: WaitForFuturesOptions = {},
): FutureIterator<T> {
  checkIsObject(options);
  checkTimeout(options.timeout);
  return new CompletionIterator(distinct(fs), options);
}

class CompletionIterator<T> {
  /** Done and not given yet, oldest first; `#given` of its front are taken. */
  #ready: (Future<T> | undefined)[] = [];
  #given = 0;
  #pending = new Set<Future<T>>();
  readonly #total: number;
  readonly #timeout: number | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #end: number;
  #wake: (() => void) | undefined = undefined;
  /** `next()` calls are served one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(futures: Set<Future<T>>, { timeout, signal }: WaitForFuturesOptions) {
    this.#total = futures.size;
    this.#timeout = timeout;
    this.#signal = signal;
    this.#end = performance.now() + (timeout ?? Infinity);
    for (const future of futures) {
      if (future.done()) this.#ready.push(future);
      else {
        this.#pending.add(future);
        future.add_done_callback(this.#onDone);
      }
    }
  }

  next(): Promise<IteratorResult<Future<T>, undefined>> {
    const turn = this.#turn.then(() => this.#next());
    // Not `turn.catch`, which would hold on to the future that was given.
    this.#turn = turn.then(() => {}, () => {});
    return turn;
  }

  return(): Promise<IteratorResult<Future<T>, undefined>> {
    this.#finish();
    this.#wake?.();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): FutureIterator<T> {
    return this;
  }

  async #next(): Promise<IteratorResult<Future<T>, undefined>> {
    if (this.#given === this.#ready.length && this.#pending.size > 0) await this.#oneMore();
    if (this.#given === this.#ready.length) return { done: true, value: undefined };
    const value = this.#ready[this.#given]!;
    this.#ready[this.#given++] = undefined;
    return { done: false, value };
  }

  /** Resolves when a future is ready, or the iteration was ended. */
  async #oneMore(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timeout = this.#timeout === undefined ? undefined : this.#end - performance.now();
    const over = (why: "timeout" | "aborted") => {
      // A future was done in this same turn, and is given first; the next call finds the limit used up.
      if (this.#given < this.#ready.length) return;
      const unfinished = `${this.#pending.size} (of ${this.#total}) futures unfinished`;
      this.#finish();
      reject(
        why === "aborted" ? abortedError("wait for futures", this.#signal!) : new TimeoutError(
          `Cannot give the next future: ${unfinished} after ${this.#timeout} ms`,
        ),
      );
    };
    let stop: (() => void) | undefined;
    if (this.#signal?.aborted) over("aborted");
    else if (timeout !== undefined && timeout <= 0) over("timeout");
    else stop = limit({ timeout, signal: this.#signal }, over);
    this.#wake = resolve;
    try {
      await promise;
    } finally {
      this.#wake = undefined;
      stop?.();
    }
  }

  readonly #onDone = (future: Future<T>): void => {
    // The iteration may have been ended by an earlier callback of the same future.
    if (!this.#pending.delete(future)) return;
    this.#ready.push(future);
    this.#wake?.();
  };

  #finish(): void {
    for (const future of this.#pending) removeCallback(future, this.#onDone);
    this.#pending.clear();
    this.#ready = [];
    this.#given = 0;
  }
}
