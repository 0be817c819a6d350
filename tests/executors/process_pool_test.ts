/** The executor suite over processes, and over Web Workers that stand in for them. */

import { BrokenProcessPool, ProcessPoolExecutor } from "../../mod.ts";
import { executorSuite, type SuiteOptions } from "../suites/executor_suite.ts";
import { FileGate } from "../suites/executor_tasks.ts";

for (const mp_context of ["spawn", "worker"] as const) {
  executorSuite({
    name: `ProcessPoolExecutor (${mp_context})`,
    make({ thread_name_prefix: _, ...options }: SuiteOptions) {
      return new ProcessPoolExecutor({ ...options, mp_context });
    },
    expression: (options) =>
      `new herd.ProcessPoolExecutor({ mp_context: "${mp_context}", ...${options} })`,
    prefix: "ProcessPoolExecutor",
    broken: BrokenProcessPool,
    gate: () => new FileGate(),
    takesBack: mp_context === "worker",
    gaps: {
      S15: "as in CPython, thread_name_prefix is an option of threads",
    },
  });
}
