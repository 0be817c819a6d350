/**
 * Managers in a thread, for `dummy`.
 */

import type { SyncManager } from "../ipc/mod.ts";
import { startManager } from "./_context_classes.ts";

/**
 * Starts a manager whose server is a thread.
 *
 * @returns The manager, which runs.
 */
export function Manager(): Promise<SyncManager> {
  return startManager("worker");
}
