/** Mailboxes under the stepper: threads that put and get in all ways, and that die. */

import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { Mailbox } from "../../ipc/queues/_mailbox.ts";
import { explore, InterleavingError, type Outcome } from "../support/stepper.ts";
import { dice, diedInGuard, read } from "../sync/scenarios/process.ts";
import { share, type Shared, type Way } from "./scenarios/mailbox_scenario.ts";

type Result = Outcome<Shared, { [actor: string]: number }>;

const scenario = new URL("./scenarios/mailbox_scenario.ts", import.meta.url);
const maxSteps = 60_000;
const actors = {
  "putter 1": "putter",
  "putter 2": "putter",
  "getter 1": "getter",
  "getter 2": "getter",
  closer: "closer",
};

const PLAIN: readonly Way[] = ["sync", "async"];
const ALL: readonly Way[] = [
  ...["sync", "sync timed", "sync try", "async", "async timed", "async aborted"] as const,
];
const POLLS: readonly Way[] = ["sync poll", "async poll"];

/** Other plans for each schedule. */
function plansFor(
  schedule: number,
  ways: readonly Way[],
): { maxsize: number; plans: Shared["plans"] } {
  const roll = dice(schedule);
  const some = (from: readonly Way[], n: number) =>
    Array.from({ length: n }, () => from[roll(from.length)]!);
  return {
    maxsize: roll(4),
    plans: {
      "putter 1": some(ways, 4),
      "putter 2": some(ways, 3),
      "getter 1": some([...ways, ...POLLS], 4),
      "getter 2": some(ways, 3),
    },
  };
}

/** What must hold for each schedule. */
function check({ shared, dead }: Result): string {
  const diary = read(shared.process);
  const numbers = (happening: string) =>
    diary.filter((entry) => entry.happening === happening).map(({ number }) => number);
  const [begun, put, missed, got] = ["begins", "leaves", "misses", "gets"].map(numbers);
  assertEquals(new Set(got).size, got!.length, "an item was got twice");
  for (const number of got!) assert(begun!.includes(number) && !missed!.includes(number));
  // Of one putter each getter gets in the order in which it has begun.
  for (const getter of ["getter 1", "getter 2"]) {
    const mine = diary.filter((entry) => entry.actor === getter && entry.happening === "gets");
    for (const hundred of [1, 2]) {
      const from = mine.map(({ number }) => number).filter((n) => Math.floor(n / 100) === hundred);
      assertEquals(from, from.toSorted((a, b) => a - b), `${getter} got out of order`);
    }
  }
  const lost = put!.filter((number) => !got!.includes(number)).length;
  const takers = [...dead].filter((name) => name.startsWith("getter")).length;
  if (!shared.immediate) assert(lost <= takers, `${lost} were lost`);
  const mailbox = new Mailbox(shared.memory);
  if (takers < 2) assertEquals(mailbox.count, 0, "left over");
  if (dead.size === 0) {
    for (const list of [shared.memory.getters, shared.memory.putters, shared.memory.joiners]) {
      assertEquals([...new Int32Array(list).slice(0, 3)], [0, 0, 0], "the mailbox is not as new");
    }
    assertEquals(mailbox.unfinished, 0);
  }
  if (diedInGuard(shared.process)) return "died in the guard";
  if (dead.size > 0) return "died";
  return missed!.length > 0 ? "missed" : lost > 0 ? "dropped" : "all";
}

/** Each has ended before a blocked thread would have looked for itself. */
function assertNoneSlept({ results }: Result): void {
  for (const [actor, took] of Object.entries(results)) {
    assertLess(took, 50, `${actor} was not woken`);
  }
}

Deno.test("Each message is got once and in order, and nobody sleeps on, in 1,000 schedules", async () => {
  const { distinct } = await explore({
    scenario,
    actors,
    maxSteps,
    timeouts: "idle",
    setup(schedule) {
      const { maxsize, plans } = plansFor(schedule, PLAIN);
      return share(maxsize, plans, { joins: true });
    },
    check(outcome: Result) {
      assertNoneSlept(outcome);
      return check(outcome);
    },
  });
  assertGreater(distinct, 900);
});

Deno.test("Who gives up leaves a mailbox in order, in 1,000 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors,
    maxSteps,
    setup(schedule) {
      const { maxsize, plans } = plansFor(schedule, ALL);
      return share(maxsize, plans, { joins: true });
    },
    check,
  });
  assertGreater(seen.get("missed") ?? 0, 200);
});

Deno.test("A mailbox that is shut at once lets all go, in 1,000 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors,
    maxSteps,
    setup(schedule) {
      const { maxsize, plans } = plansFor(schedule, ALL);
      return share(maxsize, plans, { joins: true, immediate: true });
    },
    check,
  });
  assertGreater(seen.get("dropped") ?? 0, 20);
});

Deno.test("A mailbox outlives those that put and get, in 1,500 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: { ...actors, "launcher of getter 1": "launcher" },
    maxSteps,
    schedules: 1500,
    setup(schedule) {
      const { maxsize, plans } = plansFor(schedule, ALL);
      return share(maxsize, plans, { others: ["launcher of getter 1"] });
    },
    deaths: { "putter 1": 400, "getter 1": 400 },
    check,
  });
  for (const way of ["died", "died in the guard"]) assertGreater(seen.get(way) ?? 0, 20, way);
});

const leasing = {
  "putter 1": "putter",
  "putter 2": "putter",
  "getter 1": "getter",
  child: "child",
  closer: "closer",
};

/** The same where some are sent ahead, and may come again after a death. */
function checkLeases({ shared, dead }: Result): string {
  const diary = read(shared.process);
  const of = (happening: string) => diary.filter((entry) => entry.happening === happening);
  const [put, got] = [of("leaves"), of("gets")];
  const seen = new Set<number>();
  let again = 0;
  for (const { actor, number } of got.toReversed()) {
    // What came again was the dead one's before.
    if (seen.has(number)) {
      assert(dead.has("child") && actor === "child", `${number} came twice`);
      again++;
    }
    seen.add(number);
  }
  const lost = put.filter(({ number }) => !seen.has(number)).length;
  const takers = [...dead].filter((name) => !name.startsWith("putter")).length;
  assert(lost <= takers, `${lost} were lost`);
  for (const taker of ["getter 1", "child"]) {
    for (const hundred of [1, 2]) {
      const from = got.filter(({ actor, number }) =>
        actor === taker && Math.floor(number / 100) === hundred
      ).map(({ number }) => number);
      assertEquals(from, from.toSorted((a, b) => a - b), `${taker} got out of order`);
    }
  }
  const mailbox = new Mailbox(shared.memory);
  if (takers < 2) assertEquals(mailbox.count, 0, "left over");
  if (dead.size === 0) {
    assertEquals([mailbox.unfinished, mailbox.isLeased], [0, false]);
  }
  return dead.size === 0 ? "all" : again > 0 ? "came again" : "died";
}

/** Other plans for each schedule. */
function plansToLease(schedule: number): { maxsize: number; plans: Shared["plans"] } {
  const { maxsize, plans: { "getter 2": _, ...plans } } = plansFor(schedule, PLAIN);
  return { maxsize: maxsize === 1 ? 0 : maxsize, plans: { ...plans, child: [] } };
}

Deno.test("What is leased is called back at once, and nothing is out of order, in 1,000 schedules", async () => {
  const { distinct } = await explore({
    scenario,
    actors: leasing,
    maxSteps,
    timeouts: "idle",
    setup(schedule) {
      const { maxsize, plans } = plansToLease(schedule);
      return share(maxsize, plans, { joins: true });
    },
    check(outcome: Result) {
      // The others may wait for what the child has; a getter calls it back.
      assertLess(outcome.results["getter 1"]!, 50, "getter 1 was not woken");
      return checkLeases(outcome);
    },
  });
  assertGreater(distinct, 900);
});

Deno.test("What was leased to one that dies is there again, in 1,000 schedules", async () => {
  const { seen } = await explore({
    scenario,
    actors: { ...leasing, "launcher of child": "launcher" },
    maxSteps,
    schedules: 1000,
    setup(schedule) {
      const { maxsize, plans } = plansToLease(schedule);
      return share(maxsize, plans, { others: ["launcher of child"] });
    },
    deaths: { child: 500 },
    check: checkLeases,
  });
  for (const way of ["died", "came again"]) assertGreater(seen.get(way) ?? 0, 10, way);
});

Deno.test("The stepper finds a nudge that one misses who is about to sleep", async () => {
  await assertRejects(
    () =>
      explore({
        scenario,
        actors,
        maxSteps,
        timeouts: "idle",
        setup(schedule) {
          const { maxsize, plans } = plansFor(schedule, PLAIN);
          return share(maxsize, plans, { fault: "nudge without a change" });
        },
        check(outcome: Result) {
          assertNoneSlept(outcome);
          return check(outcome);
        },
      }),
    InterleavingError,
  );
});
