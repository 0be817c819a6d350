/** Tests of shared objects in processes, where their memory is not. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  Process,
  RLock,
  Semaphore,
  task,
} from "../../mod.ts";
import {
  enterAndLeave,
  LockProcess,
  makeCondition,
  pool,
  refusals,
  useNamed,
} from "./shared_tasks.ts";

const HERE = import.meta.resolve("./shared_tasks.ts");
const enter = task(HERE, enterAndLeave);

Deno.test("Processes, a pool's children, threads and main exclude each other by one lock", async () => {
  await using children = pool("child");
  await using threads = pool("thread");
  const [lock, inside] = [new Lock(), new Semaphore(1)];
  const [clash, done] = [new Event(), new Semaphore(0)];
  const args = [lock, inside, clash, done, 40] as const;
  const processes = Array.from({ length: 2 }, () => new Process({ target: enter, args }));
  for (const process of processes) process.start();
  const tasks = [children, children, threads, threads].map((it) => it.submit(enter, ...args));
  await Promise.all([...tasks, enterAndLeave(...args)]);
  for (const process of processes) {
    await process.join();
    assertEquals(process.exitcode, 0);
  }
  assertEquals([clash.is_setSync(), done.get_valueSync(), lock.lockedSync()], [false, 7, false]);
});

Deno.test("A process gets shared objects in kwargs, and in fields of its class", async () => {
  const [lock, event] = [new Lock(), new Event()];
  const named = new Process({
    target: task(HERE, useNamed),
    args: [event],
    kwargs: { lock },
  });
  named.start();
  await event.wait();
  await named.join();
  assertEquals(named.exitcode, 0);

  await event.clear();
  await lock.acquire();
  const process = new LockProcess(lock, event);
  process.start();
  await event.wait();
  await lock.release();
  await process.join();
  assertEquals([process.exitcode, lock.lockedSync()], [0, false]);
});

const SYNC: readonly [make: () => object, names: readonly string[]][] = [
  [() => new Lock(), ["acquire", "hold", "locked"]],
  [() => new RLock(), ["acquire", "hold", "locked"]],
  [() => new Semaphore(), ["acquire", "hold", "locked", "get_value"]],
  [() => new BoundedSemaphore(), ["acquire", "hold", "locked", "get_value"]],
  [() => new Condition(), ["acquire", "hold", "locked", "wait", "wait_for"]],
  [() => new Event(), ["wait", "is_set"]],
  [() => new Barrier(2), ["wait"]],
];

Deno.test("What blocks is refused in a process, and says what to use", async () => {
  await using executor = pool("child");
  for (const [make, names] of SYNC) {
    const object = make();
    const kind = object.constructor.name.replace("SharedEvent", "Event");
    const told = await executor.submit(
      task(HERE, refusals),
      object,
      names.map((it) => `${it}Sync`),
    );
    const article = /^(?:RLock|Event)$/.test(kind) ? "an" : "a";
    const expected = names.map((name) =>
      `RuntimeError: Cannot use ${name}Sync of ${article} ${kind} that lives in another process: ` +
      `its memory is not here: use await ${name}()`
    );
    assertEquals(told, expected);
  }
});

Deno.test("A condition is made where its lock lives", async () => {
  await using executor = pool("child");
  await assertRejects(
    () => executor.submit(task(HERE, makeCondition), new Lock()),
    TypeError,
    "Cannot make a Condition: its lock lives in another process: make it there, and pass it on",
  );
});
