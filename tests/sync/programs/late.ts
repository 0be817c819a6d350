/** Programs in which somebody waits for a lock for long, on whatever thread. */

import {
  Event,
  Lock,
  Process,
  ProcessPoolExecutor,
  RLock,
  ThreadPoolExecutor,
} from "../../../mod.ts";

function take(lock: Lock | RLock): boolean {
  return lock.acquireSync();
}

async function wait(lock: Lock | RLock): Promise<boolean> {
  using _held = await lock.hold();
  return true;
}

async function takeForLong(lock: Lock | RLock, isTaken: Event): Promise<void> {
  await lock.acquire();
  await isTaken.set();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await lock.release();
}

async function waitForOneOf(hold: (lock: Lock, isTaken: Event) => PromiseLike<void>) {
  const [lock, isTaken] = [new Lock(), new Event()];
  const holding = hold(lock, isTaken);
  await isTaken.wait();
  console.log(await lock.acquire());
  await holding;
}

const PROGRAMS: Record<string, () => Promise<void>> = {
  async "main waits for a worker"() {
    await using executor = new ThreadPoolExecutor(1);
    const lock = new Lock();
    await executor.submit(take, lock);
    setTimeout(() => lock.release(), 200);
    console.log(await lock.acquire());
  },
  async "a worker waits for main"() {
    await using executor = new ThreadPoolExecutor(1);
    const lock = new RLock();
    await lock.acquire();
    const waiting = executor.submit(wait, lock);
    setTimeout(() => lock.release(), 1000);
    console.log(await waiting);
  },
  async "main waits for one that waited"() {
    await using executor = new ThreadPoolExecutor(1);
    const lock = new Lock();
    const isTaken = new Event();
    await lock.acquire();
    const holding = executor.submit(takeForLong, lock, isTaken);
    // It waits for over 50 ms, too, where it is up by then.
    setTimeout(() => lock.release(), 200);
    await isTaken.wait();
    console.log(await lock.acquire());
    await holding;
  },
  async "main waits for a child"() {
    await using executor = new ProcessPoolExecutor(1);
    await waitForOneOf((...args) => executor.submit(takeForLong, ...args));
  },
  async "main waits for a process"() {
    await waitForOneOf(async (...args) => {
      const process = new Process({ target: takeForLong, args, name: "Holder" });
      process.start();
      await process.join();
    });
  },
  async "with a limit"() {
    const lock = new Lock();
    await lock.acquire();
    console.log(await lock.acquire({ timeout: 100 }));
  },
};

if (import.meta.main) await PROGRAMS[Deno.args[0]!]!();
