/** What becomes of a worker whose task was aborted and runs on: only a deadline frees it. */

import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  type PoolExecutor,
  ProcessPoolExecutor,
  task,
  ThreadPoolExecutor,
} from "../../mod.ts";
import { noZombies } from "../support/processes.ts";
import { echoWorker, linger, spin } from "./aborted_tasks.ts";
import { HANG, until, within } from "../support/hang_guards.ts";
import { Folder, marked, poolBy } from "./process_pools.ts";

const TASKS = import.meta.resolve("./aborted_tasks.ts");
const SPIN = task(TASKS, spin);
const LINGER = task(TASKS, linger);
const WORKER = task(TASKS, echoWorker);

const POOLS: Record<string, () => PoolExecutor> = {
  "socket": () => poolBy("socket")({ max_workers: 1 }),
  "pipes": () => poolBy("pipes")({ max_workers: 1 }),
  "workers": () => new ProcessPoolExecutor({ mp_context: "worker", max_workers: 1 }),
  "killable threads": () => new ThreadPoolExecutor({ killable: true, max_workers: 1 }),
};

/** One test for each kind of pool. */
function each(name: string, fn: (executor: PoolExecutor, folder: Folder) => Promise<void>): void {
  for (const [kind, make] of Object.entries(POOLS)) {
    Deno.test(`${name} (${kind})`, async () => {
      using folder = new Folder();
      await using executor = make();
      await fn(executor, folder);
    });
  }
}

each("A task that is aborted and runs on is ended at its deadline", async (executor, folder) => {
  const before = await executor.submit(WORKER);
  const controller = new AbortController();
  const { signal } = controller;
  const future = executor.options({ signal, deadline: 3000 }).submit(SPIN, folder.at("begun"));
  await until(() => folder.has("begun"), "it has begun");
  controller.abort("enough");
  const error = await assertRejects(() => future.result(HANG), CancelledError);
  assertEquals(error.cause, "enough");
  // It waits for the only worker, or for its successor.
  assertNotEquals(await executor.submit(WORKER).result(HANG), before);
});

each(
  "A task that is aborted and ends before its deadline is left alone",
  async (executor, folder) => {
    const before = await executor.submit(WORKER);
    const controller = new AbortController();
    const { signal } = controller;
    const lingering = executor.options({ signal, deadline: 60_000 })
      .submit(LINGER, folder.at("begun"), folder.at("open"));
    await until(() => folder.has("begun"), "it has begun");
    controller.abort();
    await assertRejects(() => lingering.result(HANG), CancelledError);
    const next = executor.submit(WORKER);
    folder.open("open");
    assertEquals(await next.result(HANG), before);
  },
);

each("A pool that is shut down does not wait for a deadline", async (executor, folder) => {
  const controller = new AbortController();
  const { signal } = controller;
  const future = executor.options({ signal, deadline: 60_000 }).submit(SPIN, folder.at("begun"));
  await until(() => folder.has("begun"), "it has begun");
  controller.abort();
  await assertRejects(() => future.result(HANG), CancelledError);
  await within(executor.shutdown(), "shutdown()");
  assert(future.cancelled());
});

Deno.test("No process of these tests is left, nor a zombie", async () => {
  await marked.gone();
  await noZombies();
});
