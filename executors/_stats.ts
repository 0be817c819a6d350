/**
 * Durations, counted cheaply enough to be counted always.
 *
 * A histogram with four buckets an octave of microseconds: percentiles are right within an eighth, the
 * rest is exact.
 */

/** A summary of measured times, all in milliseconds; all 0 when nothing was measured. */
export interface DurationStats {
  /** The shortest. */
  readonly min: number;
  /** The mean. */
  readonly mean: number;
  /** The median, within an eighth. */
  readonly p50: number;
  /** The 99th percentile, within an eighth. */
  readonly p99: number;
  /** The longest. */
  readonly max: number;
}

const STEPS = 4;
const OCTAVES = 42;

/** Collects durations. */
export class Durations {
  readonly #buckets = new Uint32Array(STEPS * OCTAVES);
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = 0;

  /** Counts `times` durations of `ms` milliseconds. */
  add(ms: number, times = 1): void {
    this.#count += times;
    this.#sum += ms * times;
    if (ms < this.#min) this.#min = ms;
    if (ms > this.#max) this.#max = ms;
    this.#buckets[bucketOf(ms)]! += times;
  }

  /** The summary so far. */
  summary(): DurationStats {
    if (this.#count === 0) return { min: 0, mean: 0, p50: 0, p99: 0, max: 0 };
    return {
      min: this.#min,
      mean: this.#sum / this.#count,
      p50: this.#percentile(0.5),
      p99: this.#percentile(0.99),
      max: this.#max,
    };
  }

  #percentile(share: number): number {
    let left = this.#count * share;
    const bucket = this.#buckets.findIndex((count) => (left -= count) <= 0);
    return Math.min(this.#max, Math.max(this.#min, middleOf(bucket)));
  }
}

function bucketOf(ms: number): number {
  const us = ms * 1000;
  if (us < 1) return 0;
  return Math.min(STEPS * OCTAVES - 1, 1 + Math.floor(Math.log2(us) * STEPS));
}

/** The geometric middle of a bucket, in milliseconds. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : 2 ** ((bucket - 0.5) / STEPS) / 1000;
}
