/** Pools that a manager has: lines G14 and R12 of CPython's suites, and what is Herd's own. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Process,
  RemoteError,
  RuntimeError,
  SyncManager,
  task,
  TimeoutError,
  ValueError,
} from "../../mod.ts";
import * as tasks from "./managed_pool_tasks.ts";

const HERE = import.meta.resolve("./managed_pool_tasks.ts");
const square = task(HERE, tasks.square);
const add = task(HERE, tasks.add);

function start(): Promise<SyncManager> {
  return new SyncManager({ modules: [HERE] }).start();
}

Deno.test("G14: a pool of a manager calls functions by reference", async () => {
  await using manager = await start();
  using pool = await manager.Pool(2);
  assertEquals(await pool.apply(add, [1, 2]), 3);
  assertEquals(await pool.map(square, [1, 2, 3]), [1, 4, 9]);
  assertEquals(await pool.starmap(add, [[1, 2], [3, 4]], { chunksize: 1 }), [3, 7]);
  // One that was named by task() before.
  assertEquals(await pool.apply(tasks.square, [5]), 25);
  const results: number[] = [];
  for await (const n of await pool.imap(square, [3, 1, 2])) results.push(n);
  for await (const n of await pool.imap_unordered(square, [7])) results.push(n);
  assertEquals(results, [9, 1, 4, 49]);
  await pool.close();
  await pool.join();
  assertEquals(String(pool), "<PoolProxy object, typeid 'Pool'>");
});

Deno.test("the result of an asynchronous call is a proxy, and no promise", async () => {
  await using manager = await start();
  const pool = await manager.Pool(1);
  const result = await pool.apply_async(task(HERE, tasks.later), [5]);
  assertEquals(await result.get(), 5);
  assertEquals([await result.ready(), await result.successful()], [true, true]);
  const failed = await pool.apply_async(task(HERE, tasks.fail), ["too far"]);
  await failed.wait();
  await assertRejects(() => failed.get(), RangeError, "too far");
  assertEquals(await failed.successful(), false);
  const all = await pool.map_async(square, [1, 2]);
  assertEquals(await all.get(), [1, 4]);
  assertEquals(await (await pool.starmap_async(add, [[1, 1]])).get(), [2]);
  const slow = await pool.map_async(task(HERE, tasks.later), [1, 2, 3, 4, 5]);
  await assertRejects(() => slow.get(0), TimeoutError);
  await assertRejects(async () => await slow.successful(), ValueError);
  await pool.terminate();
  await pool.join();
});

Deno.test("R12: each worker of a manager's pool calls its initializer", async () => {
  await using manager = await start();
  const pool = await manager.Pool({
    processes: 1,
    initializer: task(HERE, tasks.greet),
    initargs: ["hello"],
  });
  assertEquals(await pool.apply(task(HERE, tasks.readGreeting)), "hello");
  await assertRejects(() => manager.Pool(0), ValueError, "processes");
  await assertRejects(() => manager.Pool({ initializer: 5 as never }), TypeError, "task(url");
  await assertRejects(
    () => manager.Pool({ permissions: "none" } as never),
    TypeError,
    "permissions",
  );
});

Deno.test("a manager's pool does not go through an array of next to nothing", async () => {
  await using manager = await start();
  const pool = await manager.Pool(1);
  const holes: number[] = Object.assign([], { length: 4e9 });
  await assertRejects(() => pool.map(square, holes), ValueError, "hole");
  await assertRejects(() => pool.imap(square, holes), ValueError, "hole");
});

Deno.test("a manager's pool loads no module that the manager was not told of", async () => {
  await using manager = await new SyncManager().start();
  const pool = await manager.Pool(1);
  const elsewhere = "data:text/javascript,export function evil() { return 1 }";
  for (const fn of [square, tasks.square, task(elsewhere, "evil"), task(elsewhere, "nothing")]) {
    await assertRejects(() => pool.apply(fn as typeof square, [1]), TypeError, "modules");
  }
  await assertRejects(() => pool.apply((() => 1) as never), DOMException);
  await assertRejects(() => pool.apply(5 as never), TypeError, "task(url, function)");
  await assertRejects(() => manager._create("AsyncResult"), TypeError, "only pools do");
  await assertRejects(() => pool._callmethod("terminateAll"), RemoteError);
});

Deno.test("a process uses its parent's manager's pool", async () => {
  await using manager = await start();
  const [pool, results] = [await manager.Pool(1), await manager.list<number>()];
  const process = new Process({
    target: async (given: typeof pool, into: typeof results, fn: typeof square) => {
      await into.extend(await given.map(fn, [1, 2]));
    },
    args: [pool, results, square],
  });
  process.start();
  await process.join();
  assertEquals([process.exitcode, await results.copy()], [0, [1, 4]]);
  assert(await pool.apply(square, [2]) === 4);
});

Deno.test("a task may ask for a result of its own pool that is there", async () => {
  await using manager = await start();
  using alone = await manager.Pool(1);
  const nine = await alone.apply_async(square, [3]);
  assertEquals(await nine.get(), 9);
  assertEquals(await alone.apply(task(HERE, tasks.getResult), [nine]), 9);
});

for (const how of ["apply", "map", "get", "imap"]) {
  Deno.test(`a task that waits for its own pool is told when nobody is left to work: ${how}`, async () => {
    await using manager = await start();
    const waitForOwn = task(HERE, tasks.waitForOwn);
    using alone = await manager.Pool(1);
    await assertRejects(
      () => alone.apply(waitForOwn, [alone, how]),
      RuntimeError,
      "Cannot wait for the pool in a task of its own: its only worker would wait for it",
    );
    assertEquals(await alone.apply(square, [4]), 16);
    using pair = await manager.Pool(2);
    assertEquals(await pair.apply(waitForOwn, [pair, how]), 9);
    await alone.terminate();
    await pair.terminate();
  });
}
