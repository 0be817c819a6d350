/** Locks under the stepper: threads that acquire one in all ways, and that die. */

import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { Realms } from "../../sync/_realms.ts";
import { OWN_WORDS } from "../../sync/_wait_queue.ts";
import { explore, InterleavingError, type Outcome } from "../support/stepper.ts";
import { type Fault, share, type Shared, type Way } from "./scenarios/lock_scenario.ts";
import { dice, diedInGuard, type Entry, read } from "./scenarios/process.ts";

type Result = Outcome<Shared, { [actor: string]: number }>;
type Kind = "Lock" | "RLock";

const scenario = new URL("./scenarios/lock_scenario.ts", import.meta.url);
const threads = { first: "thread", second: "thread", third: "thread" };
const maxSteps = 30_000;

const PLAIN: readonly Way[] = ["sync", "sync nested", "async", "async nested"];
const ASYNC: readonly Way[] = ["async", "async nested"];
const ALL: readonly Way[] = [
  ...PLAIN,
  ...["sync timed", "sync poll", "async timed", "async poll", "async aborted"] as const,
];
const ALL_ASYNC = ALL.filter((way) => way.startsWith("async"));

/** Another plan for each schedule: two threads with one task, one with two at the same time. */
function plansFor(schedule: number, any: readonly Way[], async: readonly Way[]): Shared["plans"] {
  const roll = dice(schedule);
  const ways = (from: readonly Way[], n: number) =>
    Array.from({ length: n }, () => from[roll(from.length)]!);
  return { first: [ways(any, 3)], second: [ways(any, 3)], third: [ways(async, 2), ways(async, 2)] };
}

/** What must hold for each schedule. */
function check({ shared, dead }: Result): string {
  const diary = read(shared.process);
  const got = diary.filter(({ happening }) => happening === "gets").length;
  const count = shared.words.reduce((sum, [count]) => sum + count!, 0);
  if (shared.locks.length === 1) assertInTurn(diary);
  // Who dies may be inside of each lock.
  const most = dead.size * shared.locks.length;
  assert(count <= got && count >= got - most, `${got} were inside, ${count} were counted`);
  for (const [, , memory] of shared.locks) {
    const lock = new Int32Array(memory as SharedArrayBuffer);
    const holder = lock[OWN_WORDS]! >> 3;
    if (dead.size === 0) {
      assertEquals([...lock.slice(0, 3), holder], [0, 0, 0, 0], "the lock is not as new");
    }
    const realms = new Realms(shared.process.passes.first!.table);
    assert(holder === 0 || !realms.isAlive(holder), "a living thread left it held");
  }
  const missed = diary.some(({ happening }) => happening === "misses");
  if (diedInGuard(shared.process)) return "died in the guard";
  if (shared.words.some((words) => words[2]! > 0)) return "abandoned";
  return dead.size > 0 ? "died" : missed ? "missed" : "all got it";
}

/** Who has joined before another began, or joined, has got it before the other, if both got it. */
function assertInTurn(diary: readonly Entry[]): void {
  const at = new Map<string, Partial<Record<Entry["happening"], number>>>();
  diary.forEach(({ actor, happening, number }, index) => {
    const key = `${actor} ${number}`;
    const times = at.get(key) ?? {};
    times[happening] ??= index;
    at.set(key, times);
  });
  for (const [early, { joins, gets }] of at) {
    if (joins === undefined || gets === undefined) continue;
    for (const [late, other] of at) {
      const came = other.joins ?? other.begins;
      if (came === undefined || other.gets === undefined || came <= joins) continue;
      assertLess(gets, other.gets, `${late} came after ${early} and got it before`);
    }
  }
}

/** Each has ended before a blocked thread would have looked for itself. */
function assertNoneSlept({ results }: Result): void {
  for (const [actor, took] of Object.entries(results)) {
    assertLess(took, 50, `${actor} was not woken`);
  }
}

for (const kind of ["Lock", "RLock"] as const satisfies readonly Kind[]) {
  Deno.test(`Threads share a ${kind} in turn and none sleeps on, in 1,000 schedules`, async () => {
    const { distinct } = await explore({
      scenario,
      actors: threads,
      maxSteps,
      timeouts: "idle",
      setup: (schedule) => share(kind, plansFor(schedule, PLAIN, ASYNC)),
      check(outcome: Result) {
        assertNoneSlept(outcome);
        return check(outcome);
      },
    });
    assertGreater(distinct, 900);
  });

  Deno.test(`Who gives up waiting for a ${kind} leaves it in order, in 1,500 schedules`, async () => {
    const { seen } = await explore({
      scenario,
      actors: threads,
      maxSteps,
      schedules: 1500,
      setup: (schedule) => share(kind, plansFor(schedule, ALL, ALL_ASYNC)),
      check,
    });
    assertGreater(seen.get("missed") ?? 0, 500);
  });

  Deno.test(`A ${kind} outlives whoever holds it or waits for it, in 1,500 schedules`, async () => {
    const { seen } = await explore({
      scenario,
      actors: { ...threads, "launcher of first": "launcher", "launcher of third": "launcher" },
      maxSteps,
      schedules: 1500,
      setup: (schedule) =>
        share(kind, plansFor(schedule, ALL, ALL_ASYNC), ["launcher of first", "launcher of third"]),
      deaths: { first: 400, third: 400 },
      check,
    });
    for (const way of ["abandoned", "died", "died in the guard"]) {
      assertGreater(seen.get(way) ?? 0, 20, way);
    }
  });
}

Deno.test("Two locks outlive who waits now for one and now for the other, in 1,500 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: { ...threads, "launcher of first": "launcher", "launcher of third": "launcher" },
    maxSteps,
    schedules: 1500,
    setup: (schedule) =>
      share(
        "Lock",
        plansFor(schedule, ALL, ALL_ASYNC),
        ["launcher of first", "launcher of third"],
        { count: 2 },
      ),
    deaths: { first: 400, third: 400 },
    check,
  });
  assertGreater(seen.get("died in the guard") ?? 0, 100);
});

/** Explores a lock that is wrong on purpose. */
async function findFault(kind: Kind, fault: Fault): Promise<void> {
  await assertRejects(
    () =>
      explore({
        scenario,
        actors: threads,
        maxSteps,
        setup: (schedule) => share(kind, plansFor(schedule, PLAIN, ASYNC), [], { fault }),
        check,
      }),
    InterleavingError,
  );
}

Deno.test("The stepper finds a Lock that is freed without a look at who joins", async () => {
  await findFault("Lock", "free unseen");
});

Deno.test("The stepper finds an RLock that is released as a whole", async () => {
  await findFault("RLock", "release whole");
});
