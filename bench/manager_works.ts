/** What is measured of managers, and what is to be reached: data only. */
import type { Work } from "./work.ts";

const CPYTHON = ["cpython-processes"];

/** The works over managers, in the order of the report. */
export const managerWorks: readonly Work[] = [
  {
    measure: "calls",
    kind: "managers",
    title: "{count} times dict.get of a manager",
    metrics: [
      { name: "alone", title: "one client", unit: "calls/s", better: "higher", charted: true },
      {
        name: "together",
        title: "8 clients in one program",
        unit: "calls/s",
        better: "higher",
        charted: true,
      },
      { name: "apart", title: "8 processes", unit: "calls/s", better: "higher", charted: true },
    ],
    targets: [
      {
        kind: "times the best",
        of: CPYTHON,
        who: "CPython's manager",
        metric: "alone",
        // At most 1.5 times the time.
        factor: 0.67,
      },
      {
        kind: "times the best",
        of: CPYTHON,
        who: "CPython's manager",
        metric: "together",
        factor: 2,
      },
    ],
    contenders: { deno: ["herd"], node: [], python: CPYTHON },
    baseline: "herd",
    shared: false,
    full: { rounds: 3, repeats: 3, count: 40_000 },
    quick: { rounds: 1, repeats: 1, count: 8_000 },
  },
];
