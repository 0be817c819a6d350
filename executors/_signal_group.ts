/**
 * The tasks that one `AbortSignal` cancels: one listener for all of them, and only while there are any.
 */

import { cancelBecause, type Future } from "./future.ts";

/** Tasks that one signal cancels. */
export interface SignalGroup<T extends Future<unknown>> {
  /** Has the task cancelled when the signal is aborted; at once when it is already. */
  add(task: T): void;
  /** The task is done. */
  delete(task: T): void;
}

/** The group of a signal; `stop` is called for a task before it is cancelled. */
export function signalGroup<T extends Future<unknown>>(
  signal: AbortSignal,
  stop?: (task: T) => void,
): SignalGroup<T> {
  const tasks = new Set<T>();
  const abort = (task: T) => {
    stop?.(task);
    cancelBecause(task, signal.reason);
  };
  const onAbort = () => {
    for (const task of [...tasks]) abort(task);
  };
  return {
    add(task) {
      if (signal.aborted) return abort(task);
      if (tasks.size === 0) signal.addEventListener("abort", onAbort);
      tasks.add(task);
    },
    delete(task) {
      if (tasks.delete(task) && tasks.size === 0) signal.removeEventListener("abort", onAbort);
    },
  };
}
