/**
 * How barriers behave, whoever uses them from wherever: the lines B of CPython's own suites, which Y44
 * repeats. What does not depend on who uses one (Y42, Y45), and actions (B13), is in `barrier_test.ts`.
 */

import { assertEquals, assertRejects } from "@std/assert";
import { Barrier, BrokenBarrierError } from "../../mod.ts";
import { Semaphore } from "../../mod.ts";
import { untilWaiting, waiting } from "../support/waiters.ts";
import { type Backend, crowd, type Gaps, type Line, type Stage, suite } from "./sync_stages.ts";
import type { Step } from "./sync_tasks.ts";

/** Parties of a barrier. */
const N = 5;

/** Registers the suite for one backend; `many` is the number of rounds of its longest test. */
export function barrierSuite(backend: Backend, gaps: Gaps = {}, many = 1000): void {
  suite("Barrier", backend, gaps, (line) => {
    roundLines(line, many);
    breakLines(line);
  });
}

/** Has `n` parties arrive and wait. */
async function arrive(stage: Stage, barrier: Barrier, n: number): Promise<Promise<unknown>[]> {
  const waits = crowd(stage, N).slice(0, n).map((actor) => actor.does([barrier, "wait"]));
  for (const wait of waits) wait.catch(() => {});
  await untilWaiting(barrier, n);
  return waits;
}

async function allBroken(waits: readonly Promise<unknown>[], message: string): Promise<void> {
  for (const wait of waits) await assertRejects(() => wait, BrokenBarrierError, message);
}

function assertNew(barrier: Barrier): void {
  assertEquals([barrier.n_waiting, barrier.broken, waiting(barrier)], [0, false, 0]);
}

function roundLines(line: Line, many: number): void {
  const inStep = (rounds: number) => async (stage: Stage) => {
    const barrier = new Barrier(N);
    const arrivals = new Semaphore(0);
    const round: Step[] = [
      [arrivals, "release"],
      [barrier, "wait"],
      [arrivals, "get_value"],
      [barrier, "wait"],
    ];
    const script = Array.from({ length: rounds }, () => round).flat();
    const parties = await Promise.all(crowd(stage, N).map((actor) => actor.does(...script)));
    for (const results of parties) {
      const seen = results.filter((_, i) => i % 4 === 2);
      assertEquals(seen, Array.from({ length: rounds }, (_, round) => N * (round + 1)));
    }
    for (let round = 0; round < rounds; round++) {
      const indexes = parties.map((results) => results[4 * round + 1] as number);
      assertEquals(indexes.sort(), [0, 1, 2, 3, 4]);
    }
    assertNew(barrier);
  };
  line("B10, B12, Y43", "parties pass together, each with its number", inStep(1));
  line("B11", "it can be used again", inStep(10));
  line("B20", `parties stay in step for ${many} rounds`, inStep(many));

  line("B12", "numbers are given in order of arrival", async (stage) => {
    const barrier = new Barrier(N);
    const waits: Promise<unknown>[] = [];
    for (const [n, actor] of crowd(stage, N).entries()) {
      waits.push(actor.does([barrier, "wait"]));
      if (n < N - 1) await untilWaiting(barrier, n + 1);
      if (n < N - 1) assertEquals(barrier.n_waiting, n + 1);
    }
    assertEquals((await Promise.all(waits)).flat(), [0, 1, 2, 3, 4]);
  });

  line("B19", "one party alone never waits", async ({ actors }) => {
    for (const actor of actors) {
      const barrier = new Barrier(1);
      assertEquals(await actor.does([barrier, "wait"], [barrier, "wait"]), [0, 0]);
      assertNew(barrier);
    }
  });
}

function breakLines(line: Line): void {
  line("B14", "abort breaks it for all that wait and all that come", async (stage) => {
    const barrier = new Barrier(N);
    const waits = await arrive(stage, barrier, N - 1);
    const last = crowd(stage, N)[N - 1]!;
    await last.does([barrier, "abort"]);
    await allBroken(waits, "it was broken or reset meanwhile");
    for (const actor of stage.actors) {
      await allBroken([actor.does([barrier, "wait"])], "Cannot wait at a Barrier: it is broken");
    }
    assertEquals([barrier.broken, barrier.n_waiting], [true, 0]);
  });

  line("B15", "reset breaks it for those that wait, and for nobody else", async (stage) => {
    const barrier = new Barrier(N);
    const waits = await arrive(stage, barrier, N - 1);
    const last = crowd(stage, N)[N - 1]!;
    await last.does([barrier, "reset"]);
    await allBroken(waits, "it was broken or reset meanwhile");
    const again = crowd(stage, N).map((actor) => actor.does([barrier, "wait"]));
    assertEquals((await Promise.all(again)).flat().sort(), [0, 1, 2, 3, 4]);
    assertNew(barrier);
  });

  line("B16", "what is broken can be reset", async (stage) => {
    const barrier = new Barrier(N);
    const waits = await arrive(stage, barrier, 2);
    const last = crowd(stage, N)[N - 1]!;
    await last.does([barrier, "abort"], [barrier, "reset"]);
    await allBroken(waits, "it was broken or reset meanwhile");
    const again = crowd(stage, N).map((actor) => actor.does([barrier, "wait"]));
    assertEquals((await Promise.all(again)).flat().sort(), [0, 1, 2, 3, 4]);
    assertNew(barrier);
  });

  line("B17", "a party whose time is up breaks it for all, late ones too", async (stage) => {
    const barrier = new Barrier(N);
    const waits = await arrive(stage, barrier, N - 2);
    const late = crowd(stage, N)[N - 1]!;
    const inTime = "not all parties arrived in time: 5 are wanted";
    await allBroken([late.does([barrier, "wait", { timeout: 2 }])], inTime);
    await allBroken(waits, "it was broken or reset meanwhile");
    await allBroken([late.does([barrier, "wait"])], "it is broken");
    assertEquals(barrier.broken, true);
  });

  line("B18", "its own time counts where the wait has none", async (stage) => {
    for (const actor of stage.actors) {
      const barrier = new Barrier(2, { timeout: 2 });
      await allBroken([actor.does([barrier, "wait"])], "not all parties arrived in time");
      assertEquals(barrier.broken, true);
      const patient = new Barrier(2, { timeout: 0 });
      const waits = [actor.does([patient, "wait", { timeout: 60_000 }])];
      await untilWaiting(patient, 1);
      const other = crowd(stage, N)[N - 1]!;
      waits.push(other.does([patient, "wait"]));
      assertEquals((await Promise.all(waits)).flat(), [0, 1], actor.name);
    }
  });
}
