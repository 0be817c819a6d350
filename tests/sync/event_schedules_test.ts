/** Events under the stepper: threads that wait for one which is set and cleared again at once. */

import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { OWN_WORDS } from "../../sync/_wait_queue.ts";
import { explore, InterleavingError, type Outcome } from "../support/stepper.ts";
import { type Fault, share, type Shared, type Way } from "./scenarios/event_scenario.ts";
import { dice, diedInGuard } from "./scenarios/process.ts";

type Result = Outcome<Shared, { [actor: string]: unknown }>;

const scenario = new URL("./scenarios/event_scenario.ts", import.meta.url);
const actors = { first: "waiter", second: "waiter", third: "waiter", setter: "setter" };
const maxSteps = 30_000;
const ROUNDS = 2;
const PATIENT: readonly Way[] = ["sync", "async"];
const IMPATIENT: readonly Way[] = ["sync timed", "async timed", "async aborted"];

/** Two that are patient, and one that is not. */
function shareFor(schedule: number, others: readonly string[] = [], fault: Fault = "none"): Shared {
  const roll = dice(schedule);
  const ways = (from: readonly Way[], n: number) =>
    Array.from({ length: n }, () => from[roll(from.length)]!);
  const plans = {
    first: ways(PATIENT, ROUNDS + 1),
    second: ways(PATIENT, ROUNDS + 1),
    third: ways(IMPATIENT, 3),
  };
  return share(plans, ROUNDS, ["first", "second"], others, fault);
}

/** Who was patient got it each time, and nothing is left in the queue. */
function check({ results, shared, dead }: Result): string {
  for (const name of shared.patient) {
    if (!dead.has(name)) assertEquals(results[name], [true, true, true], name);
  }
  const words = new Int32Array(shared.event[2] as SharedArrayBuffer);
  if (dead.size === 0) {
    assertEquals([...words.slice(0, 3), words[OWN_WORDS]], [0, 0, 0, 1], "somebody is left");
    return (results.third as boolean[]).includes(false) ? "missed" : "all got it";
  }
  return diedInGuard(shared.process) ? "died in the guard" : "died";
}

Deno.test("All that wait see an event that is set and cleared at once, in 1,500 schedules", async () => {
  const { seen, distinct } = await explore({
    scenario,
    actors,
    maxSteps,
    schedules: 1500,
    setup: (schedule) => shareFor(schedule),
    check,
  });
  assertGreater(seen.get("missed") ?? 0, 500);
  assertGreater(distinct, 1200);
});

Deno.test("An event outlives whoever waits for it or sets it, in 2,000 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: { ...actors, "launcher of first": "launcher", heir: "heir" },
    maxSteps,
    schedules: 2000,
    setup: (schedule) => shareFor(schedule, ["launcher of first", "heir"]),
    deaths: { first: 250, setter: 400 },
    check,
  });
  for (const way of ["died in the guard", "died"]) assertGreater(seen.get(way) ?? 0, 100, way);
});

for (const fault of ["set unseen", "look again"] as const) {
  Deno.test(`The stepper finds an event with the fault: ${fault}`, async () => {
    const error = await assertRejects(
      () =>
        explore({
          scenario,
          actors,
          maxSteps,
          timeouts: "idle",
          setup: (schedule) => shareFor(schedule, [], fault),
          check,
        }),
      InterleavingError,
    );
    assert(error.kind !== "thrown", error.message);
  });
}
