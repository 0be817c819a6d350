/** The pool suite over children, over Web Workers that stand in for them, and over threads. */

import { BrokenProcessPool, BrokenThreadPool, Pool, ThreadPool } from "../../mod.ts";
import { FileGate, ThreadGate } from "../suites/executor_tasks.ts";
import { poolSuite } from "../suites/pool_suite.ts";

for (const context of ["spawn", "worker"] as const) {
  poolSuite({
    name: `Pool (${context})`,
    make: (options) => new Pool({ ...options, context }),
    expression: (options) => `new herd.Pool({ context: "${context}", ...${options} })`,
    broken: BrokenProcessPool,
    gate: () => new FileGate(),
  });
}

poolSuite({
  name: "ThreadPool",
  make: (options) => new ThreadPool(options),
  expression: (options) => `new herd.ThreadPool(${options})`,
  broken: BrokenThreadPool,
  gate: () => new ThreadGate(),
});
