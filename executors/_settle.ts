/**
 * From a worker's answer to a future's outcome.
 */

import { decode, firstUnsendable, type Importer } from "../ipc/values/_codec.ts";
import { errorClass, learnErrorClasses } from "../ipc/values/_error_classes.ts";
import { decodeError, type WireError } from "../ipc/values/_error_codec.ts";
import { type ChunkAnswer, type RowFailure, Status } from "../ipc/workers/_protocol.ts";
import { giveUpUnread } from "../ipc/values/_undelivered.ts";
import { cancelBecause } from "./future.ts";
import { stackOf } from "./_origin.ts";
import type { Task } from "./_task.ts";

/** What became of a chunk of a `map`: the results of its rows up to the first that threw, or of all. */
export interface ChunkOutcome {
  readonly results: readonly unknown[];
  /** What that row threw. */
  readonly failure: { readonly error: unknown } | undefined;
  /** Where all rows were called: what those threw that failed, whose results mean nothing. */
  readonly failures?: ReadonlyMap<number, unknown>;
}

/** Whether an answer is that of a task, or of a row of a chunk, that threw. */
export function hasRaised(status: number, value: unknown): boolean {
  if (status !== Status.chunk) return status === Status.raised;
  const { error, errors } = value as ChunkAnswer;
  return error !== null || (Array.isArray(errors) && errors.length > 0);
}

/** The rows of a chunk that were sent where others could not be, and why. */
const sentRows = new WeakMap<Task, {
  readonly rows: readonly number[];
  readonly failures: ReadonlyMap<number, unknown>;
}>();

/** Why the rows of a chunk end before those that it was given: the next one could not be sent. */
const unsentRow = new WeakMap<Task, { readonly error: unknown }>();

/**
 * Shortens a chunk that could not be sent to the rows before the first that can't be; where every row is
 * to be called, to all that can be.
 *
 * @returns Whether there are such rows, or the chunk is settled; else it fails as a whole.
 */
export function shorten(chunk: Task, explain: (error: unknown) => unknown): boolean {
  const rows = Array.from(
    { length: chunk.rows },
    (_, row) => (chunk.args as unknown[][]).map((column) => column[row]),
  );
  if (chunk.settings.everyRow) return sift(chunk, rows, explain);
  const first = firstUnsendable(rows);
  if (first === undefined || first.index === 0) return false;
  chunk.args = (chunk.args as unknown[][]).map((column) => column.slice(0, first.index));
  unsentRow.set(chunk, { error: explain(first.error) });
  return true;
}

function sift(
  chunk: Task,
  rows: readonly unknown[],
  explain: (error: unknown) => unknown,
): boolean {
  const failures = new Map<number, unknown>();
  for (let from = 0; from < rows.length;) {
    const first = firstUnsendable(rows.slice(from));
    if (first === undefined) break;
    from += first.index;
    failures.set(from++, explain(first.error));
  }
  if (failures.size === 0) return false;
  const sent = [...rows.keys()].filter((row) => !failures.has(row));
  if (sent.length === 0) {
    chunk.set_result({ results: [], failure: undefined, failures } satisfies ChunkOutcome);
    return true;
  }
  chunk.args = (chunk.args as unknown[][]).map((column) => sent.map((row) => column[row]));
  sentRows.set(chunk, { rows: sent, failures });
  return true;
}

/**
 * Settles `task`, unless it is settled.
 *
 * @param importer How objects come from the worker that live there.
 * @param isListed Whether functions that were given themselves may come from a module.
 */
export function settle(
  task: Task,
  [status, value]: readonly [status: number, value: unknown],
  importer: Importer,
  isListed: (url: string) => boolean,
): void {
  if (task.done()) {
    if (status === Status.returnedEncoded) giveUpUnread(value, importer);
    return;
  }
  try {
    settleNow(task, [status, value], importer, isListed);
  } catch (error) {
    if (!task.done()) task.set_exception(error);
  }
}

function settleNow(
  task: Task,
  [status, value]: readonly [status: number, value: unknown],
  importer: Importer,
  isListed: (url: string) => boolean,
): void {
  checkKind(task, status);
  switch (status) {
    case Status.returned:
      return task.set_result(value);
    case Status.returnedEncoded:
      return task.set_result(decode(value, importer));
    case Status.raised:
      return withError(task, value as WireError, isListed, (error) => task.set_exception(error));
    case Status.chunk: {
      if (task.settings.everyRow) {
        return settleEveryRow(task, value as ChunkAnswer, importer, isListed);
      }
      const { results: wire, encoded, error } = value as ChunkAnswer;
      const results = rowsOf(task, encoded ? decode(wire, importer) : wire, error !== null);
      const end = (failure: ChunkOutcome["failure"]) => task.set_result({ results, failure });
      if (error === null) return end(unsentRow.get(task));
      return withError(task, error, isListed, (error) => end({ error }));
    }
    case Status.cancelled:
      cancelBecause(task, undefined);
  }
}

function settleEveryRow(
  task: Task,
  { results: wire, encoded, errors }: ChunkAnswer,
  importer: Importer,
  isListed: (url: string) => boolean,
): void {
  const results = rowsOf(task, encoded ? decode(wire, importer) : wire, false);
  const failures = new Map<number, unknown>();
  if (!isListOfFailures(errors, results.length)) throw unusableRows();
  let left = errors.length;
  const finish = () => task.set_result(allRows(task, results, failures));
  if (left === 0) return finish();
  for (const [row, error] of errors) {
    withError(task, error, isListed, (error) => {
      failures.set(row, error);
      if (--left === 0) finish();
    });
  }
}

function isListOfFailures(errors: unknown, rows: number): errors is readonly RowFailure[] {
  return Array.isArray(errors) &&
    errors.every((entry) =>
      Array.isArray(entry) && Number.isInteger(entry[0]) && entry[0] >= 0 && entry[0] < rows
    );
}

/** The outcome of all rows of a chunk, by that of those that were sent. */
function allRows(
  task: Task,
  results: readonly unknown[],
  failures: ReadonlyMap<number, unknown>,
): ChunkOutcome {
  const sent = sentRows.get(task);
  if (sent === undefined) return { results, failure: undefined, failures };
  const all: unknown[] = new Array(task.rows).fill(undefined);
  const allFailures = new Map(sent.failures);
  for (const [i, row] of sent.rows.entries()) {
    all[row] = results[i];
    if (failures.has(i)) allFailures.set(row, failures.get(i));
  }
  return { results: all, failure: undefined, failures: allFailures };
}

/** What a child process sends may be anything: a chunk's outcome is read by its form. */
function checkKind({ rows }: Task, status: number): void {
  if (rows === 0 ? status !== Status.chunk : status > Status.returnedEncoded) return;
  throw new TypeError("Cannot use the answer of a worker: it is not what the task asked for");
}

/** The results of a chunk, one a row that was sent, or of those before one that failed. */
function rowsOf({ args }: Task, results: unknown, hasFailed: boolean): readonly unknown[] {
  const sent = (args as unknown[][])[0]!.length;
  const isWhole = Array.isArray(results) &&
    (hasFailed ? results.length < sent : results.length === sent);
  if (isWhole) return results;
  throw unusableRows();
}

function unusableRows(): TypeError {
  return new TypeError("Cannot use the answer of a worker: there is not one result a row");
}

/** Decodes an error and has the task settled with it: at once, unless its class must be learnt. */
function withError(
  task: Task,
  wire: WireError,
  isListed: (url: string) => boolean,
  then: (error: unknown) => void,
): void {
  const finish = () => {
    if (task.done()) return;
    then(decodeError(wire, { classes: errorClass, caller: stackOf(task.origin.caller) }));
  };
  // Who was given a function itself has loaded its module; the others are not to be touched.
  const { loadedModule, description } = task.call;
  const isLoaded = (url: string) =>
    url === loadedModule || (description?.url === null && isListed(url));
  const learning = learnErrorClasses(wire, isLoaded);
  if (learning === undefined) finish();
  else {
    learning.then(finish).catch((error) => {
      if (!task.done()) task.set_exception(error);
    });
  }
}
