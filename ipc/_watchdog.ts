/**
 * Ends a process whose parent is gone, even when its own event loop never turns again.
 *
 * A thread looks every {@linkcode PERIOD} whether the parent is still the same; an orphan gets another
 * one. The process has then been left for a whole period, which is long enough to see that its channel
 * has ended: who has not gone by itself is busy for good.
 */

import { refWorker } from "./_worker_ref.ts";

/** Milliseconds between two looks. An orphan lives at most twice as long. */
const PERIOD = 500;

const SOURCE = `
const parent = Deno.ppid;
let left = false;
setInterval(() => {
  if (left) Deno.kill(Deno.pid, "SIGKILL");
  left = Deno.ppid !== parent;
}, ${PERIOD});
`;

/** Starts the thread, which does not keep the process alive. */
export function startWatchdog(): void {
  const url = `data:text/javascript,${encodeURIComponent(SOURCE)}`;
  refWorker(new Worker(url, { type: "module", name: "watchdog" }), false);
}
