/** A process that is not joined: the program has nothing more to say, and yet waits for it. */

import { Process } from "@herd/concurrent";
import { delay } from "@std/async";

export async function tick(): Promise<void> {
  for (let n = 1; n <= 5; n++) {
    await delay(200);
    console.log("tick", n);
  }
}

if (import.meta.main) {
  const process = new Process({ target: tick });
  process.start();
  console.log("the program has ended");
}
