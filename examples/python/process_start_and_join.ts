/** A process is started, and joined. */

import { Process } from "@herd/concurrent";

function greet(name: string): void {
  console.log(`hello, ${name}`);
}

if (import.meta.main) {
  const process = new Process({ target: greet, args: ["herd"] });
  process.start();
  await process.join();
  console.log("exit code:", process.exitcode);
}
