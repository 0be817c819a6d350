/** What happens without `import.meta.main`: the process says what is missing, and starts no other. */

import { current_process, Process } from "@herd/concurrent";

export function greet(): void {
  console.log(`hello from ${current_process().name}`);
}

const process = new Process({ target: greet });
process.start();
await process.join();
console.log("exit code:", process.exitcode);
