/**
 * The outcome of work that may not have ended yet.
 *
 * @module
 */

import { after, checkTimeout } from "../sync/_deadline.ts";
import { CancelledError, RuntimeError, TimeoutError } from "../sync/errors.ts";
import { report, reportLater } from "./_report.ts";
import { InvalidStateError } from "./errors.ts";

/** Every state a future can be in; `cancelled` and `notified` look the same from outside. */
type State = "pending" | "running" | "cancelled" | "notified" | "returned" | "raised";

type Callback<T> = (future: Future<T>) => void;

/**
 * `future.cancel()` with the reason that its `CancelledError` carries. For executors only: it cancels
 * whatever is not done, also what runs.
 */
export let cancelBecause: (future: Future<unknown>, cause: unknown) => boolean;

/** What a future that is done has come to. */
export type Outcome<T> = { readonly result: T } | { readonly error: unknown };

/** The outcome of a future that is done, at once. */
export let outcomeOf: <T>(future: Future<T>) => Outcome<T>;

/** Whether the work threw; a cancelled future has not failed. */
export let hasFailed: (future: Future<unknown>) => boolean;

/** Forgets a callback that was added; for waits that end before the future does. */
export let removeCallback: <T>(future: Future<T>, callback: Callback<T>) => void;

/**
 * The outcome of work that may not have ended yet, as in Python's `concurrent.futures`, and a promise.
 *
 * - Executors make futures; one made by hand is settled with {@linkcode Future.set_result} or
 *   {@linkcode Future.set_exception}.
 * - `await future` gives the result or throws the error. A failed future that nobody looks at is no
 *   unhandled rejection.
 * - A future is settled once. A cancelled future is done at once.
 * - Callbacks run in the order of their registration, in the realm that settles the future, before
 *   whoever awaits it goes on.
 *
 * Semantics: CPython's `concurrent.futures.Future`.
 *
 * @typeParam T The type of the result.
 *
 * @example
 * ```ts
 * import { Future } from "@herd/concurrent";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const future = new Future<number>();
 * assert(!future.done());
 * future.set_result(42);
 * assertEquals(await future, 42);
 * ```
 */
export class Future<T> extends Promise<T> {
  #state: State = "pending";
  /** The result, the error, or the `CancelledError` once somebody asked for it. */
  #outcome: unknown = undefined;
  /** Rejects too, when it is given a rejected promise: one closure a future to keep, not two. */
  readonly #resolve: (value: never) => void;
  /**
   * One function, or several in their order; most futures have none or one. A set, because very many
   * waits for one future may time out together, and each must leave in constant time.
   */
  #callbacks: Callback<never> | Set<Callback<never>> | undefined = undefined;

  /** What `then` gives is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static {
    passForPromise(Future);
    cancelBecause = (future, cause) => {
      if (future.done()) return false;
      future.#outcome = new CancelledError("Cannot give a result: the task was cancelled", {
        cause,
      });
      future.#settle("cancelled");
      return true;
    };
    outcomeOf = <T>(future: Future<T>) =>
      future.#state === "returned"
        ? { result: future.#outcome as T }
        : { error: future.cancelled() ? future.#cancelledError() : future.#outcome };
    hasFailed = (future) => future.#state === "raised";
    removeCallback = (future, callback) => {
      const callbacks = future.#callbacks;
      if (callbacks === callback) future.#callbacks = undefined;
      else if (callbacks instanceof Set) callbacks.delete(callback);
    };
  }

  /** Makes a future whose work is yours to do. */
  constructor() {
    let settleWith: (value: never) => void;
    super((resolve) => settleWith = resolve);
    this.#resolve = settleWith!;
  }

  /**
   * Cancels the work unless it has begun.
   *
   * @returns Whether the future is cancelled now; `false` when the work runs or is done. Work that runs
   * on an executor is asked to stop all the same, and the future is cancelled if it does.
   */
  cancel(): boolean {
    if (this.#state === "pending") this.#settle("cancelled");
    return this.cancelled();
  }

  /**
   * Tells whether the future was cancelled.
   *
   * @returns `true` from the moment of the cancellation.
   */
  cancelled(): boolean {
    return this.#state === "cancelled" || this.#state === "notified";
  }

  /**
   * Tells whether the work has begun and not ended.
   *
   * @returns `true` while it runs; it can't be cancelled then.
   */
  running(): boolean {
    return this.#state === "running";
  }

  /**
   * Tells whether there is an outcome.
   *
   * @returns `true` when the work has returned, thrown or been cancelled.
   */
  done(): boolean {
    return this.#state !== "pending" && this.#state !== "running";
  }

  /**
   * Waits for the result.
   *
   * @param timeout Milliseconds to wait at the most; 0 polls, `undefined` waits without limit.
   * @returns The result.
   * @throws {TimeoutError} When there is no outcome in time.
   * @throws {CancelledError} When the future was cancelled.
   * @throws {ValueError} When `timeout` is not a number.
   *
   * @example
   * ```ts
   * import { Future } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const future = new Future<string>();
   * setTimeout(() => future.set_result("done"), 1);
   * assertEquals(await future.result(10_000), "done");
   * ```
   */
  async result(timeout?: number): Promise<T> {
    await this.#outcomeWithin(timeout);
    return await this;
  }

  /**
   * Waits for the error.
   *
   * @param timeout Milliseconds to wait at the most; 0 polls, `undefined` waits without limit.
   * @returns What the work threw, or `null` when it returned.
   * @throws {TimeoutError} When there is no outcome in time.
   * @throws {CancelledError} When the future was cancelled.
   * @throws {ValueError} When `timeout` is not a number.
   *
   * @example
   * ```ts
   * import { Future } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const future = new Future<string>();
   * future.set_result("fine");
   * assertEquals(await future.exception(), null);
   * ```
   */
  async exception(timeout?: number): Promise<unknown> {
    await this.#outcomeWithin(timeout);
    if (this.#state === "returned") return null;
    if (this.#state === "raised") return this.#outcome;
    throw this.#cancelledError();
  }

  /**
   * Has `fn` called with the future when it is done, or at once when it is done already.
   *
   * What `fn` throws is printed with `console.error` and harms nobody else.
   *
   * @param fn Called once, with this future. What it throws, or rejects with, is printed.
   *
   * @example
   * ```ts
   * import { Future } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const seen: boolean[] = [];
   * const future = new Future<number>();
   * future.add_done_callback((f) => seen.push(f.cancelled()));
   * future.cancel();
   * assertEquals(seen, [true]);
   * ```
   */
  add_done_callback(fn: (future: Future<T>) => void): void {
    if (typeof fn !== "function") {
      throw new TypeError(`Cannot add a callback: a function is wanted, not ${typeof fn}`);
    }
    if (this.done()) this.#call(fn);
    else if (this.#callbacks === undefined) this.#callbacks = fn;
    else {
      if (typeof this.#callbacks === "function") this.#callbacks = new Set([this.#callbacks]);
      // What is added twice is called twice.
      this.#callbacks.add(this.#callbacks.has(fn) ? (future: Future<T>) => fn(future) : fn);
    }
  }

  /**
   * Says that the work begins, for whoever carries it out.
   *
   * @returns `true` when the work may begin; `false` when the future was cancelled and the work must
   * not be done.
   * @throws {RuntimeError} When it was called before, or the future has an outcome.
   */
  set_running_or_notify_cancel(): boolean {
    if (this.#state === "pending") {
      this.#state = "running";
      return true;
    }
    if (this.#state === "cancelled") {
      this.#state = "notified";
      return false;
    }
    throw new RuntimeError(`Cannot begin the work: the future is in an unexpected state: ${this}`);
  }

  /**
   * Settles the future with a result, for whoever carries out the work.
   *
   * @param value The result.
   * @throws {InvalidStateError} When the future has an outcome already; that one stays.
   */
  set_result(value: T): void {
    this.#checkUnsettled("set the result");
    this.#outcome = value;
    this.#settle("returned");
  }

  /**
   * Settles the future with an error, for whoever carries out the work.
   *
   * @param error What the work threw; any value, as with `throw`.
   * @throws {InvalidStateError} When the future has an outcome already; that one stays.
   */
  set_exception(error: unknown): void {
    this.#checkUnsettled("set the exception");
    this.#outcome = error;
    this.#settle("raised");
  }

  /** The class name, as promises have it. */
  override get [Symbol.toStringTag](): string {
    return "Future";
  }

  /**
   * Describes the future: its state and the type of its outcome, never the outcome itself.
   *
   * @returns For example `<Future state=finished returned number>`.
   */
  override toString(): string {
    if (this.cancelled()) return "<Future state=cancelled>";
    if (!this.done()) return `<Future state=${this.running() ? "running" : "pending"}>`;
    const verb = this.#state === "returned" ? "returned" : "raised";
    return `<Future state=finished ${verb} ${typeName(this.#outcome)}>`;
  }

  /** How `console.log` shows it. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /**
   * For subclasses: called once, when the future has its outcome, before anybody is told.
   */
  protected onSettled(): void {}

  #checkUnsettled(action: string): void {
    if (this.done()) {
      throw new InvalidStateError(`Cannot ${action}: the future has an outcome already: ${this}`);
    }
  }

  #settle(state: State): void {
    this.#state = state;
    this.onSettled();
    if (state === "returned") this.#resolve(this.#outcome as never);
    else {
      // Whoever looks at the future learns of the error; nobody has to.
      super.catch(ignore);
      const error = state === "raised" ? this.#outcome : this.#cancelledError();
      this.#resolve(Promise.reject(error) as never);
    }
    const callbacks = this.#callbacks;
    if (callbacks === undefined) return;
    this.#callbacks = undefined;
    if (typeof callbacks === "function") this.#call(callbacks);
    else for (const callback of callbacks) this.#call(callback);
  }

  #call(callback: Callback<never>): void {
    const what = () => `a done callback of ${this}`;
    try {
      const returned: unknown = callback(this as Future<unknown> as Future<never>);
      // A future that it happens to return is nobody's work to report.
      if (returned !== undefined && !(returned instanceof Future)) reportLater(what, returned);
    } catch (error) {
      report(what, error);
    }
  }

  #cancelledError(): unknown {
    return this.#outcome ??= new CancelledError("Cannot give a result: the future was cancelled");
  }

  /** Resolves when there is an outcome, whatever it is. */
  async #outcomeWithin(timeout: number | undefined): Promise<void> {
    checkTimeout(timeout);
    if (this.done()) return;
    const over = () => new TimeoutError(`Cannot wait longer: no outcome within ${timeout} ms`);
    if (timeout !== undefined && timeout <= 0) throw over();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const woken = () => resolve();
    this.add_done_callback(woken);
    const stop = timeout === undefined ? undefined : after(timeout, () => reject(over()));
    try {
      await promise;
    } finally {
      stop?.();
      removeCallback(this, woken);
    }
  }
}

function typeName(value: unknown): string {
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "object";
}

function ignore(): void {}

/**
 * Has `await` and `Promise.all` take the futures of a class as they take promises, without another
 * promise around each: they look whether `constructor` is `Promise`. Halves the cost of awaiting many.
 */
export function passForPromise(type: { readonly prototype: Future<unknown> }): void {
  Object.defineProperty(type.prototype, "constructor", { value: Promise });
}
