/**
 * Tests of `local`. Names such as Z35 are the lines of CPython's own tests that a test covers. Without a counterpart
 * here: Z39 (an object has no dictionary beside itself), Z40 and Z41 (what a thread had goes with its memory).
 */

import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  local,
  Process,
  ProcessPoolExecutor,
  Queue,
  task,
  Thread,
  ThreadPoolExecutor,
} from "../../mod.ts";
import {
  areOne,
  Failing,
  Homeless,
  look,
  make,
  Misplaced,
  Numbered,
  swap,
  swapOwn,
  tellSwap,
} from "./local_targets.ts";

const TARGETS = import.meta.resolve("./local_targets.ts");

function pool(): ThreadPoolExecutor {
  return new ThreadPoolExecutor({ max_workers: 1, modules: [TARGETS] });
}

Deno.test("Z35: what one thread puts there, no other sees", async () => {
  const mine = new local();
  mine.n = 1;
  const told = new Queue<unknown>();
  for (const n of [2, 3]) {
    const thread = new Thread({ target: tellSwap, args: [told, mine, n], modules: [TARGETS] });
    thread.start();
    assertEquals(await told.get(), {});
    await thread.join();
  }
  assertEquals({ ...mine }, { n: 1 });
});

Deno.test("a thread finds what it has put there, from one task to the next", async () => {
  const mine = new local();
  const other = new local();
  await using executor = pool();
  assertEquals(await executor.submit(swap, mine, 1), {});
  assertEquals(await executor.submit(swap, other, 5), {});
  assertEquals(await executor.submit(swap, mine, 2), { n: 1 });
  assertEquals(await executor.submit(swap, other, 6), { n: 5 });
  assertEquals(await executor.submit(areOne, mine, { deep: [mine] }), true);
  assertEquals(await executor.submit(areOne, mine, { deep: [other] }), false);
  assertEquals({ ...mine }, {});
});

Deno.test("one at the top level of a module is another in each thread", async () => {
  assertEquals(swapOwn(1), {});
  await using executor = pool();
  assertEquals(await executor.submit(swapOwn, 2), {});
  assertEquals(await executor.submit(swapOwn, 3), { n: 2 });
  assertEquals(swapOwn(4), { n: 1 });
});

Deno.test("one that comes back is itself, and one that a thread has made arrives empty", async () => {
  const mine = new local();
  mine.n = 1;
  await using executor = pool();
  const same = await executor.submit((mine: local) => mine, mine);
  assertEquals([same === mine, mine.n], [true, 1]);
  assertEquals({ ...await executor.submit(make, "plain") }, {});
});

Deno.test("Z36, Z37: a subclass's constructor runs once in each thread, with its arguments", async () => {
  const mine = new Numbered(1, new Map([["more", 2]]));
  mine.n = 100;
  const seen = { isNumbered: true, list: [1, 2], made: 1 };
  await using executor = pool();
  assertEquals(await executor.submit(look, mine), { ...seen, n: 0 });
  assertEquals(await executor.submit(look, mine), { ...seen, n: 1 });
  await using other = pool();
  assertEquals(await other.submit(task(TARGETS, look), mine), { ...seen, n: 0 });
  assertEquals(mine.n, 100);
});

Deno.test("Z38: arguments are for subclasses only", () => {
  const error = assertThrows(() => new local(1), TypeError);
  assertStringIncludes(error.message, "Cannot make a local: it takes no arguments");
});

Deno.test("a subclass that can't be found, or not made, fails the task that was to get it", async () => {
  await using executor = pool();
  const homeless = await executor.submit(swap, new Homeless(), 1).exception() as Error;
  assertEquals(homeless.name, "TypeError");
  assertStringIncludes(
    homeless.message,
    "Cannot send a Homeless to another thread: its static module is undefined",
  );
  const misplaced = await executor.submit(swap, new Misplaced(), 1).exception() as Error;
  assertStringIncludes(misplaced.message, "Cannot run Misplaced: its module ");
  const failing = await executor.submit(swap, new Failing(false), 1).exception() as Error;
  assertStringIncludes(failing.message, "not again");
  const numbered = await executor.submit(make, "numbered").exception() as Error;
  assertStringIncludes(numbered.message, "pass it as an argument");
  assertEquals(await executor.submit(swap, new local(), 1), {});
});

Deno.test("it can't go to another process", async () => {
  const message = "Cannot send a local to another process";
  const process = new Process({ target: swap, args: [new local(), 1], modules: [TARGETS] });
  assertThrows(() => process.start(), TypeError, message);
  await using executor = new ProcessPoolExecutor({ max_workers: 1, modules: [TARGETS] });
  await assertRejects(() => executor.submit(swap, new local(), 1), TypeError, message);
});
