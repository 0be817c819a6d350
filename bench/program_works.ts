/** What is measured of external programs, and what is to be reached: data only. */
import type { Work } from "./work.ts";

/** The works over programs, in the order of the report. */
export const programWorks: readonly Work[] = [
  {
    measure: "commands",
    kind: "programs",
    title: "{count} × the program `true`, two at a time",
    metrics: [
      { name: "ms", title: "all of them", unit: "ms", better: "lower", charted: true },
      { name: "ratio", title: "against a loop by hand, in turns", unit: "×", better: "lower" },
    ],
    targets: [{ kind: "at most", metric: "ratio", value: 1.1 }],
    contenders: { deno: ["herd", "loop"], node: [], python: [] },
    baseline: "loop",
    shared: true,
    full: { rounds: 3, repeats: 20, count: 200 },
    quick: { rounds: 1, repeats: 10, count: 200 },
  },
];
