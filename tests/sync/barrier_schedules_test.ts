/** Barriers under the stepper: parties that meet again and again, give up, die, and are disturbed. */

import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { explore, InterleavingError, type Outcome } from "../support/stepper.ts";
import {
  type Course,
  type Fault,
  share,
  type Shared,
  type Trouble,
  type Way,
} from "./scenarios/barrier_scenario.ts";
import { dice, diedInGuard } from "./scenarios/process.ts";

type Result = Outcome<Shared, { [actor: string]: unknown }>;

const scenario = new URL("./scenarios/barrier_scenario.ts", import.meta.url);
const parties = { first: "party", second: "party", third: "party" };
const maxSteps = 30_000;
const ROUNDS = 3;
const PATIENT: readonly Way[] = ["sync", "async"];
const ALL: readonly Way[] = [...PATIENT, "sync timed", "async timed", "async aborted"];

/** Another plan for each schedule; every other one has an action. */
function shareFor(
  schedule: number,
  from: readonly Way[],
  trouble: Trouble = "none",
  others: readonly string[] = [],
  fault: Fault = "none",
): Shared {
  const roll = dice(schedule);
  const ways = () => Array.from({ length: ROUNDS }, () => from[roll(from.length)]!);
  const plans = { first: ways(), second: ways(), third: ways() };
  return share(plans, schedule % 2 === 0, trouble, others, fault);
}

/** In each round the numbers are different; all went on in as many rounds. */
function check({ results, shared, dead }: Result): string {
  const courses = Object.entries(results).filter(([name]) =>
    name in shared.plans && !dead.has(name)
  )
    .map(([, course]) => course as Course);
  const rounds = courses.map(({ indexes }) => indexes.length);
  const least = Math.min(...rounds);
  // Whoever dies in the guard may have let some of them go on.
  const isTorn = diedInGuard(shared.process);
  assertEquals(Math.max(...rounds) - least <= (isTorn ? 1 : 0), true, `rounds: ${rounds}`);
  for (let round = 0; round < least; round++) {
    const numbers = courses.map(({ indexes }) => indexes[round]!).sort();
    if (dead.size === 0) assertEquals(numbers, [0, 1, 2]);
    else assertEquals(new Set(numbers).size, numbers.length);
  }
  if (isTorn) return "died in the guard";
  return courses.every(({ end }) => end === "done") ? "done" : "broken";
}

Deno.test("Parties meet in lock-step, each time with other numbers, in 1,500 schedules", async () => {
  const { seen, distinct } = await explore({
    scenario,
    actors: parties,
    maxSteps,
    schedules: 1500,
    timeouts: "idle",
    setup: (schedule) => shareFor(schedule, PATIENT),
    check(outcome: Result) {
      const { shared: { withAction, words } } = outcome;
      assertEquals(words[0], withAction ? ROUNDS : 0);
      return check(outcome);
    },
  });
  assertEquals(seen.get("done"), 1500);
  assertGreater(distinct, 1400);
});

Deno.test("All meet or none does when one gives up, in 2,000 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: parties,
    maxSteps,
    schedules: 2000,
    setup: (schedule) => shareFor(schedule, ALL),
    check,
  });
  for (const end of ["done", "broken"]) assertGreater(seen.get(end) ?? 0, 20, end);
});

Deno.test("All meet or none does when the barrier is aborted, in 1,000 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: { ...parties, other: "other" },
    maxSteps,
    setup: (schedule) => shareFor(schedule, PATIENT, "abort", ["other"]),
    check,
  });
  assertGreater(seen.get("broken") ?? 0, 500);
});

Deno.test("All meet after all when the barrier is reset, in 1,000 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: { ...parties, other: "other" },
    maxSteps,
    setup: (schedule) => shareFor(schedule, PATIENT, "reset", ["other"]),
    check,
  });
  assertEquals(seen.get("done"), 1000);
});

Deno.test("Nobody waits for a party that has died, in 2,000 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: { ...parties, heir: "heir" },
    maxSteps,
    schedules: 2000,
    setup: (schedule) => shareFor(schedule, PATIENT, "none", ["heir"]),
    deaths: { first: 300 },
    check,
  });
  for (const end of ["done", "broken", "died in the guard"]) {
    assertGreater(seen.get(end) ?? 0, 50, end);
  }
});

Deno.test("The stepper finds a barrier without a guard", async () => {
  await assertRejects(
    () =>
      explore({
        scenario,
        actors: parties,
        maxSteps,
        setup: (schedule) => shareFor(schedule, PATIENT, "none", [], "no guard"),
        check,
      }),
    InterleavingError,
  );
});
