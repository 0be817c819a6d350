/** Tests of a thread that acts for others, which have no access to the memory, as for child processes. */

import { assertEquals, assertRejects } from "@std/assert";
import { actAs } from "../../sync/_identity.ts";
import { ownershipOf } from "../../sync/_lockable.ts";
import { endRealm, passForChild } from "../../sync/_realm.ts";
import { CancelledError } from "../../sync/errors.ts";
import { Event } from "../../sync/mod.ts";
import { Lock } from "../../sync/lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";

/** Another that this thread acts for. */
function newRealm(): number {
  return passForChild("another").id;
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
