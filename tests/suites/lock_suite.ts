/**
 * How locks behave, whoever uses them from wherever: the lines L and Y of CPython's own suites.
 *
 * Without a test here, since they make no sense in JavaScript or Herd does otherwise:
 *
 * | line | why |
 * | --- | --- |
 * | L01, L04 | how a lock is printed does not tell its owner's name |
 * | L12 | no class of C's is there to be extended; that a class extends `Lock` is tested in `lock_test.ts` |
 * | Y07, Y08 | every object can be referenced weakly |
 * | Y15 | what is locked when its holder has ended: nothing is, see `death_test.ts` |
 * | Y16, Y17, Y19, Y20 | `_recursion_count`, `_is_owned`, `_release_save` are no part of the API |
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Event, Lock, RLock, RuntimeError, Semaphore, ValueError } from "../../mod.ts";
import { until } from "../support/hang_guards.ts";
import { untilWaiting, waiting } from "../support/waiters.ts";
import {
  type Backend,
  crowd,
  freeOne,
  type Gaps,
  type Line,
  suite,
  twoOwners,
} from "./sync_stages.ts";

/** Registers the lines of `Lock` for one backend. */
export function lockSuite(backend: Backend, gaps: Gaps = {}): void {
  suite("Lock", backend, gaps, (line) => {
    sharedLines(line, () => new Lock());
    lockLines(line);
  });
}

/** Registers the lines of `RLock` for one backend. */
export function rlockSuite(backend: Backend, gaps: Gaps = {}): void {
  suite("RLock", backend, gaps, (line) => {
    sharedLines(line, () => new RLock());
    rlockLines(line);
  });
}

/** What `Lock` and `RLock` have in common, wherever two owners are. */
function sharedLines(line: Line, make: () => Lock | RLock): void {
  line(
    "L03, L06, Y14",
    "a held lock is locked for all, a released one for nobody",
    async (stage) => {
      const lock = make();
      const all = () => Promise.all(stage.actors.map((actor) => actor.does([lock, "locked"])));
      assertEquals((await all()).flat(), stage.actors.map(() => false));
      const [one] = stage.actors;
      const release = new Event();
      const holding = one.does([lock, "acquire"], [release, "wait"], [lock, "release"]);
      await until(() => lock.lockedSync());
      const others = stage.actors.filter((actor) => actor !== one);
      const seen = await Promise.all(others.map((actor) => actor.does([lock, "locked"])));
      assertEquals(seen.flat(), others.map(() => true));
      release.set();
      assertEquals(await holding, [true, true, undefined]);
      assertEquals((await all()).flat(), stage.actors.map(() => false));
    },
  );

  line("Y03", "what another holds is not to be had by trying", async (stage) => {
    const lock = make();
    const [one, other] = twoOwners(stage);
    const [held, release] = [new Event(), new Event()];
    const holding = one.does([lock, "acquire"], [held, "set"], [release, "wait"], [
      lock,
      "release",
    ]);
    await held.wait();
    assertEquals(await other.does([lock, "acquire", { block: false }]), [false]);
    release.set();
    await holding;
    const again = await other.does([lock, "acquire", { block: false }], [lock, "release"]);
    assertEquals(again, [true, undefined]);
  });

  line("Y04", "all that wait get it one after another, in order of arrival", async (stage) => {
    const lock = make();
    const [one] = stage.actors;
    const [held, release, entered] = [new Event(), new Event(), new Semaphore(0)];
    const holding = one.does([lock, "acquire"], [held, "set"], [release, "wait"], [
      lock,
      "release",
    ]);
    await held.wait();
    const waiters: Promise<unknown[]>[] = [];
    for (const actor of crowd(stage, 6).slice(1)) {
      waiters.push(
        actor.does([lock, "acquire"], [entered, "get_value"], [entered, "release"], [
          lock,
          "release",
        ]),
      );
      await untilWaiting(lock, waiters.length);
    }
    assertEquals(entered.get_valueSync(), 0);
    release.set();
    await holding;
    const numbers = (await Promise.all(waiters)).map(([acquired, n]) => acquired && n);
    assertEquals(numbers, [0, 1, 2, 3, 4]);
    assertEquals([lock.lockedSync(), waiting(lock)], [false, 0]);
  });

  line("Y04", "who acquires again at once stands behind those that wait", async (stage) => {
    const lock = make();
    const [greedy] = stage.actors;
    const [queued, entered] = [new Event(), new Semaphore(0)];
    const again = greedy.does(
      [lock, "acquire"],
      [queued, "wait"],
      [lock, "release"],
      [lock, "acquire"],
      [entered, "get_value"],
      [lock, "release"],
    );
    await until(() => lock.lockedSync());
    const patient = crowd(stage, 4).slice(1).map((actor) =>
      actor.does([lock, "acquire"], [entered, "release"], [lock, "release"])
    );
    await untilWaiting(lock, 3);
    queued.set();
    assertEquals((await again)[4], 3);
    await Promise.all(patient);
  });

  line("Y05, L07, L08", "what is held is released at the end of its scope", async (stage) => {
    const lock = make();
    for (const actor of stage.actors) {
      assertEquals(await actor.does([lock, "hold"], [lock, "locked"]), [true, true]);
      assertEquals(lock.lockedSync(), false, actor.name);
      const failing = actor.does([lock, "hold"], [new Semaphore(), "release", -1]);
      await assertRejects(() => failing, ValueError);
      assertEquals(lock.lockedSync(), false, actor.name);
    }
  });

  line("Y05", "to hold what is not released in time is a TimeoutError", async (stage) => {
    const lock = make();
    const [one, other] = twoOwners(stage);
    const [held, release] = [new Event(), new Event()];
    const holding = one.does([lock, "hold"], [held, "set"], [release, "wait"]);
    await held.wait();
    const error = await assertRejects(() => other.does([lock, "hold", { timeout: 1 }]));
    assertEquals((error as Error).name, "TimeoutError");
    release.set();
    await holding;
  });

  line("L11, Y06, Y36", "who does not wait, or has no time, gets false", async (stage) => {
    const lock = make();
    const [one, other] = twoOwners(stage);
    const [held, release] = [new Event(), new Event()];
    const holding = one.does([lock, "hold"], [held, "set"], [release, "wait"]);
    await held.wait();
    // CPython's threads refuse a timeout that does not matter; its processes, and Herd, do not mind.
    const limits = [
      { block: false },
      { block: false, timeout: 60_000 },
      { block: false, timeout: -1 },
      { timeout: 0 },
      { timeout: -100 },
      { timeout: -Infinity },
      { timeout: 1 },
      { block: true, timeout: 3.5 },
    ];
    for (const limit of limits) {
      assertEquals(await other.does([lock, "acquire", limit]), [false], Deno.inspect(limit));
    }
    release.set();
    await holding;
    const free = [undefined, {}, ...limits, { timeout: Infinity }, { timeout: 2 ** 40 }];
    for (const limit of free) {
      const results = await other.does([lock, "acquire", limit], [lock, "release"]);
      assertEquals(results, [true, undefined], Deno.inspect(limit));
    }
  });

  line("Y11", "a wait that has run out of time leaves the lock as it was", async (stage) => {
    const lock = make();
    const [one, other] = twoOwners(stage);
    const [held, release] = [new Event(), new Event()];
    const holding = one.does([lock, "hold"], [held, "set"], [release, "wait"]);
    await held.wait();
    assertEquals(await other.does([lock, "acquire", { timeout: 1 }]), [false]);
    assertEquals(waiting(lock), 0);
    release.set();
    await holding;
    assertEquals(lock.lockedSync(), false);
    assertEquals(await other.does([lock, "acquire"], [lock, "release"]), [true, undefined]);
  });

  line("Y11", "an aborted wait leaves the queue and takes nothing with it", async (stage) => {
    const lock = make();
    const [one, other] = twoOwners(stage);
    const [held, release, enough] = [new Event(), new Event(), new Event()];
    const holding = one.does([lock, "hold"], [held, "set"], [release, "wait"]);
    await held.wait();
    const aborted = freeOne(stage).does([lock, "acquire until", enough]);
    await untilWaiting(lock, 1);
    const next = other.does([lock, "acquire"], [lock, "release"]);
    await untilWaiting(lock, 2);
    enough.set();
    assertEquals(await aborted, ["CancelledError: enough"]);
    assertEquals(waiting(lock), 1);
    release.set();
    assertEquals(await next, [true, undefined]);
    await holding;
  });
}

function lockLines(line: Line): void {
  line("L02", "it is acquired once, and released once", async ({ actors }) => {
    for (const actor of actors) {
      const lock = new Lock();
      const steps = [[lock, "acquire"], [lock, "acquire", { block: false }], [lock, "release"]];
      assertEquals(await actor.does(...steps as []), [true, false, undefined], actor.name);
      await assertRejects(
        () => actor.does([lock, "release"]),
        ValueError,
        "Cannot release a Lock: it is not held",
        actor.name,
      );
    }
  });

  line("Y09", "who acquires it again waits until another releases it", async (stage) => {
    const lock = new Lock();
    const [one, other] = stage.actors;
    const twice = one.does([lock, "acquire"], [lock, "acquire"], [lock, "release"]);
    await untilWaiting(lock, 1);
    await other.does([lock, "release"]);
    assertEquals(await twice, [true, true, undefined]);
  });

  line("Y10", "whoever wants may release it", async ({ actors: [one, other] }) => {
    const lock = new Lock();
    await one.does([lock, "acquire"]);
    await other.does([lock, "release"]);
    assertEquals(await one.does([lock, "acquire"], [lock, "release"]), [true, undefined]);
  });
}

function rlockLines(line: Line): void {
  line("L05, Y12", "its owner acquires it again, and releases it as often", async ({ actors }) => {
    for (const actor of actors) {
      const lock = new RLock();
      const results = await actor.does(
        [lock, "acquire"],
        [lock, "acquire", { block: false }],
        [lock, "acquire", { timeout: 5 }],
        [lock, "release"],
        [lock, "release"],
        [lock, "locked"],
        [lock, "release"],
        [lock, "locked"],
      );
      const [none] = [undefined];
      assertEquals(results, [true, true, true, none, none, true, none, false], actor.name);
    }
  });

  line("L05, Y13", "who does not hold it can't release it", async ({ actors }) => {
    for (const actor of actors) {
      const lock = new RLock();
      const wrong = "Cannot release an RLock: it is not held";
      await assertRejects(() => actor.does([lock, "release"]), RuntimeError, wrong);
      const once = actor.does([lock, "acquire"], [lock, "release"], [lock, "release"]);
      await assertRejects(() => once, RuntimeError, wrong);
    }
  });

  line("L08", "it can be held more than once", async ({ actors }) => {
    for (const actor of actors) {
      const lock = new RLock();
      const results = await actor.does([lock, "hold"], [lock, "hold"], [lock, "locked"]);
      assertEquals(results, [true, true, true]);
      assertEquals(lock.lockedSync(), false);
    }
  });

  line("Y18, Y19", "what one owner holds another can neither release nor enter", async (stage) => {
    const lock = new RLock();
    const [one, other] = twoOwners(stage);
    const [held, release] = [new Event(), new Event()];
    const holding = one.does(
      [lock, "acquire"],
      [lock, "acquire"],
      [held, "set"],
      [release, "wait"],
      [lock, "release"],
      [lock, "locked"],
      [lock, "release"],
    );
    await held.wait();
    await assertRejects(
      () => other.does([lock, "release"]),
      RuntimeError,
      "another task or thread holds it",
    );
    assertEquals(await other.does([lock, "acquire", { block: false }]), [false]);
    release.set();
    assertEquals((await holding)[5], true);
    assertEquals(lock.lockedSync(), false);
  });

  line("Y19", "two tasks of one worker are two owners", async (stage) => {
    const lock = new RLock();
    const free = freeOne(stage);
    const [held, release] = [new Event(), new Event()];
    const holding = free.does([lock, "hold"], [held, "set"], [release, "wait"]);
    await held.wait();
    assertEquals(await free.does([lock, "acquire", { block: false }]), [false]);
    await assertRejects(() => free.does([lock, "release"]), RuntimeError, "another task");
    const next = free.does([lock, "acquire"], [lock, "acquire"], [lock, "release"], [
      lock,
      "release",
    ]);
    await untilWaiting(lock, 1);
    release.set();
    await holding;
    assertEquals((await next).slice(0, 2), [true, true]);
    assert(!lock.lockedSync());
  });
}
