/**
 * The thread that runs the code.
 *
 * @module
 */

/** A thread: the main one, or a worker of a pool. */
export interface ThreadInfo {
  /** `MainThread`, or the worker's name, such as `ThreadPoolExecutor-0_1`. */
  readonly name: string;
}

let current: ThreadInfo = Object.freeze({ name: "MainThread" });

/** Names this realm's thread; for worker entries. */
export function nameThread(name: string): void {
  current = Object.freeze({ name });
}

/**
 * The thread that runs the caller. Semantics: CPython's `threading.current_thread`.
 *
 * @returns Its description.
 *
 * @example
 * ```ts
 * import { current_thread } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(current_thread().name, "MainThread");
 * ```
 */
export function current_thread(): ThreadInfo {
  return current;
}
