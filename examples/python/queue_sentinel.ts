/** A producer says that there is no more by a `null`. */

import { Process, Queue } from "@herd/concurrent";

async function produce(loaves: Queue<number | null>): Promise<void> {
  for (let n = 1; n <= 4; n++) await loaves.put(n);
  await loaves.put(null);
}

async function consume(loaves: Queue<number | null>): Promise<void> {
  for (let n = await loaves.get(); n !== null; n = await loaves.get()) {
    console.log("eats loaf", n);
  }
  console.log("there are no more");
}

if (import.meta.main) {
  const loaves = new Queue<number | null>();
  const processes = [consume, produce].map((target) => new Process({ target, args: [loaves] }));
  for (const process of processes) process.start();
  for (const process of processes) await process.join();
}
