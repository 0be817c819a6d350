/** `apply` waits for each task before the next; `apply_async` has them run at the same time. */

import { Pool } from "@herd/concurrent";
import { delay } from "@std/async";

export async function square(n: number): Promise<number> {
  await delay(200);
  return n * n;
}

if (import.meta.main) {
  await using pool = new Pool(3);
  const numbers = [1, 2, 3];

  let start = performance.now();
  const one = [];
  for (const n of numbers) one.push(await pool.apply(square, [n]));
  console.log("apply:", ...one, `in ${((performance.now() - start) / 1000).toFixed(1)} s`);

  start = performance.now();
  const all = await Promise.all(numbers.map((n) => pool.apply_async(square, [n])));
  console.log("apply_async:", ...all, `in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
