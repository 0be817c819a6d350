/** What the tests of queues have done in other realms. */

import {
  type Barrier,
  Lock,
  type PoolExecutor,
  Process,
  ProcessPoolExecutor,
  type Queue,
  ThreadPoolExecutor,
} from "../../mod.ts";

/** Where. */
export type Kind = "thread" | "killable thread" | "child";

/** One worker of a kind. */
export function pool(kind: Kind): PoolExecutor {
  const modules = [import.meta.url];
  if (kind === "child") return new ProcessPoolExecutor({ max_workers: 1, modules });
  return new ThreadPoolExecutor({ max_workers: 1, modules, killable: kind === "killable thread" });
}

/** Things that can't be items, each put in turn: what came of it. */
export async function putWrong(queue: Queue<unknown>): Promise<string[]> {
  const { port1, port2 } = new MessageChannel();
  const wrongs: unknown[] = [
    () => 1,
    Symbol("x"),
    { deep: [new WeakMap()] },
    new SharedArrayBuffer(8),
    port1,
    Promise.resolve(),
    { controller: new AbortController() },
    new ReadableStream(),
  ];
  const names: string[] = [];
  for (const wrong of wrongs) {
    try {
      await queue.put(wrong);
      names.push("it was put");
    } catch (error) {
      names.push((error as Error).name);
    }
  }
  port1.close();
  port2.close();
  return names;
}

/** Puts items as fast as it goes, until it is ended. */
export async function putForEver(queue: Queue<unknown>, bytes: number): Promise<never> {
  const load = new Uint8Array(bytes);
  const blocks = "putSync" in Object.getPrototypeOf(queue) && !isRemote(queue);
  for (let n = 0;; n++) {
    const item = bytes === 0 ? n : [n, load];
    if (blocks) queue.putSync(item);
    else await queue.put(item);
  }
}

/** Gets items as fast as it goes, until it is ended. */
export async function getForEver(queue: Queue<unknown>): Promise<never> {
  const blocks = !isRemote(queue);
  for (;;) {
    if (blocks) queue.getSync();
    else await queue.get();
  }
}

function isRemote(queue: object): boolean {
  return Deno.inspect(queue).includes("another process");
}

/** Ends this worker in the midst of its puts. */
export async function putAndExit(queue: Queue<number>, n: number): Promise<void> {
  for (let i = 0; i < n; i++) await queue.put(i);
  Deno.exit(3);
}

/** Ends this worker as soon as it has got one. */
export async function getAndExit(queue: Queue<number>): Promise<void> {
  await queue.get();
  Deno.exit(3);
}

/** Waits for an item, or for room. */
export async function wait(queue: Queue<number>, what: "get" | "put"): Promise<void> {
  if (what === "get") await queue.get();
  else await queue.put(-1);
}

/** Gets what there is until the shutdown. */
export async function collect<T>(queue: Queue<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

/** Gets one item; whether each of its objects is the other. */
export async function getObjects(queue: Queue<[Lock, Lock]>): Promise<boolean[]> {
  const [one, other] = await queue.get();
  const before = one === other && one instanceof Lock;
  const now = await one.acquire({ block: false });
  return [before, now];
}

/** Adds up the bytes of an item. */
export async function weigh(queue: Queue<Uint8Array>): Promise<[number, number]> {
  const bytes = await queue.get();
  return [bytes.length, bytes[bytes.length - 1]!];
}

/** Doubles what comes in, as a process of its own. */
export async function double(from: Queue<number>, to: Queue<number>): Promise<void> {
  for await (const n of from) await to.put(2 * n);
}

/** Has a process of its own double. */
export async function doubleInChild(from: Queue<number>, to: Queue<number>): Promise<number> {
  const child = new Process({ target: double, args: [from, to], modules: [import.meta.url] });
  child.start();
  await child.join();
  return child.exitcode!;
}

/** Puts as many numbers, all parties at the same time. */
export function putTogether(
  queue: Queue<[number, number]>,
  who: number,
  n: number,
  all: Barrier,
): void {
  all.waitSync();
  for (let i = 0; i < n; i++) queue.putSync([who, i]);
}

/** Gets until the shutdown, by blocking. */
export function getTogether(queue: Queue<[number, number]>, all: Barrier): [number, number][] {
  all.waitSync();
  const items: [number, number][] = [];
  for (;;) {
    try {
      items.push(queue.getSync());
    } catch (error) {
      if ((error as Error).name === "ShutDown") return items;
      throw error;
    }
  }
}
