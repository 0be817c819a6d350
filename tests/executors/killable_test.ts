/** The executor suite over killable threads, and what only they can do. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BrokenThreadPool,
  CancelledError,
  type Future,
  task,
  ThreadPoolExecutor,
  type ThreadPoolOptions,
  TimeoutError,
} from "../../mod.ts";
import { executorSuite } from "../suites/executor_suite.ts";
import { echo, pass, ThreadGate, until } from "../suites/executor_tasks.ts";
import { CONFIG, run } from "../support/run_deno.ts";

executorSuite({
  name: "ThreadPoolExecutor({ killable })",
  make: (options) => new ThreadPoolExecutor({ ...options, killable: true }),
  expression: (options) => `new herd.ThreadPoolExecutor({ ...${options}, killable: true })`,
  broken: BrokenThreadPool,
  gate: () => new ThreadGate(),
  prefix: "ThreadPoolExecutor",
  takesBack: true,
  gaps: {},
});

const TASKS = import.meta.resolve("../suites/executor_tasks.ts");
const ECHO = task(TASKS, echo);
const HOLD = task(TASKS, pass);

const killable = (options: ThreadPoolOptions = {}) =>
  new ThreadPoolExecutor({ max_workers: 1, killable: true, ...options });

Deno.test("a loop past its deadline is really stopped, and the pool goes on", async () => {
  await using executor = killable();
  const count = new Int32Array(new SharedArrayBuffer(4));
  const future = executor.options({ deadline: 50 }).submit(
    (count: Int32Array) => {
      for (;;) Atomics.add(count, 0, 1);
    },
    count,
  );
  await assertRejects(() => future.result(), TimeoutError);
  let before: number;
  do {
    before = Atomics.load(count, 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (Atomics.load(count, 0) !== before);
  assertEquals(await executor.submit(() => "going on"), "going on");
});

Deno.test("a thread that blocks is stopped too, and nothing of it is left", async () => {
  const executor = killable();
  using gate = new ThreadGate();
  const controller = new AbortController();
  const blocked = executor.options({ signal: controller.signal }).submit(HOLD, gate.ticket);
  await gate.arrivals(1);
  controller.abort();
  await assertRejects(() => blocked.result(), CancelledError);
  // It waits for the thread to be gone: the test would not end well otherwise.
  await executor.shutdown();
  assertEquals(executor.stats().workers, 0);
});

Deno.test("a module that loops for ever when it is loaded is stopped, and the pool goes on", async () => {
  await using executor = killable();
  const url = `data:text/javascript,for (;;); export function run() {}`;
  const future = executor.options({ deadline: 50 }).submit(task<() => void>(url, "run"));
  await assertRejects(() => future.result(), TimeoutError, "deadline of 50 ms");
  assertEquals(await executor.submit(() => "going on"), "going on");
});

Deno.test("an asynchronous initializer that never ends holds up no shutdown", async () => {
  const executor = killable({ initializer: () => new Promise(() => {}) });
  const future = executor.submit(() => 1);
  await until(() => executor.stats().workers === 1);
  await executor.shutdown({ cancel_futures: true });
  assert(future.cancelled());
});

Deno.test("what a task writes by process.stdout is printed once", async () => {
  const source = `
    import { ThreadPoolExecutor } from "${import.meta.resolve("../../mod.ts")}";
    await using executor = new ThreadPoolExecutor({ max_workers: 1, killable: true });
    await executor.submit(() => void globalThis.process.stdout.write("once\\n"));
  `;
  const { code, lines, stderr } = await run([
    "--no-lock",
    "-A",
    CONFIG,
    `data:text/javascript,${encodeURIComponent(source)}`,
  ]);
  assertEquals([code, lines], [0, ["once"]], stderr);
});

/** Adds to the heap without end. */
const HOARD = "const hoard = () => { for (const all = [];;) all.push({ n: all.length }); };";

/** Tasks that use up the memory: Deno notices some of them, and Herd the others. */
const HOARDS: Record<string, (executor: ThreadPoolExecutor) => Future<unknown>> = {
  "at once": (executor) =>
    executor.submit(() => {
      for (const all: unknown[] = [];;) all.push({ n: all.length });
    }),
  "after an await": (executor) =>
    executor.submit(async () => {
      await null;
      for (const all: unknown[] = [];;) all.push({ n: all.length });
    }),
  "in a timer": (executor) =>
    executor.submit(() =>
      new Promise(() => {
        setTimeout(() => {
          for (const all: unknown[] = [];;) all.push({ n: all.length });
        });
      })
    ),
  "by and by": (executor) =>
    executor.submit(async () => {
      for (const all: unknown[] = [];;) {
        for (let n = 0; n < 10_000; n++) all.push({ n });
        await new Promise((resolve) => setTimeout(resolve));
      }
    }),
  "for a message of its own": (executor) =>
    executor.submit(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        for (const all: unknown[] = [];;) all.push({ n: all.length });
      };
      port2.postMessage(null);
      return new Promise(() => {});
    }),
  "for its result": (executor) =>
    executor.submit(() => ({
      get all() {
        for (const all: unknown[] = [];;) all.push({ n: all.length });
      },
    })),
  "and would go on": (executor) =>
    executor.submit(() => {
      for (;;) {
        try {
          for (const all: unknown[] = [];;) all.push({ n: all.length });
        } catch {
          // It shall not be caught.
        }
      }
    }),
  "for its module": (executor) =>
    executor.submit(task<() => void>(
      `data:text/javascript,${HOARD} hoard(); export function run() {}`,
      "run",
    )),
  "for its arguments": (executor) =>
    executor.submit(
      (all: unknown[]) => all.length,
      Array.from({ length: 500_000 }, (_, n) => ({ n })),
    ),
};

for (const [when, submit] of Object.entries(HOARDS)) {
  Deno.test(`a task that uses up the memory ${when} fails by itself, and names the limit`, async () => {
    await using executor = killable({ memoryLimit: 32 });
    const before = Array.from({ length: 50 }, (_, n) => executor.submit(ECHO, n));
    const future = submit(executor);
    const after = Array.from({ length: 50 }, (_, n) => executor.submit(ECHO, n));
    await assertRejects(
      () => future.result(60_000),
      BrokenThreadPool,
      "ran out of memory: its heap outgrew its memoryLimit of 32 MB",
    );
    for (const futures of [before, after]) {
      assertEquals(await Promise.all(futures), Array.from({ length: 50 }, (_, n) => n));
    }
    assertEquals(executor.stats().failed, 1);
  });
}

Deno.test("typed arrays do not count towards the limit", async () => {
  await using executor = killable({ memoryLimit: 16 });
  const length = await executor.submit(() => new Uint8Array(64 * 1024 * 1024).fill(1).length);
  assertEquals(length, 64 * 1024 * 1024);
});

const DEATHS = {
  "called Deno.exit(3)": () => Deno.exit(3),
  "called self.close()": () => self.close(),
  "ended by an uncaught error": () => {
    setTimeout(() => {
      throw new RangeError("late");
    });
    return new Promise(() => {});
  },
};

for (const [how, die] of Object.entries(DEATHS)) {
  Deno.test(`a killable worker that ${how} is replaced, and its task says so`, async () => {
    await using executor = killable();
    await assertRejects(() => executor.submit(die).result(), BrokenThreadPool, how);
    assertEquals(await executor.submit(() => "going on"), "going on");
  });
}

Deno.test("memoryLimit is refused to threads that are not killable", () => {
  assertThrows(
    () => new ThreadPoolExecutor({ memoryLimit: 64 }),
    TypeError,
    "Cannot make a ThreadPoolExecutor: memoryLimit is for threads that are killable",
  );
});

Deno.test("a killable worker may do less than the program, and is stopped all the same", async () => {
  const { code, lines, stderr } = await run([
    "--no-lock",
    "-A",
    "--unstable-worker-options",
    CONFIG,
    new URL("./programs/killable_permissions.ts", import.meta.url).pathname,
  ]);
  assertEquals([code, lines], [0, ["prompt", "TimeoutError", "going on"]], stderr);
});

/** Ends of threads at random moments; more by this variable. */
const KILLS = Deno.env.get("HERD_TEST_KILLS") ?? "30";

Deno.test("threads that end at random moments, their boot included, harm nothing else", async () => {
  const { code, lines, stderr } = await run([
    "--no-lock",
    "-A",
    CONFIG,
    new URL("./programs/kills.ts", import.meta.url).pathname,
    KILLS,
    "7",
  ]);
  assertEquals(code, 0, stderr);
  const { outcomes, left } = JSON.parse(lines[0]!);
  const sum = Object.values(outcomes as Record<string, number>).reduce((a, b) => a + b);
  assert(sum >= Number(KILLS), `only ${sum} futures were settled`);
  assert(left <= 0, `${left} threads are left`);
});

Deno.test("a program with a busy killable worker ends when nothing waits for it", async () => {
  const source = `
    import { ThreadPoolExecutor } from "${import.meta.resolve("../../mod.ts")}";
    const executor = new ThreadPoolExecutor({ max_workers: 1, killable: true });
    const controller = new AbortController();
    const options = executor.options({ signal: controller.signal });
    const future = options.submit(() => { for (;;); });
    while (!future.running()) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    console.log((await future.exception().catch((error) => error)).name);
  `;
  const { code, lines, stderr } = await run([
    "--no-lock",
    "-A",
    CONFIG,
    `data:text/javascript,${encodeURIComponent(source)}`,
  ]);
  assertEquals([code, lines], [0, ["CancelledError"]], stderr);
});
