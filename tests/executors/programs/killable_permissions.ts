/** A program of `killable_test.ts`: killable threads that may do nothing. */

import { ThreadPoolExecutor } from "../../../mod.ts";

await using executor = new ThreadPoolExecutor({
  max_workers: 1,
  killable: true,
  permissions: "none",
});
console.log(await executor.submit(() => Deno.permissions.querySync({ name: "read" }).state));
const endless = executor.options({ deadline: 50 }).submit(() => {
  for (;;);
});
console.log((await endless.exception() as Error).name);
console.log(await executor.submit(() => "going on"));
