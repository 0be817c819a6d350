/**
 * A chunk of a `map` in the worker: one function, called for each row of its columns.
 */

import { Separator } from "./_codec.ts";
import { isThenable } from "./_task_context.ts";
import type { RunningTask } from "./current_task.ts";

/** What a row of a chunk raised, with the results before it. */
export class RowError {
  constructor(readonly results: unknown[], readonly error: unknown) {}
}

/** Calls `fn` for each row of `columns`, one after the other. */
export function runRows(
  fn: (...args: unknown[]) => unknown,
  columns: readonly unknown[][],
  task: RunningTask,
): unknown[] | RowError | Promise<unknown[] | RowError> {
  const results: unknown[] = [];
  const rows = columns[0]!.length;
  const separator = new Separator();
  const only = columns.length === 1 ? columns[0] : undefined;
  try {
    for (let row = 0; row < rows; row++) {
      task.checkpoint();
      const result = only !== undefined ? fn(only[row]) : fn(...columns.map((c) => c[row]));
      if (isThenable(result)) return finishRows(fn, columns, task, results, result, separator);
      results.push(separator.separate(result));
    }
  } catch (error) {
    return new RowError(results, error);
  }
  return results;
}

/** Goes on with the rows after the first that gave a promise. */
async function finishRows(
  fn: (...args: unknown[]) => unknown,
  columns: readonly unknown[][],
  task: RunningTask,
  results: unknown[],
  first: PromiseLike<unknown>,
  separator: Separator,
): Promise<unknown[] | RowError> {
  try {
    results.push(separator.separate(await first));
    for (let row = results.length; row < columns[0]!.length; row++) {
      task.checkpoint();
      results.push(separator.separate(await fn(...columns.map((column) => column[row]))));
    }
  } catch (error) {
    return new RowError(results, error);
  }
  return results;
}
