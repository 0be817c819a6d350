/**
 * Tests of everything by which a task can harm itself or its worker: what its own future gets, that no
 * other future suffers, and that the pool is whole again afterwards.
 *
 * Names with D and a number are those of CPython's `test_deadlock.py` and `test_process_pool.py`. What
 * of them has no test here:
 *
 * - D04, D08 as segmentation faults: JavaScript has none; a thread that crashes takes the process along.
 * - D02, D03 while unpickling: structured clone runs no code of the user's when it reads. Loading the
 *   task's module is the step that does, so the rows of that stage stand for them.
 * - D20: there is no feeder thread that could fail to start.
 * - D21: `sysconf` is not used.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  BrokenExecutor,
  BrokenThreadPool,
  CancelledError,
  type Future,
  RuntimeError,
  task,
  ThreadPoolExecutor,
  type ThreadPoolOptions,
} from "../../mod.ts";
import { holderGone, LifeWatch, newLockName } from "../../ipc/workers/_life_lock.ts";
import {
  type Deed,
  dieAtStart,
  falseThenThrow,
  leaveExitBehind,
  linger,
  measure,
  meet,
  perform,
  rejectAtStart,
  type Words,
} from "./crash_tasks.ts";
import {
  checkFailure,
  commonCrashes,
  type Crash,
  Deaths,
  inModule,
  RUN,
} from "../suites/crash_suite.ts";
import { HANG, outcome, until, within } from "../support/hang_guards.ts";

const TASKS = import.meta.resolve("./crash_tasks.ts");
const PERFORM = task(TASKS, perform);
const MEET = task(TASKS, meet);
const LINGER = task(TASKS, linger);
const MEASURE = task(TASKS, measure);
const LEAVE_EXIT_BEHIND = task(TASKS, leaveExitBehind);

function words(tasks: number): Words {
  return { runs: int32s(tasks), gate: int32s(2) };
}

function int32s(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}

function open(gate: Int32Array): void {
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
}

async function brokenBy(future: Future<unknown>, message: RegExp): Promise<BrokenThreadPool> {
  const error = await outcome(future);
  assertInstanceOf(error, BrokenThreadPool, String(error));
  assertInstanceOf(error, BrokenExecutor);
  assertInstanceOf(error, RuntimeError);
  assertEquals(error.name, "BrokenThreadPool");
  assertMatch(error.message, message);
  return error;
}

/** Has all workers run tiny tasks until they are sent many at a time. */
async function warmUp(executor: ThreadPoolExecutor): Promise<void> {
  const shared = words(1);
  for (let round = 0; round < 8; round++) {
    const futures = Array.from(
      { length: 100 },
      () => executor.submit(PERFORM, shared, 0, "return"),
    );
    await Promise.all(futures);
  }
}

/** How many tasks {@linkcode warmUp} runs. */
const WARM_UPS = 800;

/** Has as many workers as there should be work at the same time; returns their names. */
async function meetAll(executor: ThreadPoolExecutor, workers: number): Promise<Set<string>> {
  const arrived = int32s(1);
  const futures = Array.from({ length: workers }, () => executor.submit(MEET, arrived, workers));
  // One that can't be run is cancelled, for it would keep the pool from its shutdown.
  const met = await Promise.all(futures.map((future) => future.result(HANG)))
    .finally(() => futures.map((future) => future.cancel()));
  assert(met.every(({ met }) => met), `${workers} workers could not work at the same time`);
  return new Set(met.map(({ worker }) => worker));
}

// ---- The table

type ThreadCrash = Crash<ThreadPoolExecutor, Words>;

function performing(deed: Deed): ThreadCrash["submit"] {
  return (executor, shared, index) => executor.submit(PERFORM, shared, index, deed);
}

const DEATHS = new Deaths(BrokenThreadPool, "worker crash_\\d+");

const CRASHES: readonly ThreadCrash[] = [
  ...commonCrashes(performing, DEATHS),
  {
    stage: "loading the module",
    what: "D03: one that it imports is not there",
    submit: inModule(`import "file:///not/there.ts"; ${RUN}`),
    ends: {
      type: TypeError,
      message: /^Cannot run run: its module data:\S+ does not load: Module not found/,
      cause: { type: TypeError, message: /^Module not found "file:\/\/\/not\/there.ts"/ },
    },
    dies: false,
  },
  {
    stage: "loading the module",
    what: "it does not export the function",
    submit: inModule("export function walk() {}; export const jump = 1;"),
    ends: {
      type: TypeError,
      message:
        /^Cannot run run: module data:\S+ does not export it: it exports (jump, walk|walk, jump)$/,
    },
    dies: false,
  },
  {
    stage: "loading the module",
    what: "what it exports is no function",
    submit: inModule("export const run = 1;"),
    ends: { type: TypeError, message: /^Cannot run run: module data:\S+ does not export it/ },
    dies: false,
  },
  {
    stage: "loading the module",
    what: "D03: it throws",
    submit: inModule(`throw new RangeError("thrown by the module"); ${RUN}`),
    ends: {
      type: TypeError,
      message: /^Cannot run run: its module data:\S+ does not load: thrown by the module$/,
      cause: { type: RangeError, message: /^thrown by the module$/ },
    },
    dies: false,
  },
  {
    stage: "loading the module",
    what: "D02: it calls self.close",
    submit: inModule(`self.close(); ${RUN}`),
    ends: DEATHS.diedLoading("called self\\.close\\(\\)"),
    dies: true,
  },
  {
    stage: "loading the module",
    what: "D02: it calls Deno.exit after a while",
    submit: inModule(`setTimeout(() => Deno.exit(3)); await new Promise(() => {}); ${RUN}`),
    ends: DEATHS.diedLoading("called Deno\\.exit\\(3\\)"),
    dies: true,
  },
  {
    stage: "in the run",
    what: "self.close() and a promise",
    submit: performing("self.close, then wait"),
    ends: DEATHS.died("called self\\.close\\(\\)"),
    dies: true,
  },
];

/** Neighbours before and after the task that fails. */
const BESIDE = 60;

for (const crash of CRASHES) {
  const { stage, what, dies } = crash;
  Deno.test(`Crash ${stage}: ${what}`, () => testCrash(crash, {}));
  if (!dies) continue;
  Deno.test(`Crash ${stage}: ${what}, in a killable thread`, () => {
    return testCrash(crash, { killable: true });
  });
}

async function testCrash(
  { submit, ends, dies }: ThreadCrash,
  options: ThreadPoolOptions,
): Promise<void> {
  await using executor = new ThreadPoolExecutor({
    max_workers: 2,
    thread_name_prefix: "crash",
    ...options,
  });
  await executor.ready();
  const before = await meetAll(executor, 2);
  await warmUp(executor);

  const shared = words(2 * BESIDE + 1);
  const beside = (first: number) =>
    Array.from(
      { length: BESIDE },
      (_, i) => executor.submit(PERFORM, shared, first + i, "return"),
    );
  const early = beside(0);
  const culprit = submit(executor, shared, BESIDE);
  const late = beside(BESIDE + 1);

  if (ends === "returns its index") assertEquals(await culprit.result(HANG), BESIDE);
  else await checkFailure(culprit, ends);
  for (const [i, future] of early.entries()) assertEquals(await future.result(HANG), i);
  for (const [i, future] of late.entries()) {
    assertEquals(await future.result(HANG), BESIDE + 1 + i);
  }
  for (const [i, count] of shared.runs.entries()) {
    if (i !== BESIDE) assertEquals(count, 1, `neighbour ${i} ran ${count} times`);
    else assert(count <= 1, `it ran ${count} times itself`);
  }

  let meetings = 1;
  let names: Set<string>;
  do {
    await within(executor.ready(), "ready()");
    names = await meetAll(executor, 2);
    meetings++;
    // A worker that dies late is still there at first.
  } while (dies && names.isSubsetOf(before));
  assertEquals(names.size, 2);
  if (!dies) assertEquals(names, before, "no worker was replaced");

  // A slot whose task was given to the other worker is free only when its worker has said so.
  await until(() => executor.stats().idle === 2, "both workers are idle");
  const failed = ends === "returns its index" ? 0 : 1;
  const stats = executor.stats();
  assertEquals([stats.workers, stats.queued, stats.running, stats.cancelled], [2, 0, 0, 0]);
  assertEquals(stats.failed, failed);
  assertEquals(stats.finished, WARM_UPS + 2 * BESIDE + 1 - failed + 2 * meetings);
}

// ---- Crashes that need more than a row

Deno.test("A module whose top level never ends: its tasks can be cancelled, and the worker is free then", async () => {
  const channel = `herd-test-${crypto.randomUUID()}`;
  using started = new Disposer(new BroadcastChannel(channel));
  const loading = new Promise<void>((resolve) => started.value.onmessage = () => resolve());
  const url = `data:text/javascript,${
    encodeURIComponent(
      `new BroadcastChannel("${channel}").postMessage(1); await new Promise(() => {}); ${RUN}`,
    )
  }`;
  await using executor = new ThreadPoolExecutor(2);
  await executor.ready();
  const [first, second] = [1, 2].map(() => executor.submit(task<() => number>(url, "run")));
  await within(loading, "the module");
  assertEquals(first!.running(), false);
  assert(first!.cancel());
  assert(second!.cancel());
  await assertRejects(() => first!.result(HANG), CancelledError);
  await within(executor.ready(), "ready()");
  assertEquals((await meetAll(executor, 2)).size, 2);
  assertEquals(executor.stats().cancelled, 2);
});

Deno.test("A deadline also ends a task whose module never loads", async () => {
  const url = `data:text/javascript,${encodeURIComponent(`await new Promise(() => {}); ${RUN}`)}`;
  await using executor = new ThreadPoolExecutor(1);
  const future = executor.options({ deadline: 20 }).submit(task<() => number>(url, "run"));
  const error = await future.exception(5000).catch((error: unknown) => `it still runs: ${error}`);
  future.cancel();
  assertInstanceOf(error, Error, String(error));
  assertMatch(error.message, /^Cannot finish run: .* deadline of 20 ms$/);
});

Deno.test("A worker that ends while it loads a module does not run the task any more", async () => {
  const shared = int32s(1);
  const url = `data:text/javascript,${
    encodeURIComponent("Deno.exit(3); export function run(words) { Atomics.add(words, 0, 1); }")
  }`;
  for (let round = 0; round < 5; round++) {
    await using executor = new ThreadPoolExecutor(1);
    await brokenBy(
      executor.submit(task<(words: Int32Array) => void>(url, "run"), shared),
      /^Cannot begin run: 3 workers died: worker \S+ called Deno\.exit\(3\)$/,
    );
    assertEquals(shared[0], 0);
  }
});

Deno.test("D11, D12: a result that the parent can't decode harms no other future", async () => {
  await using executor = new ThreadPoolExecutor(1);
  await warmUp(executor);
  const shared = words(21);
  const futures = Array.from(
    { length: 21 },
    (_, i) => executor.submit(PERFORM, shared, i, i === 10 ? "return a false record" : "return"),
  );
  const [result] = await Promise.allSettled([futures[10]!.result(HANG)]);
  if (result.status === "fulfilled") assert(Array.isArray(result.value));
  else assertInstanceOf(result.reason, TypeError);
  futures.splice(10, 1);
  for (const future of futures) assert(Number.isInteger(await future.result(HANG)));
  assertEquals([...shared.runs], Array(21).fill(1));
  assertEquals(executor.stats().workers, 1);
});

Deno.test("D11: results of a chunk that the parent can't decode, before a row that throws", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const rows = executor.options({ chunksize: 2, timeout: 5000 })
    .map(task(TASKS, falseThenThrow), [0, 1]);
  const error = await rows.next().then(() => rows.next()).catch((error: unknown) => error);
  assert(error instanceof TypeError || error instanceof RangeError, String(error));
  assertEquals(await executor.submit(MEASURE, new Uint8Array(3)).result(HANG), 3);
});

Deno.test("Deno.exit in a leftover timer while the worker is idle: the next task goes to another", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const { gate } = words(0);
  const first = await executor.submit(LEAVE_EXIT_BEHIND, gate);
  open(gate);
  await until(() => executor.stats().workers === 0, "the worker is gone");
  const [next] = await meetAll(executor, 1);
  assert(next !== first);
  assertEquals(executor.stats().failed, 0);
});

Deno.test("Deno.exit in a leftover timer while the next task runs fails that task", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const { gate } = words(0);
  await executor.submit(LEAVE_EXIT_BEHIND, gate);
  const next = executor.submit(LINGER, gate);
  await until(() => gate[0] === 1, "the next task runs");
  open(gate);
  await brokenBy(
    next,
    /^Cannot finish linger: worker \S+ called Deno\.exit\(5\) while it had the task$/,
  );
  assertEquals((await meetAll(executor, 1)).size, 1);
});

Deno.test("All tasks that a worker runs at the same time fail with it, each with an error of its own (D18)", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, concurrency: 3 });
  const { gate } = words(0);
  await executor.submit(LEAVE_EXIT_BEHIND, gate);
  const futures = [1, 2, 3].map(() => executor.submit(LINGER, gate));
  await until(() => gate[0] === 3, "all three run");
  open(gate);
  const errors = await Promise.all(
    futures.map((future) =>
      brokenBy(future, /^Cannot finish linger: worker \S+ called Deno\.exit/)
    ),
  );
  assertEquals(new Set(errors).size, 3);
});

Deno.test("What ran before a getter that calls Deno.exit is delivered", async () => {
  await using executor = new ThreadPoolExecutor(1);
  await warmUp(executor);
  const shared = words(100);
  const deed = (i: number) => i === 50 ? "return an exiting getter" : "return";
  const futures = Array.from(
    { length: 100 },
    (_, i) => executor.submit(PERFORM, shared, i, deed(i)),
  );
  await brokenBy(futures[50]!, /called Deno\.exit\(9\)/);
  for (const [i, future] of futures.entries()) {
    if (i !== 50) assertEquals(await future.result(HANG), i);
  }
  assertEquals([...shared.runs], Array(100).fill(1));
});

Deno.test("No task waits behind one that blocks while another worker is idle", async () => {
  const workers = 5;
  await using executor = new ThreadPoolExecutor(workers);
  await executor.ready();
  await warmUp(executor);
  const shared = words(workers);
  try {
    // By their measured times they are tiny, so a worker is sent several.
    for (let i = 0; i < workers; i++) executor.submit(PERFORM, shared, i, "wait when told");
    await until(() => shared.gate[0] === workers, "each worker has begun one");
  } finally {
    open(shared.gate);
  }
});

Deno.test("A task is not blamed for deaths of workers that it waited in", async () => {
  const workers = 5;
  await using executor = new ThreadPoolExecutor(workers);
  await executor.ready();
  await warmUp(executor);
  const shared = words(workers + 40);
  const killers = Array.from(
    { length: workers },
    (_, i) => executor.submit(PERFORM, shared, i, "exit when told"),
  );
  await until(() => shared.gate[0] === workers, "each worker has a task that will end it")
    .catch((error) => {
      open(shared.gate);
      throw error;
    });
  const waiting = Array.from(
    { length: 40 },
    (_, i) => executor.submit(PERFORM, shared, workers + i, "return"),
  );
  // Once they are sent ahead to the doomed workers.
  await new Promise((resolve) => setTimeout(resolve));
  open(shared.gate);
  for (const killer of killers) await brokenBy(killer, /called Deno\.exit\(6\)/);
  for (const [i, future] of waiting.entries()) {
    assertEquals(await future.result(HANG), workers + i);
  }
  assertEquals([...shared.runs], Array(workers + 40).fill(1));
});

Deno.test("D16: many submissions while the main thread is busy, and a death among them", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const shared = words(101);
  const killer = executor.submit(PERFORM, shared, 0, "exit when told");
  await until(() => shared.gate[0] === 1, "it runs");
  open(shared.gate);
  const futures = Array.from(
    { length: 100 },
    (_, i) => executor.submit(PERFORM, shared, i + 1, "return"),
  );
  const end = performance.now() + 30;
  while (performance.now() < end);
  await brokenBy(killer, /called Deno\.exit\(6\)/);
  for (const [i, future] of futures.entries()) assertEquals(await future.result(HANG), i + 1);
  assertEquals([...shared.runs], Array(101).fill(1));
});

Deno.test("D15: a worker that dies with much data on its way to it", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const shared = words(1);
  const bytes = new Uint8Array(32 * 1024 * 1024);
  const killer = executor.submit(PERFORM, shared, 0, "Deno.exit");
  const futures = [1, 2, 3].map(() => executor.submit(MEASURE, bytes));
  await brokenBy(killer, /called Deno\.exit\(3\)/);
  for (const future of futures) assertEquals(await future.result(HANG), bytes.length);
});

Deno.test("Moved arguments can't be moved again: a death before the task begins fails it", async () => {
  await using executor = new ThreadPoolExecutor(1);
  await warmUp(executor);
  const { gate } = words(0);
  await executor.submit(LEAVE_EXIT_BEHIND, gate);
  const blocker = executor.submit(LINGER, gate);
  await until(() => gate[0] === 1, "the worker is occupied");
  const { buffer } = new Uint8Array(8);
  const moving = executor.options({ transfer: [buffer] });
  const moved = moving.submit((bytes: ArrayBuffer) => bytes.byteLength, buffer);
  open(gate);
  await brokenBy(blocker, /called Deno\.exit\(5\)/);
  // It depends on the measured times whether it had been sent; either way it settles.
  const [result] = await Promise.allSettled([moved.result(HANG)]);
  if (result.status === "fulfilled") assertEquals(result.value, 8);
  else assertInstanceOf(result.reason, BrokenThreadPool);
});

Deno.test("A death with 1,000 tasks queued loses none of them", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const shared = words(1001);
  const killer = executor.submit(PERFORM, shared, 0, "exit when told");
  const futures = Array.from(
    { length: 1000 },
    (_, i) => executor.submit(PERFORM, shared, i + 1, "return"),
  );
  open(shared.gate);
  await brokenBy(killer, /called Deno\.exit\(6\)/);
  for (const [i, future] of futures.entries()) assertEquals(await future.result(HANG), i + 1);
  assertEquals([...shared.runs], Array(1001).fill(1));
  await within(executor.ready(), "ready()");
  assertEquals((await meetAll(executor, 2)).size, 2);
});

// ---- on_worker_death: "break"

Deno.test('D17, D18: on_worker_death "break" fails all that is pending, each with an error of its own', async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 2, on_worker_death: "break" });
  const shared = words(52);
  const finished = executor.submit(PERFORM, shared, 0, "return");
  assertEquals(await finished.result(HANG), 0);
  const killer = executor.submit(PERFORM, shared, 1, "exit when told");
  const pending = Array.from({ length: 50 }, () => executor.submit(LINGER, shared.gate));
  await until(() => shared.gate[0]! >= 1, "the task that will end its worker runs");
  const ready = within(executor.ready(), "ready()").catch((error: unknown) => error);
  open(shared.gate);
  const first = await brokenBy(
    killer,
    /^Cannot finish perform: worker \S+ called Deno\.exit\(6\) while it had the task$/,
  );
  const errors = [first];
  for (const future of pending) {
    errors.push(await brokenBy(future, /^Cannot run tasks: worker \S+ called Deno\.exit\(6\)$/));
  }
  assertEquals(new Set(errors).size, errors.length);
  assertEquals(await finished.result(), 0);

  const refused = () => executor.submit(PERFORM, shared, 0, "return");
  const [one, other] = [1, 2].map(() =>
    assertThrows(refused, BrokenThreadPool, "Cannot run tasks")
  );
  assertNotStrictEquals(one, other);
  assertThrows(() => executor.map(MEASURE, []), BrokenThreadPool);
  // Both workers may have been ready before.
  const readiness = await ready;
  if (readiness !== undefined) assertInstanceOf(readiness, BrokenThreadPool);
  await assertRejects(() => executor.ready(), BrokenThreadPool);
  const stats = executor.stats();
  assertEquals(
    [stats.workers, stats.queued, stats.running, stats.finished, stats.failed],
    [0, 0, 0, 1, 51],
  );
});

Deno.test('on_worker_death "break" also takes an idle worker\'s death as the end', async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, on_worker_death: "break" });
  const { gate } = words(0);
  await executor.submit(LEAVE_EXIT_BEHIND, gate);
  open(gate);
  await until(() => executor.stats().workers === 0, "the worker is gone");
  assertThrows(() => executor.submit(LINGER, gate), BrokenThreadPool, "called Deno.exit(5)");
});

Deno.test("A map ends with the death of a worker", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, on_worker_death: "break" });
  const shared = words(3);
  const deeds: Deed[] = ["return", "Deno.exit", "return"];
  const results = executor.options({ chunksize: 1 })
    .map(PERFORM, [shared, shared, shared], [0, 1, 2], deeds);
  assertEquals(await results.next(), { value: 0, done: false });
  await assertRejects(
    () => within(results.next(), "the map"),
    BrokenThreadPool,
    "called Deno.exit(3)",
  );
  assertEquals(await results.next(), { value: undefined, done: true });
});

// ---- Workers that don't start

const BAD_STARTS: readonly [
  what: string,
  options: (starts: Int32Array) => ThreadPoolOptions,
  RegExp,
][] = [
  [
    "an initializer that calls Deno.exit",
    (starts) => ({ initializer: task(TASKS, dieAtStart), initargs: [starts, Infinity] }),
    /called Deno\.exit\(7\)$/,
  ],
  [
    "an initializer that leaves a rejection behind",
    (starts) => ({ initializer: task(TASKS, rejectAtStart), initargs: [starts] }),
    /ended by an uncaught error$/,
  ],
  [
    "a listed module that calls Deno.exit",
    () => ({ modules: ["data:text/javascript,Deno.exit(7)"] }),
    /called Deno\.exit\(7\)$/,
  ],
];

for (const [what, options, reason] of BAD_STARTS) {
  for (const workers of [1, 3]) {
    Deno.test(`Workers that die at every start break the pool: ${what}, ${workers} at most`, async () => {
      const starts = int32s(1);
      await using executor = new ThreadPoolExecutor({ ...options(starts), max_workers: workers });
      const futures = Array.from(
        { length: 10 },
        () => executor.submit(MEASURE, new Uint8Array(1)),
      );
      const ready = within(executor.ready(), "ready()");
      await assertRejects(() => ready, BrokenThreadPool);
      for (const future of futures) await brokenBy(future, reason);
      const errors = await Promise.all(futures.map(outcome));
      assertEquals(new Set(errors).size, 10);
      const refused = assertThrows(
        () => executor.submit(MEASURE, new Uint8Array(1)),
        BrokenThreadPool,
        "Cannot start workers: worker ",
      );
      assertMatch(refused.message, reason);
      assert(starts[0]! <= 2 + workers, `${starts[0]} starts`);
      const stats = executor.stats();
      assertEquals([stats.workers, stats.queued, stats.failed], [0, 0, 10]);
    });
  }
}

Deno.test("A worker that starts at the third attempt serves the pool", async () => {
  const starts = int32s(1);
  await using executor = new ThreadPoolExecutor({
    max_workers: 1,
    initializer: task(TASKS, dieAtStart),
    initargs: [starts, 2],
  });
  const future = executor.submit(MEASURE, new Uint8Array(5));
  await within(executor.ready(), "ready()");
  assertEquals(await future.result(HANG), 5);
  assertEquals(starts[0], 3);
});

// ---- Deaths and shutdown

Deno.test("D13: a worker that dies after shutdown was called: its task fails, the rest is done, and it ends", async () => {
  const executor = new ThreadPoolExecutor(1);
  const shared = words(11);
  const killer = executor.submit(PERFORM, shared, 0, "exit when told");
  const futures = Array.from(
    { length: 10 },
    (_, i) => executor.submit(PERFORM, shared, i + 1, "return"),
  );
  await until(() => shared.gate[0] === 1, "it runs");
  const shutdown = executor.shutdown({ wait: true });
  open(shared.gate);
  await within(shutdown, "shutdown()");
  await brokenBy(killer, /called Deno\.exit\(6\)/);
  for (const [i, future] of futures.entries()) assertEquals(await future.result(HANG), i + 1);
  assertEquals(executor.stats().workers, 0);
});

Deno.test("D13: the same with nothing behind it, and without waiting", async () => {
  for (const wait of [true, false]) {
    const executor = new ThreadPoolExecutor(1);
    const shared = words(1);
    const killer = executor.submit(PERFORM, shared, 0, "exit when told");
    await until(() => shared.gate[0] === 1, "it runs");
    const shutdown = executor.shutdown({ wait });
    open(shared.gate);
    await within(shutdown, "shutdown()");
    await brokenBy(killer, /called Deno\.exit\(6\)/);
    assertEquals(executor.stats().workers, 0);
  }
});

Deno.test("A last worker that can't start does not keep shutdown waiting", async () => {
  const executor = new ThreadPoolExecutor({
    max_workers: 1,
    initializer: task(TASKS, dieAtStart),
    initargs: [int32s(1), Infinity],
  });
  const future = executor.submit(MEASURE, new Uint8Array(1));
  await within(executor.shutdown({ wait: true }), "shutdown()");
  await brokenBy(future, /called Deno\.exit\(7\)/);
});

Deno.test("D14: arguments that can't be cloned, and a shutdown that does not wait", async () => {
  const executor = new ThreadPoolExecutor(1);
  const future = executor.submit((value: unknown) => value, () => 1);
  await executor.shutdown({ wait: false });
  const error = await outcome(future);
  assertInstanceOf(error, DOMException);
  assertEquals(error.name, "DataCloneError");
  await until(() => executor.stats().workers === 0, "the worker is gone");
});

// ---- Random deaths

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  return () => {
    seed = seed + 0x6D2B79F5 | 0;
    let bits = Math.imul(seed ^ seed >>> 15, 1 | seed);
    bits = bits + Math.imul(bits ^ bits >>> 7, 61 | bits) ^ bits;
    return ((bits ^ bits >>> 14) >>> 0) / 2 ** 32;
  };
}

const DEADLY: readonly Deed[] = [
  "Deno.exit",
  "self.close",
  "process.exit",
  "throw in a timer",
  "reject unawaited",
  "return an exiting getter",
];

Deno.test("Random deaths: every future settles, and what does not end its worker runs exactly once", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomFrom(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    const share = pick([0.02, 0.05, 0.1]);
    const deeds = Array.from(
      { length: 200 },
      () => random() < share ? pick(DEADLY) : random() < 0.1 ? "throw" : "return",
    );
    const shared = words(deeds.length);
    await using executor = new ThreadPoolExecutor({
      max_workers: pick([2, 3, 4]),
      concurrency: pick([1, 1, 4]),
    });
    if (random() < 0.5) await warmUp(executor);
    // With more than one task at a time, a death takes along what has begun beside it; all else here
    // ends at once, so nothing has.
    const futures = deeds.map((deed, i) => executor.submit(PERFORM, shared, i, deed));
    for (const [i, future] of futures.entries()) {
      const about = `seed ${seed}, task ${i} (${deeds[i]})`;
      const [result] = await Promise.allSettled([future.result(HANG)]);
      if (deeds[i] === "return") {
        assertEquals(result, { status: "fulfilled", value: i }, about);
      } else {
        assert(result.status === "rejected", about);
        const type = deeds[i] === "throw" ? RangeError : BrokenThreadPool;
        assertInstanceOf(result.reason, type, `${about}: ${result.reason}`);
      }
      assertEquals(shared.runs[i], 1, `${about} ran ${shared.runs[i]} times`);
    }
    const { queued, running, cancelled } = executor.stats();
    assertEquals([queued, running, cancelled], [0, 0, 0]);
  }
});

// ---- The watch over silent workers

/** Owns what has a `close` method. */
class Disposer<T extends { close(): void }> implements Disposable {
  constructor(readonly value: T) {}
  [Symbol.dispose](): void {
    this.value.close();
  }
}

Deno.test("The watch notices a worker that ends without a word, and only then", async () => {
  const name = newLockName();
  const lock = import.meta.resolve("../../ipc/workers/_life_lock.ts");
  const source = `import { holdForLife } from ${JSON.stringify(lock)};
    holdForLife(${JSON.stringify(name)});
    onmessage = ({ data }) => data === "close" ? self.close() : postMessage(data);
    postMessage("ready");`;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(source)}`, {
    type: "module",
  });
  const heard = () => new Promise((resolve) => worker.onmessage = resolve);
  await within(heard(), "the worker");
  const death = Promise.withResolvers<void>();
  let dead = false;
  using watch = new LifeWatch(name, () => {
    dead = true;
    death.resolve();
  });
  watch.watch();
  const answer = heard();
  worker.postMessage("hello");
  await within(answer, "the worker");
  assertEquals(await holderGone(name, AbortSignal.timeout(200)), false);
  assertEquals(dead, false);
  watch.unwatch();
  watch.watch();
  worker.postMessage("close");
  await within(death.promise, "the watch");
  assertStrictEquals(dead, true);
  worker.terminate();
});

Deno.test("A lock that nobody holds is free at once", async () => {
  assertEquals(await holderGone(newLockName(), AbortSignal.timeout(HANG)), true);
});
