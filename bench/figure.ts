/** One metric of one work: who came to what. */
import type { Entry } from "./run.ts";
import { summarize, type Summary } from "./stats.ts";
import type { Metric, Runtime } from "./work.ts";
import type { WorkerKind } from "./job.ts";

/** One contender's figure. */
export interface Row {
  readonly contender: string;
  readonly kind: WorkerKind;
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

const CPYTHON: Readonly<Record<string, string>> = {
  "cpython-threads": "CPython threads",
  "cpython-processes": "CPython processes",
  "cpython-pool": "CPython Pool",
};

/** What the contenders are called that are no packages; the packages keep their names. */
const NAMES: Readonly<Record<WorkerKind, Readonly<Record<string, string>>>> = {
  threads: { herd: "Herd", raw: "postMessage", ...CPYTHON },
  processes: {
    herd: "Herd processes",
    raw: "a socket by hand",
    bare: "an empty deno run",
    tinypool: "tinypool processes",
    workerpool: "workerpool processes",
    ...CPYTHON,
  },
  pools: { herd: "Herd", "cpython-pool": "CPython multiprocessing.Pool" },
  programs: { herd: "Herd programs", loop: "a loop by hand" },
  sync: {
    herd: "Herd",
    atomics: "Atomics by hand",
    "cpython-processes": "CPython multiprocessing",
  },
  queues: { herd: "Herd", "cpython-processes": "CPython multiprocessing" },
  managers: { herd: "Herd", "cpython-processes": "CPython multiprocessing" },
};

/** `Herd`, `postMessage`, `Herd processes`, `piscina on Node`, … */
export function label({ contender, kind, runtime }: Pick<Row, "contender" | "kind" | "runtime">) {
  const name = NAMES[kind][contender] ?? contender;
  return runtime === "node" ? `${name} on Node` : name;
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
    const { contender, kind, runtime } = entry;
    const named = { contender, kind, runtime, notes };
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
