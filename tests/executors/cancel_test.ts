/** Tests of what ends a task before its time: `cancel`, signals and deadlines. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  CancelledError,
  type Future,
  task,
  ThreadPoolExecutor,
  TimeoutError,
  ValueError,
} from "../../mod.ts";
import type { Task } from "../../executors/_task.ts";
import * as tasks from "../suites/executor_tasks.ts";
import { runProgram, ThreadGate, until } from "../suites/executor_tasks.ts";

const HERE = import.meta.resolve("../suites/executor_tasks.ts");
const countAsync = task(HERE, tasks.passAsync);
const echo = task(HERE, tasks.echo);
const failWhenStopped = task(HERE, tasks.failWhenStopped);
const fetchUnlessStopped = task(HERE, tasks.fetchUnlessStopped);
const noticeStop = task(HERE, tasks.noticeStop);
const openIf = task(HERE, tasks.openIf);
const pass = task(HERE, tasks.pass);
const passUnlessStopped = task(HERE, tasks.passUnlessStopped);
const realmAt = task(HERE, tasks.realmAt);
const realm = task(HERE, tasks.realm);
const spin = task(HERE, tasks.spin);
const spinUnlessStopped = task(HERE, tasks.spinUnlessStopped);
const stoppedAt = task(HERE, tasks.stoppedAt);
const visit = task(HERE, tasks.visit);

/** The integers from 0 to before `end`. */
function range(end: number): number[] {
  return Array.from({ length: end }, (_, i) => i);
}

/** Waits until `future` runs. */
function begun(future: Future<unknown>): Promise<void> {
  return until(() => future.running(), "the task to begin");
}

/** A worker that is held at a gate, with tasks that were sent to it already. */
interface SentAhead extends AsyncDisposable {
  readonly executor: ThreadPoolExecutor;
  readonly blocker: Future<unknown>;
  readonly futures: Future<unknown>[];
  readonly visits: ThreadGate;
  /** Lets the worker go on. */
  open(): void;
}

/**
 * Only a function that is known to be tiny is sent ahead, and a pause of the machine may make it look
 * longer: it is tried until the last task was sent.
 */
async function sendAhead(count: number, signal?: AbortSignal): Promise<SentAhead> {
  // One function for all: held by the first gate, counting at the second, known to take no time.
  const passIf = task(HERE, tasks.passIf);
  const executor = new ThreadPoolExecutor(1);
  for (let attempt = 0; attempt < 50; attempt++) {
    for (let i = 0; i < 12 + count; i++) await executor.submit(passIf, null);
    const [gate, visits] = [new ThreadGate(), new ThreadGate()];
    visits.open();
    const blocker = executor.submit(passIf, gate.ticket, "blocker");
    const submitter = executor.options({ signal });
    const futures = range(count).map((n) => submitter.submit(passIf, visits.ticket, n));
    await begun(blocker);
    if ((futures.at(-1) as Task).worker !== undefined) {
      return {
        executor,
        blocker,
        futures,
        visits,
        open: () => gate.open(),
        async [Symbol.asyncDispose]() {
          gate.open();
          await executor.shutdown();
        },
      };
    }
    gate.open();
    await Promise.all([blocker, ...futures]);
  }
  throw new Error("Cannot go on with the test: tasks are never sent ahead");
}

Deno.test("cancel() of a queued task is true, and it never starts", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  using visits = new ThreadGate();
  const blocker = executor.submit(pass, gate.ticket);
  await begun(blocker);
  const futures = range(20).map(() => executor.submit(visit, visits.ticket));
  for (const future of futures) {
    assert(!future.running());
    assertEquals([future.cancel(), future.cancel()], [true, true]);
    assert(future.cancelled() && future.done() && !future.running());
    await assertRejects(() => future, CancelledError);
    await assertRejects(() => future.exception(), CancelledError);
  }
  gate.open();
  assertEquals(await executor.submit(echo, "after"), "after");
  assertEquals(visits.arrived, 0);
  assertEquals(executor.stats().cancelled, 20);
});

Deno.test("cancel() of a task that was sent ahead is true, and it never starts", async () => {
  await using held = await sendAhead(8);
  const { executor, futures, visits } = held;
  for (const future of futures.slice(1)) {
    assert(!future.running());
    assertEquals([future.cancel(), future.cancelled()], [true, true]);
  }
  assertEquals(executor.stats().queued, 1);
  held.open();
  assertEquals(await futures[0], 0);
  assertEquals(await executor.submit(echo, "after"), "after");
  assertEquals(visits.arrived, 1);
});

Deno.test("cancel() of a task in a worker that still starts is true, and it never starts", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using visits = new ThreadGate();
  const futures = range(3).map(() => executor.submit(visit, visits.ticket));
  await until(() => executor.stats().workers === 1);
  assertEquals(futures[0]!.cancel(), true);
  await Promise.all(futures.slice(1));
  assertEquals(visits.arrived, 2);
});

Deno.test("cancel() of a task that ended is false and changes nothing", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const future = executor.submit(echo, 1);
  await future;
  assertEquals([future.cancel(), future.cancelled()], [false, false]);
  assertEquals(await future, 1);
});

for (
  const [how, fn] of [
    ["that awaits what its signal ends", passUnlessStopped],
    ["whose fetch rejects with AbortError", fetchUnlessStopped],
    ["in a synchronous loop with checkpoint()", spinUnlessStopped],
  ] as const
) {
  Deno.test(`cancel() of a running task ${how} is false, then the future is cancelled`, async () => {
    await using executor = new ThreadPoolExecutor(1);
    using gate = new ThreadGate();
    const future = executor.submit<[SharedArrayBuffer], unknown>(fn as never, gate.ticket);
    await gate.arrivals(1);
    assert(future.running());
    assertEquals([future.cancel(), future.cancelled(), future.done()], [false, false, false]);
    assertEquals(future.cancel(), false);
    await assertRejects(() => future, CancelledError);
    assert(future.cancelled() && !future.running());
    assertEquals(future.cancel(), true);
    assertEquals(executor.stats().cancelled, 1);
    assertEquals(await executor.submit(echo, "same worker"), "same worker");
    assertEquals(executor.stats().workers, 1);
  });
}

Deno.test("a running task that ignores cancel() ends as usual", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const future = executor.submit(pass, gate.ticket, "result");
  await gate.arrivals(1);
  assertEquals(future.cancel(), false);
  gate.open();
  assertEquals(await future, "result");
  assertEquals(future.cancelled(), false);
});

Deno.test("a running task that notices cancel() may return or fail all the same", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const returning = executor.submit(noticeStop, gate.ticket);
  await gate.arrivals(1);
  assertEquals(returning.cancel(), false);
  assertEquals(await returning, "noticed CancelledError");
  const failing = executor.submit(failWhenStopped, gate.ticket);
  await gate.arrivals(2);
  assertEquals(failing.cancel(), false);
  await assertRejects(() => failing, ValueError, "not because of the request");
});

Deno.test("current_task().signal is aborted when a synchronous task looks after cancel()", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (const cancelled of [true, false]) {
    using gate = new ThreadGate();
    const future = executor.submit(stoppedAt, gate.ticket);
    await gate.arrivals(1);
    if (cancelled) assertEquals(future.cancel(), false);
    gate.open();
    assertEquals(await future, cancelled);
  }
});

Deno.test("current_task().name is the function's, also after an await", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, concurrency: 2 });
  const names = executor.submit(task(HERE, tasks.taskNames));
  await executor.submit(echo, 1);
  assertEquals(await names, ["taskNames", "taskNames"]);
});

Deno.test("cancelling one of several tasks in a worker stops only that one", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, concurrency: 3 });
  using gate = new ThreadGate();
  const futures = range(3).map(() => executor.submit(passUnlessStopped, gate.ticket));
  await gate.arrivals(3);
  assertEquals(futures[1]!.cancel(), false);
  await assertRejects(() => futures[1]!, CancelledError);
  assertEquals([futures[0]!.running(), futures[2]!.running()], [true, true]);
  gate.open();
  assertEquals(await Promise.all([futures[0], futures[2]]), ["not stopped", "not stopped"]);
});

for (
  const [kind, argument] of [
    ["can't be cloned", () => {}],
    ["can't be read", {
      get unreadable() {
        throw new ValueError("unreadable");
      },
    }],
  ] as const
) {
  Deno.test(`a task cancelled by the callback of one in its message that ${kind} never starts`, async () => {
    await using executor = new ThreadPoolExecutor({ max_workers: 1, concurrency: 3 });
    using visits = new ThreadGate();
    await executor.ready();
    const bad = executor.submit(visit, visits.ticket, argument);
    const good = executor.submit(visit, visits.ticket);
    bad.add_done_callback(() => good.cancel());
    await Promise.allSettled([bad, good]);
    assert(good.cancelled());
    await executor.submit(echo, "after");
    assertEquals(visits.arrived, 0);
    assertEquals(executor.stats().running + executor.stats().queued, 0);
  });
}

Deno.test("a task cancelled by the callback of a task that died with its worker is gone", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const exitIf = task(HERE, tasks.exitIf);
  for (let i = 0; i < 20; i++) await executor.submit(exitIf, 0, 1);
  const dying = executor.submit(exitIf, 1, 1);
  const victims = range(5).map(() => executor.submit(exitIf, 0, 1));
  dying.add_done_callback(() => victims.forEach((victim) => victim.cancel()));
  await dying.exception();
  assert(victims.every((victim) => victim.cancelled()));
  assertEquals(await executor.submit(echo, "after"), "after");
  assertEquals(executor.stats().queued, 0);
});

Deno.test("a signal cancels queued tasks at once, with its reason as the cause", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  using visits = new ThreadGate();
  const abort = new AbortController();
  const blocker = executor.submit(pass, gate.ticket);
  await begun(blocker);
  const { signal } = abort;
  const futures = range(10).map(() => executor.options({ signal }).submit(visit, visits.ticket));
  const reason = new ValueError("enough");
  abort.abort(reason);
  assert(futures.every((future) => future.cancelled()));
  for (const future of futures) {
    const error = await assertRejects(() => future, CancelledError);
    assertStrictEquals(error.cause, reason);
  }
  gate.open();
  await executor.submit(echo, "after");
  assertEquals(visits.arrived, 0);
});

Deno.test("a signal cancels tasks that were sent ahead at once", async () => {
  const abort = new AbortController();
  await using held = await sendAhead(8, abort.signal);
  const { executor, futures, visits } = held;
  abort.abort("a reason that is no error");
  assert(futures.every((future) => future.cancelled()));
  const error = await assertRejects(() => futures[7]!, CancelledError);
  assertEquals(error.cause, "a reason that is no error");
  held.open();
  await executor.submit(echo, "after");
  assertEquals(visits.arrived, 0);
});

Deno.test("a signal settles a running task at once and asks it to stop", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (const fn of [passUnlessStopped, spinUnlessStopped, noticeStop]) {
    using gate = new ThreadGate();
    const abort = new AbortController();
    const future = executor.options({ signal: abort.signal })
      .submit<[SharedArrayBuffer], unknown>(fn as never, gate.ticket);
    await gate.arrivals(1);
    abort.abort();
    assert(future.cancelled() && !future.running());
    const error = await assertRejects(() => future, CancelledError);
    assertStrictEquals(error.cause, abort.signal.reason);
    assertEquals(await executor.submit(echo, "after"), "after");
  }
  assertEquals(executor.stats().cancelled, 3);
});

Deno.test("a running task that ignores its signal runs on, and its result is dropped", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const abort = new AbortController();
  const future = executor.options({ signal: abort.signal }).submit(pass, gate.ticket, "dropped");
  await gate.arrivals(1);
  abort.abort();
  const next = executor.submit(echo, "after");
  assert(future.cancelled());
  gate.open();
  assertEquals(await next, "after");
  await assertRejects(() => future, CancelledError);
  assertEquals(executor.stats().workers, 1);
});

Deno.test("with a signal that is aborted already nothing is sent", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const reason = new ValueError("too late");
  const future = executor.options({ signal: AbortSignal.abort(reason) }).submit(echo, 1);
  assert(future.cancelled());
  const error = await assertRejects(() => future, CancelledError);
  assertStrictEquals(error.cause, reason);
  assertEquals(executor.stats().cancelled, 1);
  assertEquals(executor.stats().queued, 0);
});

Deno.test("one signal cancels ten thousand tasks, and ends as they end", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const abort = new AbortController();
  const submitter = executor.options({ signal: abort.signal });
  using gate = new ThreadGate();
  const blockers = [executor.submit(pass, gate.ticket), executor.submit(pass, gate.ticket)];
  await gate.arrivals(2);
  const futures = range(10_000).map((n) => submitter.submit(echo, n));
  abort.abort();
  assert(futures.every((future) => future.cancelled()));
  assertEquals([executor.stats().cancelled, executor.stats().queued], [10_000, 0]);
  gate.open();
  await Promise.all(blockers);
  const late = submitter.submit(echo, "late");
  assert(late.cancelled());
});

Deno.test("a signal that is aborted after the end changes nothing", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const abort = new AbortController();
  const submitter = executor.options({ signal: abort.signal });
  const futures = range(10_000).map((n) => submitter.submit(echo, n));
  assertEquals((await Promise.all(futures)).length, 10_000);
  abort.abort();
  assert(futures.every((future) => !future.cancelled()));
});

Deno.test("tasks of a signal add one listener, and take it off when they have ended", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const { signal } = new AbortController();
  let listeners = 0;
  for (const [method, by] of [["addEventListener", 1], ["removeEventListener", -1]] as const) {
    signal[method] = (...args: unknown[]) => {
      listeners += by;
      EventTarget.prototype[method].apply(signal, args as never);
    };
  }
  const submitter = executor.options({ signal });
  const futures = range(100).map((n) => submitter.submit(echo, n));
  assertEquals(listeners, 1);
  await Promise.all(futures);
  assertEquals(listeners, 0);
});

for (
  const [how, fn] of [
    ["an asynchronous task that obeys", passUnlessStopped],
    ["an asynchronous task that ignores it", countAsync],
    ["a synchronous task that calls checkpoint()", spinUnlessStopped],
    ["a blocked thread", pass],
    ["a runaway loop", spin],
  ] as const
) {
  Deno.test(`past its deadline ${how} fails with TimeoutError, and the pool is as before`, async () => {
    await using executor = new ThreadPoolExecutor(2);
    using gate = new ThreadGate();
    using visits = new ThreadGate();
    // A deadline covers the loading of the task's module, which is not what is tested here.
    await executor.submit(echo, 1);
    const future = executor.options({ deadline: 20 })
      .submit<[SharedArrayBuffer], unknown>(fn as never, gate.ticket);
    const error = await assertRejects(() => future, TimeoutError, "its deadline of 20 ms");
    assertMatch(error.message, /^Cannot finish (\w+): it ran longer than/);
    assert(!future.cancelled() && !future.running());
    // All the pool's workers are there again, and none of them is the one that overran.
    const realms = range(2).map(() => executor.submit(realmAt, visits.ticket));
    await visits.arrivals(2);
    visits.open();
    assertEquals(new Set(await Promise.all(realms)).size, 2);
    assertEquals(executor.stats().failed, 1);
    gate.open();
  });
}

Deno.test("a deadline counts from the start of the task, not from its submission", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const blocker = executor.submit(pass, gate.ticket);
  await begun(blocker);
  const future = executor.options({ deadline: 10_000 }).submit(echo, "in time");
  const hurried = executor.options({ deadline: 1 }).submit(echo, "never begun");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals([future.done(), hurried.done()], [false, false]);
  assert(hurried.cancel());
  gate.open();
  assertEquals(await future, "in time");
});

Deno.test("a task that ends before its deadline leaves nothing behind", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const submitter = executor.options({ deadline: 60_000 });
  const futures = range(200).map((n) => submitter.submit(echo, n));
  assertEquals(await Promise.all(futures), range(200));
  const failing = submitter.submit(task(HERE, tasks.raise), new ValueError("quickly"));
  await assertRejects(() => failing, ValueError, "quickly");
  for (const deadline of [Infinity, undefined, 2 ** 40]) {
    assertEquals(await executor.options({ deadline }).submit(echo, deadline), deadline);
  }
});

Deno.test("a worker that is being abandoned takes no more work", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const overrunning = executor.submit(realm);
  const name = await overrunning;
  const futures = [executor.options({ deadline: 20 }).submit(spin, gate.ticket)];
  const waiting = range(5).map(() => executor.submit(realm));
  await assertRejects(() => futures[0]!, TimeoutError);
  const later = range(5).map(() => executor.submit(realm));
  for (const other of await Promise.all([...waiting, ...later])) assert(other !== name);
  assertEquals(executor.stats().workers, 1);
});

Deno.test("with concurrency, an overdue task does not harm its neighbours", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, concurrency: 3 });
  using gate = new ThreadGate();
  using stuck = new ThreadGate();
  const neighbours = range(2).map((n) => executor.submit(countAsync, gate.ticket, n));
  await gate.arrivals(2);
  const overdue = executor.options({ deadline: 20 }).submit(countAsync, stuck.ticket);
  await assertRejects(() => overdue, TimeoutError);
  assertEquals(await executor.submit(echo, "on another worker"), "on another worker");
  assertEquals(neighbours.map((future) => future.running()), [true, true]);
  gate.open();
  assertEquals(await Promise.all(neighbours), [0, 1]);
  stuck.open();
});

Deno.test("neighbours of an overdue task that blocks their worker fail and say why", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, concurrency: 2 });
  using gate = new ThreadGate();
  using stuck = new ThreadGate();
  const neighbour = executor.submit(countAsync, gate.ticket);
  await gate.arrivals(1);
  const overdue = executor.options({ deadline: 100 }).submit(pass, stuck.ticket);
  await assertRejects(() => overdue, TimeoutError);
  const error = await neighbour.exception() as Error;
  assertEquals(error.name, "BrokenThreadPool");
  assertMatch(error.message, /^Cannot finish passAsync: worker .* another task overran/);
  assertEquals(await executor.submit(echo, "after"), "after");
});

Deno.test("a missed deadline is no death: it does not break a pool that deaths break", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, on_worker_death: "break" });
  using gate = new ThreadGate();
  const [first, second] = range(2).map((n) =>
    executor.options({ deadline: 20 }).submit(countAsync, gate.ticket, n)
  );
  await assertRejects(() => first!, TimeoutError);
  await assertRejects(() => second!, TimeoutError);
  assertEquals(await executor.submit(echo, "after"), "after");
});

Deno.test("many missed deadlines at once leave the pool with all its workers", async () => {
  await using executor = new ThreadPoolExecutor(3);
  using gate = new ThreadGate();
  using visits = new ThreadGate();
  const submitter = executor.options({ deadline: 15 });
  const futures = range(9).map(() => submitter.submit(countAsync, gate.ticket));
  for (const future of futures) await assertRejects(() => future, TimeoutError);
  const realms = range(3).map(() => executor.submit(realmAt, visits.ticket));
  await visits.arrivals(3);
  visits.open();
  assertEquals(new Set(await Promise.all(realms)).size, 3);
});

Deno.test("cancel() and deadline and signal on one task: the first to come decides", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const abort = new AbortController();
  const submitter = executor.options({ signal: abort.signal, deadline: 300 });
  await executor.submit(echo, 1);
  const future = submitter.submit(countAsync, gate.ticket);
  await gate.arrivals(1);
  assertEquals(future.cancel(), false);
  await assertRejects(() => future, TimeoutError);
  abort.abort();
  assertEquals([future.cancel(), future.cancelled()], [false, false]);
});

Deno.test("tasks sent ahead behind one that turns out long go to a worker that has yet to start", async () => {
  await using executor = new ThreadPoolExecutor(2);
  for (let i = 0; i < 30; i++) await executor.submit(openIf, null, false);
  using gate = new ThreadGate();
  const waiting = executor.submit(openIf, gate.ticket, false);
  // Whoever opens the gate may have been sent to the worker that waits at it.
  const opening = executor.submit(openIf, gate.ticket, true);
  let isStuck = false;
  const guard = setTimeout(() => {
    isStuck = true;
    gate.open();
  }, 2000);
  await Promise.all([waiting, opening]);
  clearTimeout(guard);
  assert(!isStuck, "the second task waited for the first, though a worker could be started");
});

Deno.test("a task keeps the program alive, also behind one whose future is settled", async () => {
  const { code, out, err } = await runProgram(`
    const executor = new herd.ThreadPoolExecutor(1);
    const abort = new AbortController();
    const first = executor.options({ signal: abort.signal }).submit(() => {
      const end = performance.now() + 300;
      while (performance.now() < end);
    });
    while (!first.running()) await new Promise((resolve) => setTimeout(resolve, 1));
    abort.abort();
    executor.submit((n: number) => n + 1, 41).then(console.log);
  `);
  assertEquals([code, out, err], [0, "42", ""]);
});

Deno.test("a missed deadline of a runaway loop does not keep the program from ending", async () => {
  const { code, out, err } = await runProgram(`
    const executor = new herd.ThreadPoolExecutor(1);
    const future = executor.options({ deadline: 20 }).submit(() => { for (;;); });
    console.log((await future.exception() as Error).name);
    console.log(await executor.submit(() => 42));
  `);
  assertEquals([code, out, err], [0, "TimeoutError\n42", ""]);
});

for (const pool of ["ThreadPoolExecutor", "ProcessPoolExecutor"]) {
  Deno.test(`the deadline of a task that was aborted does not keep the program from ending (${pool})`, async () => {
    const { code, out, err } = await runProgram(`
      const executor = new herd.${pool}(1);
      await executor.ready();
      const controller = new AbortController();
      const future = executor.options({ signal: controller.signal, deadline: 2 ** 30 })
        .submit(() => { for (;;); });
      while (!future.running()) await new Promise((resolve) => setTimeout(resolve, 1));
      controller.abort();
      console.log((await future.exception().catch((error) => error)).name);
    `);
    assertEquals([code, out, err], [0, "CancelledError", ""]);
  });
}

Deno.test("cancelling while tasks run and end: each future is settled once, and all add up", async () => {
  await using executor = new ThreadPoolExecutor(2);
  using visits = new ThreadGate();
  const settled: number[] = [];
  const futures = range(2000).map((n) => {
    const future = executor.submit(visit, visits.ticket, n);
    future.add_done_callback(() => settled.push(n));
    return future;
  });
  let taken = 0;
  for (const [n, future] of futures.entries()) {
    if (n % 3 === 0 && future.cancel()) taken++;
    if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await Promise.allSettled(futures);
  assertEquals(new Set(settled).size, settled.length);
  assertEquals(futures.filter((future) => future.cancelled()).length, taken);
  assertGreater(taken, 0);
  const { finished, cancelled, failed } = executor.stats();
  assertEquals([finished, cancelled, failed], [2000 - taken, taken, 0]);
  assertEquals(visits.arrived, 2000 - taken);
});
