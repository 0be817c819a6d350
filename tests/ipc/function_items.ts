/** Functions that are items of queues, and who puts and gets them. */

import type { Queue } from "../../mod.ts";

declare global {
  /** How often this module was evaluated in this realm. */
  var functionItems: number | undefined;
}

globalThis.functionItems = (globalThis.functionItems ?? 0) + 1;

const factor = 2;

/** Uses a variable of its module, so that its source alone is no use. */
export function twice(n: number): number {
  return factor * n;
}

/** Puts functions: by itself, and within something. */
export async function putFunctions(queue: Queue<unknown>): Promise<void> {
  await queue.put(twice);
  await queue.put({ deep: [twice], n: 4 });
}

/** Gets what that puts, and calls it: what came of it. */
export async function callFunctions(queue: Queue<unknown>): Promise<unknown[]> {
  const fn = await queue.get() as typeof twice;
  const { deep, n } = await queue.get() as { deep: (typeof twice)[]; n: number };
  const ends = await Promise.allSettled([fn(3), deep[0]!(n)].map(async (end) => await end));
  return ends.map((end) => end.status === "fulfilled" ? end.value : String(end.reason));
}

/** Whether what it gets is the very function. */
export async function getItself(queue: Queue<unknown>): Promise<boolean> {
  return await queue.get() === twice;
}

/** Passes on what it gets. */
export async function passOn(from: Queue<unknown>, to: Queue<unknown>, n: number): Promise<void> {
  for (let i = 0; i < n; i++) await to.put(await from.get());
}
