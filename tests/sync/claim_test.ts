/** Tests of the claim words: each transition alone, then parent and workers under the stepper. */

import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "@std/assert";
import { ClaimTable } from "../../sync/_claim.ts";
import { explore, InterleavingError, type Outcome } from "../support/stepper.ts";
import { type Action, share, type Shared, type Story } from "./scenarios/claim_scenario.ts";

/** A table with `slots` slots as both sides see it. */
function bothSides(slots = 1): { parent: ClaimTable; worker: ClaimTable } {
  const buffer = ClaimTable.allocate(slots);
  return { parent: new ClaimTable(buffer), worker: new ClaimTable(buffer) };
}

/** All that can be read off slot 0. */
function view({ parent, worker }: ReturnType<typeof bothSides>): string {
  assertEquals(parent.running(0), worker.running(0));
  if (worker.stopRequested(0)) return "stopping";
  return worker.running(0) ? "running" : "not running";
}

Deno.test("A table has as many slots as were allocated, and none of them runs", () => {
  const { parent, worker } = bothSides(5);
  assertEquals([parent.size, worker.size], [5, 5]);
  for (let slot = 0; slot < 5; slot++) {
    assertEquals([worker.running(slot), worker.stopRequested(slot)], [false, false]);
  }
});

Deno.test("A sent task is claimed once and runs until its slot is freed", () => {
  const both = bothSides();
  both.parent.send(0);
  assertEquals(view(both), "not running");
  assertEquals(both.worker.claim(0), true);
  assertEquals(view(both), "running");
  assertEquals(both.worker.claim(0), false);
  assertEquals(view(both), "running");
  both.parent.free(0);
  assertEquals(view(both), "not running");
});

Deno.test("A sent task is revoked once and can't be claimed then", () => {
  const both = bothSides();
  both.parent.send(0);
  assertEquals(both.parent.revoke(0), true);
  assertEquals(both.parent.revoke(0), false);
  assertEquals(both.worker.claim(0), false);
  assertEquals(view(both), "not running");
});

Deno.test("A running task can't be revoked", () => {
  const both = bothSides();
  both.parent.send(0);
  both.worker.claim(0);
  assertEquals(both.parent.revoke(0), false);
  assertEquals(view(both), "running");
});

Deno.test("A running task sees that it is asked to stop, and still runs", () => {
  const both = bothSides();
  both.parent.send(0);
  both.worker.claim(0);
  assertEquals(both.parent.requestStop(0), true);
  assertEquals(view(both), "stopping");
  assertEquals(both.worker.running(0), true);
  assertEquals(both.parent.requestStop(0), true);
  assertEquals(both.parent.revoke(0), false);
  assertEquals(both.worker.claim(0), false);
  assertEquals(view(both), "stopping");
});

Deno.test("A task that waits can't be asked to stop, and is still there to claim", () => {
  const both = bothSides();
  both.parent.send(0);
  assertEquals(both.parent.requestStop(0), false);
  assertEquals(view(both), "not running");
  assertEquals(both.worker.claim(0), true);
  assertEquals(view(both), "running");
});

Deno.test("A revoked task that is asked to stop stays revoked", () => {
  const both = bothSides();
  both.parent.send(0);
  both.parent.revoke(0);
  assertEquals(both.parent.requestStop(0), false);
  assertEquals(view(both), "not running");
  assertEquals(both.worker.claim(0), false);
});

Deno.test("A free slot can be neither claimed, revoked nor asked to stop", () => {
  const both = bothSides();
  assertEquals(both.worker.claim(0), false);
  assertEquals(both.parent.revoke(0), false);
  assertEquals(both.parent.requestStop(0), false);
  assertEquals(view(both), "not running");
  both.parent.send(0);
  assertEquals(both.worker.claim(0), true, "what came before left no trace");
});

Deno.test("A freed slot takes the next task whatever became of the last", () => {
  const ends: ((both: ReturnType<typeof bothSides>) => void)[] = [
    () => {},
    ({ parent }) => void parent.revoke(0),
    ({ worker }) => void worker.claim(0),
    ({ parent, worker }) => void (worker.claim(0) && parent.requestStop(0)),
  ];
  const both = bothSides();
  for (const end of ends) {
    both.parent.send(0);
    end(both);
    both.parent.free(0);
    assertEquals(view(both), "not running");
    assertEquals(both.worker.claim(0), false);
  }
  both.parent.send(0);
  assertEquals(both.worker.claim(0), true);
  assertEquals(view(both), "running", "an old request to stop doesn't reach the next task");
});

Deno.test("Slots don't touch each other, nor do tables", () => {
  const { parent, worker } = bothSides(3);
  const other = bothSides(3);
  for (let slot = 0; slot < 3; slot++) parent.send(slot);
  assert(worker.claim(1));
  assert(parent.requestStop(1));
  assert(parent.revoke(2));
  assertEquals([0, 1, 2].map((slot) => worker.running(slot)), [false, true, false]);
  assertEquals([0, 1, 2].map((slot) => other.worker.claim(slot)), [false, false, false]);
  assert(worker.claim(0));
});

Deno.test("A slot outside of the table is refused by every method", () => {
  const { parent, worker } = bothSides(2);
  for (const slot of [-1, 2]) {
    for (const method of ["send", "revoke", "requestStop", "running", "free"] as const) {
      assertThrows(() => parent[method](slot), RangeError);
    }
    for (const method of ["claim", "running", "stopRequested"] as const) {
      assertThrows(() => worker[method](slot), RangeError);
    }
  }
});

// ---- Under the stepper

const ACTIONS: readonly Action[] = ["keep", "cancel", "move", "stop"];

type Result = Outcome<Shared, { parent: Story[]; first: void; second: void }>;

const protocol = {
  scenario: new URL("./scenarios/claim_scenario.ts", import.meta.url),
  actors: { parent: "parent", first: "worker", second: "worker" },
  check: checkTasks,
  maxSteps: 5000,
};

/** Another plan of five tasks for each schedule, so that all follow upon each other. */
function planFor(schedule: number): Action[] {
  return Array.from({ length: 5 }, (_, task) => ACTIONS[(schedule >> (2 * task)) & 3]!);
}

/** Checks each task by what the parent knows of it; returns which kinds of ends there were. */
function checkTasks({ results, shared }: Result): string {
  const ends = results.parent.map(({ sent, revoked, answers }, task) => {
    const action = shared.plan[task]!;
    const runs = shared.runs[task]!;
    const name = `task ${task} (${action})`;
    assert(runs <= 1, `${name} ran ${runs} times`);
    const given = answers.filter((answer) => answer !== undefined);
    assertEquals(given.filter((answer) => answer !== "skipped").length, runs, name);
    assertEquals(given.filter((answer) => answer === "skipped").length, revoked, name);
    assertEquals(runs, sent.length - revoked, `${name} ran, or was taken back: not both, not none`);
    if (action === "stop" && runs === 1) assertEquals(given, ["stopped"], name);
    if (runs === 1) assertEquals(shared.runner[task], 1 + sent.at(-1)!, `${name} ran elsewhere`);
    if (action === "keep") assertEquals(given, ["ran"], name);
    return revoked > 0 ? `${action} revoked` : `${action} too late`;
  });
  return [...new Set(ends)].sort().join(", ");
}

Deno.test("Parent and two workers agree on every task in 3,000 schedules", async () => {
  for (const slots of [1, 2]) {
    const { seen, distinct } = await explore({
      ...protocol,
      setup: (schedule) => share(planFor(schedule), slots, "none"),
      schedules: 1500,
      seed: slots,
    });
    assertGreater(distinct, 1400);
    const reached = new Set([...seen.keys()].flatMap((text) => text.split(", ")));
    for (const action of ["cancel", "move", "stop"]) {
      assert(reached.has(`${action} revoked`), `no schedule took back a ${action} in time`);
      assert(reached.has(`${action} too late`), `no schedule came too late for a ${action}`);
    }
  }
});

/** Explores a protocol that is wrong on purpose, in which no task waits for being stopped. */
async function findFault(fault: Shared["fault"]): Promise<InterleavingError> {
  const setup = (schedule: number) => {
    const plan = planFor(schedule).map((action) => action === "stop" ? "keep" : action);
    return share(plan, 1, fault);
  };
  const run = () => explore({ ...protocol, setup, schedules: 200 });
  return await assertRejects(run, InterleavingError);
}

Deno.test("The stepper finds a table that loads and then stores: a revoked task runs", async () => {
  const { kind, message } = await findFault("load then store");
  assert(kind === "check" || kind === "thrown", message);
});

Deno.test("The stepper finds a parent that frees a slot at the revocation: an old message claims a new task", async () => {
  const { kind, message } = await findFault("free at revoke");
  assertEquals(kind, "check", message);
});
