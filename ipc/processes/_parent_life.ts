/**
 * Whether the process that started this one still runs.
 *
 * The system gives an orphan another parent, and tells nobody: it has to be looked at.
 */

import { limit, type WaitOptions } from "../../sync/_deadline.ts";

/** Milliseconds between two looks: how late the news of the end may be. */
const PERIOD = 50;

const parent = Deno.ppid;

/** Whether it still runs. */
export function parentIsAlive(): boolean {
  return Deno.ppid === parent;
}

/** Resolves when it has ended; to false when the limits came first. Keeps the process alive. */
export function parentEnd(limits: WaitOptions = {}): Promise<boolean> {
  return new Promise((resolve) => {
    const over = (ended: boolean) => {
      clearInterval(timer);
      stop();
      resolve(ended);
    };
    const look = () => {
      if (!parentIsAlive()) over(true);
    };
    const timer = setInterval(look, PERIOD);
    const stop = limit(limits, () => over(!parentIsAlive()));
  });
}

/** Calls `then` once it has ended, unless stopped before. Does not keep the process alive. */
export function onParentEnd(then: () => void): () => void {
  const timer = setInterval(() => {
    if (parentIsAlive()) return;
    clearInterval(timer);
    then();
  }, PERIOD);
  Deno.unrefTimer(timer);
  return () => clearInterval(timer);
}
