/**
 * Reports what callbacks of the user's throw, or reject with, whatever it is: it harms nobody else.
 */

import { isThenable } from "../ipc/workers/_task_context.ts";

/** @param what Names the callback. */
export function report(what: () => string, error: unknown): void {
  const message = `Herd: error while calling ${nameOf(what)}:`;
  try {
    console.error(message, error);
  } catch {
    console.error(message, "an error that can't be shown");
  }
}

/**
 * Reports the error of a callback that may be asynchronous.
 *
 * @param returned What it has returned.
 */
export function reportLater(what: () => string, returned: unknown): void {
  if (isThenable(returned)) Promise.resolve(returned).catch((error) => report(what, error));
}

/** What is named may not want to be looked at, either. */
function nameOf(what: () => string): string {
  try {
    return what();
  } catch {
    return "a callback";
  }
}
