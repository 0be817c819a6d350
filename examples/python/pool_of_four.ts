/** A pool of four processes, and five tasks of random length: the fifth waits for whoever is first. */

import { Pool } from "@herd/concurrent";
import { delay } from "@std/async";

export async function work(task: number): Promise<void> {
  const time = Math.random() * 0.3;
  await delay(time * 1000);
  console.log(`task ${task} took ${time.toFixed(2)} s`);
}

if (import.meta.main) {
  const pool = new Pool(4);
  for (let task = 0; task < 5; task++) pool.apply_async(work, [task]);
  pool.close();
  await pool.join();
  console.log("all tasks are done");
}
