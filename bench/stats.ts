/** What many samples of one figure come to. */
export interface Summary {
  readonly median: number;
  /** The quartiles: half of all samples lie between them. */
  readonly low: number;
  readonly high: number;
  readonly least: number;
  readonly most: number;
  readonly samples: number;
}

/** The value below which the share `part` of the samples lies, between neighbours in proportion. */
function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** The median, `NaN` of nothing. */
export function median(samples: readonly number[]): number {
  return quantile(samples.toSorted((a, b) => a - b), 0.5);
}

/** Median, quartiles and ends. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    least: quantile(sorted, 0),
    most: quantile(sorted, 1),
    samples: sorted.length,
  };
}
