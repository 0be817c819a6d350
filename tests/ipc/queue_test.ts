/** Tests of `Queue`. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Barrier,
  CancelledError,
  Full,
  Lock,
  Queue,
  RuntimeError,
  ShutDown,
  ThreadPoolExecutor,
  transfer,
  ValueError,
} from "../../mod.ts";
import { needsEncoding } from "../../ipc/values/_codec.ts";
import { queueSuite } from "../suites/queue_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";
import { untilWaitingFor, waitingFor } from "../support/queue_waiters.ts";
import { randomFrom, RandomValues } from "../support/random_values.ts";
import { assertSame } from "../support/sameness.ts";
import * as tasks from "./queue_tasks.ts";
import { type Kind, pool } from "./queue_tasks.ts";

for (const backend of Object.values(BACKENDS)) queueSuite(backend);

const KINDS: readonly Kind[] = ["thread", "killable thread", "child"];

Deno.test("A maxsize that is no integer is refused, and one below 1 is no limit", async () => {
  for (const maxsize of [1.5, NaN, Infinity, "3", null, 2 ** 31, 2n]) {
    const error = assertThrows(() => new Queue(maxsize as number), ValueError);
    assert(error.message.startsWith("Cannot make a Queue: maxsize is "), error.message);
  }
  for (const maxsize of [0, -1, -100]) {
    const queue = new Queue<number>(maxsize);
    for (let n = 0; n < 100; n++) await queue.put_nowait(n);
    assertEquals([queue.fullSync(), queue.maxsize], [false, 0]);
  }
  assertEquals(new Queue(7).maxsize, 7);
});

for (const kind of KINDS) {
  Deno.test(`Q11, Q12, U24: what a ${kind} can't put fails there, and takes no room`, async () => {
    await using executor = pool(kind);
    const queue = new Queue<unknown>(1);
    const names = await executor.submit(tasks.putWrong, queue);
    assertEquals(new Set(names), new Set(["DataCloneError"]), names.join());
    assertEquals(queue.qsizeSync(), 0);
    await queue.put_nowait("next");
    assertEquals(await queue.get(), "next");
  });

  Deno.test(`An item of 64 MB goes to a ${kind}`, async () => {
    await using executor = pool(kind);
    const queue = new Queue<Uint8Array>();
    const bytes = new Uint8Array(64 * 2 ** 20);
    bytes[bytes.length - 1] = 5;
    await queue.put(bytes);
    assertEquals(await executor.submit(tasks.weigh, queue), [bytes.length, 5]);
  });

  Deno.test(`What is put can be got one after the other in a ${kind}, until the shutdown`, async () => {
    await using executor = pool(kind);
    const queue = new Queue<number>(2);
    const all = executor.submit(tasks.collect<number>, queue);
    for (let n = 0; n < 50; n++) await queue.put(n);
    await queue.shutdown();
    assertEquals(await all, Array.from({ length: 50 }, (_, n) => n));
  });

  Deno.test(`A shared object that a ${kind} gets is the same object`, async () => {
    await using executor = pool(kind);
    const queue = new Queue<[Lock, Lock]>();
    const lock = new Lock();
    await lock.acquire();
    await queue.put([lock, lock]);
    assertEquals(await executor.submit(tasks.getObjects, queue), [true, false]);
  });
}

Deno.test("Things that can't be items are refused in main, and the queue is as before", async () => {
  const queue = new Queue<unknown>(1);
  assertEquals(new Set(await tasks.putWrong(queue)), new Set(["DataCloneError"]));
  assertEquals(queue.qsizeSync(), 0);
});

Deno.test("Q06: a child has a child of its own double what is put", async () => {
  await using executor = pool("child");
  const [from, to] = [new Queue<number>(), new Queue<number>()];
  const code = executor.submit(tasks.doubleInChild, from, to);
  for (const n of [1, 2, 3]) await from.put(n);
  await from.shutdown();
  assertEquals(await code, 0);
  assertEquals(await Promise.all([to.get(), to.get(), to.get()]), [2, 4, 6]);
});

Deno.test("Random values come out as structuredClone makes them", async () => {
  const queue = new Queue<unknown>();
  for (let seed = 1; seed < 200; seed++) {
    const value = new RandomValues(randomFrom(seed)).next();
    // Errors keep more of themselves than structured clone does.
    if (needsEncoding(value)) continue;
    await queue.put(value);
    assertSame(await queue.get(), structuredClone(value), `seed ${seed}`);
  }
});

Deno.test("Later changes of what was put do not matter, also of what waits for room", async () => {
  for (const length of [10, 100_000]) {
    const queue = new Queue<{ bytes: Uint8Array; text: string }>(1);
    const items = [1, 2].map((n) => ({ bytes: new Uint8Array(length).fill(n), text: `${n}` }));
    const puts = items.map((item) => queue.put(item));
    assertEquals(waitingFor(queue, "putters"), 1);
    for (const item of items) {
      item.bytes.fill(9);
      item.bytes.buffer.transfer();
      item.text = "changed";
    }
    for (const n of [1, 2]) {
      const { bytes, text } = await queue.get();
      assertEquals([bytes.length, bytes.every((byte) => byte === n), text], [length, true, `${n}`]);
    }
    await Promise.all(puts);
  }
});

Deno.test("What one thread puts stays in order, whether it waits or not", async () => {
  const queue = new Queue<number>(3);
  const puts = Array.from({ length: 50 }, (_, n) => n % 7 === 0 ? queue.put(n, {}) : queue.put(n));
  for (let n = 0; n < 50; n++) assertEquals(await queue.get(), n);
  await Promise.all(puts);
});

Deno.test("A put that is aborted, or has no time any more, leaves no trace", async () => {
  const queue = new Queue<string>(1);
  await queue.put("first");
  const controller = new AbortController();
  const aborted = queue.put("aborted", { signal: controller.signal });
  const late = queue.put("late", { timeout: 5 });
  const next = queue.put("next");
  controller.abort("enough");
  const error = await assertRejects(() => aborted, CancelledError, "Cannot put an item");
  assertEquals(error.cause, "enough");
  await assertRejects(() => late, Full);
  assertEquals(waitingFor(queue, "putters"), 1);
  assertEquals([await queue.get(), await queue.get()], ["first", "next"]);
  await next;
  assertEquals([queue.qsizeSync(), waitingFor(queue, "putters")], [0, 0]);
  const before = AbortSignal.abort("before");
  await assertRejects(() => queue.put("never", { signal: before }), CancelledError);
  assertEquals(queue.qsizeSync(), 0);
});

Deno.test("Who waits and can't have its item put is in nobody's way", async () => {
  const queue = new Queue<unknown>(1);
  const part = new Uint8Array(2 ** 28);
  await queue.put(1);
  const refused = queue.put([part, part.slice(), part.slice(), part.slice()]);
  const next = queue.put(2);
  await untilWaitingFor(queue, "putters", 2);
  assertEquals(await queue.get(), 1);
  await assertRejects(() => refused, ValueError, "are the most that may wait");
  await next;
  assertEquals(await queue.get(), 2);
  assertEquals(waitingFor(queue, "putters"), 0);
});

Deno.test("U29: what an item has done while it is put does not disturb the put", async () => {
  const queue = new Queue<unknown>(5);
  const item = {
    // A property may be looked at more than once.
    get first() {
      if (queue.emptySync()) {
        void queue.put("inner");
        queue.putSync(1.5);
      }
      return queue.qsizeSync();
    },
    last: "last",
  };
  await queue.put(item);
  assertEquals(await Promise.all([queue.get(), queue.get(), queue.get()]), [
    "inner",
    1.5,
    { first: 2, last: "last" },
  ]);
  const bytes = new Uint8Array(100_000);
  const detaching = {
    bytes,
    get then() {
      return bytes.buffer.transfer().byteLength;
    },
  };
  await assertRejects(() => queue.put(detaching), DOMException, "detached");
  const options = {
    get timeout() {
      if (queue.emptySync()) void queue.put("options");
      return 0;
    },
  };
  await queue.put("outer", options);
  assertEquals(queue.qsizeSync(), 2);
});

Deno.test("What is marked for transfer is copied, so that who can't put it still has it", async () => {
  const queue = new Queue<Uint8Array>(1);
  const bytes = new Uint8Array(100_000).fill(1);
  await queue.put(transfer(bytes));
  await assertRejects(() => queue.put_nowait(transfer(bytes)), Full);
  assertEquals(bytes.length, 100_000);
  assertEquals((await queue.get()).length, 100_000);
});

Deno.test("An iteration that is left takes no more", async () => {
  const queue = new Queue<number>();
  for (let n = 0; n < 3; n++) await queue.put(n);
  for await (const n of queue) if (n === 1) break;
  assertEquals(queue.qsizeSync(), 1);
  await queue.shutdown();
  assertEquals(await tasks.collect(queue), [2]);
  await assertRejects(() => queue.get(), ShutDown);
});

Deno.test("A thread may be blocked, also the main one", () => {
  const queue = new Queue<string>(1);
  queue.putSync("x");
  assertThrows(() => queue.putSync("y", { timeout: 5 }), Full);
  assertEquals(queue.getSync({ timeout: 5 }), "x");
  queue.close();
  assertThrows(() => queue.getSync(), ValueError);
  assertThrows(() => queue.putSync("z"), ValueError);
});

Deno.test("A put that blocks does not wait for ever behind one of its own thread that does not", async () => {
  const queue = new Queue<number>(1);
  await queue.put(1);
  const waits = queue.put(2);
  assertThrows(() => queue.putSync(3), RuntimeError, "await those before");
  assertThrows(() => queue.putSync(3, { timeout: 5 }), Full);
  assertEquals([await queue.get(), await queue.get()], [1, 2]);
  await waits;
  queue.putSync(3);
  assertEquals(queue.getSync(), 3);
});

Deno.test("A queue tells what it is", async () => {
  const queue = new Queue<number>(3);
  await queue.put(1);
  assertEquals(Deno.inspect(queue), "Queue { 1/3 items }");
  await queue.shutdown();
  assertEquals(Deno.inspect(queue), "Queue { 1/3 items, shut down }");
  assertEquals(Deno.inspect(new Queue()), "Queue { 0 items }");
});

Deno.test("A thousand queues are no problem", async () => {
  const queues = Array.from({ length: 1000 }, () => new Queue<number>());
  for (const [n, queue] of queues.entries()) await queue.put(n);
  for (const [n, queue] of queues.entries()) assertEquals(await queue.get(), n);
});

Deno.test("Threads that block put and get together, and each item comes once, in the order of each", async () => {
  const EACH = 5000;
  for (const maxsize of [0, 1, 10]) {
    await using executor = new ThreadPoolExecutor({
      max_workers: 4,
      modules: [import.meta.resolve("./queue_tasks.ts")],
    });
    const queue = new Queue<[number, number]>(maxsize);
    const all = new Barrier(4);
    const gets = [0, 1].map(() => executor.submit(tasks.getTogether, queue, all));
    const puts = [0, 1].map((who) => executor.submit(tasks.putTogether, queue, who, EACH, all));
    await Promise.all(puts);
    await queue.shutdown();
    const got = await Promise.all(gets);
    for (const items of got) {
      for (const who of [0, 1]) {
        const numbers = items.filter(([from]) => from === who).map(([, n]) => n);
        assert(numbers.every((n, i) => i === 0 || n > numbers[i - 1]!), "out of order");
      }
    }
    const seen = new Set(got.flat().map(([who, n]) => who * EACH + n));
    assertEquals([seen.size, got.flat().length], [2 * EACH, 2 * EACH]);
  }
});

Deno.test("What blocks is refused in a child, with what to do instead", async () => {
  await using executor = pool("child");
  const error = await executor.submit((queue: Queue<number>) => queue.getSync(), new Queue())
    .exception();
  assert(error instanceof RuntimeError);
  assert(error.message.includes("use await get()"), error.message);
});
