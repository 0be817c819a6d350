/**
 * How semaphores behave, whoever uses them from wherever: the lines L and Y of CPython's own suites.
 *
 * How one is printed (Y41) and what its constructor refuses (Y32, Y37) does not depend on who uses it: see
 * `semaphore_test.ts`.
 */

import { assertEquals, assertRejects } from "@std/assert";
import { BoundedSemaphore, Event, Semaphore, ValueError } from "../../mod.ts";
import { untilWaiting, waiting } from "../support/waiters.ts";
import { type Backend, crowd, freeOne, type Gaps, type Line, suite } from "./sync_stages.ts";

/** Registers the lines of `Semaphore` for one backend. */
export function semaphoreSuite(backend: Backend, gaps: Gaps = {}): void {
  suite("Semaphore", backend, gaps, (line) => {
    sharedLines(line, (value) => new Semaphore(value));
    semaphoreLines(line);
  });
}

/** Registers the lines of `BoundedSemaphore` for one backend. */
export function boundedSemaphoreSuite(backend: Backend, gaps: Gaps = {}): void {
  suite("BoundedSemaphore", backend, gaps, (line) => {
    sharedLines(line, (value) => new BoundedSemaphore(value));
    boundedLines(line);
  });
}

function sharedLines(line: Line, make: (value?: number) => Semaphore): void {
  line("L09, L10", "its value counts down and up", async ({ actors }) => {
    for (const actor of actors) {
      const semaphore = make(2);
      const results = await actor.does(
        [semaphore, "get_value"],
        [semaphore, "acquire"],
        [semaphore, "get_value"],
        [semaphore, "locked"],
        [semaphore, "acquire"],
        [semaphore, "get_value"],
        [semaphore, "locked"],
        [semaphore, "acquire", { block: false }],
        [semaphore, "release"],
        [semaphore, "get_value"],
        [semaphore, "release"],
        [semaphore, "get_value"],
      );
      assertEquals(
        results,
        [2, true, 1, false, true, 0, true, false, undefined, 1, undefined, 2],
        actor.name,
      );
    }
  });

  line("L11, Y36", "who does not wait, or has no time, gets false", async ({ actors }) => {
    const semaphore = make(1);
    await actors[0].does([semaphore, "acquire"]);
    const limits = [
      { block: false },
      { block: false, timeout: 60_000 },
      { timeout: 0 },
      { timeout: -100 },
      { timeout: 1 },
    ];
    for (const actor of actors) {
      for (const limit of limits) {
        const results = await actor.does([semaphore, "acquire", limit]);
        assertEquals(results, [false], `${actor.name} ${Deno.inspect(limit)}`);
      }
    }
    assertEquals([semaphore.get_valueSync(), waiting(semaphore)], [0, 0]);
  });

  line("Y33", "as many pass as there are permits, and the rest in order", async (stage) => {
    const semaphore = make(3);
    const [entered, go] = [new Semaphore(0), new Semaphore(0)];
    const one = freeOne(stage);
    const inside = Array.from({ length: 3 }, () =>
      one.does(
        [semaphore, "acquire"],
        [entered, "release"],
        [go, "acquire"],
        [semaphore, "release"],
      ));
    while (entered.get_valueSync() < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    const waiters: Promise<unknown[]>[] = [];
    for (const actor of crowd(stage, 4)) {
      waiters.push(
        actor.does([semaphore, "acquire"], [entered, "get_value"], [entered, "release"]),
      );
      await untilWaiting(semaphore, waiters.length);
    }
    assertEquals(entered.get_valueSync(), 3);
    for (let n = 0; n < 3; n++) {
      go.release();
      const [, value] = await waiters[n]!;
      assertEquals(value, 3 + n);
      assertEquals(waiting(semaphore), 3 - n);
    }
    await Promise.all(inside);
    semaphore.release();
    await waiters[3];
  });

  line("Y35", "a try beside those that wait gets nothing", async (stage) => {
    const semaphore = make(1);
    const [one] = stage.actors;
    await one.does([semaphore, "acquire"]);
    const [, actor] = crowd(stage, 2);
    const next = actor!.does([semaphore, "acquire"], [semaphore, "release"]);
    await untilWaiting(semaphore, 1);
    assertEquals(await one.does([semaphore, "acquire", { block: false }]), [false]);
    await one.does([semaphore, "release"]);
    assertEquals(await next, [true, undefined]);
    assertEquals(semaphore.get_valueSync(), 1);
  });

  line("Y38", "what is held is released at the end of its scope", async ({ actors }) => {
    for (const actor of actors) {
      const semaphore = make(2);
      const results = await actor.does(
        [semaphore, "hold"],
        [semaphore, "hold"],
        [semaphore, "get_value"],
      );
      assertEquals(results, [true, true, 0]);
      const failing = actor.does([semaphore, "hold"], [semaphore, "release", 0]);
      await assertRejects(() => failing, ValueError);
      assertEquals(semaphore.get_valueSync(), 2);
    }
  });

  line("Y35", "an aborted wait leaves the queue and takes nothing with it", async (stage) => {
    const semaphore = make(1);
    const [one] = stage.actors;
    await one.does([semaphore, "acquire"]);
    const enough = new Event();
    const aborted = freeOne(stage).does([semaphore, "acquire until", enough]);
    await untilWaiting(semaphore, 1);
    enough.set();
    assertEquals(await aborted, ["CancelledError: enough"]);
    assertEquals(waiting(semaphore), 0);
    await one.does([semaphore, "release"]);
    assertEquals(semaphore.get_valueSync(), 1);
  });
}

function semaphoreLines(line: Line): void {
  line("Y34", "a release of several wakes as many", async (stage) => {
    const semaphore = new Semaphore(0);
    const waiters = crowd(stage, 4).map((actor) => actor.does([semaphore, "acquire"]));
    await untilWaiting(semaphore, 4);
    await freeOne(stage).does([semaphore, "release", 3]);
    await untilWaiting(semaphore, 1);
    await freeOne(stage).does([semaphore, "release", 5]);
    assertEquals((await Promise.all(waiters)).flat(), [true, true, true, true]);
    assertEquals(semaphore.get_valueSync(), 4);
  });

  line("L09, Y39", "it may be released beyond its first value", async ({ actors }) => {
    const semaphore = new Semaphore(1);
    for (const actor of actors) await actor.does([semaphore, "release"], [semaphore, "release", 2]);
    assertEquals(semaphore.get_valueSync(), 1 + 3 * actors.length);
    const [actor] = actors.slice(-1);
    assertEquals(await actor!.does([semaphore, "acquire"], [semaphore, "get_value"]), [
      true,
      3 * actors.length,
    ]);
  });

  line("Y39", "it is not released by a number that is none", async ({ actors }) => {
    const semaphore = new Semaphore(1);
    for (const actor of actors) {
      for (const n of [0, -1, 1.5, NaN, 2 ** 30, "2", null]) {
        const error = await assertRejects(
          () => actor.does([semaphore, "release", n]),
          ValueError,
          "Cannot release a Semaphore: n is",
          actor.name,
        );
        assertEquals(error.message.includes("an integer of at least 1"), true, error.message);
      }
      await assertRejects(
        () => actor.does([semaphore, "release", 2 ** 30 - 1]),
        ValueError,
        "which is the most",
      );
    }
    assertEquals(semaphore.get_valueSync(), 1);
  });
}

function boundedLines(line: Line): void {
  line("L10, Y40", "it is not released beyond its first value", async ({ actors }) => {
    const semaphore = new BoundedSemaphore(2);
    for (const actor of actors) {
      const wrong = "Cannot release a BoundedSemaphore: 1 more would make over 2 permits";
      await assertRejects(() => actor.does([semaphore, "release"]), ValueError, wrong, actor.name);
      await actor.does([semaphore, "acquire"]);
      await assertRejects(() => actor.does([semaphore, "release", 2]), ValueError, "over 2");
      assertEquals(semaphore.get_valueSync(), 1);
      await actor.does([semaphore, "release"]);
      assertEquals(semaphore.get_valueSync(), 2);
    }
  });
}
