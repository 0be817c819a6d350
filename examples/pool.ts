/** A pool of processes: results by callback, in one list, and one by one from an input without an end. */

import { Pool } from "@herd/concurrent";

/** The length of the Collatz sequence from `n` down to 1. */
export function collatz(n: number): number {
  let length = 1;
  while (n !== 1) {
    n = n % 2 === 0 ? n / 2 : 3 * n + 1;
    length++;
  }
  return length;
}

/** The odd numbers, for ever. */
function* odd(): Generator<number> {
  for (let n = 1;; n += 2) yield n;
}

if (import.meta.main) {
  await using pool = new Pool({ processes: 2, permissions: "none" });

  const result = pool.apply_async(collatz, [27], {
    callback: (length) => console.log("from 27 it takes", length),
    error_callback: (error) => console.error("failed:", error),
  });
  await result.wait();

  const lengths = await pool.map(collatz, [6, 7, 9]);
  console.log("from 6, 7 and 9:", lengths.join(", "));

  // Reads no more of the input than it has to: the loop ends it.
  let n = -1;
  for await (const length of pool.imap(collatz, odd())) {
    n += 2;
    if (length <= 100) continue;
    console.log("the first odd number with more than 100 is", n);
    break;
  }
}
