/**
 * From a worker's answer to a future's outcome.
 */

import { decode, firstUnsendable, type Importer } from "../ipc/_codec.ts";
import { errorClass, learnErrorClasses } from "../ipc/_error_classes.ts";
import { decodeError, type WireError } from "../ipc/_error_codec.ts";
import { type ChunkAnswer, Status } from "../ipc/_protocol.ts";
import { cancelBecause } from "./future.ts";
import { stackOf } from "./_origin.ts";
import type { Task } from "./_task.ts";

/** What became of a chunk of a `map`: the results of its rows up to the first that threw. */
export interface ChunkOutcome {
  readonly results: readonly unknown[];
  /** What that row threw. */
  readonly failure: { readonly error: unknown } | undefined;
}

/** Whether an answer is that of a task, or of a row of a chunk, that threw. */
export function hasRaised(status: number, value: unknown): boolean {
  return status === Status.raised ||
    status === Status.chunk && (value as ChunkAnswer).error !== null;
}

/** Why the rows of a chunk end before those that it was given: the next one could not be sent. */
const unsentRow = new WeakMap<Task, { readonly error: unknown }>();

/**
 * Shortens a chunk that could not be sent to the rows before the first that can't be.
 *
 * @returns Whether there are such rows; else the chunk fails as a whole.
 */
export function shorten(chunk: Task, explain: (error: unknown) => unknown): boolean {
  const rows = Array.from(
    { length: chunk.rows },
    (_, row) => (chunk.args as unknown[][]).map((column) => column[row]),
  );
  const first = firstUnsendable(rows);
  if (first === undefined || first.index === 0) return false;
  chunk.args = (chunk.args as unknown[][]).map((column) => column.slice(0, first.index));
  unsentRow.set(chunk, { error: explain(first.error) });
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
  if (task.done()) return;
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
  throw new TypeError("Cannot use the answer of a worker: there is not one result a row");
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
