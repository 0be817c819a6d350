/** A function over a hundred numbers, in a pool. */

import { Pool } from "@herd/concurrent";

function square(n: number): number {
  return n * n;
}

if (import.meta.main) {
  await using pool = new Pool();
  const squares = await pool.map(square, Array(100).keys());
  console.log("the last:", squares.at(-1));
  console.log("their sum:", squares.reduce((sum, n) => sum + n));
}
