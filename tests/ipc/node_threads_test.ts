/** Tests of what is asked of Deno before a thread is made killable. */

import { assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "../../mod.ts";
import { isStoppable, newLockName } from "../../ipc/workers/_life_lock.ts";
import { checkStopsThreads } from "../../ipc/workers/_node_threads.ts";

for (
  const version of ["2.9.4", "2.9.6", "2.9.10", "2.10.0", "3.0.0", "3.0.0-rc.1", "2.9.4+1a2b3c4"]
) {
  Deno.test(`Deno ${version} counts as one that stops threads by force`, () => {
    checkStopsThreads("go on", version);
  });
}

for (const version of ["2.9.3", "2.8.10", "1.46.3", "2.9.3+1a2b3c4"]) {
  Deno.test(`Deno ${version} is refused, and the version that is wanted is named`, () => {
    assertThrows(
      () => checkStopsThreads("make a ThreadPoolExecutor", version),
      RuntimeError,
      `Cannot make a ThreadPoolExecutor: Deno ${version} can't stop a thread by force, ` +
        "which killable needs: Deno 2.9.4 or later is wanted",
    );
  });
}

Deno.test("The holder of a lock that Deno would not stop by force is told from one that it would", async () => {
  const { locks } = navigator as unknown as {
    locks: { request(name: string, held: () => Promise<boolean>): Promise<boolean> };
  };
  const name = newLockName();
  assertEquals(await isStoppable(name), false, "nobody holds it");
  // This thread is none of Node's.
  assertEquals(await locks.request(name, () => isStoppable(name)), false);
});
