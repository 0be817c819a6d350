/** Tests of `Barrier`; most of them are in `barrier_suite.ts`. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Barrier, BrokenBarrierError, RuntimeError } from "../../mod.ts";
import { untilWaiting } from "../support/waiters.ts";
import { barrierSuite } from "../suites/barrier_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";
import { type Kind, pool } from "./shared_tasks.ts";

const { main, threads, killable, threadsAlone, children, mixed } = BACKENDS;
for (const backend of [main, threads, threadsAlone]) barrierSuite(backend);
for (const backend of [killable, children, mixed]) barrierSuite(backend, {}, 100);

Deno.test("Y45: a barrier is printed with those that wait, or as broken", async () => {
  const barrier = new Barrier(3);
  assertEquals(Deno.inspect(barrier), "Barrier { waiters=0/3 }");
  const wait = barrier.wait();
  assertEquals(Deno.inspect(barrier), "Barrier { waiters=1/3 }");
  assertEquals([barrier.parties, barrier.n_waiting, barrier.broken], [3, 1, false]);
  await barrier.abort();
  assertEquals(Deno.inspect(barrier), "Barrier { broken }");
  await assertRejects(() => wait, BrokenBarrierError);
  assert(new BrokenBarrierError() instanceof RuntimeError);
});

Deno.test("B13: the action runs once a round, before anybody goes on", async () => {
  for (const late of [false, true]) {
    const log: string[] = [];
    const action = late
      ? async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        log.push("action");
      }
      : () => void log.push("action");
    const barrier = new Barrier(3, { action });
    for (let round = 0; round < 3; round++) {
      log.length = 0;
      const parties = Array.from({ length: 3 }, async () => {
        await barrier.wait();
        log.push("passed");
      });
      await Promise.all(parties);
      assertEquals(log, ["action", "passed", "passed", "passed"]);
    }
  }
});

Deno.test("B13: who arrives while the action runs belongs to the next round", async () => {
  const acting = Promise.withResolvers<void>();
  let actions = 0;
  const barrier = new Barrier(2, { action: () => ++actions === 1 ? acting.promise : undefined });
  const first = [barrier.wait(), barrier.wait()];
  assertEquals(barrier.n_waiting, 0);
  const second = [barrier.wait(), barrier.wait()];
  await untilWaiting(barrier, 3);
  acting.resolve();
  assertEquals(await Promise.all(first), [0, 1]);
  assertEquals((await Promise.all(second)).sort(), [0, 1]);
  assertEquals([actions, barrier.broken, barrier.n_waiting], [2, false, 0]);
});

Deno.test("B13: an action that fails is its party's error, and breaks the barrier", async () => {
  for (const late of [false, true]) {
    const action = () => {
      if (late) return Promise.reject(new SyntaxError("of the action"));
      throw new SyntaxError("of the action");
    };
    const barrier = new Barrier(2, { action });
    const wait = barrier.wait();
    const broken = assertRejects(() => wait, BrokenBarrierError);
    await assertRejects(() => barrier.wait(), SyntaxError, "of the action");
    await broken;
    assertEquals(barrier.broken, true);
    await barrier.reset();
    assertEquals(barrier.broken, false);
  }
});

Deno.test("B13: a blocking wait runs a synchronous action, and refuses another", async () => {
  let actions = 0;
  const barrier = new Barrier(2, { action: () => void actions++ });
  const wait = barrier.wait();
  assertEquals([barrier.waitSync(), await wait, actions], [1, 0, 1]);
  const late = new Barrier(1, { action: async () => {} });
  assertThrows(() => late.waitSync(), TypeError, "its action is asynchronous: wait() is wanted");
  assertEquals(late.broken, true);
  const failing = new Barrier(1, {
    action: () => {
      throw new SyntaxError("of the action");
    },
  });
  assertThrows(() => failing.waitSync(), SyntaxError);
  assertEquals(failing.broken, true);
});

Deno.test("B13: an action that outlives its round changes nothing", async () => {
  for (const end of ["abort", "reset"] as const) {
    const acting = Promise.withResolvers<void>();
    let actions = 0;
    const barrier = new Barrier(2, { action: () => ++actions === 1 ? acting.promise : undefined });
    const waits = [barrier.wait(), barrier.wait()];
    const broken = waits.map((wait) => assertRejects(() => wait, BrokenBarrierError));
    barrier[end]();
    await broken[0];
    assertEquals(barrier.broken, end === "abort");
    if (end === "reset") assertEquals(await Promise.all([barrier.wait(), barrier.wait()]), [0, 1]);
    acting.resolve();
    await broken[1];
    assertEquals(barrier.broken, end === "abort");
  }
});

Deno.test("B13: an action may use its own barrier's state, and may reset it", async () => {
  const seen: unknown[] = [];
  const barrier: Barrier = new Barrier(2, {
    action: () => {
      seen.push(barrier.n_waiting, barrier.broken, barrier.parties);
      barrier.reset();
    },
  });
  const wait = barrier.wait();
  const broken = assertRejects(() => wait, BrokenBarrierError);
  await assertRejects(() => barrier.wait(), BrokenBarrierError);
  await broken;
  assertEquals(seen, [0, false, 2]);
  assertEquals(barrier.broken, false);
});

Deno.test("B17: a waiter whose time is up while the action runs breaks the barrier", async () => {
  const acting = Promise.withResolvers<void>();
  const barrier = new Barrier(2, { action: () => acting.promise });
  const wait = barrier.wait({ timeout: 5 });
  const actor = barrier.wait();
  await assertRejects(() => wait, BrokenBarrierError, "not all parties arrived in time");
  assertEquals(barrier.broken, true);
  acting.resolve();
  await assertRejects(() => actor, BrokenBarrierError, "it was broken or reset meanwhile");
});

Deno.test("B17: a poll of the last party passes, and of any other breaks", async () => {
  const barrier = new Barrier(2);
  const wait = barrier.wait();
  assertEquals(await barrier.wait({ timeout: 0 }), 1);
  assertEquals(await wait, 0);
  await assertRejects(() => barrier.wait({ timeout: -5 }), BrokenBarrierError);
  await barrier.reset();
  assertThrows(() => barrier.waitSync({ timeout: 1 }), BrokenBarrierError);
});

/** An action that counts its calls in the realm where it is called; it travels by its text. */
function count(): void {
  Reflect.set(globalThis, "herdActions", (Reflect.get(globalThis, "herdActions") ?? 0) + 1);
}

/** How often it was called in the realm where this is called. */
function counted(): number {
  const count = Reflect.get(globalThis, "herdActions") ?? 0;
  Reflect.deleteProperty(globalThis, "herdActions");
  return count;
}

const RUNS_AT: Readonly<Record<Kind, string>> = {
  "thread": "there",
  "killable thread": "there",
  // Where the barrier lives, since what arrives there does so by a call.
  "child": "in main",
};

for (const [kind, where] of Object.entries(RUNS_AT) as [Kind, string][]) {
  Deno.test(`B13: an action whose last party is in a ${kind} runs once, ${where}`, async () => {
    await using executor = pool(kind);
    const barrier = new Barrier(2, { action: count });
    for (let round = 0; round < 3; round++) {
      const wait = barrier.wait();
      const last = executor.submit((barrier: Barrier) => barrier.wait(), barrier);
      assertEquals(await Promise.all([wait, last]), [0, 1]);
      const calls = [counted(), await executor.submit(counted)];
      assertEquals(calls, where === "there" ? [0, 1] : [1, 0]);

      const first = executor.submit((barrier: Barrier) => barrier.wait(), barrier);
      await untilWaiting(barrier, 1);
      assertEquals(await Promise.all([barrier.wait(), first]), [1, 0]);
      assertEquals([counted(), await executor.submit(counted)], [1, 0]);
    }
    assertEquals(await executor.submit((barrier: Barrier) => barrier, barrier), barrier);
  });

  Deno.test(`B13: an action that fails in a ${kind} breaks the barrier for all`, async () => {
    await using executor = pool(kind);
    const action = () => {
      throw new SyntaxError("of the action");
    };
    const barrier = new Barrier(2, { action });
    const broken = assertRejects(() => barrier.wait(), BrokenBarrierError);
    const last = executor.submit((barrier: Barrier) => barrier.wait(), barrier);
    await assertRejects(() => last, SyntaxError, "of the action");
    await broken;
    assertEquals(barrier.broken, true);
  });

  // In a child it would be the end of main.
  if (kind === "child") continue;
  Deno.test(`B13: the death of a ${kind} that runs the action breaks the barrier`, async () => {
    await using executor = pool(kind);
    const barrier = new Barrier(2, { action: () => Deno.exit(3) });
    const broken = assertRejects(() => barrier.wait(), BrokenBarrierError);
    await executor.submit((barrier: Barrier) => barrier.wait(), barrier).exception();
    await broken;
    assertEquals(barrier.broken, true);
  });
}
