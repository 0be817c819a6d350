/**
 * The callbacks of a pool's results: each is called once, here, when the outcome is there and before
 * whoever waits for it goes on. What one throws, or rejects with, is printed and harms nobody else.
 */

import { report, reportLater } from "./_report.ts";
import { aTypeOf, type OptionRules } from "../sync/_options.ts";
import { type Future, outcomeOf } from "./future.ts";

/** Who is told of an outcome. */
export interface Callbacks<T> {
  /** Called once with the result. */
  callback?: ((result: T) => unknown) | undefined;
  /** Called once with the error, when there is no result. */
  error_callback?: ((error: unknown) => unknown) | undefined;
}

const aFunction = aTypeOf("a function", (value) => typeof value === "function");

/** The rules of {@linkcode Callbacks}. */
export const CALLBACK_RULES: OptionRules = { callback: aFunction, error_callback: aFunction };

/** Has the callbacks called, never before the caller has the result in hand. */
export function addCallbacks<T>(future: Future<T>, options: Callbacks<T>): void {
  const { callback, error_callback } = options;
  if (callback === undefined && error_callback === undefined) return;
  const tell = () => {
    const outcome = outcomeOf(future);
    if ("result" in outcome) call("callback", callback, outcome.result);
    else call("error_callback", error_callback, outcome.error);
  };
  if (future.done()) queueMicrotask(tell);
  else future.add_done_callback(tell);
}

function call<V>(name: string, callback: ((value: V) => unknown) | undefined, value: V): void {
  if (callback === undefined) return;
  const what = () => `the ${name} of a pool's result`;
  try {
    reportLater(what, callback(value));
  } catch (error) {
    report(what, error);
  }
}
