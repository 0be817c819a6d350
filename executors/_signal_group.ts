/**
 * The tasks that one `AbortSignal` cancels: one listener for all of them, and only while there are any.
 */

import { cancelBecause } from "./future.ts";
import type { SignalGroup, Task } from "./_task.ts";

/** The group of a signal; each submitter with a signal has one. */
export function signalGroup(signal: AbortSignal): SignalGroup {
  const tasks = new Set<Task>();
  const abort = (task: Task) => {
    task.worker?.revokeOrStop(task);
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
