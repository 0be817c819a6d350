/** Tests of what never changes of a shared object: it is known in other processes, too. */

import { assertEquals } from "@std/assert";
import { Barrier, JoinableQueue, ProcessPoolExecutor, Queue, task } from "../../mod.ts";
import { factsOf, factsOfBelow } from "./facts_tasks.ts";

const HERE = import.meta.resolve("./facts_tasks.ts");

Deno.test("How many meet, and how many items a queue takes, is known in a child", async () => {
  await using executor = new ProcessPoolExecutor(1);
  const objects = [new Barrier(3), new Queue(4), new Queue(), new JoinableQueue(5)] as const;
  const facts = [{ parties: 3 }, { maxsize: 4 }, { maxsize: 0 }, { maxsize: 5 }];
  assertEquals(await executor.submit(task(HERE, factsOf), objects), facts);
  const below = task(HERE, factsOfBelow);
  assertEquals(await executor.submit(below, objects), facts, "by a thread of the child, too");
});
