/** What a semaphore says of itself when one that had permits has died. */

import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  BoundedSemaphore,
  BrokenThreadPool,
  Process,
  Semaphore,
  ThreadPoolExecutor,
} from "../../mod.ts";

const takeAndExit = async (semaphore: Semaphore) => {
  await semaphore.acquire();
  Deno.exit(3);
};

for (const Kind of [Semaphore, BoundedSemaphore]) {
  Deno.test(`a ${Kind.name} counts the permits of a dead thread as free, before anybody asks for one`, async () => {
    const semaphore = new Kind(1);
    await using executor = new ThreadPoolExecutor(1);
    const error = await executor.submit(takeAndExit, semaphore).exception();
    assertInstanceOf(error, BrokenThreadPool);
    assertEquals([semaphore.get_valueSync(), semaphore.lockedSync()], [1, false]);
    assertEquals(await semaphore.acquire(), true);
    assertEquals(await semaphore.get_value(), 0);
  });
}

Deno.test("a Semaphore counts the permits of a dead process as free, and those of the living as taken", async () => {
  const semaphore = new Semaphore(3);
  await semaphore.acquire();
  await using process = new Process({
    target: takeAndExit,
    args: [semaphore],
    permissions: "none",
  });
  process.start();
  await process.join();
  assertEquals(process.exitcode, 3);
  assertEquals(await semaphore.get_value(), 2);
  assertEquals(await semaphore.locked(), false);
});
