/**
 * The children that run, of those that this realm has started as processes of their own.
 *
 * The end of the program is the end of the daemons among them; Deno tells of it by an event, during which
 * nothing can be waited for. The others end when they see the end of their channel, as daemons do when
 * there is no event.
 */

import type { ChildLife } from "./_child_life.ts";
import type { Process } from "../process.ts";

const active = new Map<Process, ChildLife>();
let isListening = false;

/** It has started. */
export function addActive(process: Process, life: ChildLife): void {
  active.set(process, life);
  if (isListening) return;
  isListening = true;
  addEventListener("unload", () => {
    for (const life of active.values()) if (life.isDaemon) life.signal("SIGTERM");
  });
}

/** It has ended. */
export function deleteActive(process: Process): void {
  active.delete(process);
}

/** Those that run, in the order of their start. */
export function activeProcesses(): Process[] {
  return [...active.keys()];
}

/** What is known of those that run. */
export function activeLives(): Iterable<ChildLife> {
  return active.values();
}
