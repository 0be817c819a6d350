/**
 * Programs of `process_exit_test.ts`, by the name given as first argument: each starts processes, leaves
 * them in some state and comes to its end.
 */

import {
  current_process,
  parent_process,
  Process,
  type ProcessOptions,
  task,
  ThreadPoolExecutor,
} from "../../../mod.ts";

const HERE = import.meta.url;

/** A variable of the module, so that functions that use it travel as references to it. */
const here = () => current_process().name;

export function greet(name: string): void {
  console.log(`${here()}: hello, ${name}`);
}

export async function sleepAndSay(ms: number, text: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  console.log(text);
}

/** Never ends by itself, and says goodbye when it is told to end. */
export function linger(): void {
  Deno.addSignalListener("SIGTERM", () => {
    console.log(`${here()} terminated`);
    Deno.exit(0);
  });
  addEventListener("unload", () => console.log(`${here()} unloads`));
  setInterval(() => {}, 1_000_000);
  console.log(`${here()} lingers`);
}

/** Never lets go of its thread. */
export function spin(): never {
  console.log(`${here()} spins`);
  for (;;);
}

/** Starts a child of its own, and waits for its own parent's end. */
export async function watchParent(): Promise<void> {
  const parent = parent_process()!;
  await parent.join(1);
  console.log(`${parent.name} lives: ${parent.is_alive()}`);
  await parent.join();
  console.log(`${parent.name} lives: ${parent.is_alive()}`);
}

export async function parentOf(target: "spin" | "linger" | "watchParent"): Promise<void> {
  console.log(`${here()} is ${Deno.pid}`);
  const child = start({ target: task<typeof spin>(HERE, target), name: "grandchild" });
  console.log(`${here()} has ${child.name}`);
  await child.join();
}

export function fail(): never {
  const cause = new RangeError("too much", { cause: here() });
  throw new AggregateError([new TypeError("first"), new Error("second")], "all failed", { cause });
}

export class Failing extends Process {
  static override readonly module = HERE;
  override run(): never {
    throw Object.assign(new RangeError(`no ${here()}`), { code: "E_NONE" });
  }
}

/** Starts a process for a request, to itself. */
export async function serve(): Promise<void> {
  const server = Deno.serve({ port: 0, onListen() {} }, async () => {
    const process = start({ target: greet, args: [here()], name: "grandchild" });
    await process.join();
    return new Response(`${process.exitcode}`);
  });
  const response = await fetch(`http://127.0.0.1:${server.addr.port}`);
  console.log(await response.text());
  await server.shutdown();
}

/** Starts a process; it is named for the outputs to be always the same. */
function start(options: ProcessOptions): Process {
  const process = new Process({ name: "child", ...options });
  process.start();
  return process;
}

/** Children of all kinds; resolves, by `then`, when the test has seen all of them and says so. */
async function beside(then: () => void): Promise<void> {
  start({ target: linger, name: "lingering" });
  start({ target: linger, name: "daemon", daemon: true });
  start({ target: spin, name: "spinning" });
  start({ target: parentOf, args: ["spin"], name: "middle" });
  const told = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGUSR1", told.resolve);
  const alive = setInterval(() => {}, 1_000_000);
  await told.promise;
  clearInterval(alive);
  then();
}

async function report(options: ProcessOptions): Promise<void> {
  const process = start(options);
  await process.join();
  console.log(process.exitcode);
}

const programs: Record<string, () => unknown> = {
  async "greet"() {
    const process = new Process({ target: greet, args: ["herd"] });
    process.start();
    await process.join();
    console.log(process.exitcode);
  },
  "a child is not joined"() {
    Deno.exitCode = 5;
    start({ target: sleepAndSay, args: [100, "child ends"] });
    console.log("main ends");
  },
  "a daemon is not joined"() {
    Deno.exitCode = 5;
    start({ target: () => void setInterval(() => {}, 1_000_000), daemon: true });
    console.log("main ends");
  },
  async "a daemon is joined"() {
    const daemon = start({ target: sleepAndSay, args: [100, "daemon ends"], daemon: true });
    await daemon.join();
    console.log(daemon.exitcode);
  },
  async "the sentinel of a daemon is awaited"() {
    const daemon = start({ target: sleepAndSay, args: [100, "daemon ends"], daemon: true });
    await daemon.sentinel;
    console.log(daemon.exitcode);
  },
  async "a daemon is waited for a moment"() {
    const daemon = start({ target: linger, daemon: true });
    await daemon.join(10);
    console.log(daemon.exitcode);
  },
  async "everything that fails"() {
    await report({ target: fail });
    const failing = new Failing({ name: `"child"` });
    failing.start();
    await failing.join();
    console.log(failing.exitcode);
    await report({ target: () => Promise.reject("a string") });
  },
  async "an error in a timer"() {
    await report({
      target: () => {
        setTimeout(() => {
          throw new RangeError("late");
        });
      },
    });
  },
  async "a target that never ends, with nothing left to do"() {
    await report({ target: () => new Promise(() => {}) });
  },
  async "a target that never ends, and Deno.exit"() {
    await report({
      target: () => {
        setTimeout(() => Deno.exit(4));
        return new Promise(() => {});
      },
    });
  },
  async "a long traceback"() {
    await report({
      target: () => {
        throw new Error("x".repeat(300_000) + "end");
      },
    });
  },
  async "a target that uses what is not exported"() {
    const secret = 7;
    await report({ target: () => secret });
  },
  async "a module that does not load"() {
    const url = new URL("./nowhere.ts", HERE);
    await report({ target: task<() => void>(url, "nothing") });
  },
  async "a module that starts processes whenever it is imported"() {
    await report({ target: task<() => void>(new URL("./starts_on_import.ts", HERE), "nothing") });
  },
  async "a class that its module does not export"() {
    class Hidden extends Process {
      static override readonly module = HERE;
      override run(): void {}
    }
    const process = new Hidden();
    process.start();
    await process.join();
    console.log(process.exitcode);
  },
  async "a limit on memory"() {
    await report({
      target: () => {
        const kept: unknown[] = [];
        for (;;) kept.push(new Array(10_000).fill(0.5));
      },
      memoryLimit: 64,
    });
  },
  async "output in order"() {
    await report({
      target: () => {
        for (let i = 0; i < 5000; i++) console.log(`line ${i}`);
      },
    });
  },
  async "a large argument"() {
    await report({
      target: (bytes: Uint8Array) => console.log(bytes.length, bytes.every((byte) => byte === 7)),
      args: [new Uint8Array(5_000_000).fill(7)],
    });
  },
  async "standard streams that are closed"() {
    Deno.stderr.close();
    const process = start({ target: () => console.error("nobody reads this") });
    await process.join();
    console.log(process.exitcode);
  },
  async "a process in a task"() {
    await using executor = new ThreadPoolExecutor(1);
    const code = await executor.submit(task(HERE, processInTask));
    console.log(code);
  },
  "a process that may read": () => report({ permissions: { read: true } }),
  "a server that starts a process": () => report({ target: serve }),
  async "the target is let go of"() {
    let target: (() => void) | undefined = () => {};
    let argument: object | undefined = { large: true };
    const refs = [new WeakRef(target), new WeakRef(argument)];
    const process = new Process({ target, args: [argument], kwargs: { argument } });
    process.start();
    target = argument = undefined;
    await process.join();
    for (let i = 0; i < 3; i++) {
      (globalThis as unknown as { gc(): void }).gc();
      await new Promise((resolve) => setTimeout(resolve));
    }
    console.log(refs.map((ref) => ref.deref() === undefined), process.exitcode);
  },
  async "a closed process is let go of"() {
    const ref = await (async () => {
      const process = start({ target: () => {} });
      await process.join();
      process.close();
      return new WeakRef(process);
    })();
    for (let i = 0; i < 3; i++) {
      (globalThis as unknown as { gc(): void }).gc();
      await new Promise((resolve) => setTimeout(resolve));
    }
    console.log(ref.deref() === undefined);
  },
  "Deno.exit(7) beside children": () => beside(() => Deno.exit(7)),
  "an uncaught error beside children": () =>
    beside(() => {
      throw new RangeError("thrown by main");
    }),
  "a signal beside children": () => beside(() => {}),
  async "a signal beside a busy child"() {
    await start({ target: spin, name: "spinning" }).join();
  },
  "a parent that is watched"() {
    start({ target: parentOf, args: ["watchParent"], name: "middle" });
  },
};

export async function processInTask(): Promise<number | null> {
  const process = start({ target: task(HERE, greet), args: ["task"] });
  await process.join();
  return process.exitcode;
}

if (import.meta.main) await programs[Deno.args[0]!]!();
