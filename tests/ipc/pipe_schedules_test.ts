/** The ends of a pipe under the stepper: passed on, closed, and lost with those who die. */

import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { Mailbox } from "../../ipc/queues/_mailbox.ts";
import { explore, InterleavingError, type Outcome } from "../support/stepper.ts";
import { dice, diedInGuard, read } from "../sync/scenarios/process.ts";
import { type Fault, share, type Shared, type Way } from "./scenarios/pipe_scenario.ts";

type Result = Outcome<Shared, { [actor: string]: number }>;

const scenario = new URL("./scenarios/pipe_scenario.ts", import.meta.url);
const maxSteps = 60_000;
const actors = { reader: "reader", giver: "giver", taker: "taker", closer: "closer" };
const ALL = [100, 101, 200, 201];
const ROOM = 40;

/** Other plans for each schedule. */
function plan(schedule: number, options: Partial<Parameters<typeof share>[1]> = {}): Shared {
  const roll = dice(schedule);
  const way = (): Way => roll(2) === 0 ? "sync" : "async";
  return share({ reader: way(), giver: way(), taker: way() }, {
    room: roll(2) * ROOM,
    wanted: Infinity,
    isForAnybody: roll(2) === 0,
    ...options,
  });
}

function numbersOf({ shared }: Result, happening: string): number[] {
  return read(shared.process).filter((entry) => entry.happening === happening)
    .map(({ number }) => number);
}

/** Each has ended before a blocked thread would have looked for itself. */
function assertNoneSlept({ results }: Result): void {
  for (const [actor, took] of Object.entries(results)) {
    assertLess(took, 50, `${actor} was not woken`);
  }
}

/** What who reads to the end must have got. */
function checkRead(outcome: Result): string {
  const [put, missed, got] = ["leaves", "misses", "gets"].map((what) => numbersOf(outcome, what));
  assertEquals(missed, [], "the end came while somebody had the other");
  for (const hundred of [1, 2]) {
    const some = got!.filter((number) => Math.floor(number / 100) === hundred);
    assertEquals(some, some.toSorted(), "out of order");
  }
  for (const number of put!) assert(got!.includes(number), `${number} was lost`);
  if (outcome.dead.size === 0) assertEquals(got!.toSorted(), ALL);
  if (diedInGuard(outcome.shared.process)) return "died in the guard";
  return outcome.dead.size > 0 ? "died" : "all";
}

Deno.test("The end comes after all that was sent, and nobody sleeps on, in 1,000 schedules", async () => {
  const { distinct } = await explore({
    scenario,
    actors,
    maxSteps,
    timeouts: "idle",
    setup: (schedule) => plan(schedule),
    check(outcome: Result) {
      assertNoneSlept(outcome);
      return checkRead(outcome);
    },
  });
  assertGreater(distinct, 900);
});

Deno.test("Who writes hears of the reader's end, in 1,000 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors,
    maxSteps,
    timeouts: "idle",
    setup: (schedule) => plan(schedule, { wanted: schedule % 4 }),
    check(outcome: Result) {
      assertNoneSlept(outcome);
      const [put, missed] = ["leaves", "misses"].map((what) => numbersOf(outcome, what));
      assertEquals([...put!, ...missed!].toSorted(), ALL);
      assertEquals(new Mailbox(outcome.shared.memory.inboxes[0]!).count, 0, "left over");
      return missed!.length > 0 ? "missed" : "all";
    },
  });
  for (const way of ["missed", "all"]) assertGreater(seen.get(way) ?? 0, 20, way);
});

Deno.test("The end comes also when those who have the other die, in 1,500 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: {
      ...actors,
      "launcher of giver": "undertaker",
      "launcher of taker": "undertaker",
      "launcher of closer": "undertaker",
    },
    maxSteps,
    schedules: 1500,
    setup: (schedule) =>
      plan(schedule, {
        // What is under way to nobody in particular stays so when its sender dies before it has left.
        isForAnybody: false,
        others: ["launcher of giver", "launcher of taker", "launcher of closer"],
      }),
    deaths: { giver: 300, taker: 300, closer: 100 },
    check: checkRead,
  });
  for (const way of ["died", "died in the guard"]) assertGreater(seen.get(way) ?? 0, 20, way);
});

for (
  const fault of [
    "nobody tells of changes",
    "passed on without a count",
  ] as const satisfies readonly Fault[]
) {
  Deno.test(`The stepper finds a fault: ${fault}`, async () => {
    await assertRejects(
      () =>
        explore({
          scenario,
          actors,
          maxSteps,
          schedules: 5000,
          timeouts: "idle",
          setup: (schedule) => plan(schedule, { fault }),
          check(outcome: Result) {
            assertNoneSlept(outcome);
            return checkRead(outcome);
          },
        }),
      InterleavingError,
    );
  });
}
