/**
 * How conditions behave, whoever uses them from wherever: the lines B and Y of CPython's own suites.
 *
 * Of B07, that SIGINT interrupts a wait makes no sense where signals are events. Y25's default lock is a
 * `Lock` here: see `condition_test.ts`.
 */

import { assertEquals, assertRejects } from "@std/assert";
import { Condition, Event, type Lock, RLock, RuntimeError, Semaphore } from "../../mod.ts";
import { untilWaiting, waiting } from "../support/waiters.ts";
import {
  type Actor,
  type Backend,
  crowd,
  freeOne,
  type Gaps,
  type Line,
  type Stage,
  suite,
} from "./sync_stages.ts";

/** Registers the suite for one backend, with conditions of a `Lock`. */
export function conditionSuite(backend: Backend, gaps: Gaps = {}): void {
  suite("Condition", backend, gaps, (line) => conditionLines(line, () => undefined));
}

/** Registers the suite for one backend, with conditions of an `RLock` (Y25). */
export function conditionOfRLockSuite(backend: Backend, gaps: Gaps = {}): void {
  suite("Condition of an RLock", backend, gaps, (line) => {
    conditionLines(line, () => new RLock());
    line("Y25", "who holds its lock twice waits, and holds it twice again", async (stage) => {
      for (const actor of stage.actors) {
        const lock = new RLock();
        const condition = new Condition(lock);
        const waiter = actor.does(
          [condition, "hold"],
          [lock, "hold"],
          [condition, "wait"],
          [lock, "release"],
          [lock, "locked"],
          [lock, "acquire"],
        );
        await untilWaiting(condition, 1);
        assertEquals(lock.lockedSync(), false);
        const other = [freeOne(stage), stage.actors[0]].find((it) => it !== actor)!;
        await other.does([condition, "hold"], [condition, "notify"]);
        assertEquals(await waiter, [true, true, true, undefined, true, true], actor.name);
        assertEquals(lock.lockedSync(), false);
      }
    });
  });
}

function conditionLines(line: Line, lockFor: () => Lock | RLock | undefined): void {
  const make = () => new Condition(lockFor());

  /** Has all wait for the condition; `woken` counts those that were, with the lock held. */
  const wait = async (condition: Condition, woken: Semaphore, actors: Actor[], limit?: object) => {
    const waits = actors.map((actor) =>
      actor.does([condition, "hold"], [condition, "wait", limit], [woken, "release"])
    );
    if (limit === undefined) await untilWaiting(condition, actors.length);
    return waits.map(async (wait) => (await wait)[1]);
  };
  const notify = (stage: Stage, condition: Condition, n?: number) =>
    freeOne(stage).does([condition, "hold"], [condition, "notify", ...n === undefined ? [] : [n]]);
  const settled = async (condition: Condition, woken: Semaphore, n: number) => {
    while (woken.get_valueSync() < n) await new Promise((resolve) => setTimeout(resolve, 1));
    // Whoever has the lock now has it after all that were woken.
    await condition.acquire();
    await condition.release();
    assertEquals(woken.get_valueSync(), n);
  };

  line("B01, B03, Y28", "a notification wakes as many as it says, in order", async (stage) => {
    const [condition, woken] = [make(), new Semaphore(0)];
    const waits = await wait(condition, woken, crowd(stage, 6));
    await notify(stage, condition);
    await settled(condition, woken, 1);
    assertEquals(waiting(condition), 5);
    await notify(stage, condition, 2);
    await settled(condition, woken, 3);
    assertEquals(waiting(condition), 3);
    await notify(stage, condition, 99);
    assertEquals(await Promise.all(waits), Array(6).fill(true));
    assertEquals(condition.lockedSync(), false);
  });

  line("B03, Y28", "a notification of nobody is not remembered", async (stage) => {
    const condition = make();
    for (const actor of stage.actors) {
      const results = await actor.does(
        [condition, "hold"],
        [condition, "notify"],
        [condition, "notify_all"],
        [condition, "wait", { timeout: 1 }],
      );
      assertEquals(results.at(-1), false, actor.name);
    }
  });

  line(
    "B02",
    "those whose time was up take no notification from those that wait",
    async (stage) => {
      const [condition, woken] = [make(), new Semaphore(0)];
      const timedOut = await wait(condition, woken, crowd(stage, 6), { timeout: 1 });
      assertEquals(await Promise.all(timedOut), Array(6).fill(false));
      assertEquals(waiting(condition), 0);
      const waits = await wait(condition, woken, crowd(stage, 6));
      await freeOne(stage).does([condition, "hold"], [condition, "notify_all"]);
      assertEquals(await Promise.all(waits), Array(6).fill(true));
      assertEquals(woken.get_valueSync(), 12);
    },
  );

  line("B04, B07, Y29", "a wait tells whether it was notified", async (stage) => {
    const condition = make();
    for (const actor of stage.actors) {
      const results = await actor.does(
        [condition, "hold"],
        [condition, "wait", { timeout: 0 }],
        [condition, "wait", { timeout: -1 }],
        [condition, "wait", { timeout: 2 }],
        [condition, "locked"],
      );
      assertEquals(results, [true, false, false, false, true], actor.name);
      assertEquals([condition.lockedSync(), waiting(condition)], [false, 0]);
    }
  });

  line("Y28", "who is woken goes on when the lock is released", async (stage) => {
    const [condition, woken] = [make(), new Semaphore(0)];
    const actors = crowd(stage, 4).filter((actor) => actor !== freeOne(stage));
    const waits = await wait(condition, woken, actors);
    const [done, notified, release] = [woken, new Event(), new Event()];
    const notifier = freeOne(stage).does(
      [condition, "hold"],
      [condition, "notify_all"],
      [notified, "set"],
      [release, "wait"],
      [done, "get_value"],
    );
    await notified.wait();
    assertEquals(waiting(condition), 0);
    release.set();
    assertEquals((await notifier).at(-1), 0);
    assertEquals(await Promise.all(waits), actors.map(() => true));
  });

  line("B05, Y30", "what is waited for is looked at whenever it is notified", async (stage) => {
    const condition = make();
    for (const actor of stage.actors) {
      const stock = new Semaphore(0);
      const other = [freeOne(stage), stage.actors[0]].find((it) => it !== actor) ?? actor;
      const waiter = actor.does([condition, "hold"], [condition, "wait_for", stock, 3]);
      for (let n = 0; n < 3; n++) {
        await untilWaiting(condition, 1);
        await other.does([condition, "hold"], [stock, "release"], [condition, "notify"]);
      }
      assertEquals(await waiter, [true, true], actor.name);
    }
  });

  line("B06, Y31", "the time of a wait for something is one for all its looks", async (stage) => {
    const condition = make();
    for (const actor of stage.actors) {
      const stock = new Semaphore(0);
      const done = new Event();
      const other = [freeOne(stage), stage.actors[0]].find((it) => it !== actor) ?? actor;
      const waiter = actor.does(
        [condition, "hold"],
        [condition, "wait_for", stock, 1, { timeout: 60 }],
        [done, "set"],
      );
      // Were each look given the time anew, it would go on for as long as it is notified.
      while (!done.is_setSync()) {
        await other.does([condition, "hold"], [condition, "notify"]);
        await new Promise((resolve) => setTimeout(resolve));
      }
      assertEquals(await waiter, [true, false, undefined], actor.name);
      const at = await actor.does(
        [condition, "hold"],
        [condition, "wait_for", stock, 1, { timeout: 0 }],
        [condition, "wait_for", stock, 0],
      );
      assertEquals(at, [true, false, true]);
    }
  });

  line("Y26, Y27", "who does not hold the lock can't wait or notify", async (stage) => {
    const condition = make();
    const wrong = "its lock is not held by the caller";
    const check = async (actor: Actor) => {
      for (const method of ["wait", "notify", "notify_all"]) {
        const call = () => actor.does([condition, method]);
        await assertRejects(call, RuntimeError, wrong, `${actor.name}: ${method}`);
      }
    };
    for (const actor of stage.actors) await check(actor);
    const [one, other] = stage.actors;
    if (one.isOneOwner && other.isOneOwner) return;
    const [held, release] = [new Event(), new Event()];
    const holding = one.does([condition, "hold"], [held, "set"], [release, "wait"]);
    await held.wait();
    await check(other);
    release.set();
    await holding;
    assertEquals(condition.lockedSync(), false);
  });

  line("B07", "an aborted wait has the lock again, and takes no notification", async (stage) => {
    const [condition, enough, woken] = [make(), new Event(), new Semaphore(0)];
    const aborted = freeOne(stage).does(
      [condition, "hold"],
      [condition, "wait until", enough],
      [condition, "locked"],
    );
    await untilWaiting(condition, 1);
    enough.set();
    assertEquals(await aborted, [true, "CancelledError: enough", true]);
    assertEquals([condition.lockedSync(), waiting(condition)], [false, 0]);
    const [next] = await wait(condition, woken, [stage.actors[1]]);
    await notify(stage, condition);
    assertEquals(await next, true);
  });
}
