/** Tests of user code that runs while a pool packs or feeds, and reaches back into the pool. */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  BrokenThreadPool,
  CancelledError,
  type Future,
  ProcessPoolExecutor,
  task,
  ThreadPoolExecutor,
} from "../../mod.ts";
import * as tasks from "../suites/executor_tasks.ts";
import { runProgram, ThreadGate } from "../suites/executor_tasks.ts";

const HERE = import.meta.resolve("../suites/executor_tasks.ts");
const echo = task(HERE, tasks.echo);
const visit = task(HERE, tasks.visit);

/** Milliseconds after which a wait is a hang. */
const HANG = 20_000;

/** What `promise` gives; rejects when that takes too long. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  const { promise: hang, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("Cannot go on with the test: it hangs")), HANG);
  try {
    return await Promise.race([promise, hang]);
  } finally {
    clearTimeout(timer);
  }
}

/** A pool whose first worker still has to start, or has run a task. */
async function poolThatIs(state: "cold" | "warm", concurrency: number) {
  const executor = new ThreadPoolExecutor({ max_workers: 1, concurrency });
  if (state === "warm") await executor.submit(visit, new ThreadGate().ticket).result(HANG);
  return executor;
}

/** Asserts that the pool is whole, and that no task came by: its tasks run in order. */
async function assertNoneRan(executor: ThreadPoolExecutor, visits: ThreadGate): Promise<void> {
  assertEquals(await executor.submit(echo, "after").result(HANG), "after");
  assertEquals(visits.arrived, 0);
  const { queued, running } = executor.stats();
  assertEquals([queued, running], [0, 0]);
}

for (const state of ["cold", "warm"] as const) {
  const pool = `in a ${state} worker`;

  Deno.test(`a task that a callback cancels while it is packed is never run, ${pool}`, async () => {
    await using executor = await poolThatIs(state, 2);
    using visits = new ThreadGate();
    const cancelled = executor.submit(visit, visits.ticket);
    const refused = executor.submit(echo, new AbortController().signal);
    let answer: boolean | undefined;
    refused.add_done_callback(() => answer = cancelled.cancel());
    assertInstanceOf(await refused.exception(HANG), DOMException);
    assertEquals([answer, cancelled.cancelled()], [true, true]);
    await assertNoneRan(executor, visits);
    await inTime(executor.shutdown());
  });

  Deno.test(`a task that a getter in its arguments cancels is never run, ${pool}`, async () => {
    await using executor = await poolThatIs(state, 1);
    using visits = new ThreadGate();
    const future: Future<unknown> = executor.submit(visit, visits.ticket, {
      get value() {
        return future.cancel();
      },
    });
    await assertRejects(() => future.result(HANG), CancelledError);
    await assertNoneRan(executor, visits);
    await inTime(executor.shutdown());
  });

  Deno.test(`a task that a getter cancels and then throws in is never run, ${pool}`, async () => {
    await using executor = await poolThatIs(state, 1);
    using visits = new ThreadGate();
    const future: Future<unknown> = executor.submit(visit, visits.ticket, {
      get value() {
        future.cancel();
        throw new RangeError("thrown by a getter");
      },
    });
    await assertRejects(() => future.result(HANG), CancelledError);
    await assertNoneRan(executor, visits);
    await inTime(executor.shutdown());
  });

  Deno.test(`a task that a getter in the next one's arguments cancels is never run, ${pool}`, async () => {
    await using executor = await poolThatIs(state, 2);
    using visits = new ThreadGate();
    const cancelled = executor.submit(visit, visits.ticket, { its: "own" });
    const sent = executor.submit(echo, {
      get value() {
        cancelled.cancel();
        return 1;
      },
    });
    assertEquals(await sent.result(HANG), { value: 1 });
    assert(cancelled.cancelled());
    await assertNoneRan(executor, visits);
    await inTime(executor.shutdown());
  });
}

Deno.test("a program ends whose callback cancelled a task while it was packed", async () => {
  const { code, out, err } = await runProgram(`
    const executor = new herd.ThreadPoolExecutor({ max_workers: 1, concurrency: 2 });
    await executor.submit((n: number) => n, 0);
    const cancelled = executor.submit((n: number) => console.log("ran", n), 7);
    const refused = executor.submit((x: unknown) => x, new AbortController().signal);
    refused.add_done_callback(() => cancelled.cancel());
    await refused.exception();
    console.log(cancelled.cancelled(), await executor.submit((n: number) => n, 5));
  `);
  assertEquals({ code, out, err }, { code: 0, out: "true 5", err: "" });
});

Deno.test("a program ends in which a getter cancelled its own task", async () => {
  const { code, out, err } = await runProgram(`
    const executor = new herd.ThreadPoolExecutor(1);
    const future: herd.Future<void> = executor.submit(
      (x: unknown) => console.log("ran", x),
      { get x() { return future.cancel(); } },
    );
    await future.exception().catch((error: Error) => console.log(error.name));
  `);
  assertEquals({ code, out, err }, { code: 0, out: "CancelledError", err: "" });
});

for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  Deno.test(`a getter that shuts an idle ${Pool.name} down loses no task`, async () => {
    const executor = new Pool(1);
    await inTime(executor.ready());
    let shutDown: Promise<void> | undefined;
    const argument = {
      get key() {
        shutDown ??= executor.shutdown();
        return 1;
      },
    };
    assertEquals(await executor.submit(echo, argument as unknown).result(HANG), { key: 1 });
    await inTime(shutDown!);
  });
}

Deno.test("a getter that ends the workers of an idle pool cancels its task", async () => {
  const executor = new ProcessPoolExecutor(1);
  await inTime(executor.ready());
  const future = executor.submit(echo, {
    get key() {
      return executor.terminate_workers();
    },
  } as unknown);
  assertInstanceOf(await future.exception(HANG).catch((error) => error), CancelledError);
  await inTime(executor.shutdown());
});

Deno.test("a chunk for a pool that breaks at that moment fails, and shutdown() resolves", async () => {
  // No initializer that can be sent: its text is refused when it is looked at, a few microtasks on.
  const refused = new Function("with ({}) {}") as () => void;
  async function* rows(): AsyncGenerator<number> {
    yield 1;
    await new Promise(() => {});
  }
  // What looks at texts is loaded once, and takes more than microtasks then.
  await using first = new ThreadPoolExecutor(1);
  await first.submit((n: number) => n, 0).result(HANG);
  for (let lead = 0; lead < 40; lead++) {
    const executor = new ThreadPoolExecutor({ max_workers: 1, initializer: refused });
    const results = executor.options({ chunksize: 4 }).map((n: number) => n, rows());
    for (let i = 0; i < lead; i++) await null;
    const future = executor.submit((n: number) => n, 1);
    assertInstanceOf(await future.exception(HANG), BrokenThreadPool);
    await assertRejects(() => inTime(Promise.resolve(results.next())), BrokenThreadPool);
    assertEquals(executor.stats().queued, 0);
    await inTime(executor.shutdown());
  }
});
