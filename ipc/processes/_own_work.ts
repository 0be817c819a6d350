/**
 * What a process or thread is to do, and how the realm that does it gets its object.
 */

import type { Target } from "./_process_options.ts";

/** A call; of nothing, where there is no target. */
export interface Work {
  readonly target: Target | undefined;
  readonly args: readonly unknown[];
}

/** What is left of it when it has been handed over. */
export const NO_WORK: Work = { target: undefined, args: [] };

/** The work of who is given these options. */
export function newWork(
  target: Target | undefined,
  args: readonly unknown[] = [],
  kwargs?: Readonly<Record<string, unknown>>,
): Work {
  return { target, args: kwargs === undefined ? [...args] : [...args, { ...kwargs }] };
}

/** For the constructor of a process, or thread, that stands for the one in which it is made. */
export class Inherited<Record> {
  readonly record: Record;
  readonly work: Work;

  constructor(record: Record, work = NO_WORK) {
    this.record = record;
    this.work = work;
  }
}

/** Calls the target. */
export function doWork({ target, args }: Work): unknown {
  if (target === undefined) return;
  return typeof target === "function" ? target(...args as never[]) : callExport(target, args);
}

/** For who runs the work where it is not resolved: outside of the process or thread that it is for. */
async function callExport(
  { url, name }: Exclude<Target, (...args: never[]) => unknown>,
  args: readonly unknown[],
): Promise<unknown> {
  const exports: Record<string, (...args: readonly unknown[]) => unknown> = await import(url);
  return await exports[name]!(...args);
}
