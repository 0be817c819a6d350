/** Semaphores under the stepper: permits that are held for a moment, or count what is made and taken. */

import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { explore, InterleavingError, type Outcome } from "../support/stepper.ts";
import { dice, diedInGuard, type Entry, read } from "./scenarios/process.ts";
import { type Fault, share, type Shared, type Way } from "./scenarios/semaphore_scenario.ts";

type Result = Outcome<Shared, { [actor: string]: unknown }>;

const scenario = new URL("./scenarios/semaphore_scenario.ts", import.meta.url);
const holders = { first: "holder", second: "holder", third: "holder", auditor: "auditor" };
const maxSteps = 30_000;
const PLAIN: readonly Way[] = ["sync", "async"];
const ALL: readonly Way[] = [
  ...PLAIN,
  ...["sync timed", "sync poll", "async timed", "async poll", "async aborted"] as const,
];

/** Another plan for each schedule, and one or two permits: two threads with one task, one with two at the same time. */
function shareFor(
  schedule: number,
  from: readonly Way[],
  others: readonly string[] = [],
  fault: Fault = "none",
): Shared {
  const roll = dice(schedule);
  const pick = (from: readonly Way[], n: number) =>
    Array.from({ length: n }, () => from[roll(from.length)]!);
  const async = from.filter((way) => way.startsWith("async"));
  const plans = {
    first: [pick(from, 3)],
    second: [pick(from, 3)],
    third: [pick(async, 2), pick(async, 2)],
  };
  const kind = schedule % 2 === 0 ? "Semaphore" : "BoundedSemaphore";
  return share(kind, 1 + roll(2), plans, ["auditor", ...others], fault);
}

/** All permits are back, nobody is left in the queue, and all that were served were so in turn. */
function check({ results, shared, dead }: Result): string {
  assertEquals(results.auditor, shared.permits);
  const [memory] = shared.semaphore[2] as [SharedArrayBuffer];
  if (dead.size === 0) assertEquals([...new Int32Array(memory).slice(0, 3)], [0, 0, 0]);
  assertInTurn(read(shared.process));
  if (dead.size === 0) return "nobody died";
  return diedInGuard(shared.process) ? "died in the guard" : "died";
}

function assertInTurn(diary: readonly Entry[]): void {
  const order = (wanted: Entry["happening"]) =>
    diary.filter(({ happening }) => happening === wanted)
      .map(({ actor, number }) => `${actor} ${number}`);
  const granted = order("is granted");
  assertEquals(granted, order("joins").filter((key) => granted.includes(key)));
}

Deno.test("As many have permits as there are, in turn, and none sleeps on, in 1,000 schedules", async () => {
  const { distinct } = await explore({
    scenario,
    actors: holders,
    maxSteps,
    timeouts: "idle",
    setup: (schedule) => shareFor(schedule, PLAIN),
    check(outcome: Result) {
      const { first, second, third } = outcome.results;
      for (const took of [first, second, third]) assertLess(took as number, 50, "it was not woken");
      return check(outcome);
    },
  });
  assertGreater(distinct, 900);
});

Deno.test("Who gives up waiting takes no permit along, in 2,000 schedules", async () => {
  await explore({
    scenario,
    actors: holders,
    maxSteps,
    schedules: 2000,
    setup: (schedule) => shareFor(schedule, ALL),
    check,
  });
});

Deno.test("The permits of the dead come back, all of them and no more, in 2,000 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: { ...holders, "heir of first": "heir", "heir of third": "heir" },
    maxSteps,
    schedules: 2000,
    setup: (schedule) => shareFor(schedule, ALL, ["heir of first", "heir of third"]),
    deaths: { first: 300, third: 300 },
    check,
  });
  for (const way of ["died in the guard", "died"]) assertGreater(seen.get(way) ?? 0, 100, way);
});

Deno.test("What one makes and another takes is counted, whoever dies, in 2,000 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: {
      ...{ first: "maker", second: "taker", third: "taker" },
      ...{ "launcher of third": "launcher", auditor: "auditor" },
    },
    maxSteps,
    schedules: 2000,
    setup(schedule) {
      const roll = dice(schedule);
      const pick = (
        from: readonly Way[],
        n: number,
      ) => [Array.from({ length: n }, () => from[roll(from.length)]!)];
      const patient = ALL.filter((way) => !way.endsWith("poll"));
      const plans = { first: pick(PLAIN, 4), second: pick(PLAIN, 3), third: pick(patient, 3) };
      return share("Semaphore", 0, plans, ["launcher of third", "auditor"]);
    },
    deaths: { third: 200 },
    check({ results, shared: { inside, process }, dead }: Result) {
      const taken = inside.reduce((sum, taken) => sum + taken, 0);
      const lost = (results.first as number) - taken - (results.auditor as number);
      // Who dies on its way out has not counted its last.
      assert(lost === 0 || lost === 1 && dead.size > 0, `${lost} are lost`);
      return dead.size === 0 ? "nobody died" : diedInGuard(process) ? "died in the guard" : "died";
    },
  });
  for (const way of ["nobody died", "died"]) assertGreater(seen.get(way) ?? 0, 100, way);
});

for (const fault of ["give unseen", "look and take"] as const) {
  Deno.test(`The stepper finds a semaphore with the fault: ${fault}`, async () => {
    await assertRejects(
      () =>
        explore({
          scenario,
          actors: holders,
          maxSteps,
          timeouts: "idle",
          setup: (schedule) => shareFor(schedule, PLAIN, [], fault),
          check,
        }),
      InterleavingError,
    );
  });
}
