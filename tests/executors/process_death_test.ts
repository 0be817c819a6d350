/**
 * Tests of processes that die for whatever reason, while they start, run, do nothing or are to end: what
 * becomes of their tasks, and that the pool goes on or breaks as it was told. Both ways to a child are
 * gone.
 *
 * Names with D and a number are those of CPython's `test_deadlock.py` and `test_process_pool.py`.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  BrokenProcessPool,
  type Future,
  type ProcessPoolExecutor,
  type ProcessPoolOptions,
  task,
} from "../../mod.ts";
import { CapturedErrors } from "../support/captured_errors.ts";
import { noZombies, stateOf } from "../support/processes.ts";
import { type Deed, dieAtStart, fill, pass, pid, stay, sum } from "./process_crash_tasks.ts";
import { HANG, outcome, until, within } from "../support/hang_guards.ts";
import {
  both,
  brokenBy,
  Folder,
  marked,
  meetAll,
  PERFORM,
  TASKS,
  warmUp,
} from "./process_pools.ts";

const PASS = task(TASKS, pass);
const PID = task(TASKS, pid);
const STAY = task(TASKS, stay);
const SUM = task(TASKS, sum);
const FILL = task(TASKS, fill);
const DIE_AT_START = task(TASKS, dieAtStart) as NonNullable<ProcessPoolOptions["initializer"]>;

const WORKER = "worker ProcessPoolExecutor-\\d+_\\d+ \\(process \\d+\\)";

/** A task that has begun, and waits to be let go on. */
class Held implements Disposable {
  readonly #folder = new Folder();
  readonly future: Future<number>;

  constructor(executor: Pick<ProcessPoolExecutor, "submit">) {
    this.future = executor.submit(PASS, this.#folder.at("begun"), this.#folder.at("open"));
  }

  begun(): Promise<void> {
    return until(() => this.#folder.has("begun"), "the task has begun");
  }

  release(): void {
    this.#folder.open("open");
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

function theOnlyProcess(): number {
  const alive = marked.alive();
  assertEquals(alive.length, 1);
  return alive[0]!.pid;
}

/** Waits until the process is gone, and the pool knows. */
async function noticed(executor: ProcessPoolExecutor, pid: number): Promise<void> {
  await until(() => stateOf(pid) === undefined, "the process is gone");
  await until(() => executor.stats().workers === marked.alive().length, "the pool knows");
}

// ---- Killed from outside

for (const signal of ["SIGKILL", "SIGTERM", "SIGABRT", "SIGSEGV"] as const) {
  both(
    `${signal} while a task runs fails that task, and the next one has another process`,
    async (make) => {
      await using executor = make({ max_workers: 1 });
      const before = await executor.submit(PID);
      using held = new Held(executor);
      await held.begun();
      // The first SIGSEGV that is sent is taken for one of WebAssembly's.
      for (let i = 0; i < (signal === "SIGSEGV" ? 2 : 1); i++) {
        await until(() => stateOf(before) === "S", "it has taken the signal");
        Deno.kill(before, signal);
      }
      const error = await brokenBy(
        held.future,
        new RegExp(
          `^Cannot finish pass: ${WORKER} was killed by ${signal} while it had the task, which may have run$`,
        ),
      );
      assertStringIncludes(error.message, `(process ${before})`);
      const after = await executor.submit(PID).result(HANG);
      assertNotEquals(after, before);
      assertEquals(executor.stats().failed, 1);
    },
  );
}

both("A process that is killed while it is idle is replaced when there is work", async (make) => {
  await using executor = make({ max_workers: 1 });
  const before = await executor.submit(PID);
  Deno.kill(before, "SIGKILL");
  await noticed(executor, before);
  assertEquals(executor.stats().workers, 0);
  assertNotEquals(await executor.submit(PID).result(HANG), before);
  assertEquals(executor.stats().failed, 0);
});

both(
  "A process that is killed just before the next task is sent: the task fails or runs elsewhere",
  async (make) => {
    await using executor = make({ max_workers: 1 });
    for (let round = 0; round < 5; round++) {
      const before = await executor.submit(PID);
      Deno.kill(before, "SIGKILL");
      const [result] = await Promise.allSettled([executor.submit(PID).result(HANG)]);
      if (result.status === "fulfilled") assertNotEquals(result.value, before);
      else assertInstanceOf(result.reason, BrokenProcessPool);
    }
  },
);

both(
  "A process that is killed while it starts loses no task, and can still be cancelled from",
  async (make) => {
    await using executor = make({ max_workers: 1 });
    const futures = Array.from({ length: 5 }, () => executor.submit(PID));
    await until(() => marked.alive().length === 1, "it starts");
    assertEquals(futures.map((future) => future.running()), Array(5).fill(false));
    assert(futures[2]!.cancel());
    const starting = theOnlyProcess();
    Deno.kill(starting, "SIGKILL");
    const pids = await Promise.all(futures.toSpliced(2, 1).map((future) => future.result(HANG)));
    assertEquals(new Set(pids).size, 1);
    assert(!pids.includes(starting));
    assertEquals(executor.stats().cancelled, 1);
  },
);

both("A process that is stopped takes up its work where it left it", async (make) => {
  await using executor = make({ max_workers: 1 });
  using held = new Held(executor);
  await held.begun();
  const child = theOnlyProcess();
  Deno.kill(child, "SIGSTOP");
  await until(() => stateOf(child) === "T", "it is stopped");
  held.release();
  const futures = Array.from({ length: 3 }, () => executor.submit(PID));
  Deno.kill(child, "SIGCONT");
  assertEquals(await held.future.result(HANG), child);
  for (const future of futures) assertEquals(await future.result(HANG), child);
});

both(
  "D13: a process that dies after shutdown was called: its task fails, the rest is done",
  async (make) => {
    for (const deed of ["Deno.exit", "SIGKILL"] as const) {
      using folder = new Folder();
      const executor = make({ max_workers: 1 });
      const killer = executor.submit(PERFORM, folder.path, 0, deed);
      const futures = [1, 2, 3].map((i) => executor.submit(PERFORM, folder.path, i, "return"));
      await within(executor.shutdown({ wait: true }), "shutdown()");
      await brokenBy(
        killer,
        deed === "SIGKILL" ? /was killed by SIGKILL/ : /called Deno\.exit\(3\)/,
      );
      for (const [i, future] of futures.entries()) assertEquals(await future, i + 1);
      assertEquals(executor.stats().workers, 0);
    }
  },
);

both("A shutdown does not wait for a process that is killed while it is closed", async (make) => {
  for (let round = 0; round < 3; round++) {
    const executor = make({ max_workers: 2 });
    const pids = await meetAll(executor, 2);
    const shutdown = executor.shutdown();
    for (const pid of pids) Deno.kill(pid, "SIGKILL");
    await within(shutdown, "shutdown()");
    assertEquals(executor.stats().workers, 0);
  }
});

both("A shutdown ends a process that is stopped", async (make) => {
  const executor = make({ max_workers: 1 });
  const child = await executor.submit(PID);
  Deno.kill(child, "SIGSTOP");
  await until(() => stateOf(child) === "T", "it is stopped");
  await within(executor.shutdown(), "shutdown()");
  assertEquals(stateOf(child), undefined);
});

// ---- Much data

const MEGABYTES_64 = 64 * 1024 * 1024;

both("64 MB there and back", async (make) => {
  await using executor = make({ max_workers: 1 });
  const bytes = new Uint8Array(MEGABYTES_64).fill(3);
  assertEquals(await executor.submit(SUM, bytes).result(HANG), 3 * MEGABYTES_64);
  const filled = await executor.submit(FILL, MEGABYTES_64, 5).result(HANG);
  assertEquals(filled.length, MEGABYTES_64);
  assert(filled.every((byte) => byte === 5));
});

both("D15: a process that dies with much data on its way to it", async (make) => {
  for (const deed of ["Deno.exit", "SIGKILL"] as const) {
    using folder = new Folder();
    await using executor = make({ max_workers: 1 });
    await warmUp(executor);
    const bytes = new Uint8Array(16 * 1024 * 1024).fill(1);
    const killer = executor.submit(PERFORM, folder.path, 0, deed);
    const futures = [1, 2, 3].map(() => executor.submit(SUM, bytes));
    await brokenBy(killer, deed === "SIGKILL" ? /was killed by SIGKILL/ : /called Deno\.exit\(3\)/);
    for (const future of futures) assertEquals(await future.result(HANG), bytes.length);
  }
});

both("A process that is killed while it sends much: the task may have run", async (make) => {
  await using executor = make({ max_workers: 1 });
  const child = await executor.submit(PID);
  const future = executor.submit(FILL, 4 * MEGABYTES_64, 1);
  // Its memory grows as it makes and sends the result.
  await until(() => residentMemory(child) > 3 * MEGABYTES_64, "it has made the result");
  Deno.kill(child, "SIGKILL");
  await brokenBy(future, /was killed by SIGKILL while it had the task, which may have run$/);
  assertNotEquals(await executor.submit(PID).result(HANG), child);
});

function residentMemory(pid: number): number {
  const [, pages] = Deno.readTextFileSync(`/proc/${pid}/statm`).split(" ");
  return Number(pages) * 4096;
}

both("D16: many submissions while the program is busy, and a death among them", async (make) => {
  using folder = new Folder();
  await using executor = make();
  await executor.ready();
  const killer = executor.submit(PERFORM, folder.path, 0, "Deno.exit");
  const futures = Array.from(
    { length: 100 },
    (_, i) => executor.submit(PERFORM, folder.path, i + 1, "return"),
  );
  const end = performance.now() + 500;
  while (performance.now() < end);
  await brokenBy(killer, /called Deno\.exit\(3\)/);
  for (const [i, future] of futures.entries()) {
    assertEquals([await future.result(HANG), folder.runs(i + 1)], [i + 1, 1]);
  }
});

both("A death with 1,000 tasks queued loses none of them", async (make) => {
  using folder = new Folder();
  await using executor = make();
  const killer = executor.submit(PERFORM, folder.path, 0, "SIGKILL");
  const futures = Array.from(
    { length: 1000 },
    (_, i) => executor.submit(PERFORM, folder.path, i + 1, "return"),
  );
  await brokenBy(killer, /was killed by SIGKILL/);
  for (const [i, future] of futures.entries()) {
    // When the killer ran, its function had not been measured: nothing had been sent with it.
    assertEquals([await future.result(HANG), folder.runs(i + 1)], [i + 1, 1]);
  }
});

both("D11, D12: a result that the parent can't decode harms no other future", async (make) => {
  using folder = new Folder();
  await using executor = make({ max_workers: 1 });
  await warmUp(executor);
  const deed = (i: number): Deed => i === 10 ? "return a false record" : "return";
  const futures = Array.from(
    { length: 21 },
    (_, i) => executor.submit(PERFORM, folder.path, i, deed(i)),
  );
  const [result] = await Promise.allSettled([futures[10]!.result(HANG)]);
  if (result.status === "fulfilled") assert(Array.isArray(result.value));
  else assertInstanceOf(result.reason, TypeError);
  for (const [i, future] of futures.entries()) {
    if (i !== 10) assertEquals(await future.result(HANG), i);
  }
  assertEquals(executor.stats().workers, 1);
});

both(
  "Moved arguments can't be moved again: a death before the task begins fails it",
  async (make) => {
    using folder = new Folder();
    await using executor = make({ max_workers: 1 });
    await warmUp(executor);
    const killer = executor.submit(PERFORM, folder.path, 0, "Deno.exit");
    const { buffer } = new Uint8Array(8);
    const moving = executor.options({ transfer: [buffer] });
    const moved = moving.submit((bytes: ArrayBuffer) => bytes.byteLength, buffer);
    await brokenBy(killer, /called Deno\.exit\(3\)/);
    const [result] = await Promise.allSettled([moved.result(HANG)]);
    if (result.status === "fulfilled") assertEquals(result.value, 8);
    else assertInstanceOf(result.reason, BrokenProcessPool);
  },
);

both("A map ends with the death of a process", async (make) => {
  using folder = new Folder();
  await using executor = make({ max_workers: 1 });
  const deeds: Deed[] = ["return", "SIGKILL", "return"];
  const results = executor.options({ chunksize: 1 })
    .map(PERFORM, Array(3).fill(folder.path), [0, 1, 2], deeds);
  assertEquals(await results.next(), { value: 0, done: false });
  await assertRejects(
    () => within(results.next(), "the map"),
    BrokenProcessPool,
    "was killed by SIGKILL",
  );
  assertEquals(await results.next(), { value: undefined, done: true });
});

// ---- on_worker_death: "break"

for (const deed of ["Deno.exit", "SIGKILL"] as const) {
  const how = deed === "SIGKILL" ? "was killed by SIGKILL" : "called Deno\\.exit\\(3\\)";

  both(
    `D17, D18: on_worker_death "break", ${deed}: all that is pending fails, each with an error of its own`,
    async (make) => {
      using folder = new Folder();
      await using executor = make({ max_workers: 2, on_worker_death: "break" });
      const finished = executor.submit(PERFORM, folder.path, 0, "return");
      assertEquals(await finished.result(HANG), 0);
      const killer = executor.submit(PERFORM, folder.path, 1, deed);
      const pending = Array.from({ length: 20 }, () => new Held(executor));
      const errors: unknown[] = [
        await brokenBy(killer, new RegExp(`^Cannot finish perform: ${WORKER} ${how}`)),
      ];
      for (const { future } of pending) {
        errors.push(await brokenBy(future, new RegExp(`^Cannot run tasks: ${WORKER} ${how}`)));
      }
      for (const held of pending) held[Symbol.dispose]();
      assertEquals(new Set(errors).size, errors.length);
      assertEquals(await finished.result(), 0);

      const refused = () => executor.submit(PID);
      const [one, other] = [1, 2].map(() => assertThrows(refused, BrokenProcessPool));
      assertMatch(one!.message, new RegExp(`^Cannot run tasks: ${WORKER} ${how}`));
      assertNotStrictEquals(one, other);
      assertThrows(() => executor.map(PID), BrokenProcessPool);
      await assertRejects(() => executor.ready(), BrokenProcessPool);
      // M13: there is nobody left to end.
      executor.terminate_workers();
      executor.kill_workers();
      const stats = executor.stats();
      assertEquals([stats.workers, stats.queued, stats.finished], [0, 0, 1]);
    },
  );
}

both('on_worker_death "break" also takes an idle process\'s death as the end', async (make) => {
  await using executor = make({ max_workers: 1, on_worker_death: "break" });
  Deno.kill(await executor.submit(PID), "SIGKILL");
  await until(() => executor.stats().workers === 0, "the pool knows");
  assertThrows(() => executor.submit(PID), BrokenProcessPool, "was killed by SIGKILL");
});

// ---- Processes that don't start

interface BadStart {
  readonly what: string;
  readonly options: (counts: string) => ProcessPoolOptions;
  /** How it ends, and what is known besides. */
  readonly how: RegExp;
}

function badInitializer(deed: Deed): BadStart["options"] {
  return (counts) => ({ initializer: DIE_AT_START, initargs: [counts, Infinity, deed] });
}

const BAD_STARTS: readonly BadStart[] = [
  {
    what: "an initializer that calls Deno.exit",
    options: badInitializer("Deno.exit"),
    how: /called Deno\.exit\(3\)$/,
  },
  {
    what: "an initializer that writes what is wrong and calls Deno.exit",
    options: badInitializer("write to standard error and exit"),
    how:
      /called Deno\.exit\(3\); its last lines on standard error:\nline 11\n(line \d+\n)+line 20$/,
  },
  {
    what: "an initializer that kills its process",
    options: badInitializer("SIGKILL"),
    how: /was killed by SIGKILL$/,
  },
  {
    what: "an initializer that leaves a rejection behind",
    options: badInitializer("reject unawaited"),
    how: /ended by an uncaught error$/,
  },
  {
    what: "an initializer that needs more memory than there is",
    options: (counts) => ({ ...badInitializer("run out of memory")(counts), memoryLimit: 32 }),
    how:
      /ran out of memory \(SIG\w+\): its heap outgrew its memoryLimit of 32 MB; its last lines on standard error:\n[^]*JavaScript out of memory/,
  },
  {
    what: "a listed module that calls Deno.exit",
    options: () => ({ modules: ["data:text/javascript,Deno.exit(3)"] }),
    how: /called Deno\.exit\(3\)$/,
  },
];

for (const { what, options, how } of BAD_STARTS) {
  for (const workers of [1, 3]) {
    both(
      `Processes that die at every start break the pool: ${what}, ${workers} at most`,
      async (make) => {
        using folder = new Folder();
        using _errors = new CapturedErrors();
        await using executor = make({ ...options(folder.path), max_workers: workers });
        const futures = Array.from({ length: 10 }, () => executor.submit(PID));
        const ready = within(executor.ready(), "ready()");
        const unready = await assertRejects(() => ready, BrokenProcessPool);
        const errors: unknown[] = [unready];
        for (const future of futures) errors.push(await brokenBy(future, how));
        assertEquals(new Set(errors).size, 11);
        const refused = assertThrows(() => executor.submit(PID), BrokenProcessPool);
        for (const { message } of [unready, refused]) {
          assertMatch(message, new RegExp(`^Cannot start workers: ${WORKER} `));
          assertMatch(message, how);
        }
        assert(folder.runs("starts") <= 2 + workers, `${folder.runs("starts")} starts`);
        const stats = executor.stats();
        assertEquals([stats.workers, stats.queued, stats.failed], [0, 0, 10]);
      },
    );
  }
}

both("A process that starts at the third attempt serves the pool", async (make) => {
  using folder = new Folder();
  await using executor = make({
    max_workers: 1,
    initializer: DIE_AT_START,
    initargs: [folder.path, 2, "SIGKILL"],
  });
  const future = executor.submit(PID);
  await within(executor.ready(), "ready()");
  assert(await future.result(HANG) > 0);
  assertEquals(folder.runs("starts"), 3);
});

both("Processes that Ctrl-C ends while they start are started anew", async (make) => {
  await using executor = make({ max_workers: 3 });
  const ready = within(executor.ready(), "ready()");
  const interrupted = new Set<number>();
  await until(() => {
    for (const { pid } of marked.alive()) {
      if (interrupted.size === 5 || interrupted.has(pid)) continue;
      interrupted.add(pid);
      Deno.kill(pid, "SIGINT");
    }
    return interrupted.size === 5;
  }, "five have been interrupted");
  await ready;
  assertEquals((await meetAll(executor, 3)).size, 3);
});

both(
  "All tasks that a process runs at the same time fail with it, each with an error of its own (D18)",
  async (make) => {
    await using executor = make({ max_workers: 1, concurrency: 3 });
    using folder = new Folder();
    const stays = [0, 1, 2].map((i) => executor.submit(STAY, folder.at(`begun ${i}`), "nowhere"));
    await until(() => [0, 1, 2].every((i) => folder.has(`begun ${i}`)), "all three run");
    Deno.kill(theOnlyProcess(), "SIGKILL");
    const errors = await Promise.all(
      stays.map((future) => brokenBy(future, /was killed by SIGKILL/)),
    );
    assertEquals(new Set(errors).size, 3);
    assert(await executor.submit(PID).result(HANG) > 0);
  },
);

both(
  "A process that has been idle for long is let go, and another starts when there is work",
  async (make) => {
    await using executor = make({ max_workers: 1, idleTimeout: 50 });
    const before = await executor.submit(PID);
    await noticed(executor, before);
    assertNotEquals(await executor.submit(PID).result(HANG), before);
    assertEquals(executor.stats().failed, 0);
  },
);

both("A listed module that is not there harms only who needs it", async (make) => {
  await using executor = make({ max_workers: 1, modules: ["file:///not/there.ts"] });
  assert(await executor.submit(PID).result(HANG) > 0);
  const missing = task<() => void>("file:///not/there.ts", "run");
  await assertRejects(() => executor.submit(missing).result(HANG), TypeError, "does not load");
  assertEquals(executor.stats().workers, 1);
});

both("A last process that can't start does not keep shutdown waiting", async (make) => {
  using folder = new Folder();
  const executor = make({ max_workers: 1, ...badInitializer("Deno.exit")(folder.path) });
  const future = executor.submit(PID);
  await within(executor.shutdown({ wait: true }), "shutdown()");
  await brokenBy(future, /called Deno\.exit\(3\)/);
});

both("A working directory that is not there breaks the pool, naming it", async (make) => {
  await using executor = make({ max_workers: 1, cwd: "/not/there" });
  const error = await outcome(executor.submit(PID));
  assertInstanceOf(error, BrokenProcessPool);
  assertMatch(error.message, /^Cannot start a worker/);
  assertStringIncludes(String(error.cause), "/not/there");
});

Deno.test("No process of these tests is left, nor a zombie", async () => {
  await marked.gone();
  await noZombies();
});
