/** Tests of what outlives a task or its worker: deadlines, cleanup, code left running, hooks, marks. */

import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { CancelledError, task, ThreadPoolExecutor, TimeoutError, transfer } from "../../mod.ts";
import { Task } from "../../executors/_task.ts";
import { TaskQueue } from "../../executors/_task_queue.ts";
import { describe } from "../../ipc/callable.ts";
import { echo as echoTask, ThreadGate, until } from "../suites/executor_tasks.ts";
import * as tasks from "./regression_tasks.ts";

const HERE = import.meta.resolve("./regression_tasks.ts");
const askLeftover = task(HERE, tasks.askLeftover);
const echo = task(import.meta.resolve("../suites/executor_tasks.ts"), echoTask);
const fail = task(HERE, tasks.fail);
const failUnderOddHook = task(HERE, tasks.failUnderOddHook);
const failUnderThrowingHook = task(HERE, tasks.failUnderThrowingHook);
const tidyWhenStopped = task(HERE, tasks.tidyWhenStopped);

/** Milliseconds after which a wait is a hang. */
const HANG = 20_000;

function word(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** A module that ends the first worker that loads it, and whose `pass` holds those that come later. */
function moduleThatKillsOnce(variable: string): string {
  const { href } = new URL("../suites/executor_tasks.ts", import.meta.url);
  const text = `
    if (Deno.env.get("${variable}") === undefined) {
      Deno.env.set("${variable}", "loaded");
      self.close();
      await new Promise(() => {});
    }
    export { pass } from ${JSON.stringify(href)};`;
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

Deno.test("the deadline of a task whose worker died while loading still holds, and the pool goes on", async () => {
  const variable = `HERD_TEST_${crypto.randomUUID().replaceAll("-", "_")}`;
  using gate = new ThreadGate();
  try {
    await using executor = new ThreadPoolExecutor(1);
    const url = moduleThatKillsOnce(variable);
    const pass = task<(ticket: SharedArrayBuffer) => void>(url, "pass");
    // Long enough for the second worker to begin the task, which then never ends.
    const future = executor.options({ deadline: 1500 }).submit(pass, gate.ticket);
    await assertRejects(() => future.result(HANG), TimeoutError, "deadline of 1500 ms");
    assertEquals(Deno.env.get(variable), "loaded");
    assertEquals(await executor.submit(echo, "next").result(HANG), "next");
    assertEquals(executor.stats().failed, 1);
  } finally {
    Deno.env.delete(variable);
  }
});

Deno.test("an asynchronous task that is aborted tidies up before shutdown() resolves", async () => {
  const progress = word();
  {
    await using executor = new ThreadPoolExecutor(1);
    const controller = new AbortController();
    const future = executor.options({ signal: controller.signal })
      .submit(tidyWhenStopped, progress);
    await until(() => progress[0] === 1, "the task to wait");
    controller.abort(new CancelledError("the test's own reason"));
    await assertRejects(() => future.result(HANG));
  }
  assertEquals(progress[0], 2);
});

for (const how of ["leaveAndReturn", "leaveLater", "leaveAndThrow"] as const) {
  Deno.test(`code that a task left behind by ${how} does not see the next task's stop`, async () => {
    await using executor = new ThreadPoolExecutor(1);
    await executor.submit(task(HERE, tasks[how] as () => unknown)).exception(HANG);
    const waits = word();
    const future = executor.submit(askLeftover, waits);
    await until(() => waits[0] === 1, "the second task to wait");
    assertEquals(future.cancel(), false);
    assertEquals(await future.result(HANG), []);
  });
}

/** What a hook for stacks may do. */
const HOOKS: readonly [what: string, hook: () => unknown][] = [
  ["throws", () => {
    throw new TypeError("the hook's words");
  }],
  ["gives a list", () => [1, () => {}]],
  ["gives nothing", () => undefined],
  ["gives a symbol", () => Symbol("stack")],
  ["gives an object whose text throws", () => ({
    toString() {
      throw new TypeError("the text's words");
    },
  })],
];

for (const [what, prepareStackTrace] of HOOKS) {
  Deno.test(`a task fails with its own error when prepareStackTrace here ${what}`, async () => {
    await using executor = new ThreadPoolExecutor(1);
    const hooks = Error as { prepareStackTrace?: unknown };
    const before = hooks.prepareStackTrace;
    let error: unknown;
    try {
      hooks.prepareStackTrace = prepareStackTrace;
      error = await executor.submit(fail).exception(HANG);
    } finally {
      hooks.prepareStackTrace = before;
    }
    assertInstanceOf(error, RangeError);
    assertEquals(error.message, "the task's own words");
    assertEquals(await executor.submit(echo, "after").result(HANG), "after");
  });
}

for (
  const [what, fn] of [["throws", failUnderThrowingHook], ["is odd", failUnderOddHook]] as const
) {
  Deno.test(`a task fails with its own error when prepareStackTrace in the worker ${what}`, async () => {
    await using executor = new ThreadPoolExecutor(1);
    for (let i = 0; i < 2; i++) {
      const error = await executor.submit(fn).exception(HANG);
      assertInstanceOf(error, RangeError);
      assertEquals(error.message, "the task's own words");
    }
    assertEquals(await executor.submit(echo, "after").result(HANG), "after");
    assertEquals(executor.stats().workers, 1);
  });
}

Deno.test("initargs that are marked for transfer are a TypeError, since every worker gets them", () => {
  const initargs: [Uint8Array] = [transfer(new Uint8Array(8))];
  const initializer = (_bytes: Uint8Array) => {};
  assertThrows(
    () => new ThreadPoolExecutor({ initializer, initargs }),
    TypeError,
    "Cannot make a ThreadPoolExecutor: initargs go to every worker",
  );
  assertEquals(initargs[0].length, 8);
});

/** 8,000 priorities, each once, in no order. */
const PRIORITIES = Array.from({ length: 8000 }, (_, i) => (i * 4999) % 8000);

Deno.test("8,000 tasks of distinct priorities are taken in the order of these", () => {
  const queue = new TaskQueue();
  const call = describe(echo);
  for (const [n, priority] of PRIORITIES.entries()) {
    const settings = { priority, deadline: undefined, transfer: [], signal: undefined };
    queue.push(new Task({ settled() {} }, call, [], 0, settings, n, { time: 0, caller: {} }));
  }
  const taken = PRIORITIES.map(() => queue.take(0)!.settings.priority);
  assertEquals(taken, PRIORITIES.toSorted((a, b) => b - a));
  assertEquals([queue.size, queue.take(0)], [0, undefined]);
});

Deno.test("a pool runs 8,000 tasks of distinct priorities, each once", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const futures = PRIORITIES.map((priority) =>
    executor.options({ priority }).submit(echo, priority)
  );
  const results = await Promise.all(futures.map((future) => future.result(60_000)));
  assertEquals(results, PRIORITIES);
  assertEquals(executor.stats().finished, PRIORITIES.length);
});

/** Runs the program of that name in `programs/permissions.ts`; what it printed. */
async function permissionsUnder(flags: readonly string[], program: string): Promise<string[]> {
  const root = new URL("../../", import.meta.url);
  const file = new URL("./programs/permissions.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--no-prompt", "--unstable-worker-options"]
      .concat(`--config=${new URL("deno.json", root).pathname}`, flags, file, program),
    env: { NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(30_000),
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals({ code, err }, { code: 0, err: "" });
  return out!.split("\n").slice(0, -1);
}

Deno.test("a permission of which the program is denied a part is refused by the constructor", async () => {
  const start =
    "NotCapable: Cannot make a ThreadPoolExecutor: a worker can't have more than this " +
    "program: read access";
  const flags = ["--allow-read", "--deny-read=/var/tmp"];
  assertEquals(await permissionsUnder(flags, "part of a list"), [
    "made",
    `${start} to /var is granted only in part: list what it needs within`,
    `${start} is granted only in part: list what it needs`,
  ]);
});
