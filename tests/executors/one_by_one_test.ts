/**
 * Tests of small tasks that come one at a time, each right after the answer to the last: they travel
 * without a message, and a worker looks out for them.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { BrokenThreadPool, CancelledError, task, ThreadPoolExecutor } from "../../mod.ts";
import * as tasks from "./one_by_one_tasks.ts";

const HERE = import.meta.resolve("./one_by_one_tasks.ts");
const same = task<(value: unknown) => unknown>(HERE, "same");
const list = task(HERE, tasks.list);
const count = task<(value?: unknown) => number>(HERE, "count");
const leaveBehind = task(HERE, tasks.leaveBehind);
const hopsSoFar = task(HERE, tasks.hopsSoFar);
const ticksSoFar = task(HERE, tasks.ticksSoFar);
const wasStopped = task(HERE, tasks.wasStopped);
const giveWay = task(HERE, tasks.giveWay);
const exitAt = task(HERE, tasks.exitAt);
const throwWhenOdd = task(HERE, tasks.throwWhenOdd);

/** Enough for the worker to look out, to be caught in it, to let the event loop turn, and again. */
const MANY = 2000;
/** Milliseconds after which a wait is a hang. */
const HANG = 60_000;

const NUMBERS = [0, -0, 1, -1.5, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 31), Number.MIN_VALUE];
const SMALL = [...NUMBERS, true, false, null, undefined];
const LARGE = ["text", "", 10n, [1, 2], { a: 1 }, new Date(0)];

Deno.test("every small value arrives as it is, one by one, many times", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (let round = 0; round < 50; round++) {
    for (const value of SMALL) assert(Object.is(await executor.submit(same, value), value));
  }
});

Deno.test("small and large arguments and results take turns", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (let round = 0; round < 50; round++) {
    for (const [i, large] of LARGE.entries()) {
      const small = SMALL[(round + i) % SMALL.length];
      assertEquals(await executor.submit(same, small), small);
      assertEquals(await executor.submit(same, large), large);
    }
  }
});

Deno.test("any number of arguments arrives, one by one", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (let round = 0; round < 20; round++) {
    for (let length = 0; length < 8; length++) {
      const values = Array.from({ length }, (_, i) => SMALL[(round + i) % SMALL.length]);
      assertEquals(await executor.submit(list, ...values), values);
    }
  }
});

Deno.test("each of many tasks runs once, whether the next waits for its answer or not", async () => {
  await using executor = new ThreadPoolExecutor(1);
  let expected = 0;
  for (let round = 0; round < MANY / 10; round++) {
    for (let i = 0; i < 7; i++) assertEquals(await executor.submit(count, i), ++expected);
    const burst = [executor.submit(count), executor.submit(count, "text"), executor.submit(count)];
    assertEquals(await Promise.all(burst), [++expected, ++expected, ++expected]);
  }
});

Deno.test("two workers that are asked in turns both answer", async () => {
  await using executor = new ThreadPoolExecutor(2);
  await executor.ready();
  const lane = async (from: number) => {
    for (let i = 0; i < MANY; i++) assertEquals(await executor.submit(same, from + i), from + i);
  };
  await Promise.all([lane(0), lane(1_000_000)]);
});

Deno.test("errors come back between results, one by one", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (let n = 0; n < 200; n++) {
    const future = executor.submit(throwWhenOdd, n);
    if (n % 2 === 0) assertEquals(await future, n);
    else await assertRejects(() => future, RangeError, `odd: ${n}`);
  }
});

Deno.test("what a task leaves behind goes on while the next ones follow at once", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (let i = 0; i < 100; i++) await executor.submit(same, i);
  await executor.submit(leaveBehind, 10_000);
  const end = performance.now() + HANG;
  while (await executor.submit(hopsSoFar) < 10_000) assert(performance.now() < end);
  while (await executor.submit(ticksSoFar) < 1) assert(performance.now() < end);
});

Deno.test("a request to stop that crosses its task's answer does not hit the next one", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (let i = 0; i < 100; i++) await executor.submit(same, i);
  for (let round = 0; round < 200; round++) {
    const controller = new AbortController();
    const late = executor.options({ signal: controller.signal }).submit(giveWay, round);
    late.catch(() => {});
    for (let i = 0; i < round % 5; i++) await new Promise((resolve) => setTimeout(resolve, 0));
    controller.abort();
    assertEquals(await executor.submit(wasStopped, round), false);
    if (late.cancelled()) await assertRejects(() => late, CancelledError);
  }
});

Deno.test("a worker that ends in one of them fails that one, and another takes the next", async () => {
  for (const call of [1, 2, 5, 50]) {
    await using executor = new ThreadPoolExecutor(1);
    for (let i = 1; i < call; i++) assertEquals(await executor.submit(exitAt, call), i);
    const error = await assertRejects(() => executor.submit(exitAt, call), BrokenThreadPool);
    assert(error.message.includes("Deno.exit(4)"), error.message);
    assertEquals(await executor.submit(same, 7), 7);
  }
});

Deno.test("a pool that was asked one by one is shut down at once, with what it was given done", async () => {
  for (let i = 0; i < 20; i++) {
    const executor = new ThreadPoolExecutor(1);
    for (let n = 0; n < 50; n++) await executor.submit(same, n);
    const last = executor.submit(same, i);
    await executor.shutdown();
    assertEquals(await last, i);
  }
});
