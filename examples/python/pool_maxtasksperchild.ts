/** Each process of the pool runs three tasks, and is replaced by a new one. */

import { Pool } from "@herd/concurrent";

if (import.meta.main) {
  await using pool = new Pool({ processes: 2, maxtasksperchild: 3 });
  const pids = await pool.map(() => Deno.pid, Array(12).keys(), { chunksize: 1 });
  const tasks = Object.values(Object.groupBy(pids, String)).map((group) => group!.length);
  console.log("tasks:", pids.length);
  console.log("most in one process:", Math.max(...tasks));
  console.log("at least four processes:", tasks.length >= 4);
}
