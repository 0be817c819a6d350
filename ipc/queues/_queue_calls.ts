/**
 * What the calls of queues have in common: their options, and what they throw.
 */

import type { AcquireOptions, AcquireSyncOptions } from "../../sync/_acquirable.ts";
import { A_SIGNAL, A_TIMEOUT, type Deadline, deadlineOf, forever } from "../../sync/_drive.ts";
import { aTypeOf, type OptionRule } from "../../sync/_options.ts";
import { RuntimeError, ValueError } from "../../sync/errors.ts";
import { Full, ShutDown } from "../queue_errors.ts";

/** How to put or get: whether to wait, for how many milliseconds, and a signal. */
export type QueueOptions = AcquireOptions;
/** The same where the thread is blocked meanwhile. */
export type QueueSyncOptions = AcquireSyncOptions;

/** A boolean. */
export const A_BOOLEAN = aTypeOf("a boolean", (value) => typeof value === "boolean");
/** What a call may be given that gives a promise. */
export const RULES = { block: A_BOOLEAN, timeout: A_TIMEOUT, signal: A_SIGNAL };
/** The same for one that blocks. */
export const SYNC_RULES = { block: A_BOOLEAN, timeout: A_TIMEOUT };
/** How many items there may be. */
export const MAXSIZE: OptionRule = {
  wanted: "an integer, of at least 1 for a limit",
  allows: (value) => Number.isSafeInteger(value) && (value as number) < 2 ** 31,
};
/** Without waiting. */
export const NOW = { block: false };
/** The deadline of a put that has none. */
export const PUT = forever("put an item");
/** The same of a get. */
export const GET = forever("get an item");

/** The deadline of a call. */
export function queueDeadline(
  none: Deadline,
  options: QueueOptions | undefined,
  rules: typeof RULES | typeof SYNC_RULES,
): Deadline {
  if (options === undefined) return none;
  const deadline = deadlineOf(none.what, options, rules);
  return options?.block === false ? { ...deadline, until: -Infinity } : deadline;
}

/** Why an item was not put. */
export function notPut(end: "full" | "shut", maxsize: number): Error {
  if (end === "shut") return shutDown("put an item", "");
  return new Full(`Cannot put an item: the queue was full of ${maxsize} items for all the time`);
}

/** See `putSync`. */
export function behindItself(what = "put an item", verb = "puts"): RuntimeError {
  return new RuntimeError(
    `Cannot ${what}: it would wait for ever behind those that this thread ${verb} without blocking: ` +
      "await those before",
  );
}

/** See `getSync`. */
export function behindChild(): RuntimeError {
  return new RuntimeError(
    "Cannot get an item: what there is was sent ahead to a child process, which this thread would have to " +
      "hear of to get it, and it would wait for ever: use await get()",
  );
}

/** The queue was shut down. */
export function shutDown(what: string, more: string): ShutDown {
  return new ShutDown(`Cannot ${what}: the queue was shut down${more}`);
}

/** The queue was closed. */
export function closedError(what: string): ValueError {
  return new ValueError(`Cannot ${what}: the queue was closed here`);
}
