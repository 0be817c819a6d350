/**
 * The process that the code runs in, the one that started it, and those that it has started.
 *
 * @module
 */

import { checkTimeout, limit, type WaitOptions } from "../sync/_deadline.ts";
import { activeProcesses } from "./processes/_active_processes.ts";
import { parentEnd, parentIsAlive } from "./processes/_parent_life.ts";
import { Inherited } from "./processes/_own_work.ts";
import { isThreadOfParent, thisProcess } from "./processes/_this_process.ts";
import { Process } from "./process.ts";

let current: Process | undefined;

/** For entries: the object whose `run` is what this process does. */
export function setCurrentProcess(process: Process): void {
  current = process;
}

/**
 * The process that runs the caller. Semantics: CPython's `multiprocessing.current_process`.
 *
 * @returns In a child the {@linkcode Process} whose `run` it does; `MainProcess` in the program itself.
 *
 * @example
 * ```ts
 * import { current_process } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(current_process().name, "MainProcess");
 * assertEquals(current_process().pid, Deno.pid);
 * ```
 */
export function current_process(): Process {
  return current ??= Reflect.construct(Process, [new Inherited(thisProcess())]);
}

/** The process that started the current one, as {@linkcode parent_process} gives it. */
export interface ParentProcess {
  /** Its name when it made the current process. */
  readonly name: string;
  /** Its process ID. */
  readonly pid: number;
  /** The same as `pid`. */
  readonly ident: number;
  /** Whether it still runs. */
  is_alive(): boolean;
  /**
   * Waits for it to end. The current process ends soon after: this is the time to put things in order.
   *
   * @param timeout Milliseconds after which to wait no longer.
   */
  join(timeout?: number): Promise<void>;
}

let parent: ParentProcess | undefined;

/** Resolves when the limits say so. */
function never(limits: WaitOptions): Promise<void> {
  return new Promise((resolve) => void limit(limits, () => resolve()));
}

/**
 * The process that started the current one. Semantics: CPython's `multiprocessing.parent_process`.
 *
 * @returns `null` in the program itself.
 *
 * @example
 * ```ts
 * import { parent_process } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parent_process(), null);
 * ```
 */
export function parent_process(): ParentProcess | null {
  const known = thisProcess().parent;
  if (known === null) return null;
  // A Web Worker that is a process ends with the realm that has started it: it will not see the end.
  const isThread = isThreadOfParent();
  return parent ??= {
    ...known,
    ident: known.pid,
    is_alive: isThread ? () => true : parentIsAlive,
    async join(timeout) {
      checkTimeout(timeout);
      if (isThread) await never({ timeout });
      else await parentEnd({ timeout });
    },
  };
}

/**
 * The children that run, of those that this thread has started as a {@linkcode Process}. Semantics:
 * CPython's `multiprocessing.active_children`, but that workers of executors are not among them.
 *
 * @returns Those that have not ended, in the order of their start.
 *
 * @example
 * ```ts
 * import { active_children, Process } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const process = new Process({ target: () => {} });
 * process.start();
 * assertEquals(active_children(), [process]);
 * await process.join();
 * assertEquals(active_children(), []);
 * ```
 */
export function active_children(): Process[] {
  return activeProcesses();
}
