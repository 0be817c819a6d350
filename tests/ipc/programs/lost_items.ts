/** Programs in which a lock goes into a queue, or nearly: is it collected afterwards? */

import { Lock, Queue } from "../../../mod.ts";

const PROGRAMS: Record<string, (lock: Lock) => Promise<unknown>> = {
  async "the queue is full"(lock) {
    const queue = new Queue<unknown>(1);
    await queue.put(1);
    return await queue.put_nowait(lock).catch(String);
  },
  async "something else can't be sent"(lock) {
    return await new Queue<unknown>().put([lock, () => {}]).catch(String);
  },
  async "it was got"(lock) {
    const queue = new Queue<unknown>();
    await queue.put(lock);
    await queue.get();
  },
};

async function useLock(): Promise<WeakRef<Lock>> {
  const lock = new Lock();
  await PROGRAMS[Deno.args[0]!]!(lock);
  return new WeakRef(lock);
}

if (import.meta.main) {
  const ref = await useLock();
  for (let i = 0; i < 3; i++) {
    (globalThis as unknown as { gc(): void }).gc();
    await new Promise((resolve) => setTimeout(resolve));
  }
  console.log(ref.deref() === undefined);
}
