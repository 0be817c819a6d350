/** Tests of the hatch: each transition alone, then parent and worker under the stepper. */

import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { Hatch, Sight } from "../../sync/_hatch.ts";
import { explore, InterleavingError, type Outcome } from "../support/stepper.ts";
import { type Sending, share, type Shared } from "./scenarios/hatch_scenario.ts";

/** A hatch as both sides see it. */
function bothSides(): { parent: Hatch; worker: Hatch } {
  const buffer = Hatch.allocate();
  return { parent: new Hatch(buffer), worker: new Hatch(buffer) };
}

Deno.test("A new hatch is closed to both sides", () => {
  const { parent, worker } = bothSides();
  assertEquals(parent.put(0, 0), false);
  assertEquals(worker.take(), Sight.closed);
  assertEquals(worker.close(), Sight.closed);
});

Deno.test("A task is put through an open hatch, taken once, and the hatch is closed then", () => {
  for (const slot of [0, 1, 2047]) {
    const { parent, worker } = bothSides();
    worker.open(3);
    assertEquals(worker.take(), Sight.nothing);
    assertEquals(parent.put(slot, 3), true);
    assertEquals(worker.take(), slot);
    assertEquals(worker.take(), Sight.closed);
    assertEquals(parent.put(slot, 3), false);
  }
});

Deno.test("A second task finds a full hatch", () => {
  const { parent, worker } = bothSides();
  worker.open(1);
  assertEquals(parent.put(4, 1), true);
  assertEquals(parent.put(5, 1), false);
  parent.shut(1);
  assertEquals(worker.take(), 4, "what was put can't be shut away");
});

Deno.test("Nothing is put while the worker has messages to read", () => {
  const { parent, worker } = bothSides();
  worker.open(1);
  assertEquals(parent.put(0, 2), false);
  assertEquals(worker.take(), Sight.nothing);
  worker.close();
  worker.open(2);
  assertEquals(parent.put(0, 2), true);
});

Deno.test("A hatch that the parent shuts is closed to the worker", () => {
  const { parent, worker } = bothSides();
  worker.open(7);
  parent.shut(7);
  assertEquals(worker.take(), Sight.closed);
  assertEquals(parent.put(0, 7), false);
});

Deno.test("Who closes the hatch gets what was put before", () => {
  const { parent, worker } = bothSides();
  worker.open(0);
  parent.put(9, 0);
  assertEquals(worker.close(), 9);
  worker.open(0);
  assertEquals(worker.close(), Sight.closed);
  assertEquals(parent.put(9, 0), false);
});

Deno.test("Messages may be very many", () => {
  const { parent, worker } = bothSides();
  for (const messages of [2 ** 30 - 1, 2 ** 30, 2 ** 31, 2 ** 40 + 1]) {
    worker.open(messages);
    assertEquals(worker.take(), Sight.nothing);
    assertEquals(parent.put(1, messages), true);
    assertEquals(worker.take(), 1);
  }
});

// ---- Under the stepper

const SENDINGS: readonly Sending[] = ["small", "eager small", "large", "eager large"];

type Result = Outcome<Shared, { parent: void; worker: { ran: number[]; caught: number } }>;

const protocol = {
  scenario: new URL("./scenarios/hatch_scenario.ts", import.meta.url),
  actors: { parent: "parent", worker: "worker" },
  check: checkOrder,
  maxSteps: 5000,
};

/** Another plan of six tasks for each schedule. */
function planFor(schedule: number): Sending[] {
  return Array.from({ length: 6 }, (_, task) => SENDINGS[(schedule >> (2 * task)) & 3]!);
}

/** Each task ran once, in the order of their sending. */
function checkOrder({ results: { worker: { ran, caught } }, shared: { plan } }: Result): string {
  assertEquals(ran, [...plan.keys()]);
  return caught === 0 ? "by message" : caught > 2 ? "mostly by the hatch" : "by both";
}

Deno.test("Each task comes once and in order, by hatch or message, in 3,000 schedules", async () => {
  const setup = (schedule: number) => share(planFor(schedule), "none");
  const { seen, distinct } = await explore({ ...protocol, setup, schedules: 3000, seed: 1 });
  assertGreater(distinct, 2000);
  for (const way of ["by message", "by both", "mostly by the hatch"]) {
    assert(seen.has(way), `no schedule had its tasks come ${way}`);
  }
});

/** Explores a protocol that is wrong on purpose. */
async function findFault(fault: Shared["fault"]): Promise<InterleavingError> {
  const setup = (schedule: number) => share(planFor(schedule), fault);
  return await assertRejects(
    () => explore({ ...protocol, setup, schedules: 3000 }),
    InterleavingError,
  );
}

Deno.test("The stepper finds a worker that closes without looking: a task is lost", async () => {
  const { kind, message } = await findFault("close by store");
  assertEquals(kind, "deadlock", message);
});

Deno.test("The stepper finds a parent that ignores unread messages: a task overtakes one", async () => {
  const { kind, message } = await findFault("ignore messages");
  assertEquals(kind, "check", message);
});
