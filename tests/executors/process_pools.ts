/** What the tests of process pools have in common: pools of both kinds of channel, and what to wait for. */

import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import {
  BrokenExecutor,
  BrokenProcessPool,
  type Future,
  ProcessPoolExecutor,
  type ProcessPoolOptions,
  RuntimeError,
  task,
} from "../../mod.ts";
import { HANG, outcome } from "../support/hang_guards.ts";
import { Marked } from "../support/processes.ts";
import { meet, perform } from "./process_crash_tasks.ts";

/** The URL of the tasks. */
export const TASKS = import.meta.resolve("./process_crash_tasks.ts");
export const PERFORM = task(TASKS, perform);
const MEET = task(TASKS, meet);

export const marked = new Marked();

export type Way = "socket" | "pipes";

const ALL = { env: true, ffi: true, import: true, net: true, read: true, run: true, sys: true };

/** A child that is denied some network can't be let connect to one socket either. */
const PIPES = { ...ALL, write: true, deny: { net: ["192.0.2.1"] } };

/** Makes pools whose children are reached this way. */
export function poolBy(way: Way) {
  return (options: ProcessPoolOptions = {}) =>
    new ProcessPoolExecutor({
      max_workers: 2,
      ...(way === "pipes" ? { permissions: PIPES } : {}),
      ...options,
      env: { ...marked.env, NO_COLOR: "1" },
    });
}

export type Make = ReturnType<typeof poolBy>;

/** One test for each way. */
export function both(name: string, fn: (make: Make, way: Way) => Promise<void>): void {
  for (const way of ["socket", "pipes"] as const) {
    Deno.test(`${name} (${way})`, () => fn(poolBy(way), way));
  }
}

/** A folder, for as long as it is in scope. */
export class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "herd-test-" });

  /** How often the task of this index ran. */
  runs(index: number | string): number {
    try {
      return Deno.readTextFileSync(`${this.path}/${index}`).length;
    } catch {
      return 0;
    }
  }

  /** The path of a file in it. */
  at(name: string): string {
    return `${this.path}/${name}`;
  }

  has(name: string): boolean {
    try {
      return Deno.statSync(this.at(name)).isFile;
    } catch {
      return false;
    }
  }

  open(name: string): void {
    Deno.writeTextFileSync(this.at(name), "");
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

export async function brokenBy(
  future: Future<unknown>,
  message: RegExp,
): Promise<BrokenProcessPool> {
  const error = await outcome(future);
  assertInstanceOf(error, BrokenProcessPool, String(error));
  assertInstanceOf(error, BrokenExecutor);
  assertInstanceOf(error, RuntimeError);
  assertEquals(error.name, "BrokenProcessPool");
  assertMatch(error.message, message);
  return error;
}

/** Has all workers run tiny tasks until they are sent many at a time; how many that are. */
export async function warmUp(executor: ProcessPoolExecutor): Promise<number> {
  using folder = new Folder();
  for (let round = 0; round < 6; round++) {
    const submit = () => executor.submit(PERFORM, folder.path, 0, "return");
    await Promise.all(Array.from({ length: 50 }, submit));
  }
  return 300;
}

/** Has as many workers as there should be work at the same time; returns their process IDs. */
export async function meetAll(
  executor: ProcessPoolExecutor,
  workers: number,
): Promise<Set<number>> {
  using folder = new Folder();
  const futures = Array.from(
    { length: workers },
    () => executor.submit(MEET, folder.path, workers),
  );
  const met = await Promise.all(futures.map((future) => future.result(HANG)))
    .finally(() => futures.map((future) => future.cancel()));
  return new Set(met);
}
