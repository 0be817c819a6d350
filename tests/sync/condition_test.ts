/** Tests of `Condition`; most of them are in `condition_suite.ts`. */

import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { Condition, Event, Lock, RLock, RuntimeError } from "../../mod.ts";
import { untilWaiting, waiting } from "../support/waiters.ts";
import { conditionOfRLockSuite, conditionSuite } from "../suites/condition_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

for (const backend of Object.values(BACKENDS)) conditionSuite(backend);
for (const backend of [BACKENDS.threadsAlone, BACKENDS.mixed]) conditionOfRLockSuite(backend);

Deno.test("Y25: its lock is a Lock, unless it is given another, whose state it shows", async () => {
  const own = new Condition();
  await own.acquire();
  assertEquals(await own.acquire({ block: false }), false);
  assertEquals([await own.locked(), own.lockedSync(), own.abandoned], [true, true, false]);
  await own.release();
  for (const lock of [new Lock(), new RLock()]) {
    const [one, other] = [new Condition(lock), new Condition(lock)];
    assertEquals(one.acquireSync(), true);
    assertEquals([lock.lockedSync(), other.lockedSync()], [true, true]);
    await other.release();
    assertEquals([lock.lockedSync(), one.lockedSync()], [false, false]);
    const again = [await one.acquire(), await other.acquire({ block: false })];
    assertEquals(again, [true, lock instanceof RLock]);
    while (lock.lockedSync()) await lock.release();
  }
});

Deno.test("A condition is printed with its lock and the number of those that wait", async () => {
  const condition = new Condition();
  assertEquals(Deno.inspect(condition), "Condition { Lock { unlocked }, 0 waiting }");
  await condition.acquire();
  const wait = condition.wait();
  await condition.acquire();
  assertEquals(Deno.inspect(condition), "Condition { Lock { locked }, 1 waiting }");
  await condition.notify();
  await condition.release();
  await wait;
  await condition.release();
});

Deno.test("B05: what is waited for is given, whatever it is, also when it comes later", async () => {
  const condition = new Condition();
  await using _held = await condition.hold();
  const found = { a: 1 };
  assertStrictEquals(await condition.wait_for(() => found), found);
  assertStrictEquals(await condition.wait_for(() => Promise.resolve(found)), found);
  assertStrictEquals(condition.wait_forSync(() => found), found);
  for (const falsy of [0, "", null, undefined, NaN, 0n, false]) {
    assertStrictEquals(await condition.wait_for(() => falsy, { timeout: 1 }), falsy);
    assertStrictEquals(
      await condition.wait_for(() => Promise.resolve(falsy), { timeout: 0 }),
      falsy,
    );
    assertStrictEquals(condition.wait_forSync(() => falsy, { timeout: 1 }), falsy);
  }
});

Deno.test("B05: a predicate that throws ends the wait, and the lock is held", async () => {
  const condition = new Condition();
  await condition.acquire();
  const fail = () => {
    throw new SyntaxError("of the predicate");
  };
  await assertRejects(() => condition.wait_for(fail), SyntaxError);
  assertThrows(() => condition.wait_forSync(fail), SyntaxError);
  let looks = 0;
  const later = condition.wait_for(() => looks++ === 0 ? false : fail());
  await untilWaiting(condition, 1);
  await condition.acquire();
  await condition.notify();
  await condition.release();
  await assertRejects(() => later, SyntaxError);
  assertEquals([condition.lockedSync(), waiting(condition)], [true, 0]);
  await condition.release();
});

Deno.test("B05: who does not hold the lock can't wait for what is not there yet", async () => {
  const condition = new Condition();
  const says = "Cannot wait for a Condition: its lock is not held by the caller";
  await assertRejects(() => condition.wait_for(() => false), RuntimeError, says);
  assertThrows(() => condition.wait_forSync(() => false), RuntimeError, says);
  assertThrows(() => condition.waitSync(), RuntimeError, says);
  assertEquals(await condition.wait_for(() => "there"), "there");
});

Deno.test("Two conditions of one lock are notified each by itself", async () => {
  const lock = new Lock();
  const [full, empty] = [new Condition(lock), new Condition(lock)];
  await lock.acquire();
  const waits = full.wait();
  await lock.acquire();
  await empty.notify_all();
  assertEquals(waiting(full), 1);
  await full.notify();
  await lock.release();
  assertEquals(await waits, true);
  await lock.release();
});

Deno.test("A wait that is aborted while its lock is held by another waits for the lock", async () => {
  const condition = new Condition();
  const controller = new AbortController();
  await condition.acquire();
  const wait = condition.wait({ signal: controller.signal });
  await condition.acquire();
  const order: string[] = [];
  const ended = assertRejects(() => wait).then(() => order.push("aborted"));
  controller.abort();
  await untilWaiting(condition, 0);
  order.push("released");
  await condition.release();
  await ended;
  assertEquals([order, condition.lockedSync()], [["released", "aborted"], true]);
  await condition.release();
});

Deno.test("A notification and an abort at once: the waiter is notified, or the next one is", async () => {
  for (const first of ["notify", "abort"] as const) {
    const condition = new Condition();
    const controller = new AbortController();
    await condition.acquire();
    const one = condition.wait({ signal: controller.signal }).then(() => "one", () => "aborted");
    await condition.acquire();
    const other = condition.wait().then(() => "other");
    await condition.acquire();
    if (first === "abort") controller.abort();
    await condition.notify();
    if (first === "notify") controller.abort();
    await condition.release();
    const told = await Promise.race([one, other]);
    await condition.release();
    if (told === "one") {
      await condition.acquire();
      assertEquals(waiting(condition), 1);
      await condition.notify();
      await condition.release();
    }
    assertEquals(await other, "other");
    await condition.release();
    assertEquals([await one, condition.lockedSync()], [
      first === "abort" ? "aborted" : "one",
      false,
    ]);
  }
});

Deno.test("An event that is set by a waiter's own continuation wakes the next", async () => {
  const [one, other] = [new Event(), new Event()];
  const chain = one.wait().then(() => other.set());
  await one.set();
  assertEquals(await other.wait(), true);
  await chain;
});
