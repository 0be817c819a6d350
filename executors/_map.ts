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
 * reader than that. A chunk has as many rows as take a few milliseconds, by the measured time of
 * earlier ones, and at most doubles.
 */

import type { Call } from "../ipc/callable.ts";
import { Separator } from "../ipc/_codec.ts";
import { TimeoutError } from "../sync/errors.ts";
import { abortedError, after } from "../sync/_deadline.ts";
import type { Inputs } from "./_inputs.ts";
import { type Future, outcomeOf } from "./future.ts";
import type { Feeder } from "./_scheduler.ts";
import type { ChunkOutcome } from "./_settle.ts";
import type { Task } from "./_task.ts";

/** Milliseconds of work in a chunk, at first: half of what a worker has at a time. */
const CHUNK_TIME = 1;
/** Longer maps have longer chunks, of a hundredth of their time so far, up to this. */
const LONGEST_CHUNK_TIME = 8;
/** The most rows in a chunk: more costs memory, and no message is any cheaper. */
const MOST_ROWS = 16_384;
/** Chunks out at a time, per worker: one runs, one waits, one is being read. */
const CHUNKS_AHEAD = 4;

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
export class MapIterator<R> implements AsyncIterableIterator<R, undefined>, Feeder {
  readonly #call: Call;
  readonly #inputs: Inputs;
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
  /** Sees to it that no two rows of a chunk have an object in common. */
  #separator = new Separator();
  /** Rows of a chunk that is not full yet, as columns. */
  #partial: unknown[][] | undefined = undefined;
  /** Rows that were read from the inputs and not given yet. */
  #ahead = 0;
  /** Rows of the last chunk, and those that the chunk in the making shall have. */
  #size = 0.5;
  #target = 0;
  #reading = false;
  #feeding = true;
  /** Why there are no more rows, when the inputs did not just end. */
  #feedFailure: Failure | undefined = undefined;
  #over = false;
  readonly #waiters: PromiseWithResolvers<IteratorResult<R, undefined>>[] = [];
  #stopLimit: (() => void) | undefined = undefined;

  constructor(call: Call, inputs: Inputs, options: MapOptions, backend: MapBackend) {
    this.#call = call;
    this.#inputs = inputs;
    this.#options = options;
    this.#backend = backend;
    this.#end = this.#start + (options.timeout ?? Infinity);
    if (options.buffersize === undefined) backend.addFeeder(this);
    options.signal?.addEventListener("abort", this.#onAbort);
    this.#feed();
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
    if (this.#options.buffersize !== undefined) this.#feed();
  }

  /** Whether nothing more will come: neither chunks, nor rows, nor an error. */
  #isExhausted(): boolean {
    if (this.#chunks.length > 0 || this.#partial !== undefined || this.#feeding) return false;
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
    this.#stopWith({ error });
  }

  /** Nothing more is wanted. */
  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = undefined;
    this.#results = [];
    this.#given = 0;
    this.#partial = undefined;
    this.#stopLimit?.();
    this.#stopFeeding();
    for (const chunk of this.#chunks.splice(0)) chunk.cancel();
  }

  #stopFeeding(): void {
    if (!this.#feeding) return;
    this.#feeding = false;
    this.#inputs.close();
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    if (this.#options.buffersize === undefined) this.#backend.removeFeeder(this);
  }

  /** Reads rows and submits chunks, as long as more may be out. */
  #feed(): void {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#wantsRow()) {
        const row = this.#inputs.next();
        if (row instanceof Promise) return this.#awaitRow(row);
        if (!this.#add(row)) break;
      }
    } catch (error) {
      this.#stopWith({ error });
    }
    this.#reading = false;
  }

  #wantsRow(): boolean {
    const { buffersize } = this.#options;
    return this.#feeding &&
      (buffersize === undefined
        ? this.#out < CHUNKS_AHEAD * this.#backend.maxWorkers
        : this.#ahead < buffersize);
  }

  /** An input makes it wait: rows that are there do not wait longer than this turn. */
  #awaitRow(row: Promise<unknown[] | undefined>): void {
    if (this.#partial !== undefined) {
      const partial = this.#partial;
      setImmediate(() => {
        if (this.#partial === partial && this.#feeding) this.#guard(() => this.#ship());
      });
    }
    row.then(
      (row) => this.#guard(() => void this.#add(row)),
      (error) => this.#stopWith({ error }),
    ).then(() => {
      this.#reading = false;
      this.#feed();
      this.#serve();
    });
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#stopWith({ error });
    }
  }

  /** Adds a row to the chunk in the making; `false` at the end of the inputs. */
  #add(row: unknown[] | undefined): boolean {
    if (!this.#feeding) return false;
    if (row !== undefined) {
      this.#ahead++;
      if (this.#partial === undefined) {
        this.#partial = row.map(() => []);
        this.#separator = new Separator();
        this.#target = this.#nextSize();
      }
      if (row.some((item) => typeof item === "object")) row = this.#separator.separate(row);
      for (let column = 0; column < row.length; column++) this.#partial[column]!.push(row[column]);
      // What was read of a buffer must be on its way when the buffer is full.
      const full = this.#partial[0]!.length >= this.#target ||
        this.#ahead >= (this.#options.buffersize ?? Infinity);
      if (!full) return true;
    }
    if (this.#partial !== undefined) this.#ship();
    if (row === undefined) this.#stopFeeding();
    return row !== undefined;
  }

  /** How many rows the chunk that begins now shall have. */
  #nextSize(): number {
    const { chunksize, buffersize } = this.#options;
    if (chunksize !== undefined) return chunksize;
    const { mean } = this.#call;
    const hundredth = (performance.now() - this.#start) / 100;
    const time = Math.min(Math.max(CHUNK_TIME, hundredth), LONGEST_CHUNK_TIME);
    const fitting = mean === undefined ? 1 : Math.min(time / mean, MOST_ROWS);
    // A buffer is shared by all workers.
    const share = (buffersize ?? Infinity) / (2 * this.#backend.maxWorkers);
    return Math.min(fitting, this.#size * 2, share);
  }

  #ship(): void {
    const columns = this.#partial!;
    this.#partial = undefined;
    this.#size = Math.max(1, columns[0]!.length);
    const chunk = this.#backend.submitChunk(columns, columns[0]!.length);
    this.#chunks.push(chunk);
    this.#out++;
    chunk.add_done_callback(this.#onChunkDone);
  }

  readonly #onChunkDone = (chunk: Future<ChunkOutcome>): void => {
    this.#out--;
    const outcome = outcomeOf(chunk);
    if ("error" in outcome || outcome.result.failure !== undefined) this.#stopAfter(chunk);
    this.#feed();
    if (chunk === this.#chunks[0] || this.#chunks.length === 0) this.#serve();
  };

  /** A chunk failed: what comes after it will not be given. */
  #stopAfter(chunk: Future<ChunkOutcome>): void {
    const at = this.#chunks.indexOf(chunk as Task<ChunkOutcome>);
    if (at < 0) return;
    this.#stopFeeding();
    this.#partial = undefined;
    for (const later of this.#chunks.splice(at + 1)) later.cancel();
  }

  /** There are no more rows, and `failure` comes after those that there were. */
  #stopWith(failure: Failure): void {
    if (!this.#feeding) return;
    this.#feedFailure = failure;
    if (this.#partial !== undefined) {
      try {
        this.#ship();
      } catch {
        // The executor takes nothing more; the rows are lost with it, and the failure says so.
      }
    }
    this.#stopFeeding();
    this.#serve();
  }
}

/** An error on its way to the reader. */
interface Failure {
  readonly error: unknown;
}
