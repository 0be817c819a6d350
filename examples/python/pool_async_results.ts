/** Results are collected from what `apply_async` gave; one of them is an error. */

import { Pool } from "@herd/concurrent";

function root(n: number): number {
  if (n < 0) throw new RangeError("no root");
  return Math.sqrt(n);
}

if (import.meta.main) {
  await using pool = new Pool(2);
  const results = [16, 9, -4, 1].map((n) => pool.apply_async(root, [n]));
  for (const result of results) {
    await result.wait();
    if (result.successful()) console.log("root:", Math.round(await result.get()));
    else console.log("failed, and ready all the same:", result.ready());
  }
}
