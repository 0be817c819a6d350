/**
 * The classes of contexts: those of Herd that start processes, bound to one method.
 */

import { Process } from "../ipc/process.ts";
import type { ProcessOptions } from "../ipc/processes/_process_options.ts";
import type { StartMethod } from "../ipc/processes/_start_method.ts";
import { type ManagerOptions, SyncManager } from "../ipc/mod.ts";
import { Pool, type PoolSettings } from "./pool.ts";

/** Options without the context, which is settled. */
export type Bound<T> = Omit<T, "context">;

/** What a context has of its own. */
export interface ContextClasses {
  /** `Process`, started by the context's method, and named for it: `SpawnProcess-1`. */
  readonly Process:
    & (new (options?: Bound<ProcessOptions>) => Process)
    & Pick<typeof Process, "module">;
  /** `Pool`, whose workers are started by the context's method. */
  readonly Pool: new (processes?: number | Bound<PoolSettings>) => Pool;
  /**
   * Starts a manager, whose server is started by the context's method.
   *
   * @returns The manager, which runs.
   */
  Manager(): Promise<SyncManager>;
}

class SpawnProcess extends Process {
  constructor(options?: Bound<ProcessOptions>) {
    super({ ...options, context: "spawn" });
  }
}

class WorkerProcess extends Process {
  constructor(options?: Bound<ProcessOptions>) {
    super({ ...options, context: "worker" });
  }
}

class SpawnPool extends Pool {
  constructor(processes?: number | Bound<PoolSettings>) {
    super({ ...settingsOf(processes), context: "spawn" });
  }
}

class WorkerPool extends Pool {
  constructor(processes?: number | Bound<PoolSettings>) {
    super({ ...settingsOf(processes), context: "worker" });
  }
}

function settingsOf(processes: number | Bound<PoolSettings> | undefined): Bound<PoolSettings> {
  return typeof processes === "object" ? processes : { processes };
}

/** Starts a manager whose server is started by that method. */
export function startManager(ctx: NonNullable<ManagerOptions["ctx"]>): Promise<SyncManager> {
  return new SyncManager({ ctx }).start();
}

/** By method. */
export const CLASSES: Readonly<Record<StartMethod, ContextClasses>> = {
  spawn: { Process: SpawnProcess, Pool: SpawnPool, Manager: () => startManager("spawn") },
  worker: { Process: WorkerProcess, Pool: WorkerPool, Manager: () => startManager("worker") },
};
