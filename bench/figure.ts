/** One metric of one work: who came to what. */
import type { Entry } from "./run.ts";
import { summarize, type Summary } from "./stats.ts";
import type { Metric, Runtime } from "./works.ts";

/** One contender's figure. */
export interface Row {
  readonly contender: string;
  readonly runtime: Runtime;
  /** Missing when there are no samples. */
  readonly summary?: Summary;
  /** How many times better Herd's median is; missing for Herd itself and where it has none. */
  readonly herdIsBetter?: number;
  /** Why a figure is missing or was measured on less. */
  readonly notes: readonly string[];
}

/** All contenders of one metric, the best first. */
export interface Figure {
  readonly metric: Metric;
  readonly rows: readonly Row[];
}

/** `Herd`, `postMessage`, `piscina on Node`, … */
export function label(row: { readonly contender: string; readonly runtime: Runtime }): string {
  const names: Readonly<Record<string, string>> = {
    herd: "Herd",
    raw: "postMessage",
    loop: "a loop by hand",
    "cpython-threads": "CPython threads",
    "cpython-processes": "CPython processes",
    "cpython-pool": "CPython Pool",
  };
  const name = names[row.contender] ?? row.contender;
  return row.runtime === "node" ? `${name} on Node` : name;
}

/** Sorts the entries of one metric into rows. */
export function figure(metric: Metric, entries: readonly Entry[]): Figure {
  const medianOf = (entry: Entry | undefined) => {
    const samples = entry?.samples[metric.name];
    return samples === undefined ? undefined : summarize(samples).median;
  };
  const herds = medianOf(entries.find(({ contender }) => contender === "herd"));
  const rows = entries.flatMap((entry): Row[] => {
    const samples = entry.samples[metric.name];
    const notes = [...entry.notes];
    if (entry.failed !== undefined) notes.push(`failed: ${entry.failed}`);
    const named = { contender: entry.contender, runtime: entry.runtime, notes };
    // A contender without a figure is worth a row only where that is news.
    if (samples === undefined) return entry.failed === undefined ? [] : [named];
    const summary = summarize(samples);
    if (herds === undefined || entry.contender === "herd") return [{ ...named, summary }];
    const herdIsBetter = metric.better === "higher"
      ? herds / summary.median
      : summary.median / herds;
    return [{ ...named, summary, herdIsBetter }];
  });
  const sign = metric.better === "higher" ? -1 : 1;
  const rank = ({ summary }: Row) => summary === undefined ? Infinity : sign * summary.median;
  return { metric, rows: rows.toSorted((a, b) => rank(a) < rank(b) ? -1 : 1) };
}
