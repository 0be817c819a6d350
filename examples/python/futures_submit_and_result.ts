/** A call is submitted, and its result awaited; so is its error. */

import { ProcessPoolExecutor } from "@herd/concurrent";

function divide(a: number, b: number): number {
  if (b === 0) throw new RangeError("division by zero");
  return a / b;
}

if (import.meta.main) {
  await using executor = new ProcessPoolExecutor();
  const half = executor.submit(divide, 1, 2);
  const failed = executor.submit(divide, 1, 0);
  console.log("result:", await half.result());
  console.log("done:", half.done(), "cancelled:", half.cancelled());
  console.log("failed:", await failed.exception() instanceof RangeError);
}
