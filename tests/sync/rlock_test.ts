/** Tests of `RLock`. */

import { assertEquals } from "@std/assert";
import { Event, RLock, task, ThreadPoolExecutor } from "../../mod.ts";
import { rlockSuite } from "../suites/lock_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

const ONE = "code outside any task is one owner, which does not wait for itself";

const { main, ...others } = BACKENDS;
rlockSuite(main, {
  "Y03": ONE,
  "Y04": ONE,
  "Y05": ONE,
  "L11, Y06, Y36": ONE,
  "Y11": ONE,
  "Y18, Y19": ONE,
  "Y19": ONE,
});
for (const backend of Object.values(others)) rlockSuite(backend);

/** Holds the lock until it may go. */
export async function holdUntil(lock: RLock, held: Event, mayGo: Event): Promise<void> {
  using _held = await lock.hold();
  await held.set();
  await mayGo.wait();
}

Deno.test("An owner that waits twice for a lock of another's gets it twice", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const [lock, held, mayGo] = [new RLock(), new Event(), new Event()];
  const holding = executor.submit(task(import.meta.url, holdUntil), lock, held, mayGo);
  await held.wait();
  const twice = [lock.acquire(), lock.acquire(), lock.acquire({ timeout: 60_000 })];
  await mayGo.set();
  assertEquals(await Promise.all(twice), [true, true, true]);
  await holding;
  for (const locked of [true, true, false]) {
    await lock.release();
    assertEquals(await lock.locked(), locked);
  }
});
