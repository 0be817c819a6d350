/**
 * The errors of what can't be asked of an object, since the process that it lives in is gone.
 */

import { RuntimeError } from "./errors.ts";

const gone = new WeakSet<object>();

/** The error of an object whose process can't be named. */
export function goneError(what: string): RuntimeError {
  return asGone(
    new RuntimeError(
      `Cannot ${what}: the process that the object lives in has ended, or let go of this one`,
    ),
  );
}

/** Marks an error as one that says so. */
export function asGone<E extends Error>(error: E): E {
  gone.add(error);
  return error;
}

/** Whether an error says so. */
export function isGone(error: unknown): boolean {
  return typeof error === "object" && error !== null && gone.has(error);
}
