/**
 * A picture of what an executor does: every task, when it waited, when it ran, and on which worker.
 *
 * A run is a slice of its worker's lane, a wait a slice of a track of its own, since waits overlap. A worker
 * that runs several tasks at once (`concurrency`) has as many lanes.
 *
 * @module
 */

import { EventFile } from "./_event_file.ts";
import { hasFailed } from "./future.ts";
import type { Task } from "./_task.ts";

/** By how much two times of a worker's clock may be off from each other, in milliseconds. */
const ROUNDING = 0.01;

/** One row of the picture: slices of one lane do not overlap. */
interface Lane {
  readonly id: number;
  /** Where its last slice ends, in milliseconds of `performance.now()`. */
  end: number;
}

/** A worker's answer for one task. */
export interface Run {
  readonly worker: string;
  /** Milliseconds of this realm's `performance.now()`. */
  readonly started: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly failed: boolean;
}

/** A trace that is being written; see {@linkcode PoolExecutor.trace}. */
export interface Trace extends Disposable {
  /**
   * Writes what is left and closes the file. Tasks that are not done are not in it. Does nothing the second
   * time, nor after the executor has shut down, which does the same.
   *
   * @throws {Error} What Deno throws when the file can't be written.
   */
  stop(): void;
}

/** See the head of the file. */
export class TaskTrace implements Trace {
  #file: EventFile | undefined;
  readonly #lanes = new Map<string, Lane[]>();
  #laneCount = 0;
  /** The task whose answer is being handled: its wait has been written. */
  #answered: Task | undefined = undefined;
  #waits = 0;

  /** Creates the file. Throws what Deno throws when it can't. */
  constructor(path: string | URL) {
    this.#file = new EventFile(path);
    this.#name("process_name", 0, "Herd");
  }

  /** Whether tasks are still written down. */
  get isActive(): boolean {
    return this.#file !== undefined;
  }

  /** See {@linkcode Trace.stop}. */
  stop(): void {
    const file = this.#file;
    this.#file = undefined;
    file?.close();
  }

  /** See {@linkcode Trace.stop}. */
  [Symbol.dispose](): void {
    this.stop();
  }

  /** A worker has answered for a task, which is settled next. */
  ran(task: Task, { worker, started, duration, failed }: Run): void {
    this.#answered = task;
    // One that was aborted before its answer came has its wait already.
    if (!task.done()) this.#wait(task, started, undefined);
    const lane = this.#laneOf(worker, started);
    // Times are rounded: a slice may not begin before the one before it has ended.
    const start = Math.max(started, lane.end);
    lane.end = Math.max(start, started + duration);
    const { name, args } = describe(task, failed ? "failed" : undefined);
    this.#add(
      `{"ph":"X","cat":"run","name":${name},"pid":${Deno.pid},"tid":${lane.id},` +
        `"ts":${micros(start)},"dur":${micros(lane.end - start)}${args}}`,
    );
  }

  /** A task has its outcome, from its worker or not. */
  settled(task: Task): void {
    if (this.#answered === task) this.#answered = undefined;
    else this.#wait(task, performance.now(), outcomeOf(task));
  }

  #wait(task: Task, end: number, outcome: string | undefined): void {
    const { name, args } = describe(task, outcome);
    const id = this.#waits++;
    const common = `"cat":"wait","name":${name},"pid":${Deno.pid},"tid":0,"id":${id}`;
    const start = Math.min(task.origin.time, end);
    this.#add(`{"ph":"b",${common},"ts":${micros(start)}${args}}`);
    this.#add(`{"ph":"e",${common},"ts":${micros(end)}}`);
  }

  /** Answers come in the order of the ends of their tasks, so the end of a lane's last slice is all there is to know. */
  #laneOf(worker: string, started: number): Lane {
    let lanes = this.#lanes.get(worker);
    if (lanes === undefined) this.#lanes.set(worker, lanes = []);
    let lane = lanes.find(({ end }) => end <= started + ROUNDING);
    if (lane === undefined) {
      lane = { id: ++this.#laneCount, end: 0 };
      this.#name(
        "thread_name",
        lane.id,
        lanes.length === 0 ? worker : `${worker} (${lanes.length + 1})`,
      );
      lanes.push(lane);
    }
    return lane;
  }

  #name(what: string, lane: number, name: string): void {
    this.#add(JSON.stringify({ ph: "M", name: what, pid: Deno.pid, tid: lane, args: { name } }));
  }

  /** A trace that can't be written ends; the tasks have nothing to do with it. */
  #add(json: string): void {
    try {
      this.#file?.add(json);
    } catch (error) {
      const file = this.#file;
      this.#file = undefined;
      file?.abandon();
      console.error("Cannot go on with the trace of an executor:", error);
    }
  }
}

/** What the events of a task have in common, as JSON. */
function describe(task: Task, outcome?: string): { name: string; args: string } {
  const args = [
    ...(task.rows > 0 ? [`"rows":${task.rows}`] : []),
    ...(outcome === undefined ? [] : [`"outcome":"${outcome}"`]),
  ];
  return {
    name: JSON.stringify(task.call.name || "(anonymous)"),
    args: args.length === 0 ? "" : `,"args":{${args.join(",")}}`,
  };
}

function outcomeOf(task: Task): string {
  if (task.cancelled()) return "cancelled";
  return hasFailed(task) ? "failed" : "returned";
}

function micros(ms: number): number {
  return Math.round(ms * 1000);
}
