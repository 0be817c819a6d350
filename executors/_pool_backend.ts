/**
 * A pool's scheduler as its calls see it: they know it, and nothing of the pool, which may be dropped
 * while they are on their way.
 */

import { type Call, type Callable, describe } from "../ipc/callable.ts";
import type { AwaitedPool } from "./_own_waits.ts";
import type { Origin } from "./_origin.ts";
import { type Feeder, Scheduler, type SchedulerOptions } from "./_scheduler.ts";
import type { ChunkOutcome } from "./_settle.ts";
import { Task, type TaskSettings } from "./_task.ts";

const SETTINGS: TaskSettings = {
  priority: 0,
  deadline: undefined,
  transfer: [],
  signal: undefined,
  everyRow: true,
};

/** What a pool is to call, and who asked for it. */
export interface Work {
  readonly call: Call;
  readonly origin: Origin;
}

/** See the head of the file. */
export class PoolBackend implements AwaitedPool {
  readonly scheduler: Scheduler;
  readonly maxWorkers: number;
  #submissions = 0;

  constructor(options: SchedulerOptions) {
    this.scheduler = new Scheduler(options);
    this.maxWorkers = options.maxWorkers;
  }

  /**
   * The work of calling `fn`.
   *
   * @param boundary The method that the user called.
   * @throws {TypeError} When it can be seen at once that the function can't travel.
   * @throws {BrokenExecutor} When no worker can be had.
   */
  work(fn: Callable<never[], unknown>, boundary: (...args: never[]) => unknown): Work {
    this.#checkSound();
    const call = describe(fn);
    return { call, origin: this.scheduler.origins.take(call, boundary) };
  }

  /** Submits one call. */
  call({ call, origin }: Work, args: readonly unknown[]): Task {
    return this.#submit(call, args, 0, origin);
  }

  /** Submits one call of a work that goes on, for rows that were read just now. */
  callLater({ call, origin }: Work, args: readonly unknown[]): Task {
    return this.#submit(call, args, 0, { caller: origin.caller, time: performance.now() });
  }

  /** Submits a chunk of such calls. */
  callRows({ call, origin }: Work, columns: unknown[][], rows: number): Task<ChunkOutcome> {
    const now = { caller: origin.caller, time: performance.now() };
    return this.#submit(call, columns, rows, now) as Task<unknown> as Task<ChunkOutcome>;
  }

  #submit(call: Call, args: readonly unknown[], rows: number, origin: Origin): Task {
    this.#checkSound();
    const task = new Task(this.scheduler, call, args, rows, SETTINGS, this.#submissions++, origin);
    this.scheduler.submit(task);
    return task;
  }

  #checkSound(): void {
    if (this.scheduler.broken) throw this.scheduler.brokenError();
  }

  get id(): string {
    return this.scheduler.id;
  }

  hasWorker(name: string): boolean {
    return this.scheduler.hasWorker(name);
  }

  /** The pool's end waits for it until it is removed. */
  addFeeder(feeder: Feeder): void {
    this.scheduler.addFeeder(feeder);
  }

  /** It will submit nothing more for now. */
  removeFeeder(feeder: Feeder): void {
    this.scheduler.removeFeeder(feeder);
  }
}
