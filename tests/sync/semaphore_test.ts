/** Tests of `Semaphore` and `BoundedSemaphore`; most of them are in `semaphore_suite.ts`. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BoundedSemaphore, Semaphore, TimeoutError, ValueError } from "../../mod.ts";
import { untilWaiting, waiting } from "../support/waiters.ts";
import { boundedSemaphoreSuite, semaphoreSuite } from "../suites/semaphore_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

for (const backend of Object.values(BACKENDS)) semaphoreSuite(backend);
for (const backend of [BACKENDS.main, BACKENDS.threadsAlone, BACKENDS.mixed]) {
  boundedSemaphoreSuite(backend);
}

Deno.test("Y37: there is one permit, where it is not said otherwise", () => {
  assertEquals(new Semaphore().get_valueSync(), 1);
  assertEquals(new BoundedSemaphore().get_valueSync(), 1);
  assertEquals(new Semaphore(2 ** 30 - 1).get_valueSync(), 2 ** 30 - 1);
});

Deno.test("Y32: what is no number of permits is refused (see misuse_test.ts); none is one", async () => {
  for (const semaphore of [new Semaphore(0), new BoundedSemaphore(0)]) {
    assertEquals(semaphore.lockedSync(), true);
    assertEquals(semaphore.acquireSync({ block: false }), false);
  }
  await assertRejects(() => new BoundedSemaphore(0).release(), ValueError);
});

Deno.test("Y41: a semaphore is printed with its value, a bounded one with its bound", async () => {
  const [semaphore, bounded] = [new Semaphore(4), new BoundedSemaphore(4)];
  await semaphore.acquire();
  await bounded.acquire();
  assertEquals(Deno.inspect(semaphore), "Semaphore { value=3 }");
  assertEquals(Deno.inspect(bounded), "BoundedSemaphore { value=3/4 }");
});

Deno.test("Y38: what hold gives releases once, and tells what it could not hold", async () => {
  const semaphore = new BoundedSemaphore(1);
  const held = await semaphore.hold();
  const says = "Cannot hold a BoundedSemaphore: it was not released within 1 ms";
  await assertRejects(() => semaphore.hold({ timeout: 1 }), TimeoutError, says);
  assertThrows(() => semaphore.holdSync({ timeout: 1 }), TimeoutError, says);
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  await held[Symbol.asyncDispose]();
  assertEquals(semaphore.get_valueSync(), 1);
});

Deno.test("Y34: a release of many goes to those that wait, in order, and the rest to who comes", async () => {
  const semaphore = new Semaphore(0);
  const served: number[] = [];
  const waits = Array.from({ length: 1000 }, async (_, i) => {
    await semaphore.acquire();
    served.push(i);
  });
  await untilWaiting(semaphore, 1000);
  semaphore.release(400);
  assertEquals([waiting(semaphore), semaphore.get_valueSync()], [600, 0]);
  assertEquals(semaphore.acquireSync({ block: false }), false);
  semaphore.release(700);
  await Promise.all(waits);
  assertEquals(served, Array.from({ length: 1000 }, (_, i) => i));
  assertEquals(semaphore.get_valueSync(), 100);
});

Deno.test("Y40: a bounded semaphore that is waited for is not released beyond its bound either", async () => {
  const semaphore = new BoundedSemaphore(2);
  await semaphore.acquire();
  await semaphore.acquire();
  const wait = semaphore.acquire();
  await assertRejects(() => semaphore.release(3), ValueError, "over 2 permits");
  assertEquals(waiting(semaphore), 1);
  await semaphore.release(2);
  assertEquals([await wait, semaphore.get_valueSync()], [true, 1]);
});
