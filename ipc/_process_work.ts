/**
 * What a process is to do, and how its child gets the object that does it.
 */

import type { Target } from "./_process_options.ts";
import type { ProcessRecord } from "./_this_process.ts";

/** A call; of nothing, where there is no target. */
export interface Work {
  readonly target: Target | undefined;
  readonly args: readonly unknown[];
}

/** What is left of it when it has been handed over. */
export const NO_WORK: Work = { target: undefined, args: [] };

/** For the constructor of a process that stands for the process in which it is made. */
export class Inherited {
  readonly record: ProcessRecord;
  readonly work: Work;

  constructor(record: ProcessRecord, work = NO_WORK) {
    this.record = record;
    this.work = work;
  }
}

/** Calls the target. */
export function doWork({ target, args }: Work): unknown {
  if (target === undefined) return;
  return typeof target === "function" ? target(...args as never[]) : callExport(target, args);
}

/** For who runs a process's work where it is not resolved: outside of its child. */
async function callExport(
  { url, name }: Exclude<Target, (...args: never[]) => unknown>,
  args: readonly unknown[],
): Promise<unknown> {
  const exports: Record<string, (...args: readonly unknown[]) => unknown> = await import(url);
  return await exports[name]!(...args);
}
