/** Tests of SimpleQueue; Q… are lines of CPython's own tests. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Executor,
  OSError,
  ProcessPoolExecutor,
  SimpleQueue,
  ThreadPoolExecutor,
} from "../../mod.ts";

async function answer(questions: SimpleQueue<number>, answers: SimpleQueue<number>) {
  for (let left = 3; left > 0; left--) await answers.put(2 * await questions.get());
  return await questions.empty();
}

function answerSync(questions: SimpleQueue<number>, answers: SimpleQueue<number>) {
  for (let left = 3; left > 0; left--) answers.putSync(2 * questions.getSync());
  return questions.emptySync();
}

async function looks(queue: SimpleQueue<number>): Promise<boolean[]> {
  const seen = [await queue.empty()];
  await queue.put(1);
  return [...seen, await queue.empty()];
}

type Numbers = SimpleQueue<number>;

const PLACES: readonly [
  where: string,
  make: () => Executor,
  run: (questions: Numbers, answers: Numbers) => boolean | Promise<boolean>,
][] = [
  ["a thread", () => new ThreadPoolExecutor(1), answer],
  ["a thread that blocks", () => new ThreadPoolExecutor(1), answerSync],
  ["a process", () => new ProcessPoolExecutor(1), answer],
];

for (const [where, make, run] of PLACES) {
  Deno.test(`Items go to ${where} and back in their order`, async () => {
    await using executor = make();
    const [questions, answers] = [new SimpleQueue<number>(), new SimpleQueue<number>()];
    const ended = executor.submit(run, questions, answers);
    for (const n of [1, 2, 3]) await questions.put(n);
    const got = [await answers.get(), await answers.get(), await answers.get()];
    assertEquals([got, await ended], [[2, 4, 6], true]);
  });
}

Deno.test("Q17: whether it is empty is right in a process, too", async () => {
  await using executor = new ProcessPoolExecutor(1);
  const queue = new SimpleQueue<number>();
  assertEquals(await executor.submit(looks, queue), [true, false]);
  assertEquals(await queue.empty(), false);
});

Deno.test("Q16, Q18, Q19: after close every call is an OSError, and to close again is fine", async () => {
  const queue = new SimpleQueue<number>();
  await queue.put(1);
  queue.close();
  queue.close();
  for (const call of [() => queue.put(2), () => queue.get(), () => queue.empty()]) {
    await assertRejects(call, OSError, "closed here");
  }
  for (const call of [() => queue.putSync(2), () => queue.getSync(), () => queue.emptySync()]) {
    assertThrows(call, OSError, "closed here");
  }
});

async function closes(queue: SimpleQueue<number>): Promise<string> {
  {
    using closing = queue;
    await closing.put(1);
  }
  return await queue.put(2).then(() => "put", (error) => String(error));
}

Deno.test("Q16: a queue that a process closes is closed there, and open here", async () => {
  await using executor = new ProcessPoolExecutor(1);
  const queue = new SimpleQueue<number>();
  assertEquals(
    await executor.submit(closes, queue),
    "OSError: Cannot use a queue: the queue was closed here",
  );
  assertEquals(await queue.get(), 1);
});

Deno.test("An item that can't be sent is an error of put, and the next one goes", async () => {
  using queue = new SimpleQueue<unknown>();
  await assertRejects(() => queue.put(() => {}), DOMException);
  await queue.put("fine");
  assertEquals(await queue.get(), "fine");
});

Deno.test("It arrives as the same queue", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const queue = new SimpleQueue<number>();
  assertEquals(await executor.submit((queue: SimpleQueue<number>) => queue, queue) === queue, true);
});
