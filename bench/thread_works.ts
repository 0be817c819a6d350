/** What is measured of threads, and what is to be reached: data only. */
import type { Metric, Work } from "./work.ts";

const PEERS = ["poolifier", "piscina", "tinypool", "workerpool"];
const CPYTHON = ["cpython-threads", "cpython-processes"];
const ALL = { deno: ["herd", "raw", ...PEERS], node: ["raw", ...PEERS], python: CPYTHON };

/** Milliseconds of the `mixed` work if nothing but the tasks took time. */
const IDEAL_ONE = 90;
const IDEAL_TWO = 500 + 90 / 2;

const LENGTHS = [1_000, 10_000, 100_000, 1_000_000];

/** The works over threads, in the order of the report. */
export const threadWorks: readonly Work[] = [
  {
    measure: "burst",
    kind: "threads",
    title: "{count} empty tasks submitted at once, all awaited",
    metrics: [
      { name: "rate", title: "rate", unit: "tasks/s", better: "higher", charted: true },
    ],
    targets: [
      { kind: "times the best", of: PEERS, who: "JavaScript peer", metric: "rate", factor: 10 },
      { kind: "at least", metric: "rate", value: 800_000 },
    ],
    contenders: ALL,
    baseline: "raw",
    shared: false,
    full: { rounds: 3, repeats: 2, count: 200_000 },
    quick: { rounds: 1, repeats: 1, count: 20_000 },
  },
  {
    measure: "roundtrip",
    kind: "threads",
    title: "one empty task at a time",
    metrics: [
      { name: "us", title: "round trip", unit: "µs", better: "lower", charted: true },
      {
        name: "ratio",
        title: "against postMessage, block by block",
        unit: "×",
        better: "lower",
        charted: true,
      },
    ],
    targets: [
      { kind: "at most", metric: "ratio", value: 1.15 },
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
    kind: "threads",
    title: "map of a small function over {count} numbers",
    metrics: [
      { name: "rate", title: "rate", unit: "items/s", better: "higher", charted: true },
    ],
    targets: [{ kind: "at least", metric: "rate", value: 2_000_000 }],
    contenders: { deno: ["herd"], node: [], python: ["cpython-processes", "cpython-pool"] },
    baseline: "raw",
    shared: false,
    full: { rounds: 3, repeats: 2, count: 1_000_000 },
    quick: { rounds: 1, repeats: 1, count: 100_000 },
  },
  {
    measure: "cpu",
    kind: "threads",
    title: "fixed work in tasks of 5–50 ms, two workers against one",
    metrics: [
      { name: "speedup", title: "speed-up", unit: "×", better: "higher", charted: true },
    ],
    targets: [{ kind: "at least", metric: "speedup", value: 1.9 }],
    contenders: ALL,
    baseline: "raw",
    shared: false,
    full: { rounds: 3, repeats: 1, count: 80 },
    quick: { rounds: 1, repeats: 1, count: 12 },
  },
  {
    measure: "mixed",
    kind: "threads",
    title: "{count} tasks of 1 ms submitted behind tasks of 500 ms",
    metrics: [
      {
        name: "one",
        title: "last short one behind 1 long",
        unit: "ms",
        better: "lower",
        charted: true,
      },
      {
        name: "two",
        title: "last short one behind 2 long",
        unit: "ms",
        better: "lower",
        charted: true,
      },
    ],
    targets: [
      { kind: "at most", metric: "one", value: 1.25 * IDEAL_ONE },
      { kind: "at most", metric: "two", value: 1.1 * IDEAL_TWO },
    ],
    contenders: ALL,
    baseline: "raw",
    shared: false,
    full: { rounds: 3, repeats: 2, count: 90 },
    quick: { rounds: 1, repeats: 1, count: 90 },
  },
  {
    measure: "first",
    kind: "threads",
    title: "a new pool until its first result",
    metrics: [
      { name: "ms", title: "first result", unit: "ms", better: "lower", charted: true },
      { name: "ratio", title: "against a bare Worker, in turns", unit: "×", better: "lower" },
    ],
    targets: [{ kind: "at most", metric: "ratio", value: 1.3 }],
    contenders: ALL,
    baseline: "raw",
    shared: true,
    full: { rounds: 3, repeats: 1, count: 20 },
    quick: { rounds: 1, repeats: 1, count: 4 },
  },
  {
    measure: "queue",
    kind: "threads",
    title: "up to {count} queued empty tasks",
    metrics: [
      { name: "bytes", title: "heap a queued task", unit: "B", better: "lower", charted: true },
      ...LENGTHS.map((length): Metric => ({
        name: `us ${length}`,
        title: `a task, ${length.toLocaleString("en")} queued`,
        unit: "µs",
        better: "lower",
        charted: length === 100_000,
      })),
    ],
    targets: [
      { kind: "at most", metric: "bytes", value: 500 },
      { kind: "flat", metrics: LENGTHS.map((length) => `us ${length}`), factor: 2 },
    ],
    contenders: { ...ALL, deno: ["herd", ...PEERS], node: PEERS },
    baseline: "raw",
    shared: false,
    full: { rounds: 3, repeats: 1, count: 1_000_000 },
    quick: { rounds: 1, repeats: 1, count: 100_000 },
  },
];
