/** Tests of what becomes of a queue when a worker dies that uses it. */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { BrokenExecutor, Empty, Full, JoinableQueue, Queue, TimeoutError } from "../../mod.ts";
import { thisRealm } from "../../sync/_realm.ts";
import { untilWaitingFor, waitingFor } from "../support/queue_waiters.ts";
import * as tasks from "./queue_tasks.ts";
import { type Kind, pool } from "./queue_tasks.ts";

const KINDS: readonly Kind[] = ["thread", "killable thread", "child"];
/** Those that can be ended by force while they do something. */
const MORTALS: readonly Kind[] = ["killable thread", "child"];
/** Milliseconds that a task has which never ends. */
const DEADLINE = 300;

/** Whether each is one more than the one before. */
function assertConsecutive(numbers: readonly number[]): void {
  const at = numbers.findIndex((n, i) => i > 0 && n !== numbers[i - 1]! + 1);
  assert(at === -1, `after ${numbers[at - 1]} comes ${numbers[at]}`);
}

/** Uses the queue as if nothing had happened. */
async function assertUsable(queue: Queue<unknown>): Promise<void> {
  assertEquals(queue.qsizeSync(), 0);
  for (let round = 0; round < 3; round++) {
    await queue.put("after");
    assertEquals(await queue.get(), "after");
  }
  const get = queue.get();
  await untilWaitingFor(queue, "getters", 1);
  await queue.put("for one that waits");
  assertEquals(await get, "for one that waits");
}

for (const kind of KINDS) {
  Deno.test(`What a ${kind} has put before it ends is there`, async () => {
    await using executor = pool(kind);
    const queue = new Queue<number>();
    const end = executor.submit(tasks.putAndExit, queue, 20);
    assertInstanceOf(await end.exception(), BrokenExecutor);
    const got = await Promise.all(Array.from({ length: 20 }, () => queue.get()));
    assertEquals(got, Array.from({ length: 20 }, (_, n) => n));
    await assertUsable(queue);
  });

  Deno.test(`A ${kind} that ends with an item in its hand takes no other along`, async () => {
    await using executor = pool(kind);
    const queue = new Queue<number>();
    for (let n = 0; n < 3; n++) await queue.put(n);
    assertInstanceOf(
      await executor.submit(tasks.getAndExit, queue).exception(),
      BrokenExecutor,
    );
    assertEquals([await queue.get(), await queue.get()], [1, 2]);
    await assertUsable(queue);
  });

  for (const what of ["get", "put"] as const) {
    Deno.test(`A ${kind} that ends while its ${what} waits blocks nobody`, async () => {
      await using executor = pool(kind);
      const queue = new Queue<number>(1);
      const wish = what === "get" ? "getters" : "putters";
      if (what === "put") await queue.put(0);
      const wait = executor.options({ deadline: DEADLINE }).submit(tasks.wait, queue, what);
      await untilWaitingFor(queue, wish, 1);
      const next = what === "get" ? queue.get() : queue.put(1);
      await untilWaitingFor(queue, wish, 2);
      assertInstanceOf(await wait.exception(), TimeoutError);
      await untilWaitingFor(queue, wish, 1);
      if (what === "get") {
        await queue.put(7);
        assertEquals(await next, 7);
      } else {
        assertEquals(await queue.get(), 0);
        await next;
        assertEquals(await queue.get(), 1);
      }
      await assertUsable(queue);
    });
  }
}

/** Does `step` over and over, at least until the next death of a realm; gives what it gave, as far as it did. */
async function untilDeath<T>(end: Promise<unknown>, step: () => Promise<T>): Promise<T[]> {
  const { realms } = thisRealm();
  const before = realms.deaths;
  const results: T[] = [];
  // Whose time is up is asked to end, and killed some time later.
  for (let isOver = false; !isOver;) {
    isOver = realms.deaths > before;
    try {
      results.push(await step());
    } catch (error) {
      if (!(error instanceof Empty || error instanceof Full)) throw error;
    }
  }
  await end;
  return results;
}

type Item = number | readonly [number, Uint8Array];

function numberOf(item: Item): number {
  return typeof item === "number" ? item : item[0];
}

for (const kind of MORTALS) {
  for (const bytes of [0, 100_000]) {
    const what = bytes === 0 ? "small" : "large";

    Deno.test(`A ${kind} killed while it puts ${what} items leaves whole ones, in order`, async () => {
      await using executor = pool(kind);
      const queue = new JoinableQueue<Item>(50);
      const puts = executor.options({ deadline: DEADLINE }).submit(
        tasks.putForEver,
        queue as Queue<unknown>,
        bytes,
      );
      const get = async (options: { timeout: number }) => {
        const item = await queue.get(options);
        await queue.task_done();
        if (typeof item !== "number") assertEquals(item[1].length, bytes);
        return numberOf(item);
      };
      const numbers = await untilDeath(puts.exception(), () => get({ timeout: 20 }));
      assertInstanceOf(await puts.exception(), TimeoutError);
      while (!queue.emptySync()) numbers.push(await get({ timeout: 0 }));
      assertEquals(numbers[0], 0);
      assertConsecutive(numbers);
      assertEquals(await queue.join({ timeout: 0 }), true);
      assertEquals(waitingFor(queue, "putters"), 0);
      await assertUsable(queue as Queue<unknown>);
    });

    Deno.test(`A ${kind} killed while it gets ${what} items takes none along that it has not got`, async () => {
      await using executor = pool(kind);
      const queue = new Queue<Item>(50);
      const gets = executor.options({ deadline: DEADLINE }).submit(
        tasks.getForEver,
        queue as Queue<unknown>,
      );
      const load = new Uint8Array(bytes);
      let put = 0;
      await untilDeath(gets.exception(), async () => {
        await queue.put(bytes === 0 ? put : [put, load], { timeout: 20 });
        put++;
      });
      assertInstanceOf(await gets.exception(), TimeoutError);
      const numbers: number[] = [];
      while (!queue.emptySync()) numbers.push(numberOf(await queue.get()));
      // What is left is the end of what was put.
      assertConsecutive(numbers);
      assertEquals(numbers.at(-1), put - 1);
      assertEquals(waitingFor(queue, "getters"), 0);
      await assertUsable(queue as Queue<unknown>);
    });
  }
}
