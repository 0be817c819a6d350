/** What is measured of processes, and what is to be reached: data only. */
import type { Metric, Work } from "./work.ts";

const PEERS = ["tinypool", "workerpool"];
const CPYTHON = ["cpython-processes"];
const ALL = { deno: ["herd", "raw", ...PEERS], node: PEERS, python: CPYTHON };

function megabytes(name: string, title: string, charted: boolean): Metric {
  return { name, title, unit: "MB/s", better: "higher", charted };
}

/** The works over processes, in the order of the report. */
export const processWorks: readonly Work[] = [
  {
    measure: "burst",
    kind: "processes",
    title: "{count} empty tasks submitted at once, all awaited",
    metrics: [
      { name: "rate", title: "rate", unit: "tasks/s", better: "higher", charted: true },
    ],
    targets: [
      { kind: "times the best", of: CPYTHON, who: "CPython executor", metric: "rate", factor: 10 },
      { kind: "times the best", of: PEERS, who: "JavaScript peer", metric: "rate", factor: 2 },
    ],
    contenders: ALL,
    baseline: "raw",
    shared: false,
    full: { rounds: 3, repeats: 3, count: 100_000 },
    quick: { rounds: 1, repeats: 1, count: 20_000 },
  },
  {
    measure: "roundtrip",
    kind: "processes",
    title: "one empty task at a time",
    metrics: [
      { name: "us", title: "round trip", unit: "µs", better: "lower", charted: true },
      {
        name: "ratio",
        title: "against a socket by hand, block by block",
        unit: "×",
        better: "lower",
        charted: true,
      },
    ],
    targets: [
      { kind: "beats every peer", metric: "ratio" },
      { kind: "beats every peer", metric: "us" },
    ],
    contenders: ALL,
    baseline: "raw",
    shared: true,
    full: { rounds: 3, repeats: 1, count: 5_000 },
    quick: { rounds: 1, repeats: 1, count: 500 },
  },
  {
    measure: "map",
    kind: "processes",
    title: "map of a small function over {count} numbers",
    metrics: [
      { name: "rate", title: "rate", unit: "items/s", better: "higher", charted: true },
    ],
    targets: [{ kind: "at least", metric: "rate", value: 1_000_000 }],
    contenders: { deno: ["herd"], node: [], python: [...CPYTHON, "cpython-pool"] },
    baseline: "raw",
    shared: false,
    full: { rounds: 3, repeats: 2, count: 1_000_000 },
    quick: { rounds: 1, repeats: 1, count: 100_000 },
  },
  {
    measure: "bytes",
    kind: "processes",
    title: "a Uint8Array of {count} MB",
    metrics: [
      megabytes("there", "there", false),
      megabytes("back", "back", false),
      megabytes("both", "there and back, each way", true),
    ],
    targets: ["there", "back", "both"].map((metric) => (
      { kind: "at least", metric, value: 400 }
    )),
    contenders: ALL,
    baseline: "raw",
    shared: false,
    full: { rounds: 3, repeats: 5, count: 64 },
    quick: { rounds: 1, repeats: 2, count: 64 },
  },
  {
    measure: "first",
    kind: "processes",
    title: "a new pool until its first result",
    metrics: [
      { name: "ms", title: "first result", unit: "ms", better: "lower", charted: true },
      {
        name: "ratio",
        title: "against deno run of an empty file, in turns",
        unit: "×",
        better: "lower",
      },
    ],
    targets: [{ kind: "at most", metric: "ratio", value: 2 }],
    contenders: { ...ALL, deno: ["herd", "bare", "raw", ...PEERS] },
    baseline: "bare",
    shared: true,
    full: { rounds: 3, repeats: 1, count: 20 },
    quick: { rounds: 1, repeats: 1, count: 4 },
  },
];
