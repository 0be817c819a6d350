/** Tests of shared objects as items of queues, also where they are not known yet. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Condition, Queue, task, ThreadPoolExecutor } from "../../mod.ts";
import { untilWaitingFor } from "../support/queue_waiters.ts";
import { CONFIG, lines } from "../support/run_deno.ts";

const HERE = import.meta.url;
const LOST = new URL("./programs/lost_items.ts", import.meta.url).pathname;

interface Request {
  readonly n: number;
  readonly reply: Queue<unknown>;
  readonly condition?: Condition;
}

/** Answers each request through the queue that it brings along. */
export async function serve(requests: Queue<Request>): Promise<void> {
  for await (const { n, reply, condition } of requests) {
    await reply.put(condition === undefined ? 2 * n : { condition });
  }
}

/** Asks through a queue of its own; whether a condition comes back as itself is the last answer. */
export async function ask(requests: Queue<Request>): Promise<unknown[]> {
  const reply = new Queue<unknown>();
  const answers: unknown[] = [];
  for (const n of [1, 2, 3]) {
    await requests.put({ n, reply });
    answers.push(await reply.get());
  }
  const condition = new Condition();
  await requests.put({ n: 0, reply, condition });
  const back = await reply.get() as { condition: Condition };
  return [...answers, back.condition === condition];
}

Deno.test("threads answer through the queues that requests bring along", async () => {
  await using executor = new ThreadPoolExecutor(3);
  const requests = new Queue<Request>();
  const serving = executor.submit(task(HERE, serve), requests);
  const asking = [1, 2].map(() => executor.submit(task(HERE, ask), requests));
  const answers = [2, 4, 6, true];
  assertEquals(await Promise.all([...asking, ask(requests)]), [answers, answers, answers]);
  await requests.shutdown();
  await serving;
});

/** What came of an item that has a queue unknown to the thread. */
export function getBlocking(queue: Queue<unknown>): string {
  try {
    queue.getSync();
    return "got";
  } catch (error) {
    return String(error);
  }
}

/** Gets what {@linkcode getBlocking} has left, and something after it by blocking. */
export async function getWaiting(queue: Queue<unknown>): Promise<[boolean, unknown]> {
  const first = await queue.get();
  return [first instanceof Queue, queue.getSync()];
}

Deno.test("who blocks can't get a shared object that is new to the thread, is told so, and leaves it", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const queue = new Queue<unknown>();
  await queue.put(new Queue<number>());
  await queue.put("after");
  for (let times = 0; times < 2; times++) {
    const told = await executor.submit(task(HERE, getBlocking), queue);
    assertStringIncludes(told, "RuntimeError: Cannot get a shared object without waiting for it");
    assertEquals(queue.qsizeSync(), 2);
  }
  assertEquals(await executor.submit(task(HERE, getWaiting), queue), [true, "after"]);
  await queue.put(queue);
  assertEquals(await executor.submit(task(HERE, getBlocking), queue), "got");
});

Deno.test("an item that one who blocks leaves goes to another who waits", async () => {
  await using executor = new ThreadPoolExecutor(1);
  await executor.ready();
  const queue = new Queue<unknown>();
  const told = executor.submit(task(HERE, getBlocking), queue);
  await untilWaitingFor(queue, "getters", 1);
  const get = queue.get();
  const item = new Queue<number>();
  await queue.put(item);
  // One of them is quicker.
  if (await Promise.race([told, get]) === item) await queue.put(new Queue<number>());
  assertStringIncludes(await told, "RuntimeError: Cannot get a shared object");
  assertEquals(await get, item);
});

for (const program of ["the queue is full", "something else can't be sent", "it was got"]) {
  Deno.test(`a lock in an item is let go of when ${program}`, async () => {
    const flags = ["--no-lock", "-A", "--v8-flags=--expose-gc", CONFIG];
    assertEquals(await lines([...flags, LOST, program]), ["true"]);
  });
}
