/** Two processes that sleep take as long as one. */

import { Process } from "@herd/concurrent";
import { delay } from "@std/async";

export async function nap(name: string): Promise<void> {
  await delay(500);
  console.log(name, "has slept");
}

if (import.meta.main) {
  const start = performance.now();
  const first = new Process({ target: nap, args: ["first"] });
  const second = new Process({ target: nap, args: ["second"] });
  first.start();
  second.start();
  await first.join();
  await second.join();
  console.log(`both: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
