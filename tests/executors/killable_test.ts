/** The executor suite over killable threads. */

import { BrokenThreadPool, ThreadPoolExecutor } from "../../mod.ts";
import { executorSuite } from "../suites/executor_suite.ts";
import { ThreadGate } from "../suites/executor_tasks.ts";

executorSuite({
  name: "ThreadPoolExecutor({ killable })",
  make: (options) => new ThreadPoolExecutor({ ...options, killable: true }),
  expression: "new herd.ThreadPoolExecutor({ max_workers: 2, killable: true })",
  broken: BrokenThreadPool,
  gate: () => new ThreadGate(),
  gaps: {},
});
