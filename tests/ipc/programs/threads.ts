/**
 * Programs of `thread_exit_test.ts`, by the name given as first argument: each starts threads, leaves them in
 * some state and comes to its end.
 */

import {
  current_thread,
  Event,
  get_context,
  Lock,
  Process,
  type ProcessOptions,
  Queue,
  task,
  Thread,
  type ThreadOptions,
} from "../../../mod.ts";

const HERE = import.meta.url;

/** A variable of the module, so that functions that use it travel as references to it. */
const here = () => current_thread().name;
const never = new Event();

export function greet(name: string): void {
  console.log(`${here()}: hello, ${name}`);
}

export async function sleepAndSay(ms: number, text: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  console.log(text);
}

/** Never lets go of its thread. */
export function spin(up: Event): never {
  up.set();
  for (;;);
}

/** Waits for ever, and blocks its thread. */
export function block(up: Event): void {
  up.set();
  never.waitSync();
}

/** Waits for ever. */
export async function sleep(up: Event): Promise<void> {
  up.set();
  await never.wait();
}

/** Waits for a timer that takes an hour. */
export async function slumber(up: Event): Promise<void> {
  up.set();
  await new Promise((resolve) => setTimeout(resolve, 3_600_000));
}

/** Has a process that is a daemon, and ends. */
export async function leaveDaemon(up: Queue<number>): Promise<void> {
  const process = new Process({ target: lingering, args: [up], daemon: true });
  process.start();
  await up.put(process.pid!);
  while (await up.qsize() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
}

export async function lingering(up: Queue<number>): Promise<void> {
  setInterval(() => {}, 1_000_000);
  await up.put(0);
}

export function fail(): never {
  const cause = new RangeError("too much", { cause: here() });
  throw new AggregateError([new TypeError("first"), new Error("second")], "all failed", { cause });
}

export class Failing extends Thread {
  static override readonly module = HERE;
  override run(): never {
    throw Object.assign(new RangeError(`no ${here()}`), { code: "E_NONE" });
  }
}

/** Starts a thread; it is named for the outputs to be always the same. */
function start(options: ThreadOptions): Thread {
  const thread = new Thread({ name: "thread", ...options });
  thread.start();
  return thread;
}

/** Runs a thread to its end. */
async function report(options: ThreadOptions): Promise<void> {
  const thread = start(options);
  await thread.join();
  console.log(thread.is_alive());
}

/** Runs a process that is a Web Worker to its end. */
async function reportWorker(options: ProcessOptions): Promise<void> {
  const process = new Process({ name: "worker", context: "worker", ...options });
  process.start();
  await process.join();
  console.log(process.exitcode);
}

/** Daemons in all states. */
async function daemons(make: (options: ThreadOptions) => Thread | Process): Promise<void> {
  for (const target of [spin, block, sleep, slumber]) {
    const up = new Event();
    make({ target, args: [up], daemon: true }).start();
    await up.wait();
  }
}

const programs: Record<string, () => unknown> = {
  async "greet"() {
    await report({ target: greet, args: ["herd"] });
  },
  "a thread is not joined"() {
    Deno.exitCode = 5;
    start({ target: sleepAndSay, args: [100, "thread ends"] });
    console.log("main ends");
  },
  async "daemons are not joined"() {
    Deno.exitCode = 5;
    await daemons((options) => new Thread(options));
    console.log("main ends");
  },
  async "daemons that are processes are not joined"() {
    Deno.exitCode = 5;
    await daemons((options) => new Process({ ...options, context: "worker" }));
    console.log("main ends");
  },
  async "a daemon is joined"() {
    await report({ target: sleepAndSay, args: [100, "daemon ends"], daemon: true });
  },
  async "a daemon is waited for a moment"() {
    const up = new Event();
    const daemon = start({ target: sleep, args: [up], daemon: true });
    await up.wait();
    await daemon.join(10);
    console.log(daemon.is_alive());
  },
  async "a daemon waits for what the main thread has"() {
    const lock = new Lock();
    await lock.acquire();
    const target = async (lock: Lock) => void await lock.acquire();
    start({ target, args: [lock], daemon: true });
    console.log("main ends");
  },
  async "Deno.exit(7) beside threads"() {
    await daemons((options) => new Thread({ ...options, daemon: false }));
    Deno.exit(7);
  },
  async "an uncaught error beside threads"() {
    await daemons((options) => new Thread({ ...options, daemon: false }));
    throw new RangeError("thrown by main");
  },
  async "a signal beside threads"() {
    await daemons((options) => new Thread({ ...options, daemon: false }));
    console.log("now");
  },
  async "a signal beside a manager in a thread"() {
    const manager = await get_context("worker").Manager();
    const list = await manager.list([1]);
    start({ target: sleep, args: [new Event()] });
    console.log(await list.len());
    console.log("now");
  },
  async "a manager in a thread is not shut down"() {
    const manager = await get_context("worker").Manager();
    console.log(await (await manager.list([1])).len());
  },
  async "terminated workers are not waited for"() {
    for (const target of [spin, block, sleep, slumber]) {
      const up = new Event();
      const process = new Process({ target, args: [up], context: "worker" });
      process.start();
      await up.wait();
      process.terminate();
      await process.join();
      console.log(process.exitcode);
    }
  },
  async "everything that fails"() {
    await report({ target: fail });
    const failing = new Failing({ name: `"thread"` });
    failing.start();
    await failing.join();
    console.log(failing.is_alive());
    await report({ target: () => Promise.reject("a string") });
    await reportWorker({ target: fail });
  },
  async "an error outside of the target"() {
    const target = async (reject: boolean) => {
      setTimeout(() => {
        if (reject) Promise.reject(new RangeError("late"));
        else throw new RangeError("late");
      });
      await new Promise(() => {});
    };
    for (const reject of [false, true]) await report({ target, args: [reject] });
  },
  async "an end without a word"() {
    await report({ target: () => Deno.exit(3) });
  },
  async "a target that uses what is not exported"() {
    const secret = 7;
    await report({ target: () => secret });
  },
  async "a module that does not load"() {
    const url = new URL("./nowhere.ts", HERE);
    await report({ target: task<() => void>(url, "nothing") });
  },
  async "a module that starts threads whenever it is imported"() {
    const url = new URL("./starts_thread_on_import.ts", HERE);
    await report({ target: task<() => void>(url, "nothing") });
  },
  async "a class that its module does not export"() {
    class Hidden extends Thread {
      static override readonly module = HERE;
      override run(): void {}
    }
    const thread = new Hidden({ name: "thread" });
    thread.start();
    await thread.join();
    console.log(thread.is_alive());
  },
  async "a thread leaves a daemon"() {
    const up = new Queue<number>();
    const thread = start({ target: task(HERE, leaveDaemon), args: [up] });
    await thread.join();
    const pid = await up.get();
    // The system reaps it when it has ended.
    for (;;) {
      try {
        Deno.kill(pid, "SIGCONT");
      } catch {
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    console.log("gone");
  },
  async "a thread without permissions"() {
    const target = () => {
      const names = ["env", "net", "read", "run", "sys", "write", "ffi"] as const;
      const granted = names.filter((name) =>
        Deno.permissions.querySync({ name }).state === "granted"
      );
      console.log(granted);
    };
    await report({ target, permissions: "none" });
    await report({ target: task(HERE, greet), args: ["none"], permissions: "none" });
    await report({ target: task(HERE, useQueue), args: [new Queue()], permissions: "none" });
  },
  "a thread that may read": () => report({ permissions: { read: true } }),
  async "the target is let go of"() {
    let target: (() => void) | undefined = () => {};
    let argument: object | undefined = { large: true };
    const refs = [new WeakRef(target), new WeakRef(argument)];
    const thread = new Thread({ target, args: [argument], kwargs: { argument } });
    thread.start();
    target = argument = undefined;
    await thread.join();
    for (let i = 0; i < 3; i++) {
      (globalThis as unknown as { gc(): void }).gc();
      await new Promise((resolve) => setTimeout(resolve));
    }
    console.log(refs.map((ref) => ref.deref() === undefined));
  },
};

export async function useQueue(queue: Queue<number>): Promise<void> {
  await queue.put(1);
  console.log(await queue.get());
}

if (import.meta.main) await programs[Deno.args[0]!]!();
