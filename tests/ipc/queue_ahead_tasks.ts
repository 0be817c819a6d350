/** What the tests of items that are sent ahead have done in children. */

import type { JoinableQueue, Queue } from "../../mod.ts";

/** Gets as many, as fast as it goes. */
export async function getMany(queue: Queue<unknown>, n: number): Promise<unknown[]> {
  const items: unknown[] = [];
  for (let i = 0; i < n; i++) items.push(await queue.get());
  return items;
}

/** The same, and how many there are then. */
export async function getManyAndCount(queue: Queue<unknown>, n: number): Promise<number> {
  await getMany(queue, n);
  return await queue.qsize();
}

/** Ends this process as soon as it has as many. */
export async function getAndEnd(queue: Queue<unknown>, n: number, how: End): Promise<void> {
  await getMany(queue, n);
  if (how === "exit") Deno.exit(3);
  if (how === "kill") Deno.kill(Deno.pid, "SIGKILL");
  if (how === "throw") {
    queueMicrotask(() => {
      throw new Error("on purpose");
    });
  }
}

/** How a process ends. */
export type End = "exit" | "kill" | "throw" | "return";

/** Gets as many, and blocks its thread before anything can be sent. */
export async function getAndBlock(queue: Queue<unknown>, n: number, ms: number): Promise<void> {
  await getMany(queue, n);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Gets until the shutdown, and calls each done. */
export async function drain(queue: JoinableQueue<number>): Promise<number[]> {
  const items: number[] = [];
  for await (const item of queue) {
    items.push(item);
    await queue.task_done();
  }
  return items;
}

/** Gets two at a time until the shutdown. */
export async function getPairs(queue: Queue<number>): Promise<number[]> {
  const items: number[] = [];
  for (;;) {
    const pair = await Promise.allSettled([queue.get(), queue.get(), queue.get()]);
    for (const one of pair) if (one.status === "fulfilled") items.push(one.value);
    if (pair.some(({ status }) => status === "rejected")) return items;
    // One alone, which may be there already.
    if (items.length % 2 === 0) {
      try {
        items.push(await queue.get());
      } catch {
        return items;
      }
    }
  }
}

/** What becomes of gets that are wrong or given up, in between others. */
export async function getOddly(queue: Queue<number>, n: number): Promise<string[]> {
  await getMany(queue, n);
  const signal = AbortSignal.abort();
  const ends: string[] = [];
  for (const options of [{ timeout: NaN }, { block: "no" }, { signal }, { timeout: 0 }]) {
    const end = await queue.get(options as { timeout?: number }).catch((error) => error.name);
    ends.push(typeof end === "number" ? "got" : end);
  }
  queue.close();
  ends.push(await queue.get().catch((error) => error.name));
  return ends;
}

/** Gets a few with `getSync`, without waiting. */
export function getNowSync(queue: Queue<unknown>, n: number): unknown[] {
  return Array.from({ length: n }, () => queue.getSync({ block: false }));
}
