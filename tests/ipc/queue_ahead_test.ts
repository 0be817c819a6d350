/** Tests of items that a child is sent ahead: nobody is to see that they are. */

import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  BrokenExecutor,
  Empty,
  JoinableQueue,
  Lock,
  Process,
  ProcessPoolExecutor,
  Queue,
  RuntimeError,
  SimpleQueue,
  ThreadPoolExecutor,
} from "../../mod.ts";
import { Mailbox, type MailboxMemory } from "../../ipc/queues/_mailbox.ts";
import { kindOf } from "../../sync/_shareable.ts";
import { untilTrue, waitingFor } from "../support/queue_waiters.ts";
import * as tasks from "./queue_ahead_tasks.ts";
import { collect } from "./queue_tasks.ts";

const MODULES = [
  import.meta.resolve("./queue_ahead_tasks.ts"),
  import.meta.resolve("./queue_tasks.ts"),
];

function children(max_workers = 1): ProcessPoolExecutor {
  return new ProcessPoolExecutor({ max_workers, modules: MODULES });
}

function count(n: number, from = 0): number[] {
  return Array.from({ length: n }, (_, i) => from + i);
}

async function filled<Q extends Queue<number>>(queue: Q, n: number): Promise<Q> {
  for (let i = 0; i < n; i++) await queue.put(i);
  return queue;
}

/** Whether a child has items that it has not taken. */
function isLeased(queue: Queue<unknown>): boolean {
  return new Mailbox(kindOf(queue)!.data(queue) as MailboxMemory).isLeased;
}

/** A queue of 1000, of which a child has taken 500 and has more: until one is quick enough for that. */
async function leased<Q extends Queue<number>>(
  executor: ProcessPoolExecutor,
  make: () => Q,
): Promise<Q> {
  for (let tries = 0; tries < 500; tries++) {
    const queue = await filled(make(), 1000);
    await executor.submit(tasks.getMany, queue as unknown as Queue<unknown>, 500);
    if (isLeased(queue as unknown as Queue<unknown>)) return queue;
  }
  throw new Error("Cannot go on with the test: nothing was sent ahead");
}

async function rest(queue: Queue<number>): Promise<number[]> {
  const items: number[] = [];
  while (!queue.emptySync()) items.push(await queue.get_nowait());
  return items;
}

Deno.test("A child that gets one after the other is sent some ahead, and whoever hears of it finds the others there", async () => {
  await using executor = children();
  for (const n of [1, 2, 3, 5, 100, 700, 1999]) {
    const queue = await filled(new Queue<number>(), 2000);
    assertEquals(await executor.submit(tasks.getMany, queue as Queue<unknown>, n), count(n));
    assertEquals(queue.qsizeSync(), 2000 - n);
    assertEquals(await queue.get_nowait(), n);
    assertEquals(await rest(queue), count(2000 - n - 1, n + 1));
    assertEquals(await executor.submit(tasks.getManyAndCount, queue as Queue<unknown>, 0), 0);
  }
});

Deno.test("A child counts items that it was sent ahead and has not taken", async () => {
  await using executor = children();
  const queue = await filled(new Queue<number>(), 1000);
  const left = await executor.submit(tasks.getManyAndCount, queue as Queue<unknown>, 500);
  assertEquals(left, 500);
});

Deno.test("A thread that gets without waiting gets what a child was sent ahead", async () => {
  await using executor = children();
  await using threads = new ThreadPoolExecutor({ max_workers: 1, modules: MODULES });
  await threads.ready();
  const queue = await leased(executor, () => new Queue<number>());
  const got = await threads.submit(tasks.getNowSync, queue as Queue<unknown>, 3);
  assertEquals(got, [500, 501, 502]);
});

for (const how of ["exit", "throw", "kill"] as const) {
  Deno.test(`What a child was sent ahead is there again when it ends: ${how}`, async () => {
    for (const n of [1, 30, 600]) {
      await using executor = children();
      const queue = await filled(new Queue<number>(), 1000);
      const end = executor.submit(tasks.getAndEnd, queue as Queue<unknown>, n, how);
      assertInstanceOf(await end.exception(), BrokenExecutor);
      const left = await rest(queue);
      assertEquals(left, count(left.length, 1000 - left.length), "in order, up to the last");
      // Who is killed can't say what it has taken since its event loop turned.
      if (how === "kill") assert(left[0]! <= n, `${left[0]} after ${n}`);
      else assertEquals(left[0], n);
    }
  });
}

for (const how of ["exit", "return", "kill"] as const) {
  Deno.test(`What a Process was sent ahead is there again when it ends: ${how}`, async () => {
    const queue = await filled(new Queue<number>(), 1000);
    const child = new Process({
      target: tasks.getAndEnd,
      args: [queue, 600, how],
      modules: MODULES,
    });
    child.start();
    await child.join();
    const left = await rest(queue);
    assertEquals(left, count(left.length, 1000 - left.length));
    if (how === "kill") assert(left[0]! <= 600);
    else assertEquals(left[0], 600);
  });
}

Deno.test("Main, a thread and two children get each item once, and each in order", async () => {
  const N = 5000;
  await using executor = children(2);
  await using threads = new ThreadPoolExecutor({ max_workers: 1, modules: MODULES });
  await Promise.all([executor.ready(), threads.ready()]);
  const queue = new Queue<number>();
  const gets = [
    executor.submit(collect<number>, queue),
    executor.submit(tasks.getPairs, queue),
    threads.submit(collect<number>, queue),
    collect(queue),
  ];
  for (let i = 0; i < N; i++) {
    await queue.put(i);
    if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await queue.shutdown();
  const got = await Promise.all(gets);
  // Of gets that wait together one may be quicker than another.
  for (const mine of got.toSpliced(1, 1)) assertEquals(mine, mine.toSorted((a, b) => a - b));
  assertEquals(got.flat().sort((a, b) => a - b), count(N));
  assertEquals([waitingFor(queue, "getters"), queue.qsizeSync()], [0, 0]);
});

Deno.test("Who puts into a full queue goes on as a child takes what it was sent ahead", async () => {
  await using executor = children();
  for (const maxsize of [1, 2, 7, 300]) {
    const queue = new Queue<number>(maxsize);
    const all = executor.submit(collect<number>, queue);
    let most = 0;
    for (let i = 0; i < 3000; i++) {
      await queue.put(i);
      most = Math.max(most, queue.qsizeSync());
    }
    await queue.shutdown();
    assertEquals(await all, count(3000));
    assert(most <= maxsize, `${most} of ${maxsize}`);
  }
});

Deno.test("join waits for what a child was sent ahead", async () => {
  await using executor = children();
  const queue = await filled(new JoinableQueue<number>(), 500);
  const all = executor.submit(tasks.drain, queue);
  await queue.join();
  assertEquals(queue.qsizeSync(), 0);
  await queue.shutdown();
  assertEquals(await all, count(500));
});

Deno.test("A shutdown at once drops what a child was sent ahead and has not taken", async () => {
  await using executor = children();
  const queue = await leased(executor, () => new JoinableQueue<number>());
  await queue.shutdown({ immediate: true });
  assertEquals(queue.qsizeSync(), 0);
  assertEquals(await executor.submit(collect<number>, queue), []);
  // Those that it has taken are to be called done, and no others.
  assertEquals(await queue.join({ timeout: 0 }), false);
  for (let i = 0; i < 500; i++) await queue.task_done();
  assertEquals(await queue.join(), true);
});

Deno.test("Who blocks the thread that would hear of a child is told, and who has no time finds nothing", async () => {
  await using executor = children();
  for (let isDone = false; !isDone;) {
    const queue = await filled(new Queue<number>(), 1000);
    let isBlocked = true;
    const blocked = executor.submit(tasks.getAndBlock, queue as Queue<unknown>, 600, 300)
      .finally(() => isBlocked = false);
    await untilTrue(() => queue.qsizeSync() < 600 || !isBlocked, "child");
    if (isLeased(queue as Queue<unknown>) && isBlocked) {
      const error = assertThrows(() => queue.getSync(), RuntimeError);
      assert(error.message.startsWith("Cannot get an item: what there is was"), error.message);
      assertThrows(() => queue.getSync({ block: false }), Empty);
      isDone = true;
    }
    await blocked;
    assertEquals(await queue.get(), 600);
  }
});

Deno.test("Options are looked at and signals heard also where an item is there", async () => {
  await using executor = children();
  const queue = await filled(new Queue<number>(), 1000);
  const ends = await executor.submit(tasks.getOddly, queue, 500);
  assertEquals(ends, ["ValueError", "TypeError", "CancelledError", "got", "ValueError"]);
  assertEquals(await queue.get_nowait(), 501);
});

Deno.test("Items of all kinds keep their order among those that are sent ahead", async () => {
  await using executor = children();
  const lock = new Lock();
  const queue = new Queue<unknown>();
  const items = count(2000).map((i) => {
    if (i % 97 === 0) return { i, lock };
    if (i % 89 === 0) return new URL(`https://example.com/${i}`);
    if (i % 83 === 0) return new RangeError(`${i}`);
    if (i % 79 === 0) return new Uint8Array(100_000).fill(i);
    if (i % 7 === 0) return { text: "x".repeat(i), i };
    return i % 2 === 0 ? i : `${i}`;
  });
  for (const item of items) await queue.put(item);
  assertEquals(await executor.submit(tasks.getMany, queue, items.length), items);
});

Deno.test("A SimpleQueue sends ahead, too, and has back what is not taken", async () => {
  await using executor = children();
  const queue = new SimpleQueue<number>();
  for (let i = 0; i < 1000; i++) await queue.put(i);
  const got = await executor.submit(tasks.getMany, queue as unknown as Queue<unknown>, 600);
  assertEquals(got, count(600));
  assertEquals(await queue.get(), 600);
});
