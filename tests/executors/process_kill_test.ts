/**
 * Tests of `terminate_workers()` and `kill_workers()`: the lines M07 and M09 to M15 of CPython's
 * `test_process_pool.py`, for children by both ways, and for Workers where it makes sense.
 *
 * M11, an unknown operation: there are only these two.
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BrokenProcessPool,
  CancelledError,
  ProcessPoolExecutor,
  type ProcessPoolOptions,
  RuntimeError,
  task,
} from "../../mod.ts";
import { noZombies, stateOf } from "../support/processes.ts";
import { pid, resist, stay } from "./process_crash_tasks.ts";
import { HANG, until, within } from "../support/hang_guards.ts";
import {
  both,
  brokenBy,
  Folder,
  type Make,
  marked,
  meetAll,
  PERFORM,
  TASKS,
  warmUp,
} from "./process_pools.ts";

const PID = task(TASKS, pid);
const RESIST = task(TASKS, resist);
const STAY = task(TASKS, stay);

const WORKER = "worker ProcessPoolExecutor-\\d+_\\d+ \\(process \\d+\\)";

const WAYS = ["terminate_workers", "kill_workers"] as const;

const workers = (options: ProcessPoolOptions = {}) =>
  new ProcessPoolExecutor({ max_workers: 2, ...options, mp_context: "worker" });

/** One test for each kind of pool. */
function each(name: string, fn: (make: Make) => Promise<void>): void {
  both(name, fn);
  Deno.test(`${name} (worker)`, () => fn(workers));
}

for (const end of WAYS) {
  const signal = end === "kill_workers" ? "SIGKILL" : "SIGTERM";

  both(
    `M09, M10, M12: ${end}() cuts off what runs by ${signal}, and cancels what does not`,
    async (make) => {
      using folder = new Folder();
      const executor = make({ max_workers: 2 });
      const running = [0, 1].map((i) =>
        executor.submit(STAY, folder.at(`begun ${i}`), folder.at(`second ${i}`))
      );
      await until(() => folder.has("begun 0") && folder.has("begun 1"), "both run");
      const queued = Array.from({ length: 5 }, () => executor.submit(PID));
      executor[end]();
      for (const future of queued) await assertRejects(() => future.result(HANG), CancelledError);
      for (const future of running) {
        await brokenBy(
          future,
          new RegExp(
            `^Cannot finish stay: ${WORKER} was killed by ${signal} while it had the task`,
          ),
        );
      }
      await within(executor.shutdown(), "shutdown()");
      assertEquals(executor.stats().workers, 0);
      assertEquals([folder.has("second 0"), folder.has("second 1")], [false, false]);
      assertEquals(marked.alive(), []);
    },
  );

  each(`M14: ${end}() before the first task only stops the pool`, async (make) => {
    const executor = make();
    executor[end]();
    assertThrows(() => executor.submit(PID), RuntimeError, "was shut down");
    await within(executor.shutdown(), "shutdown()");
    executor[end]();
  });

  each(`M15: ${end}() stops the pool for good`, async (make) => {
    const executor = make();
    await executor.submit(PID);
    executor[end]();
    assertThrows(() => executor.submit(PID), RuntimeError);
    assertThrows(() => executor.map(PID), RuntimeError);
    await assertRejects(() => executor.ready(), RuntimeError);
    await within(executor.shutdown(), "shutdown()");
    assertEquals(executor.stats().workers, 0);
  });

  each(`M07: after ${end}() no worker is started any more`, async (make) => {
    using folder = new Folder();
    const executor = make({ max_workers: 2, max_tasks_per_child: 1 });
    const futures = Array.from(
      { length: 20 },
      (_, i) => executor.submit(PERFORM, folder.path, i, "return"),
    );
    await until(() => executor.stats().finished >= 3, "some are done");
    executor[end]();
    const outcomes = await within(Promise.allSettled(futures), "the futures");
    await within(executor.shutdown(), "shutdown()");
    assertEquals(executor.stats().workers, 0);
    const { finished, failed, cancelled } = executor.stats();
    assertEquals(finished + failed + cancelled, 20);
    assert(cancelled > 5, `${cancelled} were cancelled`);
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") assertEquals(outcome.value, i);
      else {
        assert(
          outcome.reason instanceof CancelledError || outcome.reason instanceof BrokenProcessPool,
          String(outcome.reason),
        );
      }
      assert(folder.runs(i) <= 1);
    }
  });

  each(`${end}() also ends workers that are starting`, async (make) => {
    const executor = make({ max_workers: 2 });
    const ready = executor.ready().catch((error: unknown) => error);
    const futures = [1, 2, 3].map(() => executor.submit(PID));
    await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
    executor[end]();
    for (const future of futures) await assertRejects(() => future.result(HANG), CancelledError);
    assert(await ready instanceof RuntimeError);
    await within(executor.shutdown(), "shutdown()");
    assertEquals(executor.stats().workers, 0);
  });

  each(`A map ends with ${end}()`, async (make) => {
    using folder = new Folder();
    const executor = make({ max_workers: 1 });
    const results = executor.options({ chunksize: 1, buffersize: 2 })
      .map(PERFORM, repeat(folder.path), count(), repeat("return" as const));
    assertEquals((await results.next()).value, 0);
    executor[end]();
    const all = within(Array.fromAsync(results), "the map");
    const error = await all.catch((error: unknown) => error);
    // What was ready may still come; then the map wants to submit more.
    const isMeant = error instanceof CancelledError || error instanceof BrokenProcessPool ||
      error instanceof RuntimeError && /the executor was shut down/.test(error.message);
    assert(isMeant, String(error));
    await within(executor.shutdown(), "shutdown()");
  });
}

function* repeat<T>(value: T): Generator<T> {
  while (true) yield value;
}

function* count(): Generator<number> {
  for (let n = 0;; n++) yield n;
}

both(
  "A process that does not end by the SIGTERM of terminate_workers() is killed",
  async (make) => {
    using folder = new Folder();
    const executor = make({ max_workers: 1 });
    const future = executor.submit(RESIST, folder.at("begun"));
    await until(() => folder.has("begun"), "it runs");
    executor.terminate_workers();
    await brokenBy(future, /was killed by SIGKILL/);
    await within(executor.shutdown(), "shutdown()");
  },
);

both(
  "A process may end by its own doing at SIGTERM; what it gives back is run by no other",
  async (make) => {
    using folder = new Folder();
    const executor = make({ max_workers: 1 });
    await warmUp(executor);
    const deed = (i: number) => i === 0 ? "leave at SIGTERM" : "return";
    const [first, ...others] = Array.from(
      { length: 4 },
      (_, i) => executor.submit(PERFORM, folder.path, i, deed(i)),
    );
    await until(() => folder.runs(0) === 1, "it runs");
    assert(others[0]!.running(), "it has been sent too");
    executor.terminate_workers();
    await brokenBy(first!, /called Deno\.exit\(42\) while it had the task$/);
    for (const future of others) await assertRejects(() => future.result(HANG), CancelledError);
    await within(executor.shutdown(), "shutdown()");
    assertEquals([1, 2, 3].map((i) => folder.runs(i)), [0, 0, 0]);
    assertEquals(marked.alive(), []);
  },
);

both("kill_workers() after terminate_workers() kills at once", async (make) => {
  using folder = new Folder();
  const executor = make({ max_workers: 1 });
  const child = await executor.submit(PID);
  const future = executor.submit(RESIST, folder.at("begun"));
  await until(() => folder.has("begun"), "it runs");
  executor.terminate_workers();
  executor.kill_workers();
  await brokenBy(future, /was killed by SIGKILL/);
  assertEquals(stateOf(child), undefined);
  await within(executor.shutdown(), "shutdown()");
});

both("What was ended leaves no process behind, whatever it was doing", async (make) => {
  const executor = make({ max_workers: 2 });
  const pids = await meetAll(executor, 2);
  executor.terminate_workers();
  await within(executor.shutdown(), "shutdown()");
  for (const pid of pids) assertEquals(stateOf(pid), undefined);
});

Deno.test("A Worker that runs a task is let go by terminate_workers(), and its future fails", async () => {
  using folder = new Folder();
  const executor = workers({ max_workers: 1 });
  const future = executor.submit(STAY, folder.at("begun"), folder.at("second"));
  await until(() => folder.has("begun"), "it runs");
  executor.terminate_workers();
  await brokenBy(future, /was terminated while it had the task$/);
  await within(executor.shutdown(), "shutdown()");
  assertEquals(folder.has("second"), false);
});

Deno.test("No process of these tests is left, nor a zombie", async () => {
  await marked.gone();
  await noZombies();
});
