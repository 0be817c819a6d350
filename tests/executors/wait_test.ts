/**
 * Tests of `wait`. `W01` to `W09` are the lines of CPython's `test_wait.py`.
 *
 * Different here, on purpose: a future that was cancelled counts as done at once, also when no worker
 * was told of it (W02, W05).
 */

import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { FakeTime } from "@std/testing/time";
import {
  ALL_COMPLETED,
  as_completed,
  CancelledError,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  Future,
  type ReturnWhen,
  ThreadPoolExecutor,
  ValueError,
  wait,
  type WaitForFuturesOptions,
  type WaitResult,
} from "../../mod.ts";

type Numeric = Future<number>;

const RULES: readonly ReturnWhen[] = [FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED];

/** Futures that are pending. */
function pending(length: number): Numeric[] {
  return Array.from({ length }, () => new Future<number>());
}

/** Three futures that are pending. */
function three(): { a: Numeric; b: Numeric; c: Numeric } {
  return { a: new Future(), b: new Future(), c: new Future() };
}

/** Futures that are done, in each of the ways; two are cancelled, of which one was notified. */
function doneFutures() {
  const { a: successful, b: failed, c: cancelled } = three();
  const notified = new Future<number>();
  successful.set_result(42);
  failed.set_exception(new Error("the work failed"));
  cancelled.cancel();
  notified.cancel();
  notified.set_running_or_notify_cancel();
  return { successful, failed, cancelled, notified };
}

/** Asserts what is done and what is not, by identity and in the order of the input. */
function assertPartition<T>(
  result: WaitResult<T>,
  done: readonly Future<T>[],
  not_done: readonly Future<T>[],
): void {
  assertEquals(Object.keys(result).toSorted(), ["done", "not_done"]);
  for (const [set, wanted] of [[result.done, done], [result.not_done, not_done]] as const) {
    assertEquals(set instanceof Set, true);
    assertEquals(set.size, wanted.length);
    for (const [i, future] of [...set].entries()) assertStrictEquals(future, wanted[i]);
  }
}

/** Whether `promise` has an outcome, once all has run that needs no timer. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let i = 0; i < 50; i++) await null;
  return settled;
}

// ---- What ends a wait

Deno.test("W01: a future that is given several times counts once, and the results are sets", async () => {
  const { a, b } = three();
  const futures = [a, b, a, a];
  for (const return_when of RULES) {
    assertPartition(await wait(futures, { timeout: 0, return_when }), [], [a, b]);
  }
  const waiting = wait(futures);
  a.set_result(1);
  assertEquals(await isSettled(waiting), false);
  b.set_result(2);
  assertPartition(await waiting, [a, b], []);
});

Deno.test("W02: FIRST_COMPLETED returns when one is done", async () => {
  const { a, b, c } = three();
  const waiting = wait([a, b, c], { return_when: FIRST_COMPLETED });
  assertEquals(await isSettled(waiting), false);
  b.set_result(1);
  assertPartition(await waiting, [b], [a, c]);
});

Deno.test("W02: a future that is cancelled is done at once for each rule, though no worker was told", async () => {
  const { cancelled } = doneFutures();
  const { a } = three();
  const first = await wait([cancelled, a], { return_when: FIRST_COMPLETED });
  assertPartition(first, [cancelled], [a]);
  for (const return_when of RULES) {
    assertPartition(await wait([cancelled], { return_when }), [cancelled], []);
    const { b } = three();
    const waiting = wait([b], { return_when });
    b.cancel();
    assertPartition(await waiting, [b], []);
  }
});

Deno.test("W03: FIRST_COMPLETED returns at once with all that are done, not only one", async () => {
  const { successful, failed, cancelled, notified } = doneFutures();
  const { a } = three();
  const waiting = wait([successful, a, failed, cancelled, notified], {
    return_when: FIRST_COMPLETED,
  });
  assertPartition(await waiting, [successful, failed, cancelled, notified], [a]);
});

Deno.test("W04: FIRST_EXCEPTION returns when one fails; successes until then are done", async () => {
  const { a, b, c } = three();
  const waiting = wait([a, b, c], { return_when: FIRST_EXCEPTION });
  a.set_result(1);
  assertEquals(await isSettled(waiting), false);
  b.set_exception(new Error("the work failed"));
  assertPartition(await waiting, [a, b], [c]);
});

Deno.test("W05: FIRST_EXCEPTION takes neither successes nor cancellations for an exception", async () => {
  const { successful, cancelled, notified } = doneFutures();
  const { a, b, c } = three();
  const waiting = wait([successful, cancelled, notified, a, b, c], {
    return_when: FIRST_EXCEPTION,
  });
  assertEquals(await isSettled(waiting), false);
  a.set_result(1);
  b.cancel();
  assertEquals(await isSettled(waiting), false);
  c.set_exception(undefined);
  assertPartition(await waiting, [successful, cancelled, notified, a, b, c], []);
});

Deno.test("W05: FIRST_EXCEPTION returns when all are done and none has failed", async () => {
  const { a, b } = three();
  const waiting = wait([a, b], { return_when: FIRST_EXCEPTION });
  a.cancel();
  assertEquals(await isSettled(waiting), false);
  b.set_result(1);
  assertPartition(await waiting, [a, b], []);
});

Deno.test("W06: FIRST_EXCEPTION returns at once when one has failed already", async () => {
  const { failed } = doneFutures();
  const { a } = three();
  const waiting = wait([a, failed], { return_when: FIRST_EXCEPTION });
  assertPartition(await waiting, [failed], [a]);
});

Deno.test("W07: ALL_COMPLETED, the default, takes failures as completed and never throws them", async () => {
  for (const options of [{ return_when: ALL_COMPLETED } as const, {}]) {
    const { successful, failed, cancelled, notified } = doneFutures();
    const { a, b } = three();
    const waiting = wait([successful, failed, cancelled, notified, a, b], options);
    a.set_exception(new Error("the work failed"));
    assertEquals(await isSettled(waiting), false);
    b.set_result(1);
    assertPartition(await waiting, [successful, failed, cancelled, notified, a, b], []);
  }
});

Deno.test("W08: when the time is up, wait tells what is done and what is not", async () => {
  const { successful, failed, cancelled, notified } = doneFutures();
  const { a } = three();
  for (const timeout of [1, 0, -1, -Infinity]) {
    const waiting = wait([successful, failed, cancelled, notified, a], { timeout });
    assertEquals(await isSettled(waiting), timeout <= 0);
    assertPartition(await waiting, [successful, failed, cancelled, notified], [a]);
  }
});

Deno.test("W08: the partition is that of the moment of the timeout", async () => {
  const { a, b, c } = three();
  using time = new FakeTime();
  const waiting = wait([a, b, c], { timeout: 100 });
  time.tick(99);
  b.set_result(1);
  assertEquals(await isSettled(waiting), false);
  time.tick(1);
  assertPartition(await waiting, [b], [a, c]);
});

Deno.test("W09: no completion is lost when 200,000 futures finish at the same moment", async () => {
  const futures = pending(200_000);
  const waits = RULES.map((return_when) => wait(futures, { return_when }));
  const untilLast = wait(futures);
  for (let i = futures.length - 1; i >= 1; i--) futures[i]!.set_result(i);
  assertEquals(await isSettled(untilLast), false);
  futures[0]!.cancel();
  assertEquals((await untilLast).done.size, 200_000);
  for (const { done, not_done } of await Promise.all(waits)) {
    assertEquals(done.size + not_done.size, 200_000);
  }
});

Deno.test("W09: no completion is lost when tasks of several executors finish at about the same time", async () => {
  await using one = new ThreadPoolExecutor(2);
  await using two = new ThreadPoolExecutor(2);
  const futures = Array.from(
    { length: 400 },
    (_, i) => (i % 2 === 0 ? one : two).submit((n: number) => n, i),
  );
  const byHand = new Future<number>();
  byHand.set_result(400);
  assertPartition(await wait([...futures, byHand]), [...futures, byHand], []);
  assertEquals(await Promise.all(futures), futures.map((_, i) => i));
});

// ---- Input

Deno.test("wait takes any iterable, reads it once, and returns at once when it is empty", async () => {
  const { successful, failed } = doneFutures();
  let reads = 0;
  function* futures() {
    reads++;
    yield successful;
    yield failed;
  }
  assertPartition(await wait(futures()), [successful, failed], []);
  assertPartition(await wait(new Set([failed])), [failed], []);
  assertPartition(await wait(new Map([["a", failed]]).values()), [failed], []);
  assertEquals(reads, 1);
  for (const return_when of RULES) assertPartition(await wait([], { return_when }), [], []);
});

Deno.test("wait leaves the array that it was given alone, and later changes of it are not seen", async () => {
  const { a, b } = three();
  const given = [a];
  const waiting = wait(given);
  given.push(b);
  a.set_result(1);
  assertPartition(await waiting, [a], []);
  assertEquals(given.length, 2);
});

Deno.test("the names of the rules are their values", () => {
  assertEquals(RULES, ["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"]);
});

Deno.test("an unknown return_when is a ValueError that names the known ones, also when nothing is to wait for", async () => {
  const unknown = ["", "first_completed", "toString", "__proto__", null, 1, Symbol("x")];
  for (const return_when of unknown as ReturnWhen[]) {
    for (const futures of [[], pending(1), Object.values(doneFutures())]) {
      const error = await assertRejects(() => wait(futures, { return_when }), ValueError);
      assertStringIncludes(error.message, `return_when is ${String(return_when)}`);
      for (const rule of RULES) assertStringIncludes(error.message, rule);
    }
  }
});

Deno.test("a timeout that is no number is a ValueError", async () => {
  for (const timeout of [NaN, "5", null] as number[]) {
    const error = await assertRejects(() => wait(pending(1), { timeout }), ValueError);
    assertStringIncludes(error.message, `timeout is ${timeout}`);
  }
});

Deno.test("a bare timeout is a TypeError that says how to write it, for wait and as_completed", async () => {
  const fs = [new Future<number>()];
  const bare = 100 as WaitForFuturesOptions;
  const message = "Cannot wait: the options are 100, no object: { timeout: 100 } is wanted";
  await assertRejects(() => wait(fs, bare), TypeError, message);
  assertThrows(() => as_completed(fs, bare), TypeError, message);
  for (const wrong of [null, "100", true] as unknown[] as WaitForFuturesOptions[]) {
    await assertRejects(() => wait(fs, wrong), TypeError, `the options are ${wrong}, no object`);
    assertThrows(() => as_completed(fs, wrong), TypeError, `the options are ${wrong}, no object`);
  }
});

Deno.test("what is no iterable of futures is refused", async () => {
  await assertRejects(() => wait(new Future() as never), TypeError);
  await assertRejects(() => wait(undefined as never), TypeError);
});

// ---- Limits

Deno.test("a timeout that is not needed leaves nothing behind, Infinity waits without limit", async () => {
  for (const timeout of [60_000, 2 ** 40, Infinity, undefined]) {
    const { a } = three();
    const waiting = wait([a], { timeout });
    assertEquals(await isSettled(waiting), false);
    setTimeout(() => a.set_result(1));
    assertPartition(await waiting, [a], []);
  }
});

Deno.test("a timeout that is longer than any timer's neither ends the wait at once nor is forgotten", async () => {
  const { a } = three();
  using time = new FakeTime();
  const waiting = wait([a], { timeout: 2 ** 32 });
  for (const elapsed of [2, 2 ** 31, 2 ** 31 - 3]) {
    time.tick(elapsed);
    assertEquals(await isSettled(waiting), false);
  }
  time.tick(1);
  assertPartition(await waiting, [], [a]);
});

Deno.test("a signal that is aborted already ends a wait, which is a CancelledError with its reason", async () => {
  const { a } = three();
  const reason = new Error("not interested");
  const signal = AbortSignal.abort(reason);
  const error = await assertRejects(() => wait([a], { signal }), CancelledError);
  assertStrictEquals(error.cause, reason);
  const limited = await assertRejects(
    () => wait([a], { signal, timeout: 60_000 }),
    CancelledError,
  );
  assertStrictEquals(limited.cause, reason);
});

Deno.test("a signal that is aborted during a wait ends it, and harms no future", async () => {
  const futures = [new Future<number>(), ...pending(2)];
  const controller = new AbortController();
  const { signal } = controller;
  const waits = [wait(futures, { signal }), wait(futures, { signal, timeout: 60_000 })];
  assertEquals(await isSettled(Promise.race(waits)), false);
  setTimeout(() => controller.abort("enough"));
  for (const waiting of waits) {
    const error = await assertRejects(() => waiting, CancelledError);
    assertEquals(error.cause, "enough");
  }
  assertEquals(futures.map((future) => future.done()), [false, false, false]);
  for (const future of futures) future.set_result(1);
  assertPartition(await wait(futures), futures, []);
});

Deno.test("aborting after the wait is over changes nothing", async () => {
  const { a, b } = three();
  const controller = new AbortController();
  const { signal } = controller;
  const timedOut = wait([a], { signal, timeout: 1 });
  const completed = wait([b], { signal });
  b.set_result(1);
  assertPartition(await timedOut, [], [a]);
  controller.abort();
  assertPartition(await completed, [b], []);
});

Deno.test("of an outcome and an abortion in one turn, the first decides", async () => {
  for (const aborts of [true, false]) {
    const { a } = three();
    const controller = new AbortController();
    const waiting = wait([a], { signal: controller.signal });
    if (aborts) controller.abort();
    a.set_result(1);
    controller.abort();
    if (aborts) await assertRejects(() => waiting, CancelledError);
    else assertPartition(await waiting, [a], []);
  }
});

Deno.test("a wait that is over takes its listener off the signal", async () => {
  const listeners = new Set<unknown>();
  class Watched extends EventTarget {
    aborted = false;
    override addEventListener(type: string, listener: EventListener): void {
      super.addEventListener(type, listener);
      listeners.add(listener);
    }
    override removeEventListener(type: string, listener: EventListener): void {
      super.removeEventListener(type, listener);
      listeners.delete(listener);
    }
  }
  const signal = new Watched() as unknown as AbortSignal;
  const { a } = three();
  const waits = [wait([a], { signal }), wait([a], { signal, timeout: 1 })];
  assertEquals(listeners.size, 2);
  await waits[1];
  assertEquals(listeners.size, 1);
  a.set_result(1);
  await waits[0];
  assertEquals(listeners.size, 0);
});

// ---- Several at once

Deno.test("several waits for the same futures each end by their own rule", async () => {
  const { a, b, c } = three();
  const futures = [a, b, c];
  const [first, exception, all] = RULES.map((return_when) => wait(futures, { return_when }));
  const timedOut = wait(futures, { timeout: 1 });
  assertPartition(await timedOut, [], futures);
  b.set_result(1);
  assertPartition(await first!, [b], [a, c]);
  c.set_exception(new Error("the work failed"));
  assertPartition(await exception!, [b, c], [a]);
  assertEquals(await isSettled(all!), false);
  a.cancel();
  assertPartition(await all!, futures, []);
});

Deno.test("a callback that settles another future counts for the same wait", async () => {
  const { a, b } = three();
  const waiting = wait([a, b]);
  a.add_done_callback(() => b.cancel());
  a.set_result(1);
  assertPartition(await waiting, [a, b], []);
});
