/** The executor suite over threads. */

import { assertEquals } from "@std/assert";
import { BrokenThreadPool, task, ThreadPoolExecutor } from "../../mod.ts";
import { executorSuite } from "../suites/executor_suite.ts";
import { FileGate, pass, ThreadGate } from "../suites/executor_tasks.ts";

executorSuite({
  name: "ThreadPoolExecutor",
  make: (options) => new ThreadPoolExecutor(options),
  expression: (options) => `new herd.ThreadPoolExecutor(${options})`,
  prefix: "ThreadPoolExecutor",
  broken: BrokenThreadPool,
  gate: () => new ThreadGate(),
  takesBack: true,
  gaps: {},
});

Deno.test("A gate of files holds a task as one in shared memory does", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new FileGate();
  const future = executor.submit(
    task(import.meta.resolve("../suites/executor_tasks.ts"), pass),
    gate.ticket,
    "passed",
  );
  await gate.arrivals(1);
  assertEquals(future.done(), false);
  gate.open();
  assertEquals(await future, "passed");
});
