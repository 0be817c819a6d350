/** What becomes of a manager's objects when a client dies, and of clients when the manager does. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { deadline } from "@std/async";
import {
  active_children,
  type Address,
  EOFError,
  Manager,
  OSError,
  Process,
  ProcessPoolExecutor,
  SyncManager,
  task,
} from "../../mod.ts";
import { holdAt, holdForEver, Stores, waitAt } from "./manager_tasks.ts";

const HERE = import.meta.resolve("./manager_tasks.ts");
const HANG = 30_000;
const KEY = new TextEncoder().encode("secret");
const LOCAL: Address = ["127.0.0.1", 0];

Deno.test("a lock that a killed child held, by way of its parent, is abandoned", async () => {
  await using manager = await Manager();
  const [lock, held] = [await manager.Lock(), await manager.Queue<number>()];
  const process = new Process({ target: task(HERE, holdForEver), args: [lock, held] });
  process.start();
  assertEquals(await held.get({ timeout: HANG }), process.pid);
  const waiting = lock.acquire({ timeout: HANG });
  process.kill();
  assertEquals([await waiting, lock.abandoned], [true, true]);
  await lock.release();
  assertEquals([await lock.acquire(), lock.abandoned], [true, false]);
  await process.join();
});

Deno.test("a lock that a killed client held is abandoned, and what it waited for is others'", async () => {
  const manager = await new Stores({ address: LOCAL, authkey: KEY }).start();
  const [lock, queue] = [await manager.Lock(), await manager.Queue<unknown>()];
  const [news, store] = [await manager.Queue<number>(), await manager.store()];
  for (const [name, it] of Object.entries({ lock, queue, news })) await store.set(name, it);
  const args = [manager.address!, KEY];
  const [holder, waiter] = [holdAt, waitAt].map((target) =>
    new Process({ target: task(HERE, target), args })
  ) as [Process, Process];
  for (const process of [holder, waiter]) process.start();
  await news.get({ timeout: HANG });
  await news.get({ timeout: HANG });
  for (const process of [holder, waiter]) {
    process.kill();
    await process.join();
  }
  assertEquals([await lock.acquire({ timeout: HANG }), lock.abandoned], [true, true]);
  // The one that waits for it is gone: it gets no item.
  await queue.put("for the living");
  assertEquals(await queue.get({ timeout: HANG }), "for the living");
  await manager.shutdown();
});

Deno.test("calls under way fail when the manager is killed, and those that come later", async () => {
  const manager = await Manager();
  const process = active_children().find(({ name }) => name.startsWith("SyncManager-"))!;
  const [dict, queue, event] = [
    await manager.dict(),
    await manager.Queue<number>(),
    await manager.Event(),
  ];
  await using children = new ProcessPoolExecutor(1);
  const waiting = [
    queue.get(),
    event.wait(),
    children.submit(async (queue) => void await queue.get(), queue),
  ].map((promise: PromiseLike<unknown>) =>
    assertRejects(() => deadline(Promise.resolve(promise), HANG), Error, "the manager at")
  );
  await dict.len();
  process.kill();
  await Promise.all(waiting);
  await assertRejects(() => dict.get("a"), EOFError, "the manager at");
  await assertRejects(() => manager.list(), EOFError, "the manager at");
  const late = new SyncManager({ address: manager.address! });
  await assertRejects(() => late.connect(), OSError);
  await deadline(manager.shutdown(), HANG);
  await deadline(manager.shutdown(), HANG);
  assertEquals(process.exitcode, -9);
});

Deno.test("using a lock of a manager that has died does not fail the end of its use", async () => {
  const manager = await Manager();
  const process = active_children().find(({ name }) => name.startsWith("SyncManager-"))!;
  const lock = await manager.Lock();
  {
    await using _held = await lock.hold();
    process.kill();
    await process.join();
  }
  await assertRejects(() => lock.release(), EOFError);
  await manager.shutdown();
});

Deno.test("a wait that is given up is given up in the manager, too", async () => {
  await using manager = await Manager();
  const [lock, queue] = [await manager.Lock(), await manager.Queue<number>()];
  await lock.acquire();
  const controller = new AbortController();
  const waits = [
    assertRejects(() => lock.acquire({ signal: controller.signal }), Error, "aborted"),
    assertRejects(() => queue.get({ signal: controller.signal }), Error, "aborted"),
  ];
  assertEquals(await lock.acquire({ timeout: 20 }), false);
  controller.abort("enough");
  await Promise.all(waits);
  await queue.put(1);
  await lock.release();
  assertEquals([await queue.get(), await lock.acquire({ block: false })], [1, true]);
});

Deno.test("who waits in a manager keeps none of its other calls waiting", async () => {
  await using manager = await Manager();
  const [queue, dict] = [await manager.Queue<number>(), await manager.dict({ a: 1 })];
  const waiting = Array.from({ length: 200 }, () => queue.get());
  assertEquals(await dict.get("a"), 1);
  for (let i = 0; i < 200; i++) await queue.put(i);
  assertEquals((await Promise.all(waiting)).sort((a, b) => a - b).at(-1), 199);
  assert(await queue.empty());
});
