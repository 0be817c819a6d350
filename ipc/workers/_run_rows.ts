/**
 * A chunk of a `map` in the worker: one function, called for each row of its columns.
 */

import { Separator } from "../values/_codec.ts";
import { isThenable } from "./_task_context.ts";
import type { RunningTask } from "../current_task.ts";

/** What a row of a chunk raised, with the results before it. */
export class RowError {
  constructor(readonly results: unknown[], readonly error: unknown) {}
}

/** The results of every row, with anything in place of those of the rows that raised. */
export class EveryRow {
  readonly results: unknown[] = [];
  readonly errors: { readonly row: number; readonly error: unknown }[] = [];
}

/** What becomes of a chunk. */
type Ending = unknown[] | RowError | EveryRow;

/**
 * Calls `fn` for each row of `columns`, one after the other.
 *
 * @param every Whether those after a row that raised are called too.
 */
export function runRows(
  fn: (...args: unknown[]) => unknown,
  columns: readonly unknown[][],
  task: RunningTask,
  every: boolean,
): Ending | Promise<Ending> {
  const run = new Run(columns, task, every);
  const { results, separator } = run;
  const rows = columns[0]!.length;
  const only = columns.length === 1 ? columns[0] : undefined;
  for (let row = 0; row < rows; row++) {
    try {
      task.checkpoint();
      const result = only !== undefined ? fn(only[row]) : fn(...columns.map((c) => c[row]));
      if (isThenable(result)) return finishRows(fn, run, result);
      results.push(separator.separate(result));
    } catch (error) {
      if (!run.goesOnAfter(error)) return new RowError(results, error);
    }
  }
  return run.ending;
}

/** Goes on with the rows after the first that gave a promise. */
async function finishRows(
  fn: (...args: unknown[]) => unknown,
  run: Run,
  first: PromiseLike<unknown>,
): Promise<Ending> {
  const { columns, task, results, separator } = run;
  let next: PromiseLike<unknown> | undefined = first;
  while (results.length < columns[0]!.length) {
    try {
      const row = results.length;
      const result: unknown = next ?? (task.checkpoint(), fn(...columns.map((c) => c[row])));
      next = undefined;
      results.push(separator.separate(await result));
    } catch (error) {
      next = undefined;
      if (!run.goesOnAfter(error)) return new RowError(results, error);
    }
  }
  return run.ending;
}

/** A chunk that runs. */
class Run {
  readonly columns: readonly unknown[][];
  readonly task: RunningTask;
  readonly separator = new Separator();
  readonly #every: EveryRow | undefined;
  readonly results: unknown[];

  constructor(columns: readonly unknown[][], task: RunningTask, every: boolean) {
    this.columns = columns;
    this.task = task;
    this.#every = every ? new EveryRow() : undefined;
    this.results = this.#every?.results ?? [];
  }

  /** The next row raised; whether the rows after it are called. */
  goesOnAfter(error: unknown): boolean {
    if (this.#every === undefined || this.task.isObedient(error)) return false;
    this.#every.errors.push({ row: this.results.length, error });
    this.results.push(undefined);
    return true;
  }

  /** All rows were called. */
  get ending(): Ending {
    return this.#every ?? this.results;
  }
}
