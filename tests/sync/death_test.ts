/** Tests of what becomes of shared objects when a worker dies that holds them, or waits for them. */

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  Barrier,
  BrokenBarrierError,
  BrokenExecutor,
  Condition,
  Event,
  Lock,
  type PoolExecutor,
  Process,
  RLock,
  RuntimeError,
  Semaphore,
  task,
  TimeoutError,
} from "../../mod.ts";
import { untilWaiting, waiting } from "../support/waiters.ts";
import { perform } from "../suites/sync_tasks.ts";
import * as tasks from "./shared_tasks.ts";
import { type End, type Kind, pool } from "./shared_tasks.ts";

const HERE = import.meta.resolve("./shared_tasks.ts");
const dieTask = task(HERE, tasks.die);
const echo = task(HERE, tasks.echo);
const takeAndDie = task(HERE, tasks.takeAndDie);
const performTask = task(import.meta.resolve("../suites/sync_tasks.ts"), perform);

/** Milliseconds that a task has which never ends; it has begun by then. */
const DEADLINE = 1000;

/** Ends by the worker's own doing. */
const ENDS: readonly [Kind, End][] = [
  ["thread", "exit"],
  ["thread", "close"],
  ["thread", "uncaught"],
  ["thread", "rejection"],
  ["killable thread", "exit"],
  ["killable thread", "close"],
  ["killable thread", "uncaught"],
  ["child", "exit"],
  ["child", "uncaught"],
  ["child", "kill"],
];

/** Ends that are brought about since a deadline has passed. */
const STOPS: readonly [Kind, End][] = [
  ["thread", "spin"],
  ["thread", "block"],
  ["killable thread", "spin"],
  ["killable thread", "block"],
  ["child", "spin"],
];

for (const [kind, how] of [...ENDS, ...STOPS]) {
  const isStopped = how === "spin" || how === "block";
  const end = isStopped ? `is ended since it would ${how} for ever` : `ends by ${how}`;
  Deno.test(`What a ${kind} holds goes to others when it ${end}`, async () => {
    await using executor = pool(kind, { concurrency: 1 });
    const [lock, rlock, permits] = [new Lock(), new RLock(), new Semaphore(2)];
    const [taken, die] = [new Event(), new Event()];
    await executor.submit(echo, lock);
    const settings = isStopped ? { deadline: DEADLINE } : {};
    const objects = [lock, rlock, rlock, permits, permits] as const;
    const future = executor.options(settings).submit(takeAndDie, objects, taken, die, how);
    await taken.wait();
    const waits = [lock.acquire(), rlock.acquire(), permits.acquire(), permits.acquire()];
    die.set();
    assertInstanceOf(await future.exception(), isStopped ? TimeoutError : BrokenExecutor);
    assertEquals(await Promise.all(waits), [true, true, true, true]);
    for (const it of [lock, rlock]) {
      assertEquals([it.lockedSync(), it.abandoned], [true, true]);
      await it.release();
      assertEquals([it.lockedSync(), it.abandoned], [false, false]);
      await it.acquire();
      assertEquals(it.abandoned, false);
      await it.release();
    }
    await assertRejects(() => rlock.release(), RuntimeError);
    await permits.release(2);
    assertEquals(permits.get_valueSync(), 2);
  });
}

for (
  const [kind, how] of [["thread", "exit"], ["killable thread", "exit"], ["child", "kill"]] as const
) {
  Deno.test(`Y15: what a dead ${kind} held is free, and whoever comes next finds it abandoned`, async () => {
    await using executor = pool(kind);
    const [lock, rlock, permits] = [new Lock(), new RLock(), new Semaphore(2)];
    const [taken, die] = [new Event(), new Event()];
    const objects = [lock, rlock, permits] as const;
    const future = executor.submit(takeAndDie, objects, taken, die, how);
    await taken.wait();
    assertEquals([lock.lockedSync(), rlock.lockedSync(), permits.get_valueSync()], [true, true, 1]);
    die.set();
    await future.exception();
    assertEquals([lock.lockedSync(), rlock.lockedSync()], [false, false]);
    for (const it of [lock, rlock]) {
      assertEquals([await it.acquire({ block: false }), it.abandoned], [true, true]);
      await it.release();
      assertEquals([it.acquireSync({ block: false }), it.abandoned], [true, false]);
      await it.release();
    }
    assertEquals(permits.acquireSync({ block: false }), true);
    assertEquals(permits.acquireSync({ block: false }), true);
    assertEquals(permits.acquireSync({ block: false }), false);
  });
}

/** Has a worker wait by a script, and die. */
async function waitAndDie(
  executor: PoolExecutor,
  how: End,
  object: object,
  count: number,
  steps: (readonly [object, string])[],
): Promise<void> {
  const waits = executor.submit(performTask, false, steps);
  await untilWaiting(object, count);
  executor.submit(dieTask, how);
  assertInstanceOf(await waits.exception(), BrokenExecutor);
  assertEquals(waiting(object), count - 1);
}

for (
  const [kind, how] of [["thread", "exit"], ["killable thread", "exit"], ["child", "kill"]] as const
) {
  Deno.test(`A ${kind} that dies waiting blocks nobody`, async () => {
    await using executor = pool(kind);

    const lock = new Lock();
    await lock.acquire();
    await waitAndDie(executor, how, lock, 1, [[lock, "acquire"]]);
    const next = lock.acquire();
    await lock.release();
    assertEquals([await next, lock.abandoned], [true, false]);
    await lock.release();
    assertEquals(lock.lockedSync(), false);

    const semaphore = new Semaphore(0);
    const before = semaphore.acquire();
    await waitAndDie(executor, how, semaphore, 2, [[semaphore, "acquire"]]);
    const after = semaphore.acquire();
    await semaphore.release(2);
    assertEquals([await before, await after, semaphore.get_valueSync()], [true, true, 0]);

    const event = new Event();
    await waitAndDie(executor, how, event, 1, [[event, "wait"]]);
    await event.set();
    assertEquals(await event.wait(), true);

    const condition = new Condition();
    await waitAndDie(executor, how, condition, 1, [[condition, "hold"], [condition, "wait"]]);
    await condition.acquire();
    const notified = condition.wait();
    await condition.acquire();
    await condition.notify();
    await condition.release();
    assertEquals(await notified, true);
    await condition.release();
  });

  Deno.test(`A ${kind} that dies at a barrier breaks it`, async () => {
    await using executor = pool(kind);
    const barrier = new Barrier(3);
    const wait = barrier.wait();
    const broken = assertRejects(
      () => wait,
      BrokenBarrierError,
      "it was broken or reset meanwhile",
    );
    await executor.submit(echo, barrier);
    const party = executor.submit(performTask, false, [[barrier, "wait"]]);
    await untilWaiting(barrier, 2);
    executor.submit(dieTask, how);
    await broken;
    assertInstanceOf(await party.exception(), BrokenExecutor);
    assertEquals([barrier.broken, barrier.n_waiting], [true, 0]);
    await assertRejects(() => barrier.wait(), BrokenBarrierError, "it is broken");
    await barrier.reset();
    const again = [
      barrier.wait(),
      barrier.wait(),
      executor.submit(performTask, false, [[barrier, "wait"]]),
    ];
    assertEquals((await Promise.all(again)).flat().sort(), [0, 1, 2]);
  });

  Deno.test(`A barrier at which a ${kind} has died is broken for those that come later`, async () => {
    await using executor = pool(kind);
    const barrier = new Barrier(2);
    await waitAndDie(executor, how, barrier, 1, [[barrier, "wait"]]);
    await assertRejects(() => barrier.wait(), BrokenBarrierError, "it is broken");
  });
}

for (const kind of ["thread", "killable thread"] as const) {
  Deno.test(`A ${kind} that is blocked in a wait is ended past its deadline, and blocks nobody`, async () => {
    await using executor = pool(kind, { concurrency: 1 });
    const lock = new Lock();
    await lock.acquire();
    await executor.submit(echo, lock);
    const steps = [[lock, "acquire"]] as const;
    const blocked = executor.options({ deadline: DEADLINE }).submit(performTask, true, steps);
    await untilWaiting(lock, 1);
    const later = lock.acquire();
    assertInstanceOf(await blocked.exception(), TimeoutError);
    await lock.release();
    assertEquals(await later, true);
    await lock.release();
    assertEquals(lock.lockedSync(), false);
    assertEquals(await executor.submit(performTask, true, steps), [true]);
  });
}

Deno.test("What a Process holds goes to others when it is killed", async () => {
  const [lock, taken, die] = [new Lock(), new Event(), new Event()];
  const process = new Process({ target: takeAndDie, args: [[lock], taken, die, "exit"] });
  process.start();
  await taken.wait();
  const next = lock.acquire();
  process.kill();
  assertEquals([await next, lock.abandoned], [true, true]);
  await process.join();
  assertEquals(process.exitcode, -9);
  await lock.release();

  const ends = new Process({ target: takeAndDie, args: [[lock], taken, die, "exit"] });
  await taken.clear();
  ends.start();
  await taken.wait();
  const after = lock.acquire();
  await die.set();
  assertEquals([await after, lock.abandoned], [true, true]);
  await ends.join();
  assertEquals(ends.exitcode, 3);
});

Deno.test("What a child acquires after a death is abandoned there, too, until it releases it", async () => {
  await using dying = pool("thread");
  await using executor = pool("child");
  const [lock, taken, die] = [new Lock(), new Event(), new Event()];
  const future = dying.submit(takeAndDie, [lock], taken, die, "exit");
  await taken.wait();
  const next = executor.submit(performTask, false, [
    [lock, "acquire"],
    [lock, "abandoned"],
    [lock, "release"],
    [lock, "abandoned"],
    [lock, "acquire"],
    [lock, "abandoned"],
    [lock, "release"],
  ]);
  await untilWaiting(lock, 1);
  die.set();
  await future.exception();
  assertEquals(await next, [true, true, undefined, false, true, false, undefined]);
});
