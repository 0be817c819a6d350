/**
 * Tests of how commands are ended early, by `cancel()`, a signal, a deadline or their input, and that
 * nothing is left of them.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { FakeTime } from "@std/testing/time";
import {
  CancelledError,
  type CommandExecutor,
  type CommandOptions,
  type CommandResult,
  type Future,
  TimeoutError,
} from "../../mod.ts";
import { until } from "../suites/executor_tasks.ts";
import { exists, Folder, gone, HANG, LEAVE_PID, shells, WAIT } from "../support/shell.ts";

/** Script: runs until it is killed; SIGTERM does not do it. */
const IGNORE = `trap '' TERM; ${LEAVE_PID}; while [ -e "$0" ]; do sleep 0.05; done`;

/** Script: never ends by itself, and does not mind being told to. */
const SLEEP = `${LEAVE_PID}; exec sleep 100`;

/** A program that runs. */
interface Running {
  readonly future: Future<CommandResult>;
  readonly pid: number;
}

async function start(
  executor: CommandExecutor,
  folder: Folder,
  script: string,
  options: CommandOptions = {},
): Promise<Running> {
  const future = executor.submit("sh", folder.script(script), options);
  return { future, pid: await folder.pid() };
}

// ---- cancel() ----------------------------------------------------------------------------------

Deno.test("cancel() of a queued command is true, and it never runs", async () => {
  await using executor = shells({ max_workers: 1 });
  using folder = new Folder();
  const { future } = await start(executor, folder, `${LEAVE_PID}; ${WAIT}`);
  const queued = executor.submit("sh", folder.script('touch "$0/ran"'));
  const next = executor.submit("true");
  assertEquals([queued.cancel(), queued.cancelled(), queued.cancel()], [true, true, true]);
  assertEquals([queued.running(), executor.stats().queued], [false, 1]);
  await assertRejects(() => queued.result(HANG), CancelledError);
  folder.open();
  await Promise.all([future, next]);
  assert(!folder.has("ran"));
});

Deno.test("cancel() at once after submit is true, and nothing starts", async () => {
  using folder = new Folder();
  const executor = shells();
  assert(executor.submit("sh", folder.script('touch "$0/ran"')).cancel());
  await executor.shutdown();
  assert(!folder.has("ran"));
  assertEquals(executor.stats().cancelled, 1);
});

Deno.test("5,000 cancelled commands leave the queue at once, and those between them run", async () => {
  await using executor = shells({ max_workers: 1 });
  using folder = new Folder();
  await start(executor, folder, `${LEAVE_PID}; ${WAIT}`);
  const futures = Array.from(
    { length: 5_005 },
    (_, i) => executor.submit("sh", folder.script(`echo ${i} >> "$0/order"`)),
  );
  const kept = [0, 1, 2_500, 4_999, 5_004];
  for (const [i, future] of futures.entries()) if (!kept.includes(i)) assert(future.cancel());
  assertEquals(executor.stats().queued, kept.length);
  folder.open();
  await executor.shutdown();
  assertEquals(folder.read("order"), kept.map((i) => `${i}\n`).join(""));
});

Deno.test("cancel() of a running program is true, cancels at once, and ends it by SIGTERM", async () => {
  await using executor = shells();
  using folder = new Folder();
  const script = `trap 'echo told > "$0/told"; exit' TERM; ${LEAVE_PID}; ${WAIT}`;
  const { future, pid } = await start(executor, folder, script);
  const states: unknown[] = [];
  future.add_done_callback((done) => states.push(done.cancelled(), done.running()));
  assertEquals([future.cancel(), future.cancelled(), future.running()], [true, true, false]);
  assertEquals(states, [true, false]);
  const error = await assertRejects(() => future.result(HANG), CancelledError);
  assertEquals(error.cause, undefined);
  await gone(pid);
  assertEquals(folder.read("told"), "told\n");
});

Deno.test("cancel() of a command that is done is false, and changes nothing", async () => {
  await using executor = shells();
  const future = executor.submit("true");
  await future.result(HANG);
  assertEquals([future.cancel(), future.cancelled()], [false, false]);
});

for (
  const [what, script] of [
    ["ignores SIGTERM", IGNORE],
    ["is stopped", `${LEAVE_PID}; kill -STOP $$`],
  ] as const
) {
  Deno.test(`a program that ${what} is killed, and shutdown waits until it is gone`, async () => {
    using folder = new Folder();
    const executor = shells();
    const { future, pid } = await start(executor, folder, script);
    assert(future.cancel());
    assert(exists(pid));
    assertEquals(executor.stats().running, 1);
    await executor.shutdown();
    assert(!exists(pid));
    assertEquals(executor.stats().running, 0);
  });
}

Deno.test("a cancelled program holds its slot until it is gone", async () => {
  await using executor = shells({ max_workers: 1 });
  using folder = new Folder();
  // Told to end, it takes until the folder is opened.
  const script = `trap ':' TERM; ${LEAVE_PID}; ${WAIT}; echo end >> "$0/order"`;
  const { future, pid } = await start(executor, folder, script);
  const next = executor.submit("sh", folder.script('echo next >> "$0/order"'));
  assert(future.cancel());
  assertEquals([next.running(), executor.stats().running, executor.stats().queued], [false, 1, 1]);
  folder.open();
  await next.result(HANG);
  assert(!exists(pid));
  assertEquals(folder.read("order"), "end\nnext\n");
});

Deno.test("a program that is to end can still write what it likes", async () => {
  await using executor = shells();
  using folder = new Folder();
  // More than a pipe holds, on both outputs; a full or a closed pipe would keep it from the end.
  const write = "head -c 1000000 /dev/zero";
  const tidy = `${write} && ${write} >&2 && echo all > "$0/wrote"; exit`;
  const { future, pid } = await start(
    executor,
    folder,
    `trap '${tidy}' TERM; ${LEAVE_PID}; ${WAIT}`,
  );
  future.cancel();
  await gone(pid);
  assertEquals(folder.read("wrote"), "all\n");
});

Deno.test("an outcome that somebody else sets ends the program, too", async () => {
  await using executor = shells();
  using folder = new Folder();
  const { future, pid } = await start(executor, folder, SLEEP);
  const result = { code: 7, signal: null, stdout: "mine", stderr: "" };
  future.set_result(result);
  await gone(pid);
  assertStrictEquals(await future, result);
});

Deno.test("set_running_or_notify_cancel by somebody else disturbs nothing", async () => {
  await using executor = shells();
  const future = executor.submit("sh", ["-c", "exit 5"]);
  const other = executor.submit("sleep", ["1000"]);
  assert(future.set_running_or_notify_cancel());
  assert(other.set_running_or_notify_cancel());
  assertEquals(future.running(), false);
  assert(other.cancel());
  assertEquals((await future.result(HANG)).code, 5);
});

// ---- signal ------------------------------------------------------------------------------------

Deno.test("aborting the signal cancels at once, with the reason as cause, and ends the program", async () => {
  await using executor = shells({ max_workers: 1 });
  using folder = new Folder();
  const { signal, abort } = controller();
  const { future, pid } = await start(executor, folder, SLEEP, { signal });
  const queued = executor.submit("true", [], { signal });
  const reason = { why: "no longer needed" };
  abort(reason);
  for (const cancelled of [future, queued]) {
    assert(cancelled.cancelled());
    const error = await assertRejects(() => cancelled.result(HANG), CancelledError);
    assertStrictEquals(error.cause, reason);
  }
  await gone(pid);
});

Deno.test("under a signal that is aborted already nothing starts", async () => {
  using folder = new Folder();
  const executor = shells();
  const signal = AbortSignal.abort("before");
  const future = executor.submit("sh", folder.script('touch "$0/ran"'), { signal });
  assert(future.cancelled());
  assertEquals((await assertRejects(() => future.result(HANG), CancelledError)).cause, "before");
  await executor.shutdown();
  assert(!folder.has("ran"));
});

Deno.test("a signal has one listener for all commands, and none when they are done", async () => {
  const { signal } = controller();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function (...args: Parameters<typeof addEventListener>) {
    listeners++;
    addEventListener.apply(this, args);
  };
  signal.removeEventListener = function (...args: Parameters<typeof removeEventListener>) {
    listeners--;
    removeEventListener.apply(this, args);
  };
  await using executor = shells();
  await using other = shells();
  const futures = Array.from(
    { length: 20 },
    (_, i) => (i % 2 === 0 ? executor : other).submit("true", [], { signal }),
  );
  assertEquals(listeners, 1);
  await Promise.all(futures);
  assertEquals(listeners, 0);
});

// ---- deadline ----------------------------------------------------------------------------------

Deno.test("past its deadline a program is ended, and its future fails with a TimeoutError", async () => {
  const executor = shells();
  using folder = new Folder();
  const future = executor.submit("sh", folder.script(SLEEP), { deadline: 300 });
  const error = await assertRejects(() => future.result(HANG), TimeoutError);
  assertEquals(error.message, "Cannot finish sh: it ran longer than its deadline of 300 ms");
  assert(!future.cancelled());
  await executor.shutdown();
  assertEquals([executor.stats().failed, executor.stats().running], [1, 0]);
  // A slow machine may not have come so far.
  if (folder.has("pid")) assert(!exists(await folder.pid()));
});

Deno.test("a deadline of 0 is over at once, and one of Infinity never", async () => {
  await using executor = shells();
  const none = executor.submit("sleep", ["1000"], { deadline: 0 });
  await assertRejects(() => none.result(HANG), TimeoutError, "deadline of 0 ms");
  await executor.submit("true", [], { deadline: Infinity }).result(HANG);
});

Deno.test("a deadline counts from the program's start, not in the queue", async () => {
  await using executor = shells({ max_workers: 1 });
  using folder = new Folder();
  const { queueMicrotask } = globalThis;
  const time = new FakeTime();
  try {
    // Programs start in one, and that is no matter of time.
    globalThis.queueMicrotask = queueMicrotask;
    const first = executor.submit("sh", folder.script(WAIT));
    const second = executor.submit("true", [], { deadline: 1_000 });
    await turn();
    time.tick(1_000_000);
    assertEquals([first.running(), first.done(), second.done()], [true, false, false]);
    folder.open();
    assertEquals((await second).code, 0);
    const third = executor.submit("sleep", ["1000"], { deadline: 1_000 });
    await turn();
    time.tick(999);
    assertEquals([third.running(), third.done()], [true, false]);
    time.tick(1);
    assertInstanceOf(await third.exception(), TimeoutError);
  } finally {
    time.restore();
  }
});

// ---- Children of programs ----------------------------------------------------------------------

/** Script: leaves its pid and a child behind that holds its outputs until the folder is opened. */
const LEAVE_CHILD = `${LEAVE_PID}; (${WAIT}; echo late) & echo early`;

Deno.test("output that a program's child still holds is waited for, as in a pipeline", async () => {
  await using executor = shells();
  using folder = new Folder();
  const { future, pid } = await start(executor, folder, LEAVE_CHILD);
  await gone(pid);
  assertEquals([future.done(), future.running(), executor.stats().running], [false, true, 1]);
  folder.open();
  assertEquals((await future.result(HANG)).stdout, "early\nlate\n");
});

Deno.test("a program is cancelled while its child holds the output: nothing waits for the child", async () => {
  using folder = new Folder();
  const executor = shells();
  const { future, pid } = await start(executor, folder, LEAVE_CHILD);
  await gone(pid);
  assert(future.cancel());
  await executor.shutdown();
  folder.open();
});

Deno.test("a program whose child holds the output may miss its deadline after its end", async () => {
  using folder = new Folder();
  const executor = shells();
  const future = executor.submit("sh", folder.script(LEAVE_CHILD), { deadline: 300 });
  await assertRejects(() => future.result(HANG), TimeoutError);
  await executor.shutdown();
  folder.open();
});

Deno.test("a running program is cancelled, and its child holds the output: nothing waits for it", async () => {
  using folder = new Folder();
  const executor = shells();
  const { future, pid } = await start(executor, folder, `(${WAIT}) & ${LEAVE_PID}; wait`);
  assert(future.cancel());
  await executor.shutdown();
  assert(!exists(pid));
  folder.open();
});

// ---- Callbacks, and everything at once -----------------------------------------------------------

Deno.test("a callback of a cancelled command may submit, cancel others and shut down", async () => {
  using folder = new Folder();
  const executor = shells({ max_workers: 1 });
  const { future, pid } = await start(executor, folder, SLEEP);
  const queued = executor.submit("true");
  const kept = executor.submit("sh", ["-c", "exit 1"]);
  let nested: Future<CommandResult> | undefined;
  future.add_done_callback(() => {
    assert(queued.cancel());
    nested = executor.submit("sh", ["-c", "exit 2"]);
    executor.shutdown({ wait: false });
    assert(future.cancel(), "it is cancelled already");
  });
  assert(future.cancel());
  assertEquals([(await kept.result(HANG)).code, (await nested!.result(HANG)).code], [1, 2]);
  assert(!exists(pid));
  await executor.shutdown();
});

Deno.test("200 commands, ended in every way at every moment, all settle and leave no process", async () => {
  using folder = new Folder();
  const executor = shells({ max_workers: 8 });
  const random = numbers(20_26);
  const futures = Array.from({ length: 200 }, (_, i) => {
    const script = `echo $$ > "$0/$1"; exec sleep 0.0${Math.floor(random() * 100)}`;
    const { signal, abort } = controller();
    const ms = random() * 60;
    const options = i % 4 === 0 ? { deadline: ms } : { signal };
    const future = executor.submit("sh", [...folder.script(script), `${i}`], options);
    const end = [() => {}, () => future.cancel(), abort, () => {}][i % 4]!;
    future.add_done_callback(() => clearTimeout(timer));
    const timer = setTimeout(end, random() * 800);
    return future;
  });
  const outcomes = await Promise.allSettled(futures.map((future) => future.result(HANG)));
  await executor.shutdown();
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") assertEquals(outcome.value.code, 0);
    else {
      const { reason } = outcome;
      assert(reason instanceof CancelledError || /deadline/.test(reason.message), reason);
    }
  }
  const pids = futures.map((_, i) => folder.read(`${i}`)).filter((text) => text?.endsWith("\n"));
  assert(pids.length > 0);
  assertEquals(pids.map(Number).filter(exists), []);
  const { finished, failed, cancelled, queued, running } = executor.stats();
  assertEquals([finished + failed + cancelled, queued, running], [200, 0, 0]);
});

Deno.test("cancelled programs end at the same time, not one after another", async () => {
  using folder = new Folder();
  const executor = shells({ max_workers: 10 });
  const script = `trap '' TERM; : > "$0/begun.$1"; while [ -e "$0" ]; do sleep 0.05; done`;
  const futures = Array.from(
    { length: 10 },
    (_, i) => executor.submit("sh", [...folder.script(script), `${i}`]),
  );
  await until(() => futures.every((_, i) => folder.has(`begun.${i}`)));
  const start = performance.now();
  for (const future of futures) future.cancel();
  await executor.shutdown();
  // Two seconds of grace for all of them; one after another it would be twenty.
  assert(performance.now() - start < 15_000);
});

/** Lets what is submitted start; that takes a microtask. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await Promise.resolve();
}

function controller(): { signal: AbortSignal; abort: (reason?: unknown) => void } {
  const made = new AbortController();
  return { signal: made.signal, abort: (reason) => made.abort(reason) };
}

/** Numbers from 0 to 1 that look random, and are the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
