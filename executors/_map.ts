/**
 * `Executor.map`: feeds chunks of rows to the scheduler and gives the results in order.
 *
 * ```
 * inputs ─► chunk ─► chunk ─► chunk        next() ◄─ the first chunk's results, row by row
 *           done     running  queued
 * ```
 *
 * At most {@linkcode CHUNKS_AHEAD} chunks a worker are out at a time, so that endless inputs and long
 * ones cost no memory before their turn; with a buffer size, no more rows are out or waiting for the
 * reader than that.
 */

import type { Call } from "../ipc/callable.ts";
import { TimeoutError } from "../sync/errors.ts";
import { abortedError, after } from "../sync/_deadline.ts";
import { ChunkFeed, type Failure, type Fed } from "./_chunk_feed.ts";
import { CHUNKS_AHEAD, ChunkSizes } from "./_chunk_size.ts";
import type { Inputs } from "./_inputs.ts";
import { type Future, outcomeOf } from "./future.ts";
import type { Feeder } from "./_scheduler.ts";
import type { ChunkOutcome } from "./_settle.ts";
import type { Task } from "./_task.ts";

/** What `map` was asked for. */
export interface MapOptions {
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly chunksize: number | undefined;
  readonly buffersize: number | undefined;
}

/** The executor behind a `map`. */
export interface MapBackend {
  readonly maxWorkers: number;
  /** Submits a chunk; throws when the executor takes none. */
  submitChunk(columns: unknown[][], rows: number): Task<ChunkOutcome>;
  /** A shutdown waits from the first to the second. */
  addFeeder(feeder: Feeder): void;
  removeFeeder(feeder: Feeder): void;
}

/** See the head of the file. */
export class MapIterator<R> implements AsyncIterableIterator<R, undefined>, Feeder, Fed {
  readonly #sizes: ChunkSizes;
  readonly #feed: ChunkFeed;
  readonly #options: MapOptions;
  readonly #backend: MapBackend;
  /** When it was called, and when the results must be there, by `performance.now()`. */
  readonly #start = performance.now();
  readonly #end: number;
  /** In the order of their rows; the results of the first are the next to be given. */
  readonly #chunks: Task<ChunkOutcome>[] = [];
  /** Chunks that are not done. */
  #out = 0;
  /** Results at hand, and how many of them were given. */
  #results: unknown[] = [];
  #given = 0;
  /** What comes after the results at hand. */
  #failure: Failure | undefined = undefined;
  /** Rows that were read from the inputs and not given yet. */
  #ahead = 0;
  /** Why there are no more rows, when the inputs did not just end. */
  #feedFailure: Failure | undefined = undefined;
  #over = false;
  readonly #waiters: PromiseWithResolvers<IteratorResult<R, undefined>>[] = [];
  #stopLimit: (() => void) | undefined = undefined;

  constructor(call: Call, inputs: Inputs, options: MapOptions, backend: MapBackend) {
    this.#options = options;
    this.#backend = backend;
    this.#end = this.#start + (options.timeout ?? Infinity);
    // A buffer is shared by all workers.
    const share = (options.buffersize ?? Infinity) / (2 * backend.maxWorkers);
    this.#sizes = new ChunkSizes(call, options.chunksize, share);
    this.#feed = new ChunkFeed(inputs, this);
    if (options.buffersize === undefined) backend.addFeeder(this);
    options.signal?.addEventListener("abort", this.#onAbort);
    this.#feed.feed();
    if (options.signal?.aborted) this.#onAbort();
  }

  next(): Promise<IteratorResult<R, undefined>> {
    if (this.#waiters.length === 0 && this.#given < this.#results.length) {
      const value = this.#take();
      this.#refill();
      return Promise.resolve({ done: false, value });
    }
    const waiter = Promise.withResolvers<IteratorResult<R, undefined>>();
    this.#waiters.push(waiter);
    this.#serve();
    return waiter.promise;
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

  /**
   * Gives what is there to those who wait. Filling the buffer and finishing may come back here: whoever
   * is served waits no longer by then.
   */
  #serve(): void {
    for (let [waiter] = this.#waiters; waiter !== undefined; [waiter] = this.#waiters) {
      if (this.#given < this.#results.length) {
        this.#waiters.shift();
        waiter.resolve({ done: false, value: this.#take() });
        this.#refill();
      } else if (this.#failure !== undefined) {
        this.#waiters.shift();
        waiter.reject(this.#failure.error);
        this.#finish();
      } else if (this.#over || this.#isExhausted()) {
        this.#waiters.shift();
        waiter.resolve({ done: true, value: undefined });
        this.#finish();
      } else if (!this.#openNextChunk()) {
        this.#armLimit();
        return;
      }
    }
    this.#stopLimit?.();
    this.#stopLimit = undefined;
  }

  #take(): R {
    const value = this.#results[this.#given] as R;
    this.#results[this.#given++] = undefined;
    this.#ahead--;
    return value;
  }

  /** A result was given: the buffer has room again. */
  #refill(): void {
    if (this.#options.buffersize !== undefined) this.#feed.feed();
  }

  /** Whether nothing more will come: neither chunks, nor rows, nor an error. */
  #isExhausted(): boolean {
    if (this.#chunks.length > 0 || !this.#feed.isOver) return false;
    this.#failure = this.#feedFailure;
    this.#feedFailure = undefined;
    return this.#failure === undefined;
  }

  /** Takes the results of the first chunk to hand; `false` when they are not there. */
  #openNextChunk(): boolean {
    if (this.#failure !== undefined) return true;
    if (this.#chunks[0]?.done() !== true) return false;
    const outcome = outcomeOf(this.#chunks.shift()!);
    this.#given = 0;
    if ("result" in outcome) {
      this.#results = outcome.result.results as unknown[];
      this.#failure = outcome.result.failure;
    } else {
      this.#results = [];
      this.#failure = outcome;
    }
    return true;
  }

  #armLimit(): void {
    const { timeout } = this.#options;
    if (this.#stopLimit !== undefined || timeout === undefined) return;
    this.#stopLimit = after(this.#end - performance.now(), () => {
      this.#stopLimit = undefined;
      this.#failure = {
        error: new TimeoutError(`Cannot give the next result: none within ${timeout} ms`),
      };
      this.#serve();
    });
  }

  /** The signal cancels the chunks that are out; here it ends the reading, also when nobody waits. */
  readonly #onAbort = (): void =>
    this.stop(abortedError("go on with a map", this.#options.signal!));

  /** The executor wants no more rows. */
  stop(error: Error): void {
    this.#feed.stop({ error });
  }

  /** Nothing more is wanted. */
  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = undefined;
    this.#results = [];
    this.#given = 0;
    this.#stopLimit?.();
    this.#stopFeeding();
    for (const chunk of this.#chunks.splice(0)) chunk.cancel();
  }

  #stopFeeding(): void {
    if (this.#feed.isOver) return;
    this.#feed.drop();
    this.#letGo();
  }

  #letGo(): void {
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    if (this.#options.buffersize === undefined) this.#backend.removeFeeder(this);
  }

  wantsRow(): boolean {
    const { buffersize } = this.#options;
    return buffersize === undefined
      ? this.#out < CHUNKS_AHEAD * this.#backend.maxWorkers
      : this.#ahead < buffersize;
  }

  read(): void {
    this.#ahead++;
  }

  nextSize(): number {
    return this.#sizes.next();
  }

  /** What was read of a buffer must be on its way when the buffer is full. */
  isUrgent(): boolean {
    return this.#ahead >= (this.#options.buffersize ?? Infinity);
  }

  take(columns: unknown[][], rows: number): void {
    this.#sizes.made(rows);
    const chunk = this.#backend.submitChunk(columns, rows);
    this.#chunks.push(chunk);
    this.#out++;
    chunk.add_done_callback(this.#onChunkDone);
  }

  /** What was read before comes before the failure. */
  ended(failure: Failure | undefined): void {
    this.#feedFailure = failure;
    this.#letGo();
    this.#serve();
  }

  readonly #onChunkDone = (chunk: Future<ChunkOutcome>): void => {
    this.#out--;
    const outcome = outcomeOf(chunk);
    if ("error" in outcome || outcome.result.failure !== undefined) this.#stopAfter(chunk);
    this.#feed.feed();
    if (chunk === this.#chunks[0] || this.#chunks.length === 0) this.#serve();
  };

  /** A chunk failed: what comes after it will not be given. */
  #stopAfter(chunk: Future<ChunkOutcome>): void {
    const at = this.#chunks.indexOf(chunk as Task<ChunkOutcome>);
    if (at < 0) return;
    this.#stopFeeding();
    for (const later of this.#chunks.splice(at + 1)) later.cancel();
  }
}
