/**
 * Threads that look like processes, for `dummy`.
 */

import { activeThreads } from "./_active_threads.ts";
import { Thread } from "../thread.ts";

/**
 * A {@linkcode Thread} with the `exitcode` of a `Process`, as Python's `multiprocessing.dummy.Process`: for
 * programs that are written for processes and are to run over threads.
 *
 * It can't be ended from outside: there is no `terminate`, `kill` or `close`.
 *
 * @example
 * ```ts
 * import { dummy } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const process = new dummy.Process({ target: () => {} });
 * process.start();
 * await process.join();
 * assertEquals(process.exitcode, 0);
 * ```
 */
export class DummyProcess extends Thread {
  /** 0 once it has ended, also of an error, which a thread has no code for; `null` before that. */
  get exitcode(): number | null {
    return this.ident === null || this.is_alive() ? null : 0;
  }
}

/**
 * Those that run, of those that this thread has started.
 *
 * @returns In the order of their start.
 */
export function active_children(): DummyProcess[] {
  return activeThreads().filter((thread) => thread instanceof DummyProcess);
}
