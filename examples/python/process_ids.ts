/** Who a process is, and whose child. */

import { current_process, parent_process, Process } from "@herd/concurrent";

export function tell(): void {
  console.log(`${current_process().name}: ${Deno.pid}, child of ${parent_process()?.pid}`);
}

if (import.meta.main) {
  console.log(`${current_process().name}: ${Deno.pid}`);
  const process = new Process({ target: tell });
  process.start();
  await process.join();
  console.log("the child was:", process.pid);
}
