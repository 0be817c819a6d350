/** Tests of what a child puts in one go: nobody is to see that it goes together. */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { BrokenExecutor, Process, ProcessPoolExecutor, Queue } from "../../mod.ts";
import { untilWaitingFor } from "../support/queue_waiters.ts";
import * as tasks from "./queue_together_tasks.ts";

const MODULES = [import.meta.resolve("./queue_together_tasks.ts")];

function children(): ProcessPoolExecutor {
  return new ProcessPoolExecutor({ max_workers: 1, modules: MODULES });
}

function count(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

async function rest<T>(queue: Queue<T>): Promise<T[]> {
  const items: T[] = [];
  while (!queue.emptySync()) items.push(await queue.get_nowait());
  return items;
}

for (const maxsize of [0, 1, 7, 1000]) {
  Deno.test(`What a child puts at once is there in order, with room for ${maxsize || "all"}`, async () => {
    await using executor = children();
    const queue = new Queue<unknown>(maxsize);
    const ends = executor.submit(tasks.putMany, queue, 2000);
    const got: number[] = [];
    for (let i = 0; i < 2000; i++) got.push((await queue.get() as [number])[0]);
    assertEquals(got, count(2000));
    assertEquals(new Set(await ends), new Set(["put"]));
  });
}

Deno.test("Each put has its own end: what can't be sent, what finds no room, what is put", async () => {
  await using executor = children();
  const queue = new Queue<unknown>(2);
  const ends = executor.submit(tasks.putSome, queue);
  await untilWaitingFor(queue, "putters", 1);
  assertEquals([await queue.get(), await queue.get(), await queue.get()], [1, 2, 4]);
  assertEquals(await ends, ["put", "DataCloneError", "put", "Full", "put"]);
});

Deno.test("Those that wait for room learn of the shutdown, and those before were put", async () => {
  await using executor = children();
  const queue = new Queue<unknown>(5);
  const ends = executor.submit(tasks.putMany, queue, 7);
  await untilWaitingFor(queue, "putters", 2);
  await queue.shutdown();
  const put = ["put", "put", "put", "put", "put"];
  assertEquals(await ends, [...put, "ShutDown", "ShutDown"]);
  assertEquals((await rest(queue)).map((item) => (item as number[])[0]), count(5));
  assertEquals(await executor.submit(tasks.putMany, queue, 3), put.slice(2).fill("ShutDown"));
});

Deno.test("A put does not wait for those that were put together with it", async () => {
  await using executor = children();
  const queue = new Queue<number>(1);
  const told = new Queue<string>();
  const end = executor.submit(tasks.putTwo, queue, told);
  assertEquals(await told.get(), "the first");
  assertEquals(await queue.get(), 1);
  assertEquals(await told.get(), "the second");
  await end;
});

Deno.test("What a child has put is there once its task is done, or it has ended", async () => {
  for (const exits of [false, true]) {
    await using executor = children();
    const queue = new Queue<number>();
    const end = executor.submit(tasks.putAndLeave, queue, 5000, exits);
    if (exits) assertInstanceOf(await end.exception(), BrokenExecutor);
    else await end;
    assertEquals(await rest(queue), count(5000));
  }
});

Deno.test("What a Process has put is there once it has ended", async () => {
  for (const exits of [false, true]) {
    const queue = new Queue<number>();
    const args = [queue, 5000, exits] as const;
    const child = new Process({ target: tasks.putAndLeave, args: [...args], modules: MODULES });
    child.start();
    await child.join();
    assertEquals(child.exitcode, exits ? 4 : 0);
    assertEquals(await rest(queue), count(5000));
  }
});

Deno.test("A child puts into several queues in turn", async () => {
  await using executor = children();
  const [one, other] = [new Queue<number>(), new Queue<number>()];
  await executor.submit(tasks.putInTurn, one, other, 1000);
  assertEquals(await rest(one), count(1000).filter((i) => i % 3 === 0));
  assertEquals(await rest(other), count(1000).filter((i) => i % 3 !== 0));
});

Deno.test("An item is what it was as put was called, also where a getter puts another", async () => {
  await using executor = children();
  const queue = new Queue<unknown>();
  await executor.submit(tasks.putChanging, queue);
  const items = await rest(queue);
  assert(items.length >= 2);
  assertEquals(items.at(-1), { first: 1, list: [1] });
  assertEquals(new Set(items.slice(0, -1)), new Set(["from a getter"]));
});
