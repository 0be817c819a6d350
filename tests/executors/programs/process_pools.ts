/**
 * Programs of `process_pool_exit_test.ts`, by the name given as first argument: each leaves its pool of
 * processes in some state and comes to its end. A program that waits for a signal prints `now` when its
 * children are where it wants them.
 */

import {
  type Future,
  ProcessPoolExecutor,
  task,
  ThreadPoolExecutor,
  TimeoutError,
} from "../../../mod.ts";

const HERE = import.meta.url;

/** Works for `ms` milliseconds. */
export function work(ms: number): number {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
}

/** Says so, and never lets go of its process. */
export function spin(): never {
  console.log("spins");
  for (;;);
}

/** Says so, and never ends, though its event loop turns. */
export async function linger(): Promise<never> {
  console.log("lingers");
  return await forever();
}

/** Says so, and stops its process. */
export function stop(): Promise<never> {
  console.log("stops");
  Deno.kill(Deno.pid, "SIGSTOP");
  return forever();
}

/** Says so, and never ends to write. */
export function flood(): never {
  console.log("floods");
  for (;;) console.error("x".repeat(1000));
}

/** Says so, and has a pool of its own spin. */
export async function nest(): Promise<never> {
  const executor = new ProcessPoolExecutor(1);
  console.log("nests");
  return await executor.submit(task(HERE, spin));
}

/** Has a pool of its own add up `n` and `n`; `close` says whether it shuts that down. */
export async function addNested(n: number, close: boolean): Promise<number> {
  const executor = new ProcessPoolExecutor(1);
  const sum = await executor.submit((a: number, b: number) => a + b, n, n);
  if (close) await executor.shutdown();
  return sum;
}

/** Leaves a child behind that never lets go of its process. */
export async function leaveSpinning(): Promise<string> {
  const future = new ProcessPoolExecutor(1).submit(() => {
    for (;;);
  });
  while (!future.running()) await new Promise((resolve) => setTimeout(resolve, 1));
  return "left";
}

/** Takes a while. */
export async function finish(ms: number): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return "finished";
}

function forever(): Promise<never> {
  return new Promise(() => setInterval(() => {}, 1 << 30));
}

function report(future: Future<unknown>): void {
  future.then(
    (value) => console.log(`done: ${value}`),
    (error) => console.log(`failed: ${error.name}`),
  );
}

const WORK = task(HERE, work);
const FINISH = task(HERE, finish);
const STATES = { spin, linger, stop, flood, nest };

/** Begins a task, of which the rest of the program sees nothing. */
function begin(state: keyof typeof STATES, max_workers = 1): ProcessPoolExecutor {
  const executor = new ProcessPoolExecutor(max_workers);
  executor.submit<[], unknown>(task(HERE, STATES[state]));
  return executor;
}

/** Resolves when the test has seen what it waited for. */
function told(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGUSR1", resolve);
  return promise.finally(() => Deno.removeSignalListener("SIGUSR1", resolve));
}

const [name = "", ...args] = Deno.args;

const PROGRAMS: Record<string, () => unknown> = {
  "never used"() {
    new ProcessPoolExecutor(2);
    Deno.exitCode = 5;
  },
  async "idle"() {
    await new ProcessPoolExecutor(1).submit(WORK, 1);
    Deno.exitCode = 5;
  },
  async "idle, and something was written to standard error"() {
    await new ProcessPoolExecutor(1).submit((n: number) => console.error("e".repeat(n)), 100_000);
    Deno.exitCode = 5;
  },
  async "ready is the last statement"() {
    Deno.exitCode = 5;
    await new ProcessPoolExecutor(2).ready();
    console.log("ready");
  },
  "ready is not awaited"() {
    new ProcessPoolExecutor(2).ready();
    Deno.exitCode = 5;
  },
  "busy"() {
    report(new ProcessPoolExecutor(1).submit(WORK, 200));
    Deno.exitCode = 5;
  },
  "busy with an asynchronous task"() {
    report(new ProcessPoolExecutor(1).submit(FINISH, 200));
    Deno.exitCode = 5;
  },
  "queued"() {
    const executor = new ProcessPoolExecutor(2);
    for (let i = 0; i < 20; i++) report(executor.submit(WORK, 1));
  },
  "queued, and shutdown that does not wait"() {
    const executor = new ProcessPoolExecutor(2);
    for (let i = 0; i < 20; i++) report(executor.submit(WORK, 1));
    executor.shutdown({ wait: false });
  },
  async "a runaway past its deadline"() {
    const executor = new ProcessPoolExecutor(1);
    const error = await executor.options({ deadline: 200 }).submit(task(HERE, spin)).exception();
    console.log(error instanceof TimeoutError);
    report(executor.submit(WORK, 1));
    Deno.exitCode = 5;
  },
  async "a runaway past its deadline, and await using"() {
    await using executor = new ProcessPoolExecutor(1);
    const error = await executor.options({ deadline: 200 }).submit(task(HERE, spin)).exception();
    console.log(error instanceof TimeoutError);
    Deno.exitCode = 5;
  },
  async "an aborted task that goes on"() {
    const controller = new AbortController();
    const executor = new ProcessPoolExecutor(1);
    const future = executor.options({ signal: controller.signal }).submit(task(HERE, linger));
    while (!future.running()) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort();
    report(future);
    Deno.exitCode = 5;
  },
  async "half a map"() {
    const executor = new ProcessPoolExecutor(1);
    const { value } = await executor.map(WORK, [1, 2, 3]).next();
    console.log(value);
  },
  async "nested pools"() {
    await using executor = new ProcessPoolExecutor(1);
    console.log(await executor.submit(task(HERE, addNested), 2, true));
  },
  async "nested pools, forgotten"() {
    console.log(await new ProcessPoolExecutor(1).submit(task(HERE, addNested), 2, false));
  },
  async "in a thread"() {
    await using threads = new ThreadPoolExecutor(1);
    console.log(await threads.submit(task(HERE, addNested), 2, true));
  },
  async "in a thread, forgotten, and it spins"() {
    await using threads = new ThreadPoolExecutor(1);
    console.log(await threads.submit(task(HERE, leaveSpinning)));
  },
  async "dead workers"() {
    const executor = new ProcessPoolExecutor(1);
    report(executor.submit(() => Deno.exit(3)));
    await executor.submit(() => Deno.kill(Deno.pid, "SIGKILL")).exception();
    report(executor.submit(WORK, 1));
  },
  async "a broken pool"() {
    const executor = new ProcessPoolExecutor({ max_workers: 2, initializer: () => Deno.exit(3) });
    console.log((await executor.submit(WORK, 1).exception() as Error).name);
  },
  async "everything in order"() {
    await using executor = new ProcessPoolExecutor(2);
    console.log(await executor.submit(WORK, 4));
    console.log((await Array.fromAsync(executor.map(WORK, [1, 2, 3]))).join(" "));
  },

  async "Deno.exit(7)"() {
    const all = args.map((state) => begin(state as keyof typeof STATES));
    await told();
    Deno.exit(all.length > 0 ? 7 : 8);
  },
  async "throw"() {
    for (const state of args) begin(state as keyof typeof STATES);
    await told();
    throw new RangeError("thrown by main");
  },
  "wait for a signal"() {
    for (const state of args) begin(state as keyof typeof STATES);
    setInterval(() => {}, 1 << 30);
  },
  async "wait for a signal, idle"() {
    const executor = new ProcessPoolExecutor(2);
    await executor.submit(WORK, 1);
    console.log("now");
    await forever();
  },
  async "wait for a signal, starting"() {
    const executor = new ProcessPoolExecutor(2);
    executor.submit(task(HERE, spin));
    await new Promise((resolve) => setTimeout(resolve, Number(args[0])));
    console.log("now");
    await forever();
  },
  async "Deno.exit(7) while it starts"() {
    new ProcessPoolExecutor(2).submit(task(HERE, spin));
    await new Promise((resolve) => setTimeout(resolve, Number(args[0])));
    Deno.exit(7);
  },
  async "SIGINT is listened for"() {
    await using executor = new ProcessPoolExecutor(2);
    await executor.ready();
    const interrupted = Promise.withResolvers<void>();
    Deno.addSignalListener("SIGINT", () => {
      console.log("interrupted");
      interrupted.resolve();
    });
    const futures = [1, 2].map(() => executor.submit(FINISH, 1000));
    while (executor.stats().running < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    console.log("now");
    await interrupted.promise;
    console.log(...await Promise.all(futures));
    Deno.exit(0);
  },
};

if (import.meta.main) await PROGRAMS[name]!();
