/**
 * From a worker's answer to a future's outcome.
 */

import { decode } from "../ipc/_codec.ts";
import { errorClass, learnErrorClasses } from "../ipc/_error_classes.ts";
import { decodeError, type WireError } from "../ipc/_error_codec.ts";
import { type PartialChunk, Status } from "../ipc/_protocol.ts";
import { cancelBecause } from "./future.ts";
import type { Task } from "./_task.ts";

/** What became of a chunk of a `map`: the results of its rows up to the first that threw. */
export interface ChunkOutcome {
  readonly results: readonly unknown[];
  /** What that row threw. */
  readonly failure: { readonly error: unknown } | undefined;
}

/**
 * Settles `task`, unless it is settled.
 *
 * @param isLoaded Whether this realm has loaded a module, whose error classes it may know then.
 */
export function settle(
  task: Task,
  status: number,
  value: unknown,
  isLoaded: (url: string) => boolean,
): void {
  if (task.done()) return;
  switch (status) {
    case Status.returned:
      task.set_result(task.rows === 0 ? value : { results: value, failure: undefined });
      break;
    case Status.returnedEncoded:
      try {
        const result = decode(value);
        task.set_result(task.rows === 0 ? result : { results: result, failure: undefined });
      } catch (error) {
        if (!task.done()) task.set_exception(error);
      }
      break;
    case Status.raised:
      withError(task, value as WireError, isLoaded, (error) => task.set_exception(error));
      break;
    case Status.raisedPartly: {
      const { results, encoded, error } = value as PartialChunk;
      withError(task, error, isLoaded, (error) => {
        task.set_result({ results: encoded ? decode(results) : results, failure: { error } });
      });
      break;
    }
    case Status.cancelled:
      cancelBecause(task, undefined);
      break;
  }
}

/** Decodes an error and has the task settled with it: at once, unless its class must be learnt. */
function withError(
  task: Task,
  wire: WireError,
  isLoaded: (url: string) => boolean,
  then: (error: unknown) => void,
): void {
  const finish = () => {
    if (task.done()) return;
    then(decodeError(wire, { classes: errorClass, caller: task.origin.caller.stack }));
  };
  const learning = learnErrorClasses(
    wire,
    (url) => url === task.call.loadedModule || isLoaded(url),
  );
  if (learning === undefined) finish();
  else learning.then(finish);
}
