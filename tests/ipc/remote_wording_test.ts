/** What a process is told by objects whose memory is in another: the same words as at their home. */

import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  ProcessPoolExecutor,
  RLock,
  Semaphore,
  ThreadPoolExecutor,
} from "../../mod.ts";

type Acquired = Lock | RLock | Semaphore;

/** What waits that are aborted, before and after they have begun, and waits that take too long, say. */
async function complaints(acquired: Acquired[], awaited: (Event | Barrier)[]): Promise<string[]> {
  const said: string[] = [];
  const note = async (waiting: Promise<unknown>) => {
    said.push(await waiting.then(String, (error) => `${error.message}, ${error.cause}`));
  };
  for (const aborts of [() => AbortSignal.abort("no"), () => AbortSignal.timeout(1)]) {
    for (const object of acquired) await note(object.acquire({ signal: aborts() }));
    for (const object of awaited) await note(object.wait({ signal: aborts() }));
  }
  for (const object of acquired) await note(object.hold({ timeout: 1 }));
  return said;
}

Deno.test("a wait that is aborted or takes too long says the same in a thread and in a process", async () => {
  const acquired = [new Lock(), new RLock(), new Semaphore(1), new BoundedSemaphore(1)];
  for (const object of acquired) await object.acquire();
  await using threads = new ThreadPoolExecutor(1);
  await using processes = new ProcessPoolExecutor({ max_workers: 1, permissions: "none" });
  const [here, there] = await Promise.all(
    [threads, processes].map((pool) =>
      pool.submit(complaints, acquired, [new Event(), new Barrier(2)])
    ),
  );
  assertEquals(there, here);
  assertEquals(there!.slice(0, 6), [
    "Cannot acquire a Lock: the signal was aborted, no",
    "Cannot acquire an RLock: the signal was aborted, no",
    "Cannot acquire a Semaphore: the signal was aborted, no",
    "Cannot acquire a BoundedSemaphore: the signal was aborted, no",
    "Cannot wait for an Event: the signal was aborted, no",
    "Cannot wait at a Barrier: the signal was aborted, no",
  ]);
  assertEquals(there!.slice(-3, -2), [
    "Cannot hold an RLock: it was not released within 1 ms, undefined",
  ]);
});

Deno.test("the condition of a process names itself when a wait for it is aborted", async () => {
  const condition = new Condition();
  await using processes = new ProcessPoolExecutor({ max_workers: 1, permissions: "none" });
  const message = await processes.submit(async (condition: Condition) => {
    using _held = await condition.hold();
    const waiting = condition.wait({ signal: AbortSignal.timeout(1) });
    return await waiting.then(String, (error) => error.message);
  }, condition);
  assertStrictEquals(message, "Cannot wait for a Condition: the signal was aborted");
  assertEquals(await condition.locked(), false);
});
