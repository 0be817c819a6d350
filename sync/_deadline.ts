/**
 * `{ timeout, signal }` as one limit on a wait.
 *
 * A limit ends once, by its timeout or by its signal, whichever comes first; whoever waits stops it when
 * the wait is over, so that no timer and no listener outlives the wait.
 */

import { CancelledError, ValueError } from "./errors.ts";

/** How long a wait may take, and what may end it before. */
export interface WaitOptions {
  /** Milliseconds; `undefined` or `Infinity` for no limit, 0 or less to poll. */
  timeout?: number | undefined;
  /** Aborting it ends the wait with a `CancelledError`. */
  signal?: AbortSignal | undefined;
}

/** The longest delay that a timer takes; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Throws a `ValueError` unless `timeout` is `undefined` or a number of milliseconds. */
export function checkTimeout(timeout: unknown, name = "timeout"): asserts timeout is
  | number
  | undefined {
  if (timeout === undefined) return;
  if (typeof timeout !== "number" || Number.isNaN(timeout)) {
    throw new ValueError(
      `Cannot wait: ${name} is ${String(timeout)}: a number of milliseconds is wanted`,
    );
  }
}

/** The error of a wait that `signal` ended. */
export function abortedError(what: string, signal: AbortSignal): CancelledError {
  return new CancelledError(`Cannot ${what}: the signal was aborted`, { cause: signal.reason });
}

/** Calls `then` after `ms` milliseconds, however many; returns what stops it. */
export function after(ms: number, then: () => void): () => void {
  if (ms === Infinity) return () => {};
  const end = performance.now() + ms;
  let timer: ReturnType<typeof setTimeout>;
  const arm = () => {
    // Not less than 0, of which Deno warns: this realm may have been held up since `end` was set.
    const left = Math.max(0, end - performance.now());
    timer = setTimeout(left > LONGEST_TIMER ? arm : then, Math.min(left, LONGEST_TIMER));
  };
  arm();
  return () => clearTimeout(timer);
}

/** Calls `over` once, when the wait has used up its limits; returns what stops both limits. */
export function limit(
  { timeout, signal }: WaitOptions,
  over: (why: "timeout" | "aborted") => void,
): () => void {
  const stopTimer = timeout === undefined ? undefined : after(timeout, () => end("timeout"));
  const onAbort = () => end("aborted");
  const stop = () => {
    stopTimer?.();
    signal?.removeEventListener("abort", onAbort);
  };
  const end = (why: "timeout" | "aborted") => {
    stop();
    over(why);
  };
  signal?.addEventListener("abort", onAbort);
  return stop;
}
