/**
 * What an executor has done so far: counts of tasks, and how long they waited and ran.
 */

import { type Future, hasFailed, outcomeOf } from "./future.ts";
import type { ChunkOutcome } from "./_settle.ts";
import { Durations, type DurationStats } from "./_stats.ts";
import type { Rows } from "./_task.ts";

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
  ran(waited: number, ran: number, rows: Rows = 0): void {
    const times = Math.max(1, rows);
    this.#wait.add(Math.max(0, waited), times);
    this.#run.add(ran / times, times);
  }

  /** A task got its outcome. */
  settled(task: Future<unknown>, rows: Rows = 0): void {
    if (rows > 0) this.#chunkSettled(task as Future<ChunkOutcome>, rows);
    else if (task.cancelled()) this.#cancelled++;
    else if (hasFailed(task)) this.#failed++;
    else this.#finished++;
  }

  /** Rows after one that threw were not run; they count as cancelled. */
  #chunkSettled(chunk: Future<ChunkOutcome>, rows: Rows): void {
    const outcome = outcomeOf(chunk);
    if ("result" in outcome) {
      const { results, failure } = outcome.result;
      this.#finished += results.length;
      if (failure === undefined) return;
      this.#failed++;
      this.#cancelled += rows - results.length - 1;
    } else if (chunk.cancelled()) this.#cancelled += rows;
    else this.#failed += rows;
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
