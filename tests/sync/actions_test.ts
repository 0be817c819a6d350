/** Tests of the actions that barriers bring along. */

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { Barrier, task, ThreadPoolExecutor } from "../../mod.ts";
import { arrive, arriveAtKept, keep, type Ways } from "./action_tasks.ts";

const HERE = import.meta.resolve("./action_tasks.ts");
const ARRIVE = task(HERE, arrive);

/** A pool of one thread of either kind. */
const POOLS = {
  threads: () => new ThreadPoolExecutor(1),
  "killable threads": () => new ThreadPoolExecutor({ max_workers: 1, killable: true }),
};

for (const [kind, pool] of Object.entries(POOLS)) {
  Deno.test(`A synchronous action that was passed on is run by who blocks (${kind})`, async () => {
    await using executor = pool();
    for (const way of ["waitSync", "wait"] satisfies Ways[]) {
      const action = () => {
        Reflect.set(globalThis, "acted", (Reflect.get(globalThis, "acted") ?? 0) + 1);
      };
      const barrier = new Barrier(1, { action });
      assertEquals(await executor.submit(ARRIVE, { barrier }, way, "acted"), [0, 1]);
      assertEquals(await executor.submit(ARRIVE, { barrier }, way, "acted"), [0, 1]);
      assertEquals(barrier.broken, false);
    }
    assertEquals(Reflect.get(globalThis, "acted"), undefined, "it is not run here");
  });
}

Deno.test("So it is by who got the barrier before any task", async () => {
  const action = () => {
    Reflect.set(globalThis, "actedEarly", 1);
  };
  await using executor = new ThreadPoolExecutor({
    max_workers: 1,
    initializer: task(HERE, keep),
    initargs: [new Barrier(1, { action })],
  });
  assertEquals(await executor.submit(task(HERE, arriveAtKept), "waitSync", "actedEarly"), [0, 1]);
});

Deno.test("An asynchronous action that was passed on is refused to who blocks", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const barrier = new Barrier(1, { action: async () => {} });
  await assertRejects(
    () => executor.submit(ARRIVE, { barrier }, "waitSync", ""),
    TypeError,
    "Cannot wait at a Barrier: its action is asynchronous: wait() is wanted",
  );
  assertEquals(barrier.broken, true);
  await barrier.reset();
  assertEquals(await executor.submit(ARRIVE, { barrier }, "wait", ""), [0, undefined]);
});

Deno.test("An action that fails where it was passed to is the error of its party", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (const way of ["waitSync", "wait"] satisfies Ways[]) {
    const action = () => {
      throw new SyntaxError("of the action");
    };
    const barrier = new Barrier(1, { action });
    const arrived = executor.submit(ARRIVE, { barrier }, way, "");
    await assertRejects(() => arrived, SyntaxError, "of the action");
    assertEquals(barrier.broken, true);
  }
});

Deno.test("An action that uses what does not travel says so where it is called", async () => {
  await using executor = new ThreadPoolExecutor(1);
  let acted = 0;
  const action = () => void acted++;
  for (const way of ["waitSync", "wait"] satisfies Ways[]) {
    const barrier = new Barrier(1, { action });
    const error = await executor.submit(ARRIVE, { barrier }, way, "").exception();
    assertInstanceOf(error, Error);
    assertEquals(/\bacted\b/.test(error.message), true, error.message);
    assertEquals(barrier.broken, true);
  }
  assertEquals(acted, 0);
});

Deno.test("An action that can never travel is refused when its barrier is sent", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const actions = {
    native: Math.random,
    bound: (() => {}).bind(null),
    class: class Action {} as unknown as () => void,
  };
  for (const [kind, action] of Object.entries(actions)) {
    const barrier = new Barrier(2, { action });
    await assertRejects(
      () => executor.submit(ARRIVE, { barrier }, "wait", ""),
      TypeError,
      ` to a worker: it is a ${kind} function: `,
    );
    assertEquals([barrier.broken, barrier.n_waiting], [false, 0]);
  }
});
