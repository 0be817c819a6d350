/** Four processes in a list, all started before the first is joined. */

import { Process } from "@herd/concurrent";

function square(n: number): void {
  console.log(`${n} * ${n} = ${n * n}`);
}

if (import.meta.main) {
  const processes = [1, 2, 3, 4].map((n) => new Process({ target: square, args: [n] }));
  for (const process of processes) process.start();
  for (const process of processes) await process.join();
  console.log("all have ended");
}
