/** The same work on two threads and on two processes: what computes, and what waits. */

import { type Executor, ProcessPoolExecutor, ThreadPoolExecutor } from "@herd/concurrent";
import { delay } from "@std/async";

export function compute(): number {
  let sum = 0;
  for (let n = 0; n < 50_000_000; n++) sum += n % 7;
  return sum;
}

export async function wait(): Promise<void> {
  await delay(200);
}

async function time(name: string, executor: Executor, work: () => unknown): Promise<void> {
  const start = performance.now();
  await Promise.all([1, 2, 3, 4].map(() => executor.submit(work)));
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

if (import.meta.main) {
  await using threads = new ThreadPoolExecutor(2);
  await using processes = new ProcessPoolExecutor(2);
  await time("threads that compute", threads, compute);
  await time("processes that compute", processes, compute);
  await time("threads that wait", threads, wait);
  await time("processes that wait", processes, wait);
}
