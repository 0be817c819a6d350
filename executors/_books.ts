/**
 * What an executor has done so far: counts of tasks, and how long they waited and ran.
 */

import { hasFailed, outcomeOf } from "./future.ts";
import type { ChunkOutcome } from "./_settle.ts";
import { Durations, type DurationStats } from "./_stats.ts";
import type { Task } from "./_task.ts";

/** The part of an executor's statistics that grows; rows of a `map` count as tasks. */
export interface BookStats {
  /** Tasks that returned. */
  readonly finished: number;
  /** Tasks that threw, or whose worker died. */
  readonly failed: number;
  /** Tasks that were cancelled. */
  readonly cancelled: number;
  /** From the submission to the start. */
  readonly wait: DurationStats;
  /** From the start to the end. */
  readonly run: DurationStats;
}

/** Keeps one executor's books. */
export class Books {
  #finished = 0;
  #failed = 0;
  #cancelled = 0;
  readonly #wait = new Durations();
  readonly #run = new Durations();

  /** A worker has run a task. */
  ran(task: Task, waited: number, ran: number): void {
    const rows = Math.max(1, task.rows);
    this.#wait.add(Math.max(0, waited), rows);
    this.#run.add(ran / rows, rows);
  }

  /** A task got its outcome. */
  settled(task: Task): void {
    if (task.rows > 0) this.#chunkSettled(task as Task<ChunkOutcome>);
    else if (task.cancelled()) this.#cancelled++;
    else if (hasFailed(task)) this.#failed++;
    else this.#finished++;
  }

  /** Rows after one that threw were not run; they count as cancelled. */
  #chunkSettled(chunk: Task<ChunkOutcome>): void {
    const outcome = outcomeOf(chunk);
    if ("result" in outcome) {
      const { results, failure } = outcome.result;
      this.#finished += results.length;
      if (failure === undefined) return;
      this.#failed++;
      this.#cancelled += chunk.rows - results.length - 1;
    } else if (chunk.cancelled()) this.#cancelled += chunk.rows;
    else this.#failed += chunk.rows;
  }

  /** The books as they stand. */
  stats(): BookStats {
    return {
      finished: this.#finished,
      failed: this.#failed,
      cancelled: this.#cancelled,
      wait: this.#wait.summary(),
      run: this.#run.summary(),
    };
  }
}
