/** When a pool starts processes, when it does not, and when it can't for the moment. */

import { assertEquals } from "@std/assert";
import { noZombies } from "../support/processes.ts";
import { both, Folder, HANG, marked } from "./process_pools.ts";

/** Ends once the file is there, if one is given. */
function passOnce(file: string): void {
  while (file !== "") {
    try {
      Deno.statSync(file);
      return;
    } catch {
      // Not yet.
    }
  }
}

both("No process is started for tasks that another has and can't give back", async (make) => {
  await using executor = make({ max_workers: 2 });
  using folder = new Folder();
  // Until several are sent at a time.
  for (let i = 0; i < 200; i++) await executor.submit(passOnce, "");
  const futures = [folder.at("open"), "", "", ""].map((file) => executor.submit(passOnce, file));
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  const { workers, queued, running } = executor.stats();
  folder.open("open");
  await Promise.all(futures.map((future) => future.result(HANG)));
  assertEquals([workers, queued, running], [1, 0, 4]);
});

Deno.test("No process of these tests is left, nor a zombie", async () => {
  await marked.gone();
  await noZombies();
});
