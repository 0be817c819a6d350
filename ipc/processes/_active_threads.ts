/**
 * The threads that run, of those that this realm has started.
 */

import type { ChildLife } from "./_child_life.ts";
import type { Thread } from "../thread.ts";

const active = new Map<Thread, ChildLife>();

/** It has started. */
export function addActiveThread(thread: Thread, life: ChildLife): void {
  active.set(thread, life);
}

/** It has ended. */
export function deleteActiveThread(thread: Thread): void {
  active.delete(thread);
}

/** Those that run, in the order of their start. */
export function activeThreads(): Thread[] {
  return [...active.keys()];
}

/** What is known of those that run. */
export function activeThreadLives(): Iterable<ChildLife> {
  return active.values();
}
