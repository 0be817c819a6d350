/** Tests of `dummy`: the names of multiprocessing, over threads. */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import * as herd from "../../mod.ts";
import { dummy, RuntimeError, Thread } from "../../mod.ts";
import { Greeter, tellChildren } from "./dummy_targets.ts";

const TARGETS = import.meta.resolve("./dummy_targets.ts");

Deno.test("a Process is a thread with an exit code, which is 0 once it has ended", async () => {
  const [up, go] = [new dummy.Event(), new dummy.Event()];
  const target = async (up: herd.Event, go: herd.Event) => {
    await up.set();
    await go.wait();
  };
  const process = new dummy.Process({ target, args: [up, go] });
  assert(process instanceof Thread);
  assertEquals([process.exitcode, dummy.active_children()], [null, []]);
  process.start();
  await up.wait();
  assertEquals([process.exitcode, process.is_alive()], [null, true]);
  assertEquals(dummy.active_children(), [process]);
  go.set();
  await process.join();
  assertEquals([process.exitcode, process.is_alive()], [0, false]);
  assertEquals(dummy.active_children(), []);
  await assertRejects(() => new dummy.Process().join(), RuntimeError);
});

Deno.test("a Process that ends otherwise has the exit code 0 as well", async () => {
  const process = new dummy.Process({ target: () => Deno.exit(3) });
  process.start();
  await process.join();
  assertEquals(process.exitcode, 0);
});

Deno.test("the children of a thread are its own", async () => {
  const told = new dummy.Queue<string[]>();
  const plain = new Thread({ target: () => {} });
  plain.start();
  const process = new dummy.Process({ target: tellChildren, args: [told], modules: [TARGETS] });
  process.start();
  assertEquals(dummy.active_children(), [process], "a Thread is none");
  const [before, [child]] = [await told.get(), await told.get()];
  assertEquals(before, []);
  assert(/^Thread-\d+$/.test(child!), child);
  await Promise.all([process.join(), plain.join()]);
});

Deno.test("a subclass may override run, and is the current process there", async () => {
  const told = new dummy.Queue<unknown>();
  const greeter = new Greeter(told, "hello");
  greeter.start();
  assertEquals(await told.get(), ["hello", greeter.name, true, null]);
  await greeter.join();
  assertEquals(greeter.exitcode, 0);
});

Deno.test("a Queue can be joined, as in CPython", async () => {
  assertStrictEquals(dummy.Queue, herd.JoinableQueue);
  const queue = new dummy.Queue<number>();
  await queue.put(1);
  const process = new dummy.Process({
    target: async (queue: herd.JoinableQueue<number>) => {
      await queue.get();
      await queue.task_done();
    },
    args: [queue],
  });
  process.start();
  await queue.join();
  await process.join();
});

Deno.test("a Manager's objects are the same in all threads", async () => {
  await using manager = await dummy.Manager();
  const list = await manager.list(["Dolly"]);
  const process = new dummy.Process({
    target: (list: herd.ListProxy<string>) => list.append("Molly"),
    args: [list],
  });
  process.start();
  await process.join();
  assertEquals(await list.copy(), ["Dolly", "Molly"]);
  const [server] = herd.active_children();
  assertEquals(server?.pid, Deno.pid);
});

Deno.test("the current process is the thread, and all else is what Herd has", () => {
  assertStrictEquals(dummy.current_process, herd.current_thread);
  assertStrictEquals(dummy.Pool, herd.ThreadPool);
  const own = ["Process", "Pool", "Manager", "Queue", "current_process", "active_children"];
  for (const [name, value] of Object.entries(dummy)) {
    if (!own.includes(name)) assertStrictEquals(value, Reflect.get(herd, name), name);
  }
});
