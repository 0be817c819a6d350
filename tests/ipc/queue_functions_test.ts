/** Tests of functions as items of queues: they go by reference, and nothing that arrives is evaluated. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ProcessPoolExecutor, Queue, task, ThreadPoolExecutor } from "../../mod.ts";

const URL_OF_ITEMS = import.meta.resolve("./function_items.ts");

type Items = typeof import("./function_items.ts");

// By name alone, so that the module is not loaded here.
const putFunctions = task<Items["putFunctions"]>(URL_OF_ITEMS, "putFunctions");
const callFunctions = task<Items["callFunctions"]>(URL_OF_ITEMS, "callFunctions");
const getItself = task<Items["getItself"]>(URL_OF_ITEMS, "getItself");
const passOn = task<Items["passOn"]>(URL_OF_ITEMS, "passOn");

const POOLS = {
  thread: () => new ThreadPoolExecutor({ max_workers: 1, modules: [URL_OF_ITEMS] }),
  child: () => new ProcessPoolExecutor({ max_workers: 1, modules: [URL_OF_ITEMS] }),
};

for (const [from, putters] of Object.entries(POOLS)) {
  for (const [to, getters] of Object.entries(POOLS)) {
    Deno.test(`Functions that a ${from} puts are called by the ${to} that gets them`, async () => {
      await using one = putters();
      await using other = getters();
      const queue = new Queue<unknown>();
      await one.submit(putFunctions, queue);
      assertEquals(await other.submit(callFunctions, queue), [6, 8]);
      await one.submit(putFunctions, queue);
      assertEquals(await other.submit(getItself, queue), true);
    });
  }

  Deno.test(`A function that a ${from} puts is passed on, and not to be called where its module is not known`, async () => {
    await using one = putters();
    const queue = new Queue<unknown>();
    await one.submit(putFunctions, queue);
    const fn = await queue.get() as (n: number) => Promise<number>;
    assertEquals(fn.name, "twice");
    const error = await assertRejects(() => fn(1), TypeError);
    assertEquals(
      error.message,
      `Cannot call twice: it came by reference to a module that is not known here: ${URL_OF_ITEMS}: ` +
        "name it here with task(url, twice)",
    );
    assertEquals(globalThis.functionItems, undefined, "the module was evaluated here");
    await queue.put(fn);
    await queue.get();
    assertEquals(await one.submit(getItself, queue), true);
  });
}

Deno.test("A thread that was not told of a function's module does not load it, whoever puts it", async () => {
  await using one = POOLS.child();
  await using other = new ThreadPoolExecutor(1);
  const queue = new Queue<unknown>();
  await one.submit(putFunctions, queue);
  const end = await other.submit(async (queue: Queue<unknown>) => {
    const fn = await queue.get() as (n: number) => Promise<number>;
    const end = await fn(1).catch(String);
    return [end, (globalThis as { functionItems?: number }).functionItems];
  }, queue);
  assertStringIncludes(
    `${end[0]}`,
    "TypeError: Cannot call twice: it came by reference to a module",
  );
  assertEquals(end[1], undefined);
});

Deno.test("A task reference is an item, and is run by who submits it", async () => {
  await using one = POOLS.thread();
  const [queue, back] = [new Queue<unknown>(), new Queue<unknown>()];
  const twice = task<Items["twice"]>(URL_OF_ITEMS, "twice");
  await queue.put([twice, 21]);
  await using child = POOLS.child();
  await child.submit(passOn, queue, back, 1);
  const [reference, n] = await back.get() as [typeof twice, number];
  assertEquals([reference.url, reference.name], [URL_OF_ITEMS, "twice"]);
  assertEquals(await one.submit(reference, n), 42);
});

Deno.test("A function that no module is known to export is no item", async () => {
  const queue = new Queue<unknown>();
  const error = await assertRejects(() => queue.put(() => n), DOMException);
  assertEquals(error.name, "DataCloneError");
  assertEquals(queue.qsizeSync(), 0);
  const n = 1;
});

/** Named below, and then known. */
export function known(): string {
  return "known";
}

Deno.test("A function that was named here by task is itself again here", async () => {
  task(import.meta.url, known);
  const queue = new Queue<{ known: typeof known }>();
  await queue.put({ known });
  assert((await queue.get()).known === known);
});

Deno.test("Functions by reference are arguments, too", async () => {
  task(import.meta.url, known);
  for (const pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    await using executor = new pool({ max_workers: 1, modules: [import.meta.url] });
    assertEquals(await executor.submit((fn: () => string) => fn(), known), "known");
  }
});
