/**
 * Programs of `exit_test.ts`, by the name given as first argument, with killable threads if the second is
 * `killable`: each leaves its shared objects in some state and comes to its end.
 */

import {
  Barrier,
  CancelledError,
  Condition,
  Event,
  Lock,
  Process,
  ProcessPoolExecutor,
  Semaphore,
  task,
  ThreadPoolExecutor,
  type ThreadPoolOptions,
} from "../../../mod.ts";

const HERE = import.meta.url;

function pool(options: ThreadPoolOptions = {}): ThreadPoolExecutor {
  return new ThreadPoolExecutor({
    max_workers: 1,
    killable: Deno.args[1] === "killable",
    ...options,
  });
}

/** Blocks its thread for ever, once it has said that it is about to. */
export function block(lock: Lock, begun: Event): void {
  begun.set();
  lock.acquireSync();
}

/** Sets an event after a turn of the event loop. */
export async function setSoon(event: Event): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  await event.set();
}

/** Leaves a wait behind that is not awaited. */
export function leaveWait(lock: Lock, begun: Event): void {
  lock.acquire().then(() => console.log("child: acquired"));
  begun.set();
}

/** Uses an object, and keeps it. */
export async function use(lock: Lock): Promise<void> {
  Reflect.set(globalThis, "kept", lock);
  await lock.acquire();
  await lock.release();
  console.log("child: used");
}

/** Waits for ever. */
export async function waitForEver(event: Event, begun: Event): Promise<void> {
  await begun.set();
  await event.wait();
}

/** Holds a lock of this process until a moment later, and gives it to the parent meanwhile. */
export async function lend(): Promise<Lock> {
  const lock = new Lock();
  await lock.acquire();
  setTimeout(() => lock.release(), 50);
  return lock;
}

const PROGRAMS: Readonly<Record<string, () => Promise<void> | void>> = {
  async "waits with a limit"() {
    console.log(await new Event().wait({ timeout: 50 }));
    console.log(await new Semaphore(0).acquire({ timeout: 50 }));
    const condition = new Condition();
    await condition.acquire();
    console.log(await condition.wait({ timeout: 50 }));
  },
  async "a wait that a thread ends"() {
    const event = new Event();
    pool().submit(task(HERE, setSoon), event);
    console.log(await event.wait());
  },
  "a wait that is not awaited"() {
    const event = new Event();
    event.wait({ timeout: 50 }).then((set) => console.log(set));
    return Promise.resolve();
  },
  async "nothing is waited for any more"() {
    const [lock, event, condition] = [new Lock(), new Event(), new Condition()];
    const controller = new AbortController();
    await lock.acquire();
    const waits = [lock.acquire({ timeout: 1 }), lock.acquire(), event.wait()];
    const aborted = lock.acquire({ signal: controller.signal }).catch((error) => error);
    await waits[0];
    await lock.release();
    await event.set();
    controller.abort();
    console.log(await Promise.all(waits), await aborted instanceof CancelledError);
    await condition.acquire();
    const wait = condition.wait();
    await condition.acquire();
    await condition.notify_all();
    await condition.release();
    console.log(await wait);
    await new Barrier(2).wait({ timeout: 1 }).catch(({ name }) => console.log(name));
  },
  async "an idle thread has a lock"() {
    const lock = new Lock();
    await pool().submit(task(HERE, setSoon), new Event());
    console.log(await pool().submit((lock: Lock) => lock.acquire(), lock));
  },
  async "a blocked thread, and Deno.exit"() {
    const [lock, begun] = [new Lock(), new Event()];
    await lock.acquire();
    pool().submit(task(HERE, block), lock, begun);
    await begun.wait();
    Deno.exit(7);
  },
  async "a blocked thread, and an uncaught error"() {
    const [lock, begun] = [new Lock(), new Event()];
    await lock.acquire();
    pool().submit(task(HERE, block), lock, begun);
    await begun.wait();
    throw new Error("of the program");
  },
  async "a blocked thread past its deadline"() {
    const [lock, begun] = [new Lock(), new Event()];
    await lock.acquire();
    const executor = pool();
    const blocked = executor.options({ deadline: 300 }).submit(task(HERE, block), lock, begun);
    console.log((await blocked.exception() as Error).name);
  },
  async "a blocked thread past its deadline, and await using"() {
    const [lock, begun] = [new Lock(), new Event()];
    await lock.acquire();
    await using executor = pool();
    const blocked = executor.options({ deadline: 300 }).submit(task(HERE, block), lock, begun);
    console.log((await blocked.exception() as Error).name);
  },
  "a process that has used a lock"() {
    new Process({ target: task(HERE, use), args: [new Lock()] }).start();
    return Promise.resolve();
  },
  async "a process that leaves a wait behind"() {
    const [lock, begun] = [new Lock(), new Event()];
    await lock.acquire();
    new Process({ target: task(HERE, leaveWait), args: [lock, begun] }).start();
    await begun.wait();
    // Not before the child would have ended, were it to end.
    setTimeout(() => {
      console.log("released");
      lock.release();
    }, 300);
  },
  async "a daemon that waits for ever"() {
    const [event, begun] = [new Event(), new Event()];
    const args = [event, begun];
    new Process({ target: task(HERE, waitForEver), args, daemon: true }).start();
    await begun.wait();
  },
  async "a wait for a lock of an idle child"() {
    const executor = new ProcessPoolExecutor(1);
    const lock = await executor.submit(task(HERE, lend)) as Lock;
    console.log(await lock.acquire());
  },
  async "a lock of a child that has gone"() {
    const executor = new ProcessPoolExecutor(1);
    const lock = await executor.submit(task(HERE, lend)) as Lock;
    const held = await lock.hold();
    const wait = lock.acquire().catch(({ name, message }) => `${name}: ${message}`);
    await executor.shutdown();
    console.log(await wait);
    // Its process is gone: so nothing is held any more.
    held[Symbol.dispose]();
    console.log(await lock.release().catch(({ name, message }) => `${name}: ${message}`));
  },
};

if (import.meta.main) {
  Deno.exitCode = 5;
  await PROGRAMS[Deno.args[0]!]!();
}
