/** Three processes with ten threads each, all of which run at the same time. */

import { Barrier, current_process, Process, ThreadPoolExecutor } from "@herd/concurrent";

async function meet(all: Barrier): Promise<boolean> {
  await all.wait();
  return true;
}

export async function work(): Promise<void> {
  const all = new Barrier(10);
  await using executor = new ThreadPoolExecutor(10);
  const threads = Array.from({ length: 10 }, () => executor.submit(meet, all));
  const met = await Promise.all(threads);
  console.log(`${current_process().name}: ${met.length} threads have met`);
}

if (import.meta.main) {
  const processes = [1, 2, 3].map(() => new Process({ target: work }));
  for (const process of processes) process.start();
  for (const process of processes) await process.join();
}
