/**
 * How events behave, whoever uses them from wherever: the lines B and Y of CPython's own suites. How one is
 * printed (B09) is in `event_test.ts`.
 */

import { assertEquals } from "@std/assert";
import { Event } from "../../mod.ts";
import { untilWaiting, waiting } from "../support/waiters.ts";
import { type Backend, crowd, freeOne, type Gaps, suite } from "./sync_stages.ts";

/** Registers the suite for one backend. */
export function eventSuite(backend: Backend, gaps: Gaps = {}): void {
  suite("Event", backend, gaps, (line) => {
    line("B08, Y21", "it is set and cleared, as often as one likes", async ({ actors }) => {
      const event = new Event();
      for (const actor of actors) {
        const results = await actor.does(
          [event, "is_set"],
          [event, "set"],
          [event, "is_set"],
          [event, "set"],
          [event, "is_set"],
          [event, "clear"],
          [event, "is_set"],
          [event, "clear"],
          [event, "is_set"],
        );
        const [none] = [undefined];
        assertEquals(results, [false, none, true, none, true, none, false, none, false]);
      }
    });

    line("B08, Y23", "a wait without time tells how it is", async ({ actors }) => {
      const event = new Event();
      const looks = [{ timeout: 0 }, { timeout: -1 }, { timeout: 1 }];
      for (const actor of actors) {
        const steps = looks.map((limit) => [event, "wait", limit] as const);
        assertEquals(await actor.does(...steps), [false, false, false], actor.name);
        const set = await actor.does([event, "set"], ...steps, [event, "wait"], [event, "wait"], [
          event,
          "clear",
        ]);
        assertEquals(set.slice(1, -1), [true, true, true, true, true], actor.name);
      }
      assertEquals(waiting(event), 0);
    });

    line("B08, Y22", "all that wait are woken, and nobody waits any more", async (stage) => {
      for (const setter of stage.actors.slice(-2)) {
        const event = new Event();
        const others = crowd(stage, 6).filter((actor) => actor !== setter || !actor.blocks);
        const waits = others.map((actor) => actor.does([event, "wait"], [event, "wait"]));
        await untilWaiting(event, others.length);
        await setter.does([event, "set"]);
        assertEquals(await Promise.all(waits), others.map(() => [true, true]), setter.name);
      }
    });

    line("Y24", "all that wait get true, also when it is cleared at once", async (stage) => {
      for (const setter of stage.actors.slice(-2)) {
        const event = new Event();
        const others = crowd(stage, 6).filter((actor) => actor !== setter || !actor.blocks);
        const waits = others.map((actor) => actor.does([event, "wait", { timeout: 60_000 }]));
        await untilWaiting(event, others.length);
        await setter.does([event, "set"], [event, "clear"]);
        assertEquals((await Promise.all(waits)).flat(), others.map(() => true), setter.name);
        assertEquals(event.is_setSync(), false);
      }
    });

    line("Y23", "an aborted wait, and one that ran out of time, leave the queue", async (stage) => {
      const [event, enough] = [new Event(), new Event()];
      const aborted = freeOne(stage).does([event, "wait until", enough]);
      await untilWaiting(event, 1);
      for (const actor of stage.actors) {
        if (actor.blocks || actor !== freeOne(stage)) {
          assertEquals(await actor.does([event, "wait", { timeout: 2 }]), [false]);
        }
      }
      assertEquals(waiting(event), 1);
      enough.set();
      assertEquals(await aborted, ["CancelledError: enough"]);
      assertEquals(waiting(event), 0);
      await stage.actors[0].does([event, "set"]);
      assertEquals(
        await stage.actors[1].does([event, "wait"], [event, "clear"], [event, "is_set"]),
        [
          true,
          undefined,
          false,
        ],
      );
    });
  });
}
