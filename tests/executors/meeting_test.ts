/**
 * Tests of tasks that wait for each other: they run at the same time if there are workers for all of them, though
 * they were taken for short and sent ahead.
 */

import { assertEquals } from "@std/assert";
import {
  Barrier,
  Event,
  type Future,
  type PoolExecutor,
  ProcessPoolExecutor,
  Semaphore,
  task,
  ThreadPoolExecutor,
} from "../../mod.ts";
import {
  hold,
  keep,
  meetAt,
  meetIn,
  type Meeting,
  type Step,
  step,
  textOf,
} from "./meeting_tasks.ts";

const HERE = import.meta.resolve("./meeting_tasks.ts");
const KEEP = task(HERE, keep);
const STEP = task(HERE, step);
const HOLD = task(HERE, hold);
const TEXT_OF = task(HERE, textOf);
const MEET_AT = task(HERE, meetAt);
const MEET_IN = task(HERE, meetIn);

/** Milliseconds after which a wait is a hang. */
const HANG = 60_000;

function newMeeting(): Meeting {
  return {
    barrier: new Barrier(2),
    signal: new Event(),
    holds: new Semaphore(0),
    begun: new Semaphore(0),
  };
}

type Make = (workers: number, meeting?: Meeting) => PoolExecutor;

const POOLS: Readonly<Record<string, Make>> = {
  threads: (max_workers, meeting) => new ThreadPoolExecutor({ max_workers, ...setup(meeting) }),
  processes: (max_workers, meeting) =>
    new ProcessPoolExecutor({ max_workers, permissions: "none", ...setup(meeting) }),
};

function setup(meeting: Meeting | undefined) {
  return {
    modules: [HERE],
    ...(meeting === undefined ? {} : { initializer: KEEP, initargs: [meeting] as const }),
  };
}

/** A test for each kind of pool; one that hangs fails. */
function test(name: string, run: (make: Make) => Promise<void>): void {
  for (const [kind, make] of Object.entries(POOLS)) {
    Deno.test(`${name} (${kind})`, async () => {
      const hang = Promise.withResolvers<never>();
      const timer = setTimeout(() => hang.reject(new Error("They wait for ever")), HANG);
      await Promise.race([run(make), hang.promise]).finally(() => clearTimeout(timer));
    });
  }
}

/** Submits steps at once. */
function take(executor: PoolExecutor, ...steps: Step[]): Future<void>[] {
  return steps.map((what) => executor.submit(STEP, what));
}

/** Has the function be known as a short one. */
async function warmUp(executor: PoolExecutor): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await Promise.all(take(executor, ...new Array<Step>(50).fill("nothing")));
  }
}

/** The same with a worker that has known the function for longer than the other has lived. */
async function warmUpOne(executor: PoolExecutor): Promise<void> {
  for (let i = 0; i < 50; i++) await executor.submit(STEP, "nothing");
  assertEquals(executor.stats().workers, 1);
}

/** Resolves when so many tasks wait, and are known to have not begun. */
async function untilQueued(executor: PoolExecutor, tasks: number): Promise<void> {
  while (executor.stats().queued < tasks) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Resolves when the task has begun, or left for where that can't be seen. */
async function untilBegun(future: Future<unknown>): Promise<void> {
  while (!future.running()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("parties of a barrier meet behind short tasks, round after round", async (make) => {
  await using executor = make(2);
  for (let round = 0; round < 30; round++) {
    const short = Array.from({ length: round * 3 }, () => executor.submit(MEET_AT, null));
    const barriers = [new Barrier(2), new Barrier(2), new Barrier(2)];
    const met = barriers.flatMap((barrier) => [
      executor.submit(MEET_AT, barrier),
      executor.submit(MEET_AT, barrier),
    ]);
    const indexes = await Promise.all(met);
    assertEquals(indexes.toSorted(), [0, 0, 0, 1, 1, 1]);
    await Promise.all(short);
  }
});

test("so they do with the barrier inside of an argument", async (make) => {
  await using executor = make(2);
  for (let round = 0; round < 30; round++) {
    const short = Array.from({ length: 20 }, () => executor.submit(MEET_IN, { barrier: null }));
    const barriers = [new Barrier(2), new Barrier(2)];
    const met = barriers.flatMap((barrier) => [
      executor.submit(MEET_IN, { barrier }),
      executor.submit(MEET_IN, { barrier }),
    ]);
    assertEquals((await Promise.all(met)).toSorted(), [0, 0, 1, 1]);
    await Promise.all(short);
  }
});

test("so they do in a map, with one row a chunk", async (make) => {
  await using executor = make(2);
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 50 }, () => executor.submit(MEET_AT, null)));
    const [one, two] = [new Barrier(2), new Barrier(2)];
    const met = executor.options({ chunksize: 1 }).map(MEET_AT, [one, one, two, two]);
    assertEquals((await Array.fromAsync(met)).toSorted(), [0, 0, 1, 1]);
  }
});

test("another worker is started for a task that waits behind its waiter", async (make) => {
  await using executor = make(2, newMeeting());
  await warmUpOne(executor);
  await Promise.all(take(executor, "meet", "meet"));
  assertEquals(executor.stats().workers, 2);
});

test("a task that waits behind its waiter goes to a worker that has got nothing to do", async (make) => {
  const meeting = newMeeting();
  await using executor = make(2, meeting);
  await executor.ready();
  await warmUp(executor);
  for (let round = 0; round < 20; round++) {
    const held = take(executor, "hold");
    const steps = take(executor, "wait", "nothing", "signal", "nothing");
    await meeting.holds.release();
    await Promise.all([...held, ...steps]);
    await meeting.signal.clear();
  }
});

test("pairs that were all sent to one worker meet one after the other", async (make) => {
  await using executor = make(2, newMeeting());
  await warmUpOne(executor);
  await Promise.all(take(executor, ...new Array<Step>(12).fill("meet")));
});

Deno.test("what waits behind a long task goes before what has not been sent (processes)", async () => {
  const meeting = newMeeting();
  await using executor = POOLS.processes!(2, meeting);
  await warmUpOne(executor);
  const waiting = take(executor, "wait", "signal");
  const held = Array.from({ length: 3 }, () => executor.submit(HOLD));
  await untilBegun(held[0]!);
  // Two of these, and what waited behind the first, unless another worker was there for it.
  while (executor.stats().queued < 3 && !waiting[1]!.done()) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await meeting.holds.release();
  await Promise.all(waiting);
  await meeting.holds.release(2);
  await Promise.all(held);
});

test("what is given back begins once", async (make) => {
  const meeting = newMeeting();
  await using executor = make(2, meeting);
  await executor.ready();
  await warmUp(executor);
  let submitted = 0;
  for (let round = 0; round < 30; round++) {
    const steps = Array.from({ length: 40 }, (_, i): Step => {
      return (i * 7 + round) % 13 === 0 ? "count slowly" : "count";
    });
    submitted += steps.length;
    await Promise.all(take(executor, ...steps));
  }
  assertEquals(await meeting.begun.get_value(), submitted);
});

test("what waits behind a long task and can't be sent again stays there", async (make) => {
  const meeting = newMeeting();
  await using executor = make(1, meeting);
  await warmUpOne(executor);
  for (let i = 0; i < 50; i++) await executor.submit(TEXT_OF, null);
  const held = executor.submit(STEP, "hold");
  const text = executor.submit(TEXT_OF, new Blob(["text"]).stream());
  const [count] = take(executor, "count");
  await untilBegun(held);
  await untilQueued(executor, 1);
  await meeting.holds.release();
  assertEquals(await text, "text");
  await Promise.all([held, count]);
  assertEquals(await meeting.begun.get_value(), 1);
});

test("what waits behind a long task and is cancelled does not begin", async (make) => {
  const meeting = newMeeting();
  await using executor = make(1, meeting);
  await warmUpOne(executor);
  const held = executor.submit(STEP, "hold");
  const controller = new AbortController();
  const { signal } = controller;
  const counts = Array.from(
    { length: 5 },
    () => executor.options({ signal }).submit(STEP, "count"),
  );
  await untilBegun(held);
  await untilQueued(executor, counts.length);
  controller.abort();
  const ends = await Promise.allSettled(counts);
  assertEquals(ends.map(({ status }) => status), new Array(5).fill("rejected"));
  await meeting.holds.release();
  await held;
  assertEquals(await meeting.begun.get_value(), 0);
});

test("what waits behind a long task is cancelled by a shutdown that cancels", async (make) => {
  const meeting = newMeeting();
  await using executor = make(1, meeting);
  await warmUpOne(executor);
  const held = executor.submit(STEP, "hold");
  const counts = take(executor, "count", "count");
  await untilBegun(held);
  const shut = executor.shutdown({ cancel_futures: true });
  const ends = await Promise.allSettled(counts);
  assertEquals(ends.map(({ status }) => status), ["rejected", "rejected"]);
  await meeting.holds.release();
  await Promise.all([held, shut]);
  assertEquals(await meeting.begun.get_value(), 0);
});
