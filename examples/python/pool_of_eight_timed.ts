/** Sixteen tasks over a pool of eight, against the time that they would take one after the other. */

import { Pool } from "@herd/concurrent";
import { delay } from "@std/async";

export async function work(): Promise<number> {
  const time = 0.1 + Math.random() * 0.1;
  await delay(time * 1000);
  return time;
}

if (import.meta.main) {
  const start = performance.now();
  await using pool = new Pool(8);
  const results = Array.from({ length: 16 }, () => pool.apply_async(work));
  const times = await Promise.all(results);
  const serially = times.reduce((sum, time) => sum + time);
  console.log(`${times.length} tasks, one after the other: ${serially.toFixed(1)} s`);
  console.log(`over the pool: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
