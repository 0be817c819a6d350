/**
 * `Pool.map` and `Pool.starmap`: all results in one list.
 *
 * An item that fails keeps no other from being called, and the error is told when all have ended: of
 * several the one of the first item. Inputs are read as workers need them, at most
 * {@linkcode CHUNKS_AHEAD} chunks a worker ahead; one that fails ends the reading, not what is on its way.
 */

import { ChunkFeed, type Failure, type Fed } from "./_chunk_feed.ts";
import { CHUNKS_AHEAD, ChunkSizes } from "./_chunk_size.ts";
import type { Inputs } from "./_inputs.ts";
import type { PoolBackend, Work } from "./_pool_backend.ts";
import type { Feeder } from "./_scheduler.ts";
import type { ChunkOutcome } from "./_settle.ts";
import { Future, type Outcome, outcomeOf } from "./future.ts";

/** How items are put together. */
export interface RowOptions {
  /** Items a chunk; `undefined` for as many as take a few milliseconds. */
  readonly chunksize: number | undefined;
  /** Whether each item is a list of arguments. */
  readonly spread: boolean;
}

/** See the head of the file. */
export class PoolMap<R> implements Feeder, Fed {
  readonly future: Future<R[]> = new Future();
  readonly #backend: PoolBackend;
  readonly #work: Work;
  readonly #sizes: ChunkSizes;
  readonly #feed: ChunkFeed;
  /** The results of each chunk. */
  readonly #parts: (readonly unknown[])[] = [];
  /** Chunks that are not done. */
  #out = 0;
  #failure: Failure | undefined = undefined;
  /** The chunk that it is of. */
  #failedAt = Infinity;

  constructor(backend: PoolBackend, work: Work, inputs: Inputs, { chunksize, spread }: RowOptions) {
    this.#backend = backend;
    this.#work = work;
    this.#sizes = new ChunkSizes(work.call, chunksize, Infinity);
    this.#feed = new ChunkFeed(inputs, this, spread);
    backend.addFeeder(this);
    this.#feed.feed();
  }

  stop(error: Error): void {
    this.#feed.stop({ error });
  }

  wantsRow(): boolean {
    return this.#out < CHUNKS_AHEAD * this.#backend.maxWorkers;
  }

  read(): void {}

  nextSize(): number {
    return this.#sizes.next();
  }

  isUrgent(): boolean {
    return false;
  }

  take(columns: unknown[][], rows: number): void {
    this.#sizes.made(rows);
    const at = this.#parts.push([]) - 1;
    if (columns.length === 0) {
      const task = this.#backend.callLater(this.#work, []);
      this.#out++;
      task.add_done_callback(() => this.#finish(at, oneRow(outcomeOf(task))));
    } else {
      const chunk = this.#backend.callRows(this.#work, columns, rows);
      this.#out++;
      chunk.add_done_callback(() => this.#finish(at, outcomeOf(chunk)));
    }
  }

  ended(failure: Failure | undefined): void {
    if (failure !== undefined) this.#fail(this.#parts.length, failure);
    this.#backend.removeFeeder(this);
    this.#settle();
  }

  #finish(at: number, outcome: Outcome<ChunkOutcome>): void {
    this.#out--;
    if ("error" in outcome) this.#fail(at, outcome);
    else {
      const { results, failures } = outcome.result;
      this.#parts[at] = results;
      if (failures?.size) this.#fail(at, { error: failures.get(lowest(failures.keys())) });
    }
    this.#feed.feed();
    this.#settle();
  }

  #fail(at: number, failure: Failure): void {
    if (at >= this.#failedAt) return;
    this.#failedAt = at;
    this.#failure = failure;
  }

  #settle(): void {
    if (this.#out > 0 || !this.#feed.isOver || this.future.done()) return;
    const parts = this.#parts.splice(0);
    if (this.#failure !== undefined) return this.future.set_exception(this.#failure.error);
    const results: R[] = [];
    for (const part of parts) for (let i = 0; i < part.length; i++) results.push(part[i] as R);
    this.future.set_result(results);
  }
}

/** Not `Math.min(...numbers)`: there may be more of them than a call takes arguments. */
function lowest(numbers: Iterable<number>): number {
  let least = Infinity;
  for (const number of numbers) least = Math.min(least, number);
  return least;
}

/** The outcome of a call in place of a chunk's. */
function oneRow(outcome: Outcome<unknown>): Outcome<ChunkOutcome> {
  if ("error" in outcome) return outcome;
  return { result: { results: [outcome.result], failure: undefined } };
}
