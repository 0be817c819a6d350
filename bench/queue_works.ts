/** What is measured of queues, and what is to be reached: data only. */
import type { Work } from "./work.ts";

const PYTHON = "multiprocessing.Queue";

/** The works over queues, in the order of the report. */
export const queueWorks: readonly Work[] = [
  {
    measure: "items",
    kind: "queues",
    title: "{count} numbers through one queue",
    metrics: [
      { name: "rate", title: "1 to 1", unit: "items/s", better: "higher", charted: true },
      { name: "rate 4", title: "4 to 4", unit: "items/s", better: "higher", charted: true },
      { name: "ratio", title: "4 to 4, against 1 to 1", unit: "×", better: "higher" },
    ],
    targets: [
      { kind: "at least", metric: "rate", value: 1_000_000 },
      {
        kind: "times the best",
        of: ["cpython-processes"],
        who: PYTHON,
        metric: "rate",
        factor: 4,
      },
      { kind: "at least", metric: "ratio", value: 0.7 },
    ],
    contenders: { deno: ["herd"], node: [], python: ["cpython-processes"] },
    baseline: "herd",
    shared: false,
    full: { rounds: 3, repeats: 5, count: 400_000 },
    quick: { rounds: 1, repeats: 2, count: 100_000 },
  },
  {
    measure: "large",
    kind: "queues",
    title: "{count} items of 1 MB through one queue, beside copies into fresh memory",
    metrics: [
      { name: "us", title: "an item", unit: "µs", better: "lower", charted: true },
      { name: "copy", title: "a copy", unit: "µs", better: "lower" },
      { name: "ratio", title: "an item, against a copy", unit: "×", better: "lower" },
    ],
    targets: [{ kind: "at most", metric: "ratio", value: 1.5 }],
    contenders: { deno: ["herd"], node: [], python: ["cpython-processes"] },
    baseline: "herd",
    shared: false,
    full: { rounds: 3, repeats: 5, count: 1_000 },
    quick: { rounds: 1, repeats: 2, count: 300 },
  },
  {
    measure: "child",
    kind: "queues",
    title: "{count} numbers from the parent to a child process",
    metrics: [{ name: "rate", title: "rate", unit: "items/s", better: "higher", charted: true }],
    targets: [{
      kind: "times the best",
      of: ["cpython-processes"],
      who: PYTHON,
      metric: "rate",
      factor: 2,
    }],
    contenders: { deno: ["herd"], node: [], python: ["cpython-processes"] },
    baseline: "herd",
    shared: false,
    full: { rounds: 3, repeats: 3, count: 50_000 },
    quick: { rounds: 1, repeats: 1, count: 10_000 },
  },
  {
    measure: "pipe",
    kind: "queues",
    title: "a number there and back through a pipe, between two that block",
    metrics: [{ name: "us", title: "there and back", unit: "µs", better: "lower", charted: true }],
    targets: [{ kind: "beats every peer", metric: "us" }],
    contenders: { deno: ["herd"], node: [], python: ["cpython-processes"] },
    baseline: "herd",
    shared: false,
    full: { rounds: 3, repeats: 5, count: 50_000 },
    quick: { rounds: 1, repeats: 2, count: 10_000 },
  },
];
