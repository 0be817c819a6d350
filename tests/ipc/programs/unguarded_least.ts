/** A program of `process_exit_test.ts` that nothing guards, and that may do little. */

import { current_process, Process } from "../../../mod.ts";

export function greet(): void {
  console.log(current_process().name);
}

const process = new Process({ target: greet });
process.start();
await process.join();
console.log(process.exitcode);
