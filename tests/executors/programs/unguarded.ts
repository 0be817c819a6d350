/** A program of `exit_test.ts`: its workers import it to find `triple`, and nothing guards its entry. */

import { ThreadPoolExecutor } from "../../../mod.ts";

const factor = 3;

export function triple(n: number): number {
  return n * factor;
}

console.log("begins");
await using executor = new ThreadPoolExecutor(2);
const error = await executor.submit(triple, 14).exception() as Error;
console.log(`${error.name}: ${error.message}`);
