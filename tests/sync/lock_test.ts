/** Tests of `Lock`; most of them are in `lock_suite.ts`. */

import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { Event, Lock, RLock, task, TimeoutError, ValueError } from "../../mod.ts";
import { untilWaiting, waiting } from "../support/waiters.ts";
import { lockSuite } from "../suites/lock_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";
import { grab, type Kind, pool } from "./shared_tasks.ts";

for (const backend of Object.values(BACKENDS)) lockSuite(backend);

const GRAB = task(import.meta.resolve("./shared_tasks.ts"), grab);

Deno.test("A thousand waits for one lock are served in order, around those that gave up", async () => {
  const lock = new Lock();
  await lock.acquire();
  const served: number[] = [];
  const expected: number[] = [];
  const controller = new AbortController();
  const all = Array.from({ length: 1000 }, async (_, i) => {
    const { signal } = controller;
    const limit = i % 4 === 1 ? { timeout: 1 } : i % 4 === 2 ? { signal } : undefined;
    if (limit === undefined) expected.push(i);
    const acquired = await lock.acquire(limit).catch(() => false);
    assertEquals(acquired, limit === undefined);
    if (!acquired) return;
    served.push(i);
    await lock.release();
  });
  await untilWaiting(lock, 750);
  controller.abort();
  await untilWaiting(lock, 500);
  await lock.release();
  await Promise.all(all);
  assertEquals(served, expected);
  assertEquals([lock.lockedSync(), waiting(lock)], [false, 0]);
});

const GREEDY: readonly [Kind, blocks: boolean][] = [
  ["thread", true],
  ["thread", false],
  ["killable thread", true],
  ["child", false],
];

for (const [kind, blocks] of GREEDY) {
  Deno.test(`A ${kind} that ${blocks ? "blocks and " : ""}acquires again and again starves nobody`, async () => {
    await using greedy = pool(kind);
    await using other = pool(kind);
    const [lock, begun, stop] = [new Lock(), new Event(), new Event()];
    const grabbing = greedy.submit(GRAB, lock, begun, stop, blocks);
    await begun.wait();
    const [alsoBegun, alsoStop] = [new Event(), new Event()];
    const alsoGrabbing = other.submit(GRAB, lock, alsoBegun, alsoStop, blocks);
    for (let n = 0; n < 100; n++) {
      await lock.acquire();
      await lock.release();
    }
    await alsoBegun.wait();
    stop.set();
    alsoStop.set();
    await Promise.all([grabbing, alsoGrabbing]);
    assertEquals(lock.lockedSync(), false);
  });
}

Deno.test("Y05: what hold gives releases once, however it is disposed of", async () => {
  for (const lock of [new Lock(), new RLock()]) {
    for (const hold of [() => lock.hold(), () => Promise.resolve(lock.holdSync())]) {
      const held = await hold();
      assertEquals(lock.lockedSync(), true);
      held[Symbol.dispose]();
      // At once.
      assertEquals(lock.lockedSync(), false);
      await lock.acquire();
      held[Symbol.dispose]();
      await held[Symbol.asyncDispose]();
      assertEquals(lock.lockedSync(), true);
      await lock.release();
    }
    const held = await lock.hold();
    await held[Symbol.asyncDispose]();
    assertEquals(lock.lockedSync(), false);
    {
      using _held = await lock.hold();
      await using _too = lock instanceof RLock ? await lock.hold() : undefined;
      assertEquals(lock.lockedSync(), true);
    }
    assertEquals(lock.lockedSync(), false);
  }
});

Deno.test("Y05: hold tells what it could not hold, and for how long", async () => {
  const lock = new Lock();
  using _held = lock.holdSync();
  const says = "Cannot hold a Lock: it was not released within 1 ms";
  await assertRejects(() => lock.hold({ timeout: 1 }), TimeoutError, says);
  assertThrows(() => lock.holdSync({ timeout: 1 }), TimeoutError, says);
});

Deno.test("The second release of what is held is the user's to handle", async () => {
  const lock = new Lock();
  const held = await lock.hold();
  await lock.release();
  await assertRejects(() => held[Symbol.asyncDispose](), ValueError, "it is not held");
});

Deno.test("A release takes effect at the call, and so does an acquisition of what is free", async () => {
  const lock = new Lock();
  const acquired = lock.acquire();
  assertEquals(lock.lockedSync(), true);
  const next = lock.acquire();
  const released = lock.release();
  // Handed to the next, not left free for whoever is quickest.
  assertEquals(lock.acquireSync({ block: false }), false);
  assertEquals(await Promise.all([acquired, next, released]), [true, true, undefined]);
  lock.release();
  assertEquals(lock.lockedSync(), false);
});

Deno.test("Y01, Y02: a lock is printed with its state", async () => {
  for (const lock of [new Lock(), new RLock()]) {
    const { name } = lock.constructor;
    assertEquals(Deno.inspect(lock), `${name} { unlocked }`);
    await lock.acquire();
    assertEquals(Deno.inspect(lock), `${name} { locked }`);
  }
});

Deno.test("L12: a class can extend Lock, and travels as one", async () => {
  class Named extends Lock {
    readonly title = "mine";
  }
  const lock = new Named();
  await using executor = pool("thread");
  const both = await executor.submit(async (lock: Lock) => {
    await lock.acquire();
    return { lock, name: lock.constructor.name };
  }, lock);
  assertStrictEquals(both.lock, lock);
  assertEquals([both.name, lock.lockedSync(), lock.title], ["Lock", true, "mine"]);
});
