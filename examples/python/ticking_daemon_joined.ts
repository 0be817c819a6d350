/** A daemon that is joined can say all of it. */

import { Process } from "@herd/concurrent";
import { delay } from "@std/async";

export async function tick(): Promise<void> {
  for (let n = 1; n <= 5; n++) {
    await delay(200);
    console.log("tick", n);
  }
}

if (import.meta.main) {
  const process = new Process({ target: tick, daemon: true });
  process.start();
  await process.join();
  console.log("the program has ended");
}
