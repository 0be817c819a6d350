/**
 * Tests of `as_completed`. `A01` to `A05` are the lines of CPython's `test_as_completed.py`.
 *
 * Different here, on purpose: the timeout counts from the call, as Python's documentation has it, and
 * not from the first `next()`; and a future that was cancelled is done, also when no worker was told.
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
  as_completed,
  CancelledError,
  Future,
  type FutureIterator,
  ThreadPoolExecutor,
  TimeoutError,
  ValueError,
  type WaitForFuturesOptions,
} from "../../mod.ts";

type Numeric = Future<number>;

/** Futures that are pending. */
function pending(length: number): Numeric[] {
  return Array.from({ length }, () => new Future<number>());
}

/** Three futures that are pending. */
function three(): { a: Numeric; b: Numeric; c: Numeric } {
  return { a: new Future(), b: new Future(), c: new Future() };
}

/** Futures that are done, in each of the ways; two are cancelled, of which one was notified. */
function doneFutures(): Numeric[] {
  const { a: successful, b: failed, c: cancelled } = three();
  const notified = new Future<number>();
  successful.set_result(42);
  failed.set_exception(new Error("the work failed"));
  cancelled.cancel();
  notified.cancel();
  notified.set_running_or_notify_cancel();
  return [successful, failed, cancelled, notified];
}

/** Asserts that two lists hold the same futures. */
function assertSame<T>(actual: readonly Future<T>[], expected: readonly Future<T>[]): void {
  assertEquals(actual.length, expected.length);
  for (const [i, future] of actual.entries()) assertStrictEquals(future, expected[i]);
}

/** What is left of an iteration. */
async function collect<T>(iterator: FutureIterator<T>): Promise<Future<T>[]> {
  const futures = [];
  for await (const future of iterator) futures.push(future);
  return futures;
}

/** Takes futures until the iteration throws, and gives both. */
async function collectUntilError<T>(
  iterator: FutureIterator<T>,
): Promise<{ futures: Future<T>[]; error: unknown }> {
  const futures: Future<T>[] = [];
  try {
    for await (const future of iterator) futures.push(future);
  } catch (error) {
    return { futures, error };
  }
  throw new Error("the iteration ended without an error");
}

/** Whether `promise` has an outcome, once all has run that needs no timer. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let i = 0; i < 50; i++) await null;
  return settled;
}

const END = { done: true, value: undefined } as const;

// ---- What it gives

Deno.test("A01: futures that are done already come at once, failed and cancelled ones too", async () => {
  const done = doneFutures();
  assertSame(await collect(as_completed(done)), done);
});

Deno.test("A01: futures come in the order in which they are done, after those that are done already", async () => {
  const done = doneFutures();
  const { a, b, c } = three();
  const iterator = as_completed([a, ...done, b, c]);
  c.set_result(1);
  a.cancel();
  b.set_exception(new Error("the work failed"));
  assertSame(await collect(iterator), [...done, c, a, b]);
});

Deno.test("A01: for await waits for futures that are not done, and gives futures, not their results", async () => {
  const futures = pending(3);
  const order = [2, 0, 1];
  let given = 0;
  const settleNext = () => futures[order[given++]!]?.set_result(given);
  setTimeout(settleNext);
  const seen: Numeric[] = [];
  for await (const future of as_completed(futures)) {
    assertEquals(future.done(), true);
    seen.push(future);
    setTimeout(settleNext);
  }
  assertSame(seen, order.map((i) => futures[i]!));
  await new Promise((resolve) => setTimeout(resolve)); // the last timer of settleNext
});

Deno.test("A01: futures of several executors and hand-made ones can be mixed", async () => {
  await using one = new ThreadPoolExecutor(1);
  await using two = new ThreadPoolExecutor(1);
  const byHand = new Future<number>();
  const futures = [one, two, one, two].map((executor, n) => executor.submit((n: number) => n, n));
  const results: number[] = [];
  for await (const future of as_completed([byHand, ...futures])) {
    results.push(await future);
    if (results.length === 4) byHand.set_result(4);
  }
  assertEquals(results.slice(0, 4).toSorted(), [0, 1, 2, 3]);
  assertEquals(results.slice(4), [4]);
});

Deno.test("A01: 200,000 futures that are done at the same moment all come, in their order", async () => {
  const futures = pending(200_000);
  const iterator = as_completed(futures);
  const first = iterator.next();
  for (let i = futures.length - 1; i >= 0; i--) futures[i]!.set_result(i);
  assertStrictEquals((await first).value, futures.at(-1));
  let expected = futures.length - 2;
  for await (const future of iterator) {
    if (future !== futures[expected--]) throw new Error(`wrong future before ${expected}`);
  }
  assertEquals(expected, -1);
});

Deno.test("A03: any iterable is taken, and a future that is given three times comes once", async () => {
  const { a, b } = three();
  function* repeated() {
    for (let i = 0; i < 3; i++) yield* [a, b];
  }
  const iterators = [as_completed(repeated()), as_completed(new Set([a, b]))];
  b.set_result(1);
  a.set_result(2);
  for (const iterator of iterators) assertSame(await collect(iterator), [b, a]);
  assertSame(await collect(as_completed([a, a, a])), [a]);
  assertSame(await collect(as_completed([])), []);
});

Deno.test("A03: input that is no iterable of futures is refused at the call", () => {
  assertThrows(() => as_completed(new Future() as never), TypeError);
  assertThrows(() => as_completed(undefined as never), TypeError);
  assertThrows(() => as_completed([1] as never), TypeError);
});

// ---- Timeouts

for (const timeout of [0, 1, 100, -1, -Infinity]) {
  Deno.test(`A02: with a timeout of ${timeout} all that are done come before the TimeoutError`, async () => {
    const done = doneFutures();
    const { a } = three();
    const iterator = as_completed([a, ...done], { timeout });
    const collecting = collectUntilError(iterator);
    assertEquals(await isSettled(collecting), timeout <= 0);
    const { futures, error } = await collecting;
    assertSame(futures, done);
    assertEquals(error instanceof TimeoutError, true);
    assertEquals(await iterator.next(), END);
    assertEquals(a.done(), false);
  });
}

Deno.test("A02: the timeout counts from the call, for the whole iteration", async () => {
  const { a, b } = three();
  using time = new FakeTime();
  const iterator = as_completed([a, b], { timeout: 100 });
  time.tick(60);
  const first = iterator.next();
  time.tick(39);
  assertEquals(await isSettled(first), false);
  a.set_result(1);
  assertStrictEquals((await first).value, a);
  const second = iterator.next();
  assertEquals(await isSettled(second), false);
  time.tick(1);
  await assertRejects(() => second, TimeoutError);
});

Deno.test("A02: what is done when the time is up still comes, at whatever time it is asked for", async () => {
  const { a, b, c } = three();
  using time = new FakeTime();
  const iterator = as_completed([a, b, c], { timeout: 100 });
  time.tick(200);
  b.set_result(1);
  assertStrictEquals((await iterator.next()).value, b);
  c.set_result(2);
  assertStrictEquals((await iterator.next()).value, c);
  await assertRejects(() => iterator.next(), TimeoutError);
});

Deno.test("A02: no timeout is reached while the reader works on a future", async () => {
  const futures = pending(2);
  for (const future of futures) future.set_result(1);
  using time = new FakeTime();
  const seen: Numeric[] = [];
  for await (const future of as_completed(futures, { timeout: 100 })) {
    time.tick(1000);
    seen.push(future);
  }
  assertSame(seen, futures);
});

Deno.test("A05: the TimeoutError counts the unfinished futures and all, cancelled ones as finished", async () => {
  const done = doneFutures().slice(-2);
  const iterator = as_completed([...pending(2), ...done], { timeout: 0 });
  const { error } = await collectUntilError(iterator);
  assertStringIncludes((error as Error).message, "2 (of 4) futures unfinished");
});

Deno.test("A05: the TimeoutError counts as things are when it is thrown, duplicates once", async () => {
  const { a, b, c } = three();
  const iterator = as_completed([a, b, c, c], { timeout: 1 });
  b.set_result(1);
  await iterator.next();
  await assertRejects(
    () => iterator.next(),
    TimeoutError,
    "2 (of 3) futures unfinished after 1 ms",
  );
});

Deno.test("a timeout that is not needed leaves nothing behind, Infinity waits without limit", async () => {
  for (const timeout of [60_000, 2 ** 40, Infinity, undefined]) {
    const { a } = three();
    const collected = collect(as_completed([a], { timeout }));
    assertEquals(await isSettled(collected), false);
    setTimeout(() => a.set_result(1));
    assertSame(await collected, [a]);
  }
});

Deno.test("a timeout that is longer than any timer's neither fires at once nor is forgotten", async () => {
  const { a } = three();
  using time = new FakeTime();
  const next = as_completed([a], { timeout: 2 ** 32 }).next();
  for (const elapsed of [2, 2 ** 31, 2 ** 31 - 3]) {
    time.tick(elapsed);
    assertEquals(await isSettled(next), false);
  }
  time.tick(1);
  await assertRejects(() => next, TimeoutError);
});

Deno.test("a timeout that is no number is a ValueError at the call", () => {
  for (const timeout of [NaN, "5", null] as number[]) {
    assertThrows(() => as_completed(pending(1), { timeout }), ValueError, `timeout is ${timeout}`);
  }
});

// ---- Signals

Deno.test("a signal that is aborted already ends the iteration with a CancelledError and its reason", async () => {
  const reason = new Error("not interested");
  const iterator = as_completed(pending(2), { signal: AbortSignal.abort(reason) });
  const error = await assertRejects(() => iterator.next(), CancelledError);
  assertStrictEquals(error.cause, reason);
  assertEquals(await iterator.next(), END);
});

Deno.test("a signal that is aborted during next() ends the iteration, and harms no future", async () => {
  const futures = pending(2);
  for (const limits of [{}, { timeout: 60_000 }]) {
    const controller = new AbortController();
    const iterator = as_completed(futures, { signal: controller.signal, ...limits });
    const next = iterator.next();
    assertEquals(await isSettled(next), false);
    setTimeout(() => controller.abort("enough"));
    const error = await assertRejects(() => next, CancelledError);
    assertEquals(error.cause, "enough");
    assertEquals(await iterator.next(), END);
  }
  assertEquals(futures.map((future) => future.done()), [false, false]);
});

Deno.test("a signal that is aborted between two next() ends the iteration at the second", async () => {
  const { a, b } = three();
  const controller = new AbortController();
  const iterator = as_completed([a, b], { signal: controller.signal });
  a.set_result(1);
  assertStrictEquals((await iterator.next()).value, a);
  controller.abort("enough");
  const error = await assertRejects(() => iterator.next(), CancelledError);
  assertEquals(error.cause, "enough");
});

Deno.test("a future that is done just before the abortion is not lost, and the abortion is told after it", async () => {
  const { a, b } = three();
  const controller = new AbortController();
  const iterator = as_completed([a, b], { signal: controller.signal });
  const next = iterator.next();
  assertEquals(await isSettled(next), false);
  a.set_result(1);
  controller.abort();
  assertStrictEquals((await next).value, a);
  await assertRejects(() => iterator.next(), CancelledError);
  assertEquals(await iterator.next(), END);
});

Deno.test("a future that is done just after the abortion does not come", async () => {
  const { a } = three();
  const controller = new AbortController();
  const iterator = as_completed([a], { signal: controller.signal });
  const next = iterator.next();
  assertEquals(await isSettled(next), false);
  controller.abort();
  a.set_result(1);
  await assertRejects(() => next, CancelledError);
  assertEquals(await iterator.next(), END);
});

Deno.test("a callback that aborts the iteration ends it, before the future itself can come", async () => {
  const { a } = three();
  const controller = new AbortController();
  a.add_done_callback(() => controller.abort());
  const iterator = as_completed([a], { signal: controller.signal });
  const next = iterator.next();
  assertEquals(await isSettled(next), false);
  a.set_result(1);
  await assertRejects(() => next, CancelledError);
  assertEquals(await iterator.next(), END);
});

// ---- The iterator

Deno.test("several next() at once get the futures in the order in which they are done, then the end", async () => {
  const { a, b, c } = three();
  const iterator = as_completed([a, b, c]);
  const nexts = [1, 2, 3, 4, 5].map(() => iterator.next());
  assertEquals(await isSettled(Promise.race(nexts)), false);
  c.set_result(1);
  assertStrictEquals((await nexts[0]!).value, c);
  assertEquals(await isSettled(nexts[1]!), false);
  a.set_result(2);
  b.set_result(3);
  const results = await Promise.all(nexts.slice(1));
  assertSame(results.slice(0, 2).map(({ value }) => value!), [a, b]);
  assertEquals(results.slice(2), [END, END]);
});

Deno.test("of several next() at once the first is told of the timeout, and the others of the end", async () => {
  const iterator = as_completed(pending(2), { timeout: 1 });
  const [first, ...others] = [1, 2, 3].map(() => iterator.next());
  await assertRejects(() => first!, TimeoutError);
  assertEquals(await Promise.all(others), [END, END]);
});

Deno.test("return() during next() ends it and all that wait behind it, and futures come no more", async () => {
  const { a, b } = three();
  for (const limits of [{}, { timeout: 60_000 }]) {
    const iterator = as_completed([a, b], limits);
    const nexts = [iterator.next(), iterator.next()];
    assertEquals(await isSettled(Promise.race(nexts)), false);
    assertEquals(await iterator.return(), END);
    assertEquals(await Promise.all(nexts), [END, END]);
    assertEquals(await iterator.return(), END);
    assertEquals(await iterator.next(), END);
  }
  const iterator = as_completed([a, b]);
  await iterator.return();
  a.set_result(1);
  assertEquals(await iterator.next(), END);
});

Deno.test("return() drops futures that are done and were not given", async () => {
  const iterator = as_completed(doneFutures());
  await iterator.next();
  assertEquals(await iterator.return(), END);
  assertEquals(await iterator.next(), END);
});

Deno.test("a callback that ends the iteration ends it, and the future that called it does not come", async () => {
  const { a, b } = three();
  const iterators: FutureIterator<number>[] = [];
  a.add_done_callback(() => iterators.forEach((iterator) => iterator.return()));
  iterators.push(as_completed([a, b]), as_completed([a, b]));
  const next = iterators[0]!.next();
  assertEquals(await isSettled(next), false);
  a.set_result(1);
  assertEquals(await next, END);
  for (const iterator of iterators) assertEquals(await iterator.next(), END);
});

Deno.test("break ends the iteration", async () => {
  const done = doneFutures();
  const iterator = as_completed([...done, ...pending(1)]);
  for await (const future of iterator) {
    assertStrictEquals(future, done[0]);
    break;
  }
  assertSame(await collect(iterator), []);
});

Deno.test("the iterator is its own iterable, so that a loop may go on where next() was", async () => {
  const done = doneFutures();
  const iterator = as_completed(done);
  assertStrictEquals(iterator[Symbol.asyncIterator](), iterator);
  assertStrictEquals((await iterator.next()).value, done[0]);
  assertSame(await collect(iterator), done.slice(1));
});

Deno.test("several iterations over the same futures each give all of them", async () => {
  const { a, b } = three();
  const iterators = [as_completed([a, b]), as_completed([b, a]), as_completed([a])];
  await iterators[2]!.return();
  b.set_result(1);
  a.set_result(1);
  for (const iterator of iterators.slice(0, 2)) assertSame(await collect(iterator), [b, a]);
});

// ---- Memory, in child processes

Deno.test("A04: no future is kept that was given, while the iteration goes on and after it has ended", async () => {
  assertEquals(await run("keepNothing"), {
    code: 0,
    // Alive of three: what is pending is, until the end; what was given isn't.
    output: ["one given: 2", "two given: 1", "all given: 0"],
    errors: "",
  });
});

Deno.test("A04: nothing is kept after a timeout, an abortion or return(), while the iterator lives", async () => {
  assertEquals(await run("endEarly"), {
    code: 0,
    output: ["timeout: 0", "abortion: 0", "return: 0"],
    errors: "",
  });
});

Deno.test("A04: a pending future does not keep an iteration that has ended", async () => {
  assertEquals(await run("leaveFutures"), {
    code: 0,
    output: ["timeout: 0", "abortion: 0", "return: 0"],
    errors: "",
  });
});

/** Runs one of {@linkcode PROGRAMS} in a process of its own. */
async function run(name: keyof typeof PROGRAMS) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", "--v8-flags=--expose-gc", import.meta.url, name],
    env: { NO_COLOR: "1" },
  }).output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, output: output!.trim().split("\n"), errors: errors! };
}

/** How many of `refs` are alive, once garbage was collected that this turn does not hold. */
async function alive(refs: readonly WeakRef<object>[]): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve));
  (globalThis as unknown as { gc(): void }).gc();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

/** Begins to iterate, and ends it early. */
type Ending = (futures: Numeric[]) => { iterator: FutureIterator<number>; next: Promise<unknown> };

const ENDINGS: Record<string, Ending> = {
  timeout: (futures) => begin(futures, { timeout: 1 }),
  abortion: (futures) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort());
    return begin(futures, { signal: controller.signal });
  },
  return: (futures) => {
    const begun = begin(futures);
    for (const future of futures.slice(1)) future.set_result(1);
    begun.iterator.return();
    return begun;
  },
};

function begin(futures: Numeric[], options?: WaitForFuturesOptions): ReturnType<Ending> {
  const iterator = as_completed(futures, options);
  return { iterator, next: iterator.next() };
}

/** Ends an iteration over futures that nobody else holds. */
async function endOverOwn(end: Ending) {
  const futures = pending(3);
  const refs = futures.map((future) => new WeakRef(future));
  const { iterator, next } = end(futures);
  await next.catch(() => {});
  return { iterator, refs };
}

/** Ends an iteration that nobody else holds. */
async function endOver(futures: Numeric[], end: Ending): Promise<WeakRef<object>> {
  const { iterator, next } = end(futures);
  await next.catch(() => {});
  return new WeakRef(iterator);
}

/** Takes a future and lets go of it. */
async function take(iterator: FutureIterator<number>): Promise<void> {
  await iterator.next();
}

const PROGRAMS = {
  async keepNothing() {
    const futures = pending(3);
    const refs = futures.map((future) => new WeakRef(future));
    const iterator = as_completed(futures);
    for (const count of ["one", "two", "all"]) {
      futures.shift()!.set_result(1);
      await take(iterator);
      console.log(`${count} given: ${await alive(refs)}`);
    }
    await iterator.next();
  },

  async endEarly() {
    for (const [name, end] of Object.entries(ENDINGS)) {
      const { iterator, refs } = await endOverOwn(end);
      console.log(`${name}: ${await alive(refs)}`);
      await iterator.next();
    }
  },

  async leaveFutures() {
    for (const [name, end] of Object.entries(ENDINGS)) {
      const futures = pending(3);
      console.log(`${name}: ${await alive([await endOver(futures, end)])}`);
      for (const future of futures) future.cancel();
    }
  },
} satisfies Record<string, () => Promise<void>>;

if (import.meta.main) await PROGRAMS[Deno.args[0] as keyof typeof PROGRAMS]();
