/**
 * The thread that runs the code.
 *
 * @module
 */

import { Inherited } from "./processes/_own_work.ts";
import { thisThread } from "./processes/_this_thread.ts";
import { Thread } from "./thread.ts";

let current: Thread | undefined;

/** For entries: the object whose `run` is what this thread does. */
export function setCurrentThread(thread: Thread): void {
  current = thread;
}

/**
 * The thread that runs the caller. Semantics: CPython's `threading.current_thread`.
 *
 * @returns In a thread the {@linkcode Thread} whose `run` it does; else one that stands for the main thread of
 * its process, `MainThread`, or for the worker of a pool, which has the worker's name.
 *
 * @example
 * ```ts
 * import { current_thread } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(current_thread().name, "MainThread");
 * assertEquals(current_thread().is_alive(), true);
 * ```
 */
export function current_thread(): Thread {
  return current ??= Reflect.construct(Thread, [new Inherited(thisThread())]);
}
