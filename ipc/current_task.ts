/**
 * What a task can learn about itself while it runs.
 *
 * @module
 */

import { CancelledError } from "../sync/errors.ts";
import { runInContext, taskInContext } from "./workers/_task_context.ts";
import { thisThread } from "./processes/_this_thread.ts";

/** The running task, as {@linkcode current_task} gives it. */
export interface CurrentTask {
  /** The name of the task's function. */
  readonly name: string;
  /** Aborts when the task is asked to stop; read it anew in a synchronous loop. */
  readonly signal: AbortSignal;
  /**
   * Throws when the task was asked to stop. Works in synchronous loops of a thread too.
   *
   * @throws {CancelledError} When the future was cancelled, its signal aborted, or its deadline missed.
   */
  checkpoint(): void;
}

/** Where a task's request to stop can be seen, by the task's slot. */
export interface StopFlags {
  stopRequested(slot: number): boolean;
}

/** A task that a worker runs. */
export class RunningTask implements CurrentTask {
  readonly name: string;
  readonly #flags: StopFlags;
  readonly #slot: number;
  #controller: AbortController | undefined = undefined;
  #ended = false;

  constructor(name: string, flags: StopFlags, slot: number) {
    this.name = name;
    this.#flags = flags;
    this.#slot = slot;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#stopRequested()) this.abort();
    return this.#controller.signal;
  }

  checkpoint(): void {
    if (this.#stopRequested()) {
      this.abort();
      throw stopError(this.name);
    }
  }

  /** Tells whoever holds the signal; the claim word was set before. */
  abort(): void {
    if (this.#controller?.signal.aborted === false) this.#controller.abort(stopError(this.name));
  }

  /** Whether `error` is how a task ends that obeys a request to stop. */
  isObedient(error: unknown): boolean {
    return this.#stopRequested() &&
      (error instanceof CancelledError || error === this.#controller?.signal.reason ||
        (error instanceof DOMException && error.name === "AbortError"));
  }

  /** The task is answered for: its slot may be another's, and code that it left behind must not see it. */
  end(): void {
    this.#ended = true;
  }

  #stopRequested(): boolean {
    return !this.#ended && this.#flags.stopRequested(this.#slot);
  }

  /** Calls `fn` as this task: it and what it awaits see it as the current one. */
  run<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): R {
    return runInContext(this, fn, args);
  }
}

function stopError(name: string): CancelledError {
  return new CancelledError(`Cannot go on with task ${name}: it was asked to stop`);
}

let never: AbortSignal | undefined;

/**
 * The task that the calling code is part of.
 *
 * Outside any task it stands for the thread itself: its signal never aborts and `checkpoint()` does
 * nothing, so a function that uses it can also be called directly.
 *
 * @returns The task's name, its signal, and `checkpoint()`.
 *
 * @example
 * ```ts
 * import { current_task } from "@herd/concurrent";
 *
 * export function count(limit: number): number {
 *   let n = 0;
 *   while (n < limit) {
 *     if (++n % 1000 === 0) current_task().checkpoint(); // throws once the future is cancelled
 *   }
 *   return n;
 * }
 *
 * console.assert(count(5000) === 5000);
 * ```
 */
export function current_task(): CurrentTask {
  const task = taskInContext() as CurrentTask | undefined;
  if (task !== undefined) return task;
  never ??= new AbortController().signal;
  return { name: thisThread().name, signal: never, checkpoint() {} };
}
