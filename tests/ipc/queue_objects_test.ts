/** Tests of shared objects as items of queues, also where they are not known yet. */

import { assertEquals } from "@std/assert";
import { Condition, Queue, task, ThreadPoolExecutor } from "../../mod.ts";
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

for (const program of ["the queue is full", "something else can't be sent", "it was got"]) {
  Deno.test(`a lock in an item is let go of when ${program}`, async () => {
    const flags = ["--no-lock", "-A", "--v8-flags=--expose-gc", CONFIG];
    assertEquals(await lines([...flags, LOST, program]), ["true"]);
  });
}
