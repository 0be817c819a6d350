/** Five tasks of random length, in the order in which they are done. */

import { as_completed, ThreadPoolExecutor } from "@herd/concurrent";
import { delay } from "@std/async";

export async function nap(sheep: string): Promise<string> {
  await delay(Math.random() * 300);
  return sheep;
}

if (import.meta.main) {
  await using executor = new ThreadPoolExecutor(5);
  const flock = ["Ada", "Bo", "Cleo", "Dot", "Eve"];
  const naps = flock.map((sheep) => executor.submit(nap, sheep));
  for await (const done of as_completed(naps)) console.log(await done, "has slept");
}
