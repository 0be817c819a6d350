/** A program of `exit_test.ts`: its workers import it to find `triple`, and its entry is guarded. */

import { ThreadPoolExecutor } from "../../../mod.ts";

const factor = 3;

export function triple(n: number): number {
  return n * factor;
}

if (import.meta.main) {
  await using executor = new ThreadPoolExecutor(2);
  console.log(await executor.submit(triple, 14));
}
