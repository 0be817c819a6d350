/**
 * How many rows a chunk of a `map` shall have: as many as take a few milliseconds, by the measured time
 * of earlier ones, and at most twice as many as the one before.
 */

import type { Call } from "../ipc/callable.ts";

/** Milliseconds of work in a chunk, at first: half of what a worker has at a time. */
const CHUNK_TIME = 1;
/** Longer maps have longer chunks, of a hundredth of their time so far, up to this. */
const LONGEST_CHUNK_TIME = 8;
/** The most rows in a chunk: more costs memory, and no message is any cheaper. */
const MOST_ROWS = 16_384;
/** Chunks out at a time, per worker: one runs, one waits, one is being read. */
export const CHUNKS_AHEAD = 4;

/** The sizes of one map's chunks. */
export class ChunkSizes {
  readonly #call: Call;
  readonly #fixed: number | undefined;
  readonly #share: number;
  readonly #start = performance.now();
  #last = 0.5;

  /**
   * @param fixed The size, where it was asked for.
   * @param share The most rows that a chunk may have.
   */
  constructor(call: Call, fixed: number | undefined, share: number) {
    this.#call = call;
    this.#fixed = fixed;
    this.#share = share;
  }

  /** How many rows the chunk that begins now shall have; not always a whole number, and then any is more. */
  next(): number {
    if (this.#fixed !== undefined) return this.#fixed;
    const { mean } = this.#call;
    const hundredth = (performance.now() - this.#start) / 100;
    const time = Math.min(Math.max(CHUNK_TIME, hundredth), LONGEST_CHUNK_TIME);
    const fitting = mean === undefined ? 1 : Math.min(time / mean, MOST_ROWS);
    return Math.min(fitting, this.#last * 2, this.#share);
  }

  /** A chunk of so many rows was made. */
  made(rows: number): void {
    this.#last = Math.max(1, rows);
  }
}

/** The rows of a function's calls that make a chunk's first milliseconds. */
export function rowsOfChunk({ mean }: Call): number {
  if (mean === undefined) return 1;
  return Math.max(1, Math.min(CHUNK_TIME / mean, MOST_ROWS));
}
