/** Tests of tasks that return thenables of their own making, in a worker that starts and in one that runs. */

import { assertEquals, assertRejects } from "@std/assert";
import { task, ThreadPoolExecutor } from "../../mod.ts";
import { echo as echoTask } from "../suites/executor_tasks.ts";
import * as tasks from "./regression_tasks.ts";

const HERE = import.meta.resolve("./regression_tasks.ts");
const answerOnceMoreLater = task(HERE, tasks.answerOnceMoreLater);
const answerTwice = task(HERE, tasks.answerTwice);
const echo = task(import.meta.resolve("../suites/executor_tasks.ts"), echoTask);
const givePromise = task(HERE, tasks.givePromise);
const giveRejected = task(HERE, tasks.giveRejected);
const letAnswerAgain = task(HERE, tasks.letAnswerAgain);
const throwWhenAsked = task(HERE, tasks.throwWhenAsked);
const workWhenAsked = task(HERE, tasks.workWhenAsked);

/** Milliseconds after which a wait is a hang. */
const HANG = 20_000;

/** The first few tasks of a worker run before it can tell tasks apart that run at the same time. */
const POOLS = [
  ["the first task of a worker", 1, false],
  ["a later task of a worker", 1, true],
  ["a task of a worker that runs several at once", 3, false],
] as const;

/** A pool of one worker, which is new or has run a few tasks. */
async function newPool(concurrency: number, warm: boolean): Promise<ThreadPoolExecutor> {
  const executor = new ThreadPoolExecutor({ max_workers: 1, concurrency });
  if (!warm) return executor;
  // A turn of the worker's event loop lies between these.
  for (let i = 0; i < 20; i++) await executor.submit(echo, i).result(HANG);
  return executor;
}

for (const [which, concurrency, warm] of POOLS) {
  Deno.test(`a thenable does its work once, returned by ${which}`, async () => {
    await using executor = await newPool(concurrency, warm);
    const times = new Int32Array(new SharedArrayBuffer(4));
    assertEquals(await executor.submit(workWhenAsked, times).result(HANG), 1);
    await executor.submit(echo, 1).result(HANG);
    assertEquals(times[0], 1);
  });

  Deno.test(`a thenable that answers twice gives its first answer, returned by ${which}`, async () => {
    await using executor = await newPool(concurrency, warm);
    const twice = executor.submit(answerTwice);
    const others = Array.from({ length: 5 }, (_, n) => executor.submit(echo, n));
    assertEquals(await twice.result(HANG), "first");
    for (const [n, other] of others.entries()) assertEquals(await other.result(HANG), n);
    assertEquals(executor.stats().running, 0);
  });

  Deno.test(`a thenable that answers again later harms nobody, returned by ${which}`, async () => {
    await using executor = await newPool(concurrency, warm);
    assertEquals(await executor.submit(answerOnceMoreLater).result(HANG), "first");
    assertEquals(await executor.submit(letAnswerAgain).result(HANG), "mine");
    assertEquals(await executor.submit(echo, "after").result(HANG), "after");
  });

  Deno.test(`a thenable whose then throws fails its task only, returned by ${which}`, async () => {
    await using executor = await newPool(concurrency, warm);
    const future = executor.submit(throwWhenAsked);
    await assertRejects(() => future.result(HANG), RangeError, "then threw");
    assertEquals(await executor.submit(echo, "after").result(HANG), "after");
    assertEquals(executor.stats().workers, 1);
  });

  Deno.test(`a thenable that gives a promise is waited for, returned by ${which}`, async () => {
    await using executor = await newPool(concurrency, warm);
    assertEquals(await executor.submit(givePromise, 5).result(HANG), 5);
    const rejected = executor.submit(giveRejected);
    await assertRejects(() => rejected.result(HANG), RangeError, "rejected within");
    assertEquals(await executor.submit(echo, "after").result(HANG), "after");
  });
}

Deno.test("a thenable that answers twice in a row of a map gives its first answer", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const results: string[] = [];
  const pool = executor.options({ chunksize: 2 });
  for await (const one of pool.map(answerTwice, ["a", "b", "c"])) results.push(one);
  assertEquals(results, ["first", "first", "first"]);
});
