/** The executor suite over killable threads, and what only they can do. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BrokenThreadPool,
  ThreadPoolExecutor,
  type ThreadPoolOptions,
  TimeoutError,
} from "../../mod.ts";
import { executorSuite } from "../suites/executor_suite.ts";
import { ThreadGate } from "../suites/executor_tasks.ts";
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

const HOARDS = {
  "at once": () => {
    const hoard: unknown[] = [];
    for (;;) hoard.push({ n: hoard.length });
  },
  "after an await": async () => {
    await null;
    const hoard: unknown[] = [];
    for (;;) hoard.push({ n: hoard.length });
  },
};

for (const [when, hoard] of Object.entries(HOARDS)) {
  Deno.test(`a task that uses up the memory ${when} fails by itself, and names the limit`, async () => {
    await using executor = killable({ memoryLimit: 32 });
    await assertRejects(
      () => executor.submit(hoard).result(),
      BrokenThreadPool,
      "ran out of memory: its heap outgrew its memoryLimit of 32 MB",
    );
    assertEquals(await executor.submit(() => "going on"), "going on");
  });
}

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
