/**
 * `Pool.imap` and `Pool.imap_unordered`: results as somebody reads them, each item's by itself.
 *
 * ```
 * inputs ─► calls on their way ─► outcomes at hand ─► next()
 *           └─ held: no more than a few milliseconds of work a worker ─┘
 * ```
 *
 * An item that fails rejects its own `next()`, and the reading may go on after it. Rows that nobody has
 * been given yet are held; while there are as many as may be, nothing more is read. When the pool's end is
 * awaited, {@linkcode PoolImap.release} reads on to the end of the inputs, whatever is held.
 */

import { after, checkTimeout } from "../sync/_deadline.ts";
import { CancelledError, TimeoutError } from "../sync/errors.ts";
import { ChunkFeed, type Failure, type Fed } from "./_chunk_feed.ts";
import { CHUNKS_AHEAD, rowsOfChunk } from "./_chunk_size.ts";
import type { Inputs } from "./_inputs.ts";
import type { PoolBackend, Work } from "./_pool_backend.ts";
import { AsFinished, InOrder, type Line } from "./_pool_lines.ts";
import type { Feeder } from "./_scheduler.ts";
import type { ChunkOutcome } from "./_settle.ts";
import type { Task } from "./_task.ts";
import { type Future, type Outcome, outcomeOf } from "./future.ts";

/** The most calls a worker ahead, by a fourth: more costs memory, and saves hardly a message. */
const MOST_AHEAD = 1024;

/** How results are given. */
export interface ImapOptions {
  readonly chunksize: number;
  readonly ordered: boolean;
}

/** What a pool does with an imap that has something left to read. */
export type Imap = Pick<PoolImap<unknown>, "stop" | "release">;

/** The pool, which lives as long as somebody reads. */
export interface ImapOwner {
  /** There is nothing left to read; may be told again. */
  over(imap: Imap): void;
}

type Waiter<R> = PromiseWithResolvers<IteratorResult<R, undefined>>;

/** See the head of the file. */
export class PoolImap<R>
  implements AsyncIterableIterator<R, undefined>, AsyncDisposable, Feeder, Fed {
  readonly #backend: PoolBackend;
  readonly #work: Work;
  readonly #chunksize: number;
  readonly #owner: ImapOwner;
  readonly #feed: ChunkFeed;
  readonly #line: Line;
  /** At hand; the first is the next to be given. */
  #outcomes: readonly Outcome<unknown>[] = [];
  #given = 0;
  /** Rows that were read and not given, and those of them that have no outcome. */
  #held = 0;
  #running = 0;
  #isReading = true;
  /** Why there are no more rows, when the inputs did not just end. */
  #failure: Failure | undefined = undefined;
  /** Whether the last that was given was an error: its reader may not come back. */
  #gaveError = false;
  #released = false;
  /** Whether the pool's end waits for more rows. */
  #isFeeder = false;
  #over = false;
  readonly #waiters = new Set<Waiter<R>>();

  constructor(
    backend: PoolBackend,
    work: Work,
    inputs: Inputs,
    { chunksize, ordered }: ImapOptions,
    owner: ImapOwner,
  ) {
    this.#backend = backend;
    this.#work = work;
    this.#chunksize = chunksize;
    this.#owner = owner;
    this.#line = ordered ? new InOrder() : new AsFinished();
    this.#feed = new ChunkFeed(inputs, this);
  }

  /** Begins to read, once the owner knows it. */
  start(): this {
    this.#readOn();
    return this;
  }

  next(timeout?: number): Promise<IteratorResult<R, undefined>> {
    const waiter: Waiter<R> = Promise.withResolvers();
    try {
      checkTimeout(timeout);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#gaveError = false;
    this.#waiters.add(waiter);
    this.#serve();
    if (timeout !== undefined && this.#waiters.has(waiter)) this.#limit(waiter, timeout);
    return waiter.promise;
  }

  #limit(waiter: Waiter<R>, timeout: number): void {
    const over = () => {
      if (!this.#waiters.delete(waiter)) return;
      const message = `Cannot give the next result: none within ${timeout} ms`;
      waiter.reject(new TimeoutError(message));
    };
    if (timeout <= 0) return over();
    const stop = after(timeout, over);
    waiter.promise.then(stop, stop);
  }

  return(): Promise<IteratorResult<R, undefined>> {
    this.#finish();
    this.#serve();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** No more rows are wanted by the pool. */
  stop(error: Error): void {
    this.#feed.stop({ error });
  }

  /**
   * The pool's end is awaited: all that is left to read is read, to be held for whoever reads it. But a
   * reader that was given an error and has not come back has likely left for good, and the input may have
   * no end.
   */
  release(): void {
    if (this.#gaveError) {
      const why = "the pool was joined while nobody read";
      return this.stop(new CancelledError(`Cannot go on with an imap: ${why}`));
    }
    this.#released = true;
    this.#readOn();
  }

  /**
   * Begins to read when half of what may be held was given, and then reads as much as may be: calls that
   * are submitted together travel together.
   */
  wantsRow(): boolean {
    const bound = this.#bound();
    if (this.#released) return this.#running < bound;
    this.#isReading = this.#held < (this.#isReading ? bound : bound / 2);
    return this.#isReading;
  }

  #bound(): number {
    const ahead = CHUNKS_AHEAD * this.#backend.maxWorkers;
    return ahead * Math.max(this.#chunksize, Math.min(rowsOfChunk(this.#work.call), MOST_AHEAD));
  }

  read(): void {
    this.#held++;
  }

  nextSize(): number {
    return this.#chunksize;
  }

  isUrgent(): boolean {
    return false;
  }

  take(columns: unknown[][], rows: number): void {
    const task = this.#chunksize === 1
      ? this.#backend.callLater(this.#work, columns.map((column) => column[0]))
      : this.#backend.callRows(this.#work, columns, rows);
    this.#line.add(task);
    this.#running += rows;
    task.add_done_callback(this.#onDone);
  }

  ended(failure: Failure | undefined): void {
    this.#failure = failure;
    this.#updateFeeder();
    this.#serve();
  }

  readonly #onDone = (task: Future<unknown>): void => {
    this.#line.done(task as Task);
    this.#running -= Math.max(1, (task as Task).rows);
    if (this.#released) this.#readOn();
    this.#serve();
  };

  /** Reads what may be read; the pool knows before that there is more to come. */
  #readOn(): void {
    this.#updateFeeder();
    this.#feed.feed();
    this.#updateFeeder();
  }

  #updateFeeder(): void {
    if (this.#feed.isOver) this.#owner.over(this);
    // Where all is read in any case, the pool's end waits for that.
    const isFeeder = !this.#feed.isOver && (this.#released || this.wantsRow());
    if (isFeeder === this.#isFeeder) return;
    this.#isFeeder = isFeeder;
    if (isFeeder) this.#backend.addFeeder(this);
    else this.#backend.removeFeeder(this);
  }

  /** Gives what is there to those who wait. Reading on and finishing may come back here. */
  #serve(): void {
    for (let [waiter] = this.#waiters; waiter !== undefined; [waiter] = this.#waiters) {
      if (this.#given < this.#outcomes.length || this.#takeOutcomes()) {
        this.#waiters.delete(waiter);
        const outcome = this.#takeOutcome();
        if ("result" in outcome) waiter.resolve({ done: false, value: outcome.result as R });
        else this.#reject(waiter, outcome.error);
        this.#readOn();
      } else if (this.#over || (this.#line.isEmpty && this.#feed.isOver)) {
        this.#waiters.delete(waiter);
        const failure = this.#failure;
        this.#failure = undefined;
        if (failure !== undefined) this.#reject(waiter, failure.error);
        else waiter.resolve({ done: true, value: undefined });
      } else return;
    }
  }

  #reject(waiter: Waiter<R>, error: unknown): void {
    this.#gaveError = true;
    waiter.reject(error);
  }

  #takeOutcome(): Outcome<unknown> {
    const outcome = this.#outcomes[this.#given++]!;
    this.#held--;
    // What was given is the reader's alone.
    if (this.#given === this.#outcomes.length) this.#outcomes = [];
    if (this.#outcomes.length === 0) this.#given = 0;
    return outcome;
  }

  /** Takes the outcomes that are next to hand; `false` when they are not there. */
  #takeOutcomes(): boolean {
    const task = this.#line.next();
    if (task === undefined) return false;
    this.#outcomes = outcomesOf(task);
    this.#given = 0;
    return true;
  }

  /** Nothing more is wanted. */
  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = undefined;
    this.#outcomes = [];
    this.#given = 0;
    if (!this.#feed.isOver) this.#feed.drop();
    this.#updateFeeder();
    for (const task of this.#line.drain()) task.cancel();
  }
}

/** What became of each row of a call or chunk. */
function outcomesOf(task: Task): readonly Outcome<unknown>[] {
  const outcome = outcomeOf(task);
  if (task.rows === 0) return [outcome];
  if ("error" in outcome) return new Array(task.rows).fill(outcome);
  const { results, failures } = outcome.result as ChunkOutcome;
  return Array.from(
    { length: task.rows },
    (_, row) => failures?.has(row) ? { error: failures.get(row) } : { result: results[row] },
  );
}
