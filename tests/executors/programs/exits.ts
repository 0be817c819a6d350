/**
 * Programs of `exit_test.ts`, by the name given as first argument, with killable threads if the second is
 * `killable`: each leaves its pool in some state and comes to its end. A program that has something to
 * wait for prints what it saw.
 */

import {
  current_task,
  type Future,
  task,
  ThreadPoolExecutor,
  type ThreadPoolOptions,
  TimeoutError,
} from "../../../mod.ts";

const HERE = import.meta.url;

/** `[0]`: tasks that have begun. */
type Words = Int32Array;

function words(): Words {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** A pool of the kind that the second argument names. */
function pool(max_workers: number, options: ThreadPoolOptions = {}): ThreadPoolExecutor {
  const killable = Deno.args[1] === "killable";
  return new ThreadPoolExecutor({ max_workers, killable, ...options });
}

/** Works for `ms` milliseconds. */
export function work(ms: number): number {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
}

/** Never ends, and can't be stopped. */
export function spin(begun: Words): never {
  Atomics.add(begun, 0, 1);
  for (;;);
}

/** Never ends, and lets its worker's event loop turn. */
export async function linger(begun: Words): Promise<never> {
  Atomics.add(begun, 0, 1);
  return await new Promise(() => {});
}

/** Waits until it is asked to stop, and does not stop. */
export function ignoreRequest(begun: Words): never {
  Atomics.add(begun, 0, 1);
  while (!current_task().signal.aborted);
  for (;;);
}

/** Has a pool of its own add up `n` and `n`; `close` says whether it shuts that down. */
export async function nest(n: number, close: boolean): Promise<number> {
  const executor = pool(1);
  const sum = await executor.submit((a: number, b: number) => a + b, n, n);
  if (close) await executor.shutdown();
  return sum;
}

const WORK = task(HERE, work);
const SPIN = task(HERE, spin);
const LINGER = task(HERE, linger);

async function begun(words: Words, tasks = 1): Promise<void> {
  while (Atomics.load(words, 0) < tasks) await new Promise((resolve) => setTimeout(resolve, 1));
}

function report(future: Future<unknown>): void {
  future.add_done_callback((future) => {
    future.result().then(
      (value) => console.log(`done: ${value}`),
      (error) => console.log(`failed: ${error.name}`),
    );
  });
}

const programs: Record<string, () => unknown> = {
  async "idle"() {
    Deno.exitCode = 5;
    const executor = pool(2);
    await executor.submit(WORK, 1);
  },
  async "ready is the last statement"() {
    Deno.exitCode = 5;
    await pool(2).ready();
    console.log("ready");
  },
  "ready is not awaited"() {
    Deno.exitCode = 5;
    pool(2).ready();
  },
  "never used"() {
    Deno.exitCode = 5;
    pool(2);
  },
  "busy"() {
    Deno.exitCode = 5;
    report(pool(1).submit(WORK, 200));
  },
  "busy with an asynchronous task"() {
    Deno.exitCode = 5;
    const executor = pool(1);
    report(executor.submit(async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return "slept";
    }));
  },
  "queued"() {
    const executor = pool(1);
    for (let i = 0; i < 50; i++) report(executor.submit(WORK, 1));
  },
  "queued, and shutdown not awaited"() {
    const executor = pool(1);
    for (let i = 0; i < 50; i++) report(executor.submit(WORK, 1));
    executor.shutdown();
  },
  "queued, and shutdown that does not wait"() {
    using executor = pool(1);
    for (let i = 0; i < 50; i++) report(executor.submit(WORK, 1));
  },
  async "a runaway worker past its deadline"() {
    Deno.exitCode = 5;
    const executor = pool(1);
    const future = executor.options({ deadline: 50 }).submit(SPIN, words());
    report(future);
    report(executor.submit(WORK, 1));
    await future.exception();
  },
  async "a runaway worker past its deadline, and await using"() {
    Deno.exitCode = 5;
    await using executor = pool(1);
    report(executor.options({ deadline: 50 }).submit(SPIN, words()));
  },
  async "an aborted task that goes on"() {
    Deno.exitCode = 5;
    const executor = pool(1);
    const controller = new AbortController();
    const started = words();
    report(
      executor.options({ signal: controller.signal }).submit(task(HERE, ignoreRequest), started),
    );
    await begun(started);
    controller.abort();
  },
  async "an aborted task that goes on, and await using"() {
    Deno.exitCode = 5;
    await using executor = pool(1);
    const controller = new AbortController();
    const started = words();
    report(
      executor.options({ signal: controller.signal }).submit(task(HERE, ignoreRequest), started),
    );
    await begun(started);
    controller.abort();
  },
  async "an aborted asynchronous task that goes on"() {
    Deno.exitCode = 5;
    const executor = pool(1);
    const controller = new AbortController();
    const started = words();
    report(executor.options({ signal: controller.signal }).submit(LINGER, started));
    await begun(started);
    controller.abort();
  },
  async "a timed-out wait"() {
    Deno.exitCode = 5;
    const executor = pool(1);
    const future = executor.submit(WORK, 200);
    report(future);
    try {
      await future.result(1);
    } catch (error) {
      console.log(`waited: ${error instanceof TimeoutError}`);
    }
  },
  async "an uncaught error beside busy workers"() {
    const executor = pool(2);
    const started = words();
    executor.submit(SPIN, started);
    executor.submit(LINGER, started);
    await begun(started, 2);
    throw new RangeError("thrown by main");
  },
  async "an unhandled rejection beside busy workers"() {
    const executor = pool(2);
    const started = words();
    executor.submit(SPIN, started);
    executor.submit(LINGER, started);
    await begun(started, 2);
    Promise.reject(new RangeError("rejected by main"));
  },
  async "Deno.exit(7) beside busy workers"() {
    const executor = pool(2);
    const started = words();
    executor.submit(SPIN, started);
    executor.submit(LINGER, started);
    await begun(started, 2);
    Deno.exit(7);
  },
  async "wait for a signal, idle"() {
    const executor = pool(2);
    await executor.ready();
    setInterval(() => {}, 1000);
    console.log("now");
  },
  async "wait for a signal, lingering"() {
    const executor = pool(2);
    const started = words();
    for (let i = 0; i < 20; i++) executor.submit(LINGER, started);
    await begun(started, 2);
    console.log("now");
  },
  async "wait for a signal, spinning"() {
    const executor = pool(2);
    const started = words();
    for (let i = 0; i < 20; i++) executor.submit(SPIN, started);
    await begun(started, 2);
    console.log("now");
  },
  async "half a map"() {
    const executor = pool(2);
    const results = executor.map(WORK, Array(20).fill(1));
    console.log(await results.next());
  },
  async "half a map with a buffer"() {
    const executor = pool(2);
    const results = executor.options({ buffersize: 3, chunksize: 1 }).map(WORK, Array(20).fill(1));
    console.log(await results.next());
  },
  async "half a map of endless inputs with a buffer"() {
    const executor = pool(2);
    const ones = function* () {
      for (;;) yield 1;
    };
    const results = executor.options({ buffersize: 3 }).map(WORK, ones());
    console.log(await results.next());
  },
  async "break out of a map"() {
    const executor = pool(2);
    const ones = function* () {
      for (;;) yield 1;
    };
    for await (const result of executor.map(WORK, ones())) {
      console.log(result);
      break;
    }
  },
  async "nested pools"() {
    await using executor = pool(2);
    console.log(await executor.submit(task(HERE, nest), 2, true));
  },
  async "nested pools, forgotten"() {
    const executor = pool(2);
    console.log(await executor.submit(task(HERE, nest), 2, false));
  },
  async "dead workers"() {
    const executor = pool(2);
    report(executor.submit(() => Deno.exit(3)));
    report(executor.submit(WORK, 1));
    await executor.submit(WORK, 1);
  },
  async "a broken pool"() {
    const executor = pool(2, { initializer: () => Deno.exit(3) });
    report(executor.submit(WORK, 1));
    await executor.ready().catch((error) => console.log(`ready: ${error.name}`));
  },
  async "everything in order"() {
    await using executor = pool(2);
    console.log(await executor.submit((a: number, b: number) => a + b, 40, 2));
    const squares = [];
    for await (const square of executor.map((n: number) => n * n, [1, 2, 3])) squares.push(square);
    console.log(squares.join(" "));
  },
};

if (import.meta.main) await programs[Deno.args[0]!]!();
