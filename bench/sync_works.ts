/** What is measured of synchronisation primitives, and what is to be reached: data only. */
import type { Metric, Target, Work } from "./work.ts";
import type { PrimitiveName } from "./job.ts";

const CONTENDERS = { deno: ["herd", "atomics"], node: [], python: ["cpython-processes"] };
const HERD_ALONE = { deno: ["herd"], node: [], python: [] };

const PENDING = [10, 100, 1_000, 10_000];

/** What each primitive is measured by, for those that have it. */
const METRICS: readonly Metric[] = [
  { name: "ns sync", title: "alone, …Sync", unit: "ns", better: "lower", charted: true },
  { name: "ratio sync", title: "alone, …Sync, against Atomics", unit: "×", better: "lower" },
  { name: "ns async", title: "alone, awaited", unit: "ns", better: "lower", charted: true },
  { name: "us sync", title: "hand-over, …Sync", unit: "µs", better: "lower", charted: true },
  { name: "over sync", title: "hand-over, …Sync, against Atomics", unit: "×", better: "lower" },
  { name: "us async", title: "hand-over, awaited", unit: "µs", better: "lower", charted: true },
  { name: "over async", title: "hand-over, awaited, against Atomics", unit: "×", better: "lower" },
];

const BEATS_CPYTHON: readonly Target[] = ["ns sync", "us sync"].map((metric) => (
  { kind: "beats every peer", metric }
));

function work(
  measure: PrimitiveName,
  title: string,
  targets: readonly Target[],
  metrics = METRICS,
): Work {
  return {
    measure,
    kind: "sync",
    title,
    metrics,
    targets,
    contenders: CONTENDERS,
    baseline: "atomics",
    shared: true,
    full: { rounds: 3, repeats: 60, count: 300 },
    quick: { rounds: 1, repeats: 10, count: 50 },
  };
}

/** The works over primitives, in the order of the report. */
export const syncWorks: readonly Work[] = [
  work("lock", "acquire and release; two threads in lockstep, by three of them", [
    { kind: "at most", metric: "ratio sync", value: 1.5 },
    { kind: "at most", metric: "ns async", value: 300 },
    { kind: "at most", metric: "over sync", value: 1.3 },
    { kind: "at most", metric: "over async", value: 1.3 },
    { kind: "beats every peer", metric: "ns sync" },
  ]),
  work("semaphore", "acquire and release; two threads in turns, by two of them", BEATS_CPYTHON),
  work("event", "set, wait, clear; two threads in turns, by two of them", BEATS_CPYTHON),
  work("condition", "acquire, notify, release; two threads in turns, by wait_for", BEATS_CPYTHON),
  work("barrier", "a round of one party; a round of two", BEATS_CPYTHON),
  work(
    "value",
    "add 1 to a Value",
    [
      { kind: "at most", metric: "ratio sync", value: 1.2 },
      { kind: "beats every peer", metric: "ns sync" },
    ],
    METRICS.slice(0, 2),
  ),
  {
    measure: "pending",
    kind: "sync",
    title: "up to {count} pending acquisitions of one lock, made and granted",
    metrics: [
      ...PENDING.map((count): Metric => ({
        name: `us ${count}`,
        title: `a waiter, ${count.toLocaleString("en")} pending`,
        unit: "µs",
        better: "lower",
        charted: count === 10_000,
      })),
      { name: "make", title: "to make them all, in one go", unit: "ms", better: "lower" },
      { name: "stall", title: "longest stall while granted", unit: "ms", better: "lower" },
    ],
    targets: [
      { kind: "flat", metrics: PENDING.map((count) => `us ${count}`), factor: 2 },
      { kind: "at most", metric: "stall", value: 10 },
    ],
    contenders: HERD_ALONE,
    baseline: "herd",
    shared: false,
    full: { rounds: 3, repeats: 5, count: 10_000 },
    quick: { rounds: 1, repeats: 2, count: 10_000 },
  },
  {
    measure: "soak",
    kind: "sync",
    title: "{count} s of all primitives at random, with time-outs, aborts and killed threads",
    metrics: [
      { name: "rate", title: "rate", unit: "operations/s", better: "higher" },
      { name: "kills", title: "killed threads", unit: "", better: "higher" },
    ],
    targets: [],
    contenders: HERD_ALONE,
    baseline: "herd",
    shared: false,
    full: { rounds: 1, repeats: 1, count: 60 },
    quick: { rounds: 1, repeats: 1, count: 5 },
  },
];
