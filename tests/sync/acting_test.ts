/** Tests of a thread that acts for others, which have no access to the memory, as for child processes. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { actAs } from "../../sync/_identity.ts";
import { ownershipOf } from "../../sync/_lockable.ts";
import { endRealm, passForChild } from "../../sync/_realm.ts";
import { CancelledError } from "../../sync/errors.ts";
import { Condition, Event } from "../../sync/mod.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { Semaphore } from "../../sync/semaphore.ts";

/** Another that this thread acts for. */
function newRealm(): number {
  return passForChild("another").id;
}

/** What another waits for through this thread does not keep the program alive; its channel does. */
function staysAlive(): Disposable {
  const timer = setInterval(() => {}, 1000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

Deno.test("Who ends while it waits through another leaves the queue, and its wait ends", async () => {
  const lock = new Lock();
  await lock.acquire();
  const realm = newRealm();
  const waits = [0, 1].map((task) => actAs({ realm, task }, () => lock.acquire()));
  const patient = lock.acquire();
  endRealm(realm);
  for (const wait of waits) await assertRejects(() => wait, CancelledError);
  await lock.release();
  assertEquals(await patient, true);
  await lock.release();
  assertEquals(ownershipOf(lock).queue.isEmpty, true);
  assertEquals(await lock.locked(), false);
});

Deno.test("What one held through another goes to the next when it ends", async () => {
  const lock = new Lock();
  const semaphore = new Semaphore(1);
  const realm = newRealm();
  await actAs({ realm, task: 1 }, () => Promise.all([lock.acquire(), semaphore.acquire()]));
  const waits = Promise.all([lock.acquire(), semaphore.acquire()]);
  endRealm(realm);
  assertEquals(await waits, [true, true]);
  assertEquals(lock.abandoned, true);
  await Promise.all([lock.release(), semaphore.release()]);
  assertEquals(await semaphore.get_value(), 1);
});

Deno.test("Who ends while it waits for an event through another is not woken by it", async () => {
  const event = new Event();
  const realm = newRealm();
  const wait = actAs({ realm, task: 1 }, () => event.wait());
  const patient = event.wait();
  endRealm(realm);
  await assertRejects(() => wait, CancelledError);
  await event.set();
  assertEquals(await patient, true);
});

Deno.test("Who ends while it waits for a condition through another does not acquire its lock again", async () => {
  using _alive = staysAlive();
  const condition = new Condition();
  const realm = newRealm();
  const wait = actAs({ realm, task: 1 }, () => {
    condition.acquire();
    return condition.wait();
  });
  await condition.acquire();
  endRealm(realm);
  await condition.release();
  await assertRejects(() => wait, CancelledError);
  await condition.acquire();
  assertEquals(condition.abandoned, false);
  await condition.release();
});

Deno.test("What has ended acquires nothing through another any more", async () => {
  const lock = new Lock();
  const semaphore = new Semaphore(1);
  const realm = newRealm();
  endRealm(realm);
  for (const object of [lock, semaphore, new RLock()]) {
    assertThrows(() => actAs({ realm, task: 1 }, () => object.acquire()), CancelledError);
  }
  assertEquals(lock.acquireSync({ block: false }), true);
  assertEquals([lock.abandoned, await semaphore.get_value()], [false, 1]);
});

Deno.test("A semaphore counts the permits of the dead as free", async () => {
  const semaphore = new Semaphore(3);
  const realm = newRealm();
  await actAs({ realm, task: 1 }, async () => {
    await semaphore.acquire();
  });
  assertEquals(await semaphore.get_value(), 2);
  endRealm(realm);
  assertEquals(await semaphore.get_value(), 3);
});

Deno.test("An RLock that was handed over counts what its owner acquires before it hears of that", async () => {
  const lock = new RLock();
  const other = { realm: newRealm(), task: 1 };
  await actAs(other, () => lock.acquire());
  const waiting = lock.acquire();
  await actAs(other, () => lock.release());
  assertEquals(lock.acquireSync({ block: false }), true, "it is the caller's already");
  await waiting;
  await lock.release();
  assertEquals(lock.lockedSync(), true);
  await lock.release();
  assertEquals(lock.lockedSync(), false);
  endRealm(other.realm);
});
