/** What is measured of pools, as `multiprocessing.Pool` has them, and what is to be reached: data only. */
import type { Work } from "./work.ts";

const CPYTHON = ["cpython-pool"];
const BOTH = { deno: ["herd"], node: [], python: CPYTHON };

/** The works of pools over processes, in the order of the report. */
export const poolWorks: readonly Work[] = [
  {
    measure: "burst",
    kind: "pools",
    title: "apply_async of an empty function {count} times at once, all awaited",
    metrics: [
      { name: "rate", title: "rate", unit: "calls/s", better: "higher", charted: true },
    ],
    targets: [
      { kind: "times the best", of: CPYTHON, who: "CPython pool", metric: "rate", factor: 5 },
    ],
    contenders: BOTH,
    baseline: "herd",
    shared: false,
    full: { rounds: 3, repeats: 3, count: 100_000 },
    quick: { rounds: 1, repeats: 1, count: 20_000 },
  },
  {
    measure: "map",
    kind: "pools",
    title: "map of a small function over {count} numbers",
    metrics: [
      { name: "rate", title: "rate", unit: "items/s", better: "higher", charted: true },
    ],
    targets: [
      { kind: "times the best", of: CPYTHON, who: "CPython pool", metric: "rate", factor: 1 },
    ],
    contenders: BOTH,
    baseline: "herd",
    shared: false,
    full: { rounds: 3, repeats: 3, count: 1_000_000 },
    quick: { rounds: 1, repeats: 1, count: 100_000 },
  },
  {
    measure: "imap",
    kind: "pools",
    title: "imap of a small function over {count} numbers, one by one",
    metrics: [
      { name: "rate", title: "rate", unit: "items/s", better: "higher", charted: true },
    ],
    targets: [
      { kind: "times the best", of: CPYTHON, who: "CPython pool", metric: "rate", factor: 5 },
    ],
    contenders: BOTH,
    baseline: "herd",
    shared: false,
    full: { rounds: 3, repeats: 3, count: 200_000 },
    quick: { rounds: 1, repeats: 1, count: 20_000 },
  },
];
