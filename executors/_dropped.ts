/**
 * Pools and executors that nobody can reach any more: they take no more tasks, and their workers end with
 * the last one.
 */

import type { Scheduler } from "./_scheduler.ts";

const dropped = new FinalizationRegistry((scheduler: Scheduler) => {
  scheduler.shutdown(false, false);
});

/** Shuts `scheduler` down, which must not know `owner`, once `owner` is collected. */
export function shutDownWhenDropped(owner: object, scheduler: Scheduler): void {
  dropped.register(owner, scheduler);
}
