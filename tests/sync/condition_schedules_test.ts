/** Conditions under the stepper: a store that is filled and emptied, and threads notified by number. */

import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { OWN_WORDS } from "../../sync/_wait_queue.ts";
import { explore, InterleavingError, type Outcome } from "../support/stepper.ts";
import { type Fault, share, type Shared, type Way } from "./scenarios/condition_scenario.ts";
import { dice, diedInGuard } from "./scenarios/process.ts";

type Result = Outcome<Shared, { [actor: string]: unknown }>;

const scenario = new URL("./scenarios/condition_scenario.ts", import.meta.url);
const store = { first: "consumer", second: "consumer", third: "visitor", fourth: "producer" };
const maxSteps = 30_000;
const PATIENT: readonly Way[] = ["sync", "async"];
const IMPATIENT: readonly Way[] = ["sync timed", "async timed", "async aborted"];

/** Two that are patient, one that is not, and as much as the patient want. */
function shareFor(schedule: number, others: readonly string[] = [], fault: Fault = "none"): Shared {
  const roll = dice(schedule);
  const ways = (from: readonly Way[], n: number) =>
    Array.from({ length: n }, () => from[roll(from.length)]!);
  const plans = {
    first: ways(PATIENT, 2),
    second: ways(PATIENT, 2),
    third: ways(IMPATIENT, 2),
    fourth: ways(PATIENT, 4),
  };
  return share(schedule % 2 === 0 ? "Lock" : "RLock", plans, others, fault);
}

/** The patient got what they wanted, and nothing is lost or left in a queue. */
function check({ results, shared, dead }: Result): string {
  const [left, taken] = shared.stock;
  assertEquals(taken, 4);
  if (dead.size > 0) return diedInGuard(shared.process) ? "died in the guard" : "died";
  assertEquals(left, 0);
  for (const { buffer, words } of queues(shared)) {
    assertEquals([...words], [0, 0, 0], `the ${buffer} is not as new`);
  }
  return results.third === 0 ? "missed" : "notified";
}

function queues({ lock, condition }: Shared): { buffer: string; words: Int32Array }[] {
  return Object.entries({ lock: lock[2], condition: condition[2] })
    .map(([buffer, data]) => ({
      buffer,
      words: new Int32Array(data as SharedArrayBuffer).slice(0, 3),
    }));
}

Deno.test("What is put into a store is taken once, and nobody sleeps on, in 1,500 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: store,
    maxSteps,
    schedules: 1500,
    setup: (schedule) => shareFor(schedule),
    check,
  });
  for (const way of ["notified", "missed"]) assertGreater(seen.get(way) ?? 0, 50, way);
});

Deno.test("A condition outlives whoever waits for it, in 1,500 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: { ...store, heir: "heir" },
    maxSteps,
    schedules: 1500,
    setup: (schedule) => shareFor(schedule, ["heir"]),
    deaths: { third: 500 },
    check,
  });
  for (const way of ["died in the guard", "died"]) assertGreater(seen.get(way) ?? 0, 50, way);
});

Deno.test("As many are notified as were asked for, and no more, in 1,000 schedules", async () => {
  await explore({
    scenario,
    actors: { first: "waiter", second: "waiter", third: "waiter", notifier: "notifier" },
    maxSteps,
    timeouts: "idle",
    setup(schedule) {
      const roll = dice(schedule);
      const way = () => [PATIENT[roll(2)]!];
      const plans = { first: way(), second: way(), third: way() };
      return share(schedule % 2 === 0 ? "Lock" : "RLock", plans, ["notifier"]);
    },
    check({ results, shared }: Result) {
      assertEquals([results.first, results.second, results.third], [[true], [true], [true]]);
      assertEquals(results.notifier, [3, 1, 1, 0]);
      const word = new Int32Array(shared.lock[2] as SharedArrayBuffer)[OWN_WORDS];
      assertEquals(word, 0, "the lock is held");
    },
  });
});

for (const fault of ["release first", "times out notified"] as const) {
  Deno.test(`The stepper finds a condition with the fault: ${fault}`, async () => {
    await assertRejects(
      () =>
        explore({
          scenario,
          actors: store,
          maxSteps,
          schedules: 2000,
          setup: (schedule) => shareFor(schedule, [], fault),
          check,
        }),
      InterleavingError,
    );
  });
}
