/**
 * The result of a pool's call that may not be there yet.
 *
 * @module
 */

import { registerUnsendable } from "../ipc/values/_unsendable.ts";
import { ValueError } from "../sync/errors.ts";
import { type Future, hasFailed } from "./future.ts";

/**
 * The result of a call of a {@linkcode Pool}, as Python's `multiprocessing.pool.AsyncResult`, and a
 * promise of it.
 *
 * - `await result` gives the result or throws the call's error. A failed call that nobody looks at is no
 *   unhandled rejection.
 * - It becomes ready once: with the result, the error, or a `CancelledError` when the pool was terminated
 *   before the call began. It never waits for a worker that is gone.
 * - Its callbacks have been called when `get` and `wait` resolve.
 *
 * Semantics: CPython's `multiprocessing.pool.AsyncResult`.
 *
 * @typeParam T The type of the result.
 *
 * @example
 * ```ts
 * import { Pool } from "@herd/concurrent";
 * import { assert, assertEquals } from "@std/assert";
 *
 * await using pool = new Pool(1);
 * const result = pool.apply_async((a: number, b: number) => a * b, [6, 7]);
 * assertEquals(await result.get(60_000), 42);
 * assert(result.ready() && result.successful());
 * ```
 */
export class AsyncResult<T> implements Promise<T> {
  static {
    registerUnsendable(AsyncResult.prototype, "await it here, and send what it brings");
  }

  readonly #future: Future<T>;

  /**
   * For pools.
   *
   * @param future Gets the outcome.
   */
  constructor(future: Future<T>) {
    this.#future = future;
  }

  /**
   * Waits for the result.
   *
   * @param timeout Milliseconds to wait at the most; 0 polls, `undefined` waits without limit.
   * @returns The result.
   * @throws {TimeoutError} When it is not there in time.
   * @throws {CancelledError} When the pool was terminated before the call began.
   * @throws {ValueError} When `timeout` is not a number.
   *
   * @example
   * ```ts
   * import { ThreadPool } from "@herd/concurrent";
   * import { assertRejects } from "@std/assert";
   *
   * await using pool = new ThreadPool(1);
   * const result = pool.apply_async(() => JSON.parse("{"));
   * await assertRejects(() => result.get(), SyntaxError);
   * ```
   */
  get(timeout?: number): Promise<T> {
    return this.#future.result(timeout);
  }

  /**
   * Waits until the result is there, or the call's error.
   *
   * @param timeout Milliseconds to wait at the most; 0 polls, `undefined` waits without limit.
   * @returns When it is there, or the time is over: {@linkcode AsyncResult.ready} tells which.
   * @throws {ValueError} When `timeout` is not a number.
   */
  async wait(timeout?: number): Promise<void> {
    try {
      await this.#future.exception(timeout);
    } catch (error) {
      if (error instanceof ValueError) throw error;
      // No outcome in time, or cancelled.
    }
  }

  /**
   * Tells whether the result is there, or the call's error.
   *
   * @returns `true` from then on.
   */
  ready(): boolean {
    return this.#future.done();
  }

  /**
   * Tells whether the call returned.
   *
   * @returns `false` when it threw, or was never begun.
   * @throws {ValueError} When it is not ready.
   *
   * @example
   * ```ts
   * import { ThreadPool, ValueError } from "@herd/concurrent";
   * import { assertThrows } from "@std/assert";
   *
   * await using pool = new ThreadPool(1);
   * const result = pool.apply_async(() => 1);
   * assertThrows(() => result.successful(), ValueError, "not ready");
   * ```
   */
  successful(): boolean {
    if (!this.ready()) {
      throw new ValueError("Cannot tell whether the call was successful: it is not ready");
    }
    return !hasFailed(this.#future) && !this.#future.cancelled();
  }

  /**
   * As a promise's.
   *
   * @param onfulfilled Called with the result.
   * @param onrejected Called with the error.
   * @returns A promise of what these return.
   */
  then<A = T, B = never>(
    onfulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#future.then(onfulfilled, onrejected);
  }

  /**
   * As a promise's.
   *
   * @param onrejected Called with the error.
   * @returns A promise of the result, or of what this returns.
   */
  catch<B = never>(
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<T | B> {
    return this.#future.catch(onrejected);
  }

  /**
   * As a promise's.
   *
   * @param onfinally Called when there is a result or an error.
   * @returns A promise of the same.
   */
  finally(onfinally?: (() => void) | null): Promise<T> {
    return this.#future.finally(onfinally);
  }

  /** The class name, as promises have it. */
  get [Symbol.toStringTag](): string {
    return "AsyncResult";
  }
}
