/**
 * Tests of the stepper. The actors' functions are exported from this file: the Workers import it.
 */

import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { type Actor, type Exploration, explore, InterleavingError, type Row } from "./stepper.ts";

interface Memory {
  words: Int32Array<SharedArrayBuffer>;
}

const scenario = new URL(import.meta.url);

function setup(): Memory {
  return { words: new Int32Array(new SharedArrayBuffer(4 * 4)) };
}

/** Explores and returns the first failure. */
async function firstFailure<Results extends { [name in keyof Results]: unknown }>(
  exploration: Exploration<Memory, Results>,
): Promise<InterleavingError> {
  return await assertRejects(() => explore(exploration), InterleavingError);
}

// ---- Counting

export function countByLoadAndStore({ shared: { words } }: Actor<Memory>): void {
  for (let i = 0; i < 3; i++) Atomics.store(words, 0, Atomics.load(words, 0) + 1);
}

export function countByAdd({ shared: { words } }: Actor<Memory>): void {
  for (let i = 0; i < 3; i++) Atomics.add(words, 0, 1);
}

function checkCount({ shared }: { shared: Memory }): void {
  assertEquals(shared.words[0], 6, "an increment was lost");
}

const planted = {
  scenario,
  actors: { left: "countByLoadAndStore", right: "countByLoadAndStore" },
  setup,
  check: checkCount,
};

Deno.test("The stepper finds a lost update within a few schedules", async () => {
  const failure = await firstFailure({ ...planted, schedules: 20 });
  assertEquals(failure.kind, "check");
  assertInstanceOf(failure.cause, Error);
  assertStringIncludes(failure.message, "an increment was lost");
});

Deno.test("An atomic increment passes every schedule", async () => {
  const report = await explore({
    scenario,
    actors: { left: "countByAdd", right: "countByAdd" },
    setup,
    check: checkCount,
    schedules: 500,
  });
  assertEquals(report.failures, []);
  assertEquals(report.schedules, 500);
  assertGreater(report.distinct, 30);
});

Deno.test("The same seed gives the same traces, another seed gives others", async () => {
  const traces = async (seed: number) => {
    const found: (readonly Row[])[] = [];
    const check = ({ trace }: { trace: readonly Row[] }) => void found.push(trace);
    await explore({ ...planted, check, seed, schedules: 50 });
    return found;
  };
  const once = await traces(7);
  assertEquals(await traces(7), once);
  assertNotEquals(await traces(8), once);
});

Deno.test("A failed schedule fails with the same trace when it is run alone", async () => {
  const { failures } = await explore({ ...planted, seed: 3, schedules: 60, keepGoing: true });
  assertGreater(failures.length, 10);
  const { seed, schedule, trace } = failures.at(-1)!;
  const again = await firstFailure({ ...planted, seed, first: schedule, schedules: 1 });
  assertEquals(again.schedule, schedule);
  assertEquals(again.trace, trace);
});

Deno.test("A failure tells its schedule, how to run it again, and its steps as a table", async () => {
  const { message, schedule } = await firstFailure(planted);
  const [reason, again, head, ...rows] = message.slice(message.indexOf("Run it")).split("\n");
  assertStringIncludes(message, `Cannot pass schedule ${schedule} of seed 1: check: `);
  assertEquals(reason, `Run it again with { seed: 1, first: ${schedule}, schedules: 1 }`);
  assertEquals(again?.split(/\s+/), ["", "actor", "operation", "word", "operands", "result"]);
  const cells = [head, ...rows].map((line) => line!.trim().split(/\s+/));
  assertEquals(cells.length, 2 * (1 + 3 * 2 + 1));
  assert(cells.some((cell) => cell.slice(2).join(" ") === "load words[0] 0"));
  assert(cells.some((cell) => cell.slice(2).join(" ") === "store words[0] 1 1"));
});

export function useEveryOperation({ shared: { words } }: Actor<Memory>): number[] {
  Atomics.pause();
  return [
    Atomics.store(words, 0, 12),
    Atomics.load(words, 0),
    Atomics.compareExchange(words, 0, 12, 13),
    Atomics.exchange(words, 0, 14),
    Atomics.add(words, 0, 1),
    Atomics.sub(words, 0, 5),
    Atomics.and(words, 0, 6),
    Atomics.or(words, 0, 8),
    Atomics.xor(words, 0, 3),
    Atomics.notify(words, 0),
    words[0]!,
  ];
}

Deno.test("Every operation is a step of its own and gives what the real one gives", async () => {
  await explore({
    scenario,
    actors: { actor: "useEveryOperation" },
    setup,
    schedules: 1,
    check({ results, trace }: { results: { actor: number[] }; trace: readonly Row[] }) {
      assertEquals(results.actor, [12, 12, 12, 13, 14, 15, 10, 2, 10, 0, 9]);
      assertEquals(
        trace.map(({ operation }) => operation).join(" "),
        [
          "start pause store load compareExchange exchange add sub and or xor notify end",
        ].join(" "),
      );
    },
  });
});

// ---- Waiting and waking

export function sleepUntilSet({ shared: { words } }: Actor<Memory>): void {
  while (Atomics.load(words, 0) === 0) Atomics.wait(words, 0, 0);
}

/** Wrong: between its check of word 0 and its sleep on word 1 the notification may come and go. */
export function sleepOnAnotherWord({ shared: { words } }: Actor<Memory>): void {
  while (Atomics.load(words, 0) === 0) Atomics.wait(words, 1, 0);
}

/** Wrong in the same way, but a sliced wait hides it. */
export function sleepInSlices({ shared: { words } }: Actor<Memory>): void {
  while (Atomics.load(words, 0) === 0) Atomics.wait(words, 1, 0, 50);
}

export function setAndNotify({ shared: { words } }: Actor<Memory>): void {
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  Atomics.notify(words, 1);
}

Deno.test("The stepper finds a lost wake-up, reports it as a deadlock and names the sleeper", async () => {
  const failure = await firstFailure({
    scenario,
    actors: { sleeper: "sleepOnAnotherWord", waker: "setAndNotify" },
    setup,
    schedules: 100,
  });
  assertEquals(failure.kind, "deadlock");
  assertStringIncludes(failure.message, "sleeper waits for byte 4 of words");
});

Deno.test("A wait that checks its own word loses no wake-up", async () => {
  const actors = { first: "sleepUntilSet", second: "sleepUntilSet", waker: "setAndNotify" };
  const report = await explore({ scenario, actors, setup, schedules: 500 });
  assertGreater(report.distinct, 50);
});

Deno.test("A lost wake-up behind a sliced wait shows when timeouts never come", async () => {
  const actors = { sleeper: "sleepInSlices", waker: "setAndNotify" };
  await explore({ scenario, actors, setup, schedules: 200 });
  await explore({ scenario, actors, setup, schedules: 200, timeouts: "idle" });
  const failure = await firstFailure({ scenario, actors, setup, timeouts: "never" });
  assertEquals(failure.kind, "deadlock");
});

export function takeBothLocks({ name, shared: { words } }: Actor<Memory>): void {
  const order = name === "left" ? [0, 1] : [1, 0];
  for (const word of order) {
    while (Atomics.compareExchange(words, word, 0, 1) !== 0) Atomics.wait(words, word, 1);
  }
  for (const word of order) {
    Atomics.store(words, word, 0);
    Atomics.notify(words, word, 1);
  }
}

Deno.test("A deadlock of two locks is found in some schedules and the others go on", async () => {
  const actors = { left: "takeBothLocks", right: "takeBothLocks" };
  const report = await explore({ scenario, actors, setup, schedules: 200, keepGoing: true });
  assertGreater(report.failures.length, 20);
  assertGreater(200, report.failures.length);
  for (const { kind } of report.failures) assertEquals(kind, "deadlock");
});

export function arriveAndSleep({ shared: { words } }: Actor<Memory>): number {
  Atomics.add(words, 1, 1);
  Atomics.wait(words, 0, 0);
  return Atomics.add(words, 2, 1);
}

export function wakeOneByOne({ shared: { words } }: Actor<Memory>): number[] {
  const woken: number[] = [];
  while (Atomics.load(words, 2) < 2) woken.push(Atomics.notify(words, 0, 1));
  return woken.filter((count) => count > 0);
}

Deno.test("A notification wakes as many as it is asked to, and says how many", async () => {
  await explore({
    scenario,
    actors: { first: "arriveAndSleep", second: "arriveAndSleep", waker: "wakeOneByOne" },
    setup,
    schedules: 200,
    check: ({ results }: { results: { first: number; second: number; waker: number[] } }) => {
      assertEquals(results.waker, [1, 1]);
      assertEquals(results.first + results.second, 1);
    },
  });
});

// ---- Time

export function waitFor100(
  { shared: { words } }: Actor<Memory>,
): { ending: string; waited: number } {
  const begin = performance.now();
  const wall = Date.now();
  const ending = Atomics.wait(words, 0, 0, 100);
  const waited = performance.now() - begin;
  if (Date.now() - wall !== waited) throw new Error("The two clocks differ");
  return { ending, waited };
}

type Timed = { results: { sleeper: { ending: string; waited: number }; waker: void } };

Deno.test("A wait with a timeout ends in each of its three ways, by a clock that only then moves", async () => {
  const { seen } = await explore({
    scenario,
    actors: { sleeper: "waitFor100", waker: "setAndNotify" },
    setup,
    schedules: 300,
    check({ results: { sleeper: { ending, waited } } }: Timed) {
      assertEquals(waited, ending === "timed-out" ? 100 : 0);
      return ending;
    },
  });
  assertEquals([...seen.keys()].sort(), ["not-equal", "ok", "timed-out"]);
  for (const count of seen.values()) assertGreater(count, 10);
});

Deno.test("With idle timeouts a wait times out only when nobody else can run", async () => {
  const { seen } = await explore({
    scenario,
    actors: { sleeper: "waitFor100", waker: "setAndNotify" },
    setup,
    schedules: 200,
    timeouts: "idle",
    check: ({ results }: Timed) => results.sleeper.ending,
  });
  assertEquals([...seen.keys()].sort(), ["not-equal", "ok"]);
});

export function napThenSet(actor: Actor<Memory>): void {
  Atomics.wait(actor.shared.words, 2, 0, 5);
  setAndNotify(actor);
}

Deno.test("Idle timeouts come in the order of their deadlines", async () => {
  const { seen } = await explore({
    scenario,
    actors: { sleeper: "waitFor100", waker: "napThenSet" },
    setup,
    schedules: 200,
    timeouts: "idle",
    check: ({ results }: Timed) => results.sleeper.ending,
  });
  assertEquals([...seen.keys()], ["ok"]);
});

// ---- Asynchronous actors

export async function awaitTwoWords({ shared: { words } }: Actor<Memory>): Promise<string[]> {
  const endings: string[] = [];
  const one = async (word: number) => {
    const wait = Atomics.waitAsync(words, word, 0, 1000);
    const ending = wait.async ? await wait.value : wait.value;
    endings.push(`${word} ${ending}`);
  };
  await Promise.all([one(0), one(1)]);
  return endings;
}

export function setTwoWords({ shared: { words } }: Actor<Memory>): void {
  for (const word of [1, 0]) {
    Atomics.store(words, word, 1);
    Atomics.notify(words, word);
  }
}

Deno.test("An asynchronous actor has several waits pending and goes on with each by itself", async () => {
  const { seen } = await explore({
    scenario,
    actors: { sleeper: "awaitTwoWords", waker: "setTwoWords" },
    setup,
    schedules: 400,
    check: ({ results }: { results: { sleeper: string[]; waker: void } }) =>
      results.sleeper.join(", "),
  });
  for (
    const text of ["1 ok, 0 ok", "1 timed-out, 0 ok", "0 timed-out, 1 ok", "1 not-equal, 0 ok"]
  ) {
    assert(seen.has(text), text);
  }
  assert(!seen.has("0 ok, 1 ok"), "what was woken first must go on first");
});

export async function abortLater({ shared: { words } }: Actor<Memory>): Promise<string> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 30);
  const keepAlive = setInterval(() => {}, 2 ** 30);
  const aborted = new Promise<string>((resolve) => {
    controller.signal.addEventListener("abort", () => resolve("aborted"));
  });
  const wait = Atomics.waitAsync(words, 0, 0);
  const ending = wait.async ? await Promise.race([wait.value, aborted]) : wait.value;
  clearTimeout(timer);
  clearInterval(keepAlive);
  return ending;
}

Deno.test("A timer of an asynchronous actor fires when the schedule says so", async () => {
  const { seen } = await explore({
    scenario,
    actors: { sleeper: "abortLater", waker: "setAndNotify" },
    setup,
    schedules: 300,
    check: ({ results }: { results: { sleeper: string; waker: void } }) => results.sleeper,
  });
  assertEquals([...seen.keys()].sort(), ["aborted", "not-equal", "ok"]);
});

export async function awaitTimeout(): Promise<[reason: string, waited: number]> {
  const begin = Date.now();
  const signal = AbortSignal.timeout(20);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  return [signal.reason.name, Date.now() - begin];
}

Deno.test("AbortSignal.timeout goes by the stepped clock", async () => {
  await explore({
    scenario,
    actors: { sleeper: "awaitTimeout", other: "countByAdd" },
    setup,
    schedules: 50,
    check: ({ results }: { results: { sleeper: [string, number]; other: void } }) =>
      assertEquals(results.sleeper, ["TimeoutError", 20]),
  });
});

export async function awaitForever(): Promise<void> {
  await new Promise<void>(() => {});
}

Deno.test("An actor that awaits what nobody resolves is a deadlock, not a hang", async () => {
  const actors = { sleeper: "awaitForever" };
  const { kind, message } = await firstFailure({ scenario, actors, setup });
  assertEquals(kind, "deadlock");
  assertStringIncludes(message, "sleeper waits for something that the stepper doesn't schedule");
});

// ---- Death

export function takeAndRelease({ shared: { words } }: Actor<Memory>): string {
  try {
    Atomics.store(words, 0, 1);
    Atomics.store(words, 0, 0);
    return "released";
  } finally {
    words[3] = 1;
  }
}

export function seeTheEnd({ join, shared: { words } }: Actor<Memory>): string {
  return `${join("holder")}, ${Atomics.load(words, 0) === 1 ? "held" : "free"}`;
}

Deno.test("An actor may die at any step, and dying runs none of its code before the check", async () => {
  const { seen } = await explore({
    scenario,
    actors: { holder: "takeAndRelease", undertaker: "seeTheEnd" },
    setup,
    deaths: { holder: 8 },
    schedules: 400,
    check({ results, dead, shared }: {
      results: { holder: string | undefined; undertaker: string };
      dead: ReadonlySet<string>;
      shared: Memory;
    }) {
      assertEquals(results.holder, dead.has("holder") ? undefined : "released");
      assertEquals(shared.words[3], dead.has("holder") ? 0 : 1);
      return results.undertaker;
    },
  });
  assertEquals([...seen.keys()].sort(), ["dead, free", "dead, held", "done, free"]);
});

export function notifyOnce({ join, shared: { words } }: Actor<Memory>): number {
  join("first");
  return Atomics.notify(words, 0, 1);
}

Deno.test("A sleeper that died takes no notification away from the living", async () => {
  const { failures } = await explore({
    scenario,
    actors: { first: "arriveAndSleep", waker: "notifyOnce" },
    setup,
    deaths: { first: 10 },
    schedules: 200,
    keepGoing: true,
    check: ({ results }: { results: { first: number | undefined; waker: number } }) =>
      assertEquals(results.waker, 0),
  });
  // In half of the schedules nobody dies: then nobody wakes the sleeper, whose end the waker awaits.
  for (const { kind } of failures) assertEquals(kind, "deadlock");
  assertGreater(failures.length, 50);
  assertGreater(150, failures.length);
});

// ---- Faults of a scenario

export function spin({ shared: { words } }: Actor<Memory>): void {
  while (Atomics.load(words, 0) === 0);
}

Deno.test("A schedule that doesn't end is reported with a bounded trace", async () => {
  const { kind, trace } = await firstFailure({ scenario, actors: { spinner: "spin" }, setup });
  assertEquals(kind, "endless");
  assertEquals(trace.length, 512);
});

export function throwAtOnce(): void {
  throw new RangeError("no such thing");
}

export async function rejectInPassing({ shared: { words } }: Actor<Memory>): Promise<void> {
  Promise.reject(new RangeError("no such thing"));
  const wait = Atomics.waitAsync(words, 0, 0);
  await wait.value;
}

Deno.test("An actor's error fails the schedule, even when nobody awaits it", async () => {
  for (const actor of ["throwAtOnce", "rejectInPassing"]) {
    const actors = { actor, waker: "setAndNotify" };
    const { kind, message } = await firstFailure({ scenario, actors, setup });
    assertEquals(kind, "thrown");
    assertStringIncludes(message, "actor: RangeError: no such thing");
  }
});

Deno.test("An actor without a function is refused", async () => {
  const exploration = { scenario, actors: { actor: "noSuchFunction" }, setup };
  await assertRejects(() => explore(exploration), Error, "No function: noSuchFunction");
});

export async function throwInListener(): Promise<void> {
  const controller = new AbortController();
  controller.signal.addEventListener("abort", () => {
    throw new RangeError("out of a listener");
  });
  await null;
  controller.abort();
}

Deno.test("An error that a listener throws fails its schedule, not the exploration", async () => {
  const { failures } = await explore({
    scenario,
    actors: { only: "throwInListener" },
    setup,
    schedules: 3,
    keepGoing: true,
  });
  assertEquals(failures.map(({ kind }) => kind), ["thrown", "thrown", "thrown"]);
  assertStringIncludes(failures[0]!.message, "RangeError: out of a listener");
});
