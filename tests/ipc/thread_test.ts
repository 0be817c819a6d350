/**
 * Tests of threads by themselves: most of what they do is in `runnable_suite.ts`, and how programs with threads
 * end is in `thread_exit_test.ts`.
 *
 * Names such as Z01 are the lines of CPython's own tests that a test covers. Without a counterpart here:
 *
 * | line | why |
 * | --- | --- |
 * | Z03, Z04, Z20, Z23 | locks and semaphores have suites of their own |
 * | Z06 | a thread that Herd has not started is one that it knows nothing of |
 * | Z07, Z09 | there is no list of all threads; `dummy.active_children` is tested in `dummy_test.ts` |
 * | Z13 | no function is falsy |
 * | Z24, Z25, Z31, Z34 | nothing runs while a program ends |
 * | Z29, Z30 | there is no hook for uncaught errors |
 * | Z33 | there is one spelling of each name |
 */

import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import {
  current_process,
  current_thread,
  Event,
  Lock,
  Process,
  Queue,
  Semaphore,
  SimpleQueue,
  task,
  Thread,
  ThreadPoolExecutor,
} from "../../mod.ts";
import { crowd, goOn, leave, names, nest, tellNames } from "./thread_targets.ts";

const TARGETS = import.meta.resolve("./thread_targets.ts");

/** Lets Deno check the types of a thread's modules once, before many start at a time: each would check them. */
async function loadEntry(): Promise<void> {
  const thread = new Thread({ target: names, modules: [TARGETS] });
  thread.start();
  await thread.join();
}

Deno.test("Z22: the main thread is called so, is alive, no daemon, and has a number", () => {
  const main = current_thread();
  assertEquals([main.name, main.daemon, main.is_alive()], ["MainThread", false, true]);
  assert(Number.isInteger(main.ident));
  assertEquals(current_thread(), main);
  assertEquals(String(main), `<Thread name="MainThread" started ident=${main.ident}>`);
});

Deno.test("Z01: a thread is named by a number and its target, until it is given a name", () => {
  function work() {}
  const named = new Thread({ target: work });
  const number = Number(/^Thread-(\d+) \(work\)$/.exec(named.name)![1]);
  assertEquals(new Thread().name, `Thread-${number + 1}`);
  assertEquals(new Thread({ name: "Ann", target: work }).name, "Ann");
  assertEquals(new Thread({ name: "" }).name, `Thread-${number + 2}`);
  class Sheep extends Thread {}
  assertEquals(new Sheep().name, `Thread-${number + 3}`);
  const byName = task<typeof names>(TARGETS, "names");
  assertEquals(new Thread({ target: byName }).name, `Thread-${number + 4} (names)`);
});

Deno.test("a thread is one of its process, and each has a number of its own", async () => {
  const told = new Queue<string[]>();
  const threads = [1, 2, 3].map(() =>
    new Thread({ target: tellNames, args: [told], modules: [TARGETS] })
  );
  for (const thread of threads) thread.start();
  const idents = new Set([current_thread(), ...threads].map(({ ident }) => ident));
  assertEquals(idents.size, 4);
  const seen = new Map<string, string[]>();
  for (const _ of threads) {
    const [thread, ...process] = await told.get();
    seen.set(thread!, process);
  }
  for (const { name } of threads) {
    assertEquals(seen.get(name), [current_process().name, `${Deno.pid}`]);
  }
  await Promise.all(threads.map((thread) => thread.join()));
});

Deno.test("in a pool current_thread has the worker's name, and a number", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, thread_name_prefix: "pool" });
  const look = task<() => void>(TARGETS, "names");
  assertEquals((await executor.submit(look) as unknown as string[])[0], "pool_0");
});

Deno.test("Z21: a thread shows that it has stopped without being joined", async () => {
  const thread = new Thread({ target: () => {} });
  thread.start();
  while (thread.is_alive()) await new Promise((resolve) => setTimeout(resolve, 1));
  assertStringIncludes(String(thread), " stopped ");
  await thread.join();
});

Deno.test("threads may have threads, executors and processes", async () => {
  const told = new Queue<unknown>();
  const thread = new Thread({ target: task(TARGETS, nest), args: [told, 2] });
  thread.start();
  assertEquals(await told.get(), ["ThreadPoolExecutor-0_0", "ProcessPoolExecutor-0_0"]);
  const [inner, outer] = [await told.get() as string, await told.get() as string];
  for (const name of [inner, outer]) assert(/^Thread-\d+ \(nest\)$/.test(name), name);
  assertNotEquals(inner, outer, "all threads of a process are counted together");
  await thread.join();
});

for (const kind of ["thread", "process"] as const) {
  Deno.test(`a thread ends when the ${kind} has that it has started`, async () => {
    const [go, told] = [new Event(), new Queue<string>()];
    const thread = new Thread({ target: task(TARGETS, leave), args: [kind, go, told] });
    thread.start();
    assertEquals(await told.get(), "began");
    await thread.join(20);
    assert(thread.is_alive());
    go.set();
    assertEquals(await told.get(), "went on");
    await thread.join();
  });
}

Deno.test("timers that are left do not keep a thread", async () => {
  const thread = new Thread({ target: () => void setInterval(() => {}, 1_000_000) });
  thread.start();
  await thread.join();
  assertEquals(thread.is_alive(), false);
});

for (
  const [how, target] of [
    ["Deno.exit", () => Deno.exit(3)],
    ["self.close", () => self.close()],
    [
      "self.close, and goes on",
      () => {
        self.close();
        for (;;);
      },
    ],
    ["process.exit", () => Reflect.get(globalThis, "process").exit(3)],
  ] as const
) {
  Deno.test(`Z28: a thread that calls ${how} ends, and no other does`, async () => {
    const thread = new Thread({ target });
    thread.start();
    await thread.join();
    assertEquals(thread.is_alive(), false);
  });
}

Deno.test("what threads share is the same in all of them", async () => {
  const [queue, simple, event, permits] = [
    new Queue<string>(),
    new SimpleQueue<string>(),
    new Event(),
    new Semaphore(0),
  ];
  const deep = { list: [queue], map: new Map([["simple", simple]]) };
  const target = async (
    { list, map }: typeof deep,
    event: Event,
    permits: Semaphore,
  ) => {
    await event.wait();
    await list[0]!.put("queue");
    await map.get("simple")!.put("simple");
    await permits.release(3);
  };
  const thread = new Thread({ target, args: [deep, event, permits] });
  thread.start();
  event.set();
  assertEquals([await queue.get(), await simple.get()], ["queue", "simple"]);
  await thread.join();
  assertEquals(permits.get_valueSync(), 3);
});

Deno.test("a stream that a thread is given is read there", async () => {
  const told = new Queue<string>();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const thread = new Thread({
    target: async (readable: ReadableStream<Uint8Array>, told: Queue<string>) => {
      await told.put(await new Response(readable).text());
    },
    args: [readable, told],
  });
  thread.start();
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("by and "));
  await writer.write(new TextEncoder().encode("by"));
  await writer.close();
  assertEquals(await told.get(), "by and by");
  await thread.join();
});

Deno.test("many threads at once end well", async () => {
  await loadEntry();
  const [go, told] = [new Event(), new Queue<string>()];
  const threads = Array.from(
    { length: 12 },
    () => new Thread({ target: goOn, args: [go, told], modules: [TARGETS] }),
  );
  for (const thread of threads) thread.start();
  for (const _ of threads) assertEquals(await told.get(), "began");
  go.set();
  await Promise.all(threads.map((thread) => thread.join()));
  for (const _ of threads) assertEquals(await told.get(), "went on");
});

for (const context of ["spawn", "worker"] as const) {
  Deno.test(`three processes (${context}) of ten threads have a lock and queues in common`, async () => {
    await loadEntry();
    const [told, lock, count] = [new Queue<string>(), new Lock(), new Queue<number>()];
    await count.put(0);
    const processes = ["a", "b", "c"].map((name) =>
      new Process({ target: task(TARGETS, crowd), args: [told, lock, count, 10], name, context })
    );
    for (const process of processes) process.start();
    for (const process of processes) await process.join();
    assertEquals(processes.map(({ exitcode }) => exitcode), [0, 0, 0]);
    const seen: string[] = [];
    while (await told.qsize() > 0) seen.push(await told.get());
    const numbers = Array.from({ length: 10 }, (_, i) => i);
    const expected = ["a", "b", "c"].flatMap((name) => numbers.map((i) => `${name} ${i}`));
    assertEquals(seen.sort(), expected);
    assertEquals(await count.get(), 30);
  });
}
