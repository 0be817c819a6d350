/**
 * Tests of futures. `F01` to `F22` are the lines of CPython's `test_future.py`.
 *
 * Not here: F21 (`_get_snapshot` is private there, and reads several fields under a lock; here no other
 * thread sees a future's fields) and F22 (modules that classes name as theirs; JavaScript has no such).
 */

import {
  assertEquals,
  assertInstanceOf,
  assertNotStrictEquals,
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
  InvalidStateError,
  RuntimeError,
  ThreadPoolExecutor,
  TimeoutError,
  ValueError,
  wait,
} from "../../mod.ts";

/** What the failed future of {@linkcode fixtures} failed with. */
const failure = new Error("the work failed");

/** A future in each state; `cancelled` and `notified` differ for the worker only. */
function fixtures() {
  const [pending, running, cancelled, notified, failed, successful] = Array.from(
    { length: 6 },
    () => new Future<number>(),
  ) as [Numeric, Numeric, Numeric, Numeric, Numeric, Numeric];
  running.set_running_or_notify_cancel();
  cancelled.cancel();
  notified.cancel();
  notified.set_running_or_notify_cancel();
  failed.set_exception(failure);
  successful.set_result(42);
  return { pending, running, cancelled, notified, failed, successful };
}

type Numeric = Future<number>;

/** What `ask` says of the future in each state. */
function table(ask: (future: Numeric) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fixtures()).map(([name, f]) => [name, ask(f)]));
}

/** Keeps what is given to `console.error` instead of printing it, until it is disposed. */
function captureErrors(show = (_: unknown) => ""): Disposable & { readonly printed: unknown[][] } {
  const original = console.error;
  const printed: unknown[][] = [];
  console.error = (...args) => {
    args.forEach(show);
    printed.push(args);
  };
  return { printed, [Symbol.dispose]: () => void (console.error = original) };
}

/** Takes down the delays of all timers, until it is disposed. */
function recordTimers(): Disposable & { readonly delays: unknown[] } {
  const original = globalThis.setTimeout;
  const delays: unknown[] = [];
  globalThis.setTimeout = ((then: () => void, delay: number) => {
    delays.push(delay);
    return original(then, delay);
  }) as typeof setTimeout;
  return { delays, [Symbol.dispose]: () => void (globalThis.setTimeout = original) };
}

/** Whether `promise` has an outcome, once all has run that needs no timer. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let i = 0; i < 50; i++) await null;
  return settled;
}

/** Lets the event loop turn once. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Runs one of {@linkcode PROGRAMS} in a process of its own. */
async function run(name: keyof typeof PROGRAMS) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", "--v8-flags=--expose-gc", import.meta.url, name],
    env: { NO_COLOR: "1" },
  }).output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, output: output!.trim(), errors: errors! };
}

// ---- Callbacks

Deno.test("F01: a callback runs inside set_result and can read the result", async () => {
  const future = new Future<number>();
  let seen: [Numeric, boolean, Promise<number>] | undefined;
  future.add_done_callback((f) => seen = [f, f.done(), f.result(0)]);
  assertEquals(seen, undefined);
  future.set_result(5);
  assertStrictEquals(seen?.[0], future);
  assertEquals(seen[1], true);
  assertEquals(await seen[2], 5);
});

Deno.test("F02: a callback runs inside set_exception and can read the error", async () => {
  const future = new Future<number>();
  let seen: [boolean, Promise<unknown>] | undefined;
  future.add_done_callback((f) => seen = [f.done(), f.exception(0)]);
  future.set_exception(failure);
  assertEquals(seen?.[0], true);
  assertStrictEquals(await seen![1], failure);
});

Deno.test("F03: cancel itself runs the callbacks, before a worker learns of it, and only once", () => {
  const future = new Future<number>();
  const seen: boolean[] = [];
  future.add_done_callback((f) => seen.push(f.cancelled()));
  assertEquals(future.cancel(), true);
  assertEquals(seen, [true]);
  assertEquals(future.cancel(), true);
  assertEquals(future.set_running_or_notify_cancel(), false);
  assertEquals(seen, [true]);
});

Deno.test("F04: a callback that throws is reported and stops neither the others nor set_result", () => {
  using reported = captureErrors();
  const future = new Future<number>();
  const ran: string[] = [];
  const broken = new Error("a broken callback");
  future.add_done_callback(() => ran.push("first"));
  future.add_done_callback(() => {
    throw broken;
  });
  future.add_done_callback(() => ran.push("last"));
  future.set_result(1);
  assertEquals(ran, ["first", "last"]);
  assertEquals(reported.printed.length, 1);
  const [text, error] = reported.printed[0]!;
  assertStringIncludes(String(text), "<Future state=finished returned number>");
  assertStrictEquals(error, broken);
});

Deno.test("F04: an asynchronous callback that rejects is reported, and ends nothing", async () => {
  using reported = captureErrors();
  const future = new Future<number>();
  const broken = new Error("broken later");
  future.add_done_callback(() => Promise.reject(broken));
  let last: unknown;
  // What it returns by the way is nobody's work.
  future.add_done_callback((done) => last = done);
  future.set_exception(failure);
  assertStrictEquals(last, future);
  assertStrictEquals(await future.exception(), failure);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(reported.printed.map(([, error]) => error), [broken]);
});

Deno.test("F04: what a callback throws may be something that can't be shown", () => {
  using reported = captureErrors((error) => Deno.inspect(error));
  const future = new Future<object>();
  const never = () => {
    throw new Error("it does not want to be looked at");
  };
  const hidden = Object.defineProperties({}, {
    constructor: { get: never },
    [Symbol.for("Deno.customInspect")]: { get: never },
  });
  const ran: number[] = [];
  future.add_done_callback(() => {
    throw hidden;
  });
  future.add_done_callback(() => ran.push(1));
  future.set_result(hidden);
  assertEquals([ran, reported.printed.length], [[1], 1]);
  assertEquals(reported.printed[0]![1], "an error that can't be shown");
});

Deno.test("F04: a callback that throws stops neither set_exception nor cancel, nor whoever awaits", async () => {
  using reported = captureErrors();
  const [failing, cancelled] = [new Future<number>(), new Future<number>()];
  const nothing: unknown = undefined;
  const awaited = [assertRejects(() => failing.result(), Error, failure.message)];
  awaited.push(assertRejects(async () => await cancelled, CancelledError));
  for (const future of [failing, cancelled]) {
    future.add_done_callback(() => {
      throw nothing;
    });
  }
  failing.set_exception(failure);
  assertEquals(cancelled.cancel(), true);
  await Promise.all(awaited);
  assertEquals(reported.printed.map(([, error]) => error), [undefined, undefined]);
});

for (const [line, name] of [["F05", "successful"], ["F06", "failed"]] as const) {
  Deno.test(`${line}: a callback is called at once by add_done_callback of a ${name} future`, () => {
    const future = fixtures()[name];
    const seen: Numeric[] = [];
    future.add_done_callback((f) => seen.push(f));
    assertEquals(seen.length, 1);
    assertStrictEquals(seen[0], future);
  });
}

Deno.test("F07: a callback is called at once by add_done_callback of a cancelled future, notified or not", () => {
  const { cancelled, notified } = fixtures();
  const seen: boolean[] = [];
  for (const future of [cancelled, notified]) {
    future.add_done_callback((f) => seen.push(f.cancelled()));
  }
  assertEquals(seen, [true, true]);
});

Deno.test("F08: what a callback throws that is called at once is reported, not thrown to the caller", () => {
  using reported = captureErrors();
  const { successful } = fixtures();
  successful.add_done_callback(() => {
    throw failure;
  });
  assertEquals(reported.printed.length, 1);
  assertStringIncludes(String(reported.printed[0]![0]), "calling a done callback");
  assertStrictEquals(reported.printed[0]![1], failure);
});

Deno.test("callbacks run in the order of their registration, each as often as it was added", () => {
  const future = new Future<number>();
  const ran: number[] = [];
  const callbacks = [0, 1, 2].map((n) => () => void ran.push(n));
  for (const n of [2, 0, 1, 0, 0, 2]) future.add_done_callback(callbacks[n]!);
  future.set_result(1);
  assertEquals(ran, [2, 0, 1, 0, 0, 2]);
});

Deno.test("a callback that a callback adds is called at once, before the remaining ones", () => {
  const future = new Future<number>();
  const ran: string[] = [];
  future.add_done_callback((f) => {
    f.add_done_callback(() => {
      ran.push("inner");
      f.add_done_callback(() => ran.push("innermost"));
    });
    ran.push("outer");
  });
  future.add_done_callback(() => ran.push("next"));
  future.set_result(1);
  assertEquals(ran, ["inner", "innermost", "outer", "next"]);
});

Deno.test("a callback may cancel another future, whose callbacks run inside", () => {
  const [first, second] = [new Future<number>(), new Future<number>()];
  const ran: string[] = [];
  first.add_done_callback(() => {
    ran.push(`cancel: ${second.cancel()}`);
  });
  first.add_done_callback(() => ran.push("first"));
  second.add_done_callback((f) => ran.push(`second: ${f.cancelled()}`));
  first.set_result(1);
  assertEquals(ran, ["second: true", "cancel: true", "first"]);
});

Deno.test("a callback cannot change the outcome that it is told", () => {
  using reported = captureErrors();
  const future = new Future<number>();
  let cancelled: boolean | undefined;
  future.add_done_callback((f) => cancelled = f.cancel());
  future.add_done_callback((f) => f.set_result(2));
  future.set_result(1);
  assertEquals([cancelled, future.cancelled()], [false, false]);
  assertInstanceOf(reported.printed[0]![1], InvalidStateError);
});

Deno.test("only functions are taken as callbacks", () => {
  for (const future of Object.values(fixtures())) {
    assertThrows(() => future.add_done_callback("print" as never), TypeError, "not string");
  }
});

// ---- Inspection

Deno.test("F09: a future's text shows its state and the type of its outcome, never the outcome", () => {
  assertEquals(table(String), {
    pending: "<Future state=pending>",
    running: "<Future state=running>",
    cancelled: "<Future state=cancelled>",
    notified: "<Future state=cancelled>",
    failed: "<Future state=finished raised Error>",
    successful: "<Future state=finished returned number>",
  });
});

Deno.test("F09: any type of result or error can be told", () => {
  class Secret {
    password = "hunter2";
  }
  class Failure extends Error {}
  const texts = (settle: (future: Future<unknown>, value: unknown) => void) => (value: unknown) => {
    const future = new Future<unknown>();
    settle(future, value);
    assertEquals(String(future).includes("hunter2"), false);
    return String(future).replace("<Future state=finished ", "").replace(">", "");
  };
  const values = [undefined, null, "hunter2", 1n, true, Symbol("x"), () => {}, [], new Secret()];
  const returned = texts((future, value) => future.set_result(value));
  const odd = { constructor: { name: Symbol("x") } };
  assertEquals([...values, Object.create(null), odd, new Date()].map(returned), [
    "returned undefined",
    "returned null",
    "returned string",
    "returned bigint",
    "returned boolean",
    "returned symbol",
    "returned function",
    "returned Array",
    "returned Secret",
    "returned object",
    "returned object",
    "returned Date",
  ]);
  const raised = texts((future, value) => future.set_exception(value));
  assertEquals([new Failure("hunter2"), "hunter2", undefined].map(raised), [
    "raised Failure",
    "raised string",
    "raised undefined",
  ]);
});

Deno.test("F09: Deno.inspect shows the same text, also inside other values", () => {
  const { successful, pending } = fixtures();
  assertEquals(Deno.inspect(successful), String(successful));
  assertEquals(Deno.inspect([pending]), "[ <Future state=pending> ]");
  assertEquals(Object.prototype.toString.call(pending), "[object Future]");
});

// ---- States

Deno.test("F10: cancel succeeds while pending, again when cancelled, else not, and changes nothing then", () => {
  const futures = fixtures();
  const before = Object.values(futures).map(String);
  const answers = Object.values(futures).map((future) => future.cancel());
  assertEquals(answers, [true, false, true, true, false, false]);
  const after = Object.values(futures).map(String);
  assertEquals(after, ["<Future state=cancelled>", ...before.slice(1)]);
  // Whether a worker was told of the cancellation has not changed either.
  assertEquals(futures.cancelled.set_running_or_notify_cancel(), false);
  assertThrows(() => futures.notified.set_running_or_notify_cancel(), RuntimeError);
});

Deno.test("F11: cancelled is true in both cancelled states only", () => {
  assertEquals(table((future) => future.cancelled()), {
    pending: false,
    running: false,
    cancelled: true,
    notified: true,
    failed: false,
    successful: false,
  });
});

Deno.test("F12: done is true once there is an outcome, a cancellation included", () => {
  assertEquals(table((future) => future.done()), {
    pending: false,
    running: false,
    cancelled: true,
    notified: true,
    failed: true,
    successful: true,
  });
});

Deno.test("F13: running is true only between the beginning and the outcome", () => {
  assertEquals(table((future) => future.running()), {
    pending: false,
    running: true,
    cancelled: false,
    notified: false,
    failed: false,
    successful: false,
  });
});

Deno.test("set_running_or_notify_cancel lets pending work begin and cancelled work not", () => {
  const { pending, cancelled } = fixtures();
  assertEquals(pending.set_running_or_notify_cancel(), true);
  assertEquals([pending.running(), pending.done()], [true, false]);
  assertEquals(cancelled.set_running_or_notify_cancel(), false);
  assertEquals([cancelled.running(), cancelled.cancelled()], [false, true]);
});

Deno.test("set_running_or_notify_cancel in any other state is a RuntimeError that names the state", () => {
  const { pending: _, cancelled: __, ...others } = fixtures();
  for (const future of Object.values(others)) {
    const before = String(future);
    const begin = () => future.set_running_or_notify_cancel();
    assertThrows(begin, RuntimeError, before);
    assertEquals(String(future), before);
  }
});

Deno.test("F19: set_result settles a pending and a running future; all others refuse it and keep theirs", async () => {
  const { pending, running, ...settled } = fixtures();
  for (const future of [pending, running]) {
    future.set_result(1);
    assertEquals([future.done(), future.running(), await future], [true, false, 1]);
  }
  for (const future of [pending, ...Object.values(settled)]) {
    const before = String(future);
    const error = assertThrows(() => future.set_result(2), InvalidStateError, before);
    assertStringIncludes(error.message, "set the result");
    assertEquals(String(future), before);
  }
  assertEquals(await pending, 1);
  assertEquals(await settled.successful, 42);
  assertStrictEquals(await settled.failed.exception(), failure);
});

Deno.test("F20: set_exception settles a pending and a running future; all others refuse it and keep theirs", async () => {
  const { pending, running, ...settled } = fixtures();
  const [first, second] = [new Error("first"), new Error("second")];
  for (const future of [pending, running]) {
    future.set_exception(first);
    assertEquals([future.done(), future.running()], [true, false]);
    assertStrictEquals(await future.exception(), first);
  }
  for (const future of [pending, ...Object.values(settled)]) {
    const before = String(future);
    const error = assertThrows(() => future.set_exception(second), InvalidStateError, before);
    assertStringIncludes(error.message, "set the exception");
    assertEquals(String(future), before);
  }
  assertStrictEquals(await pending.exception(), first);
  assertStrictEquals(await settled.failed.exception(), failure);
  assertEquals(await settled.successful, 42);
});

// ---- Waiting for the outcome

Deno.test("F14: result(0) polls: TimeoutError without an outcome, else the outcome", async () => {
  const { pending, running, cancelled, notified, failed, successful } = fixtures();
  for (const future of [pending, running]) {
    const poll = future.result(0);
    assertEquals(await isSettled(poll), true);
    const error = await assertRejects(() => poll, TimeoutError, "0 ms");
    assertEquals(error.name, "TimeoutError");
  }
  for (const future of [cancelled, notified]) {
    await assertRejects(() => future.result(0), CancelledError);
  }
  assertStrictEquals(await assertRejects(() => failed.result(0)), failure);
  assertEquals(await successful.result(0), 42);
});

Deno.test("F14: result with a timeout gives up when it is over, and the future is as before", async () => {
  const { pending, running } = fixtures();
  await assertRejects(() => pending.result(1), TimeoutError, "1 ms");
  await assertRejects(() => running.result(1), TimeoutError);
  assertEquals([String(pending), String(running)], [
    "<Future state=pending>",
    "<Future state=running>",
  ]);
  pending.set_result(1);
  assertEquals(await pending.result(1), 1);
});

for (const limit of [undefined, 60_000, Infinity]) {
  Deno.test(`F15: a waiting result(${limit}) is woken by set_result`, async () => {
    const future = new Future<number>();
    const result = future.result(limit);
    assertEquals(await isSettled(result), false);
    setTimeout(() => future.set_result(42));
    assertEquals(await result, 42);
  });

  Deno.test(`F16: a waiting result(${limit}) is woken by cancel with a CancelledError`, async () => {
    const future = new Future<number>();
    const result = future.result(limit);
    assertEquals(await isSettled(result), false);
    setTimeout(() => future.cancel());
    await assertRejects(() => result, CancelledError);
  });

  Deno.test(`F18: a waiting exception(${limit}) is woken by any outcome`, async () => {
    const [failing, succeeding, cancelled] = [1, 2, 3].map(() => new Future<number>());
    const waiting = [failing!, succeeding!, cancelled!].map((f) => f.exception(limit));
    for (const promise of waiting) assertEquals(await isSettled(promise), false);
    setTimeout(() => {
      failing!.set_exception(failure);
      succeeding!.set_result(1);
      cancelled!.cancel();
    });
    assertStrictEquals(await waiting[0], failure);
    assertEquals(await waiting[1], null);
    await assertRejects(() => waiting[2]!, CancelledError);
  });
}

Deno.test("F15: the future of an executor's task is woken by the worker", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const future = executor.submit((n: number) => n + 1, 41);
  assertInstanceOf(future, Future);
  assertEquals(await future.result(), 42);
  assertEquals([future.done(), future.running(), future.cancelled()], [true, false, false]);
});

Deno.test("F17: exception is null after success, the error after failure, and throws when cancelled", async () => {
  const { pending, running, cancelled, notified, failed, successful } = fixtures();
  for (const future of [pending, running]) {
    await assertRejects(() => future.exception(0), TimeoutError);
    await assertRejects(() => future.exception(1), TimeoutError);
  }
  for (const future of [cancelled, notified]) {
    await assertRejects(() => future.exception(0), CancelledError);
  }
  assertStrictEquals(await failed.exception(0), failure);
  assertStrictEquals(await successful.exception(0), null);
});

Deno.test("any value can be thrown, and is what exception and result give", async () => {
  for (const thrown of [undefined, null, 0, "text"]) {
    const future = new Future<number>();
    const waiting = future.exception();
    future.set_exception(thrown);
    assertStrictEquals(await waiting, thrown);
    assertStrictEquals(await future.exception(), thrown);
    assertStrictEquals(await future.then(() => "none", (error) => error), thrown);
    assertStrictEquals(await future.result().then(() => "none", (error) => error), thrown);
  }
});

Deno.test("a negative timeout polls", async () => {
  for (const timeout of [-1, -0, -Infinity]) {
    const { pending, successful, failed } = fixtures();
    await assertRejects(() => pending.result(timeout), TimeoutError);
    await assertRejects(() => pending.exception(timeout), TimeoutError);
    assertEquals(await successful.result(timeout), 42);
    assertStrictEquals(await failed.exception(timeout), failure);
  }
});

Deno.test("a timeout that is no number is a ValueError, also when there is an outcome", async () => {
  for (const timeout of [NaN, "5", null, {}] as number[]) {
    for (const future of Object.values(fixtures())) {
      const error = await assertRejects(() => future.result(timeout), ValueError, "milliseconds");
      assertInstanceOf(error, RangeError);
      await assertRejects(() => future.exception(timeout), ValueError, `timeout is ${timeout}`);
    }
  }
});

Deno.test("a timeout that is longer than any timer's neither fires at once nor is forgotten", async () => {
  const future = new Future<number>();
  const timeout = 2 ** 32;
  using time = new FakeTime();
  const result = future.result(timeout);
  for (const elapsed of [2, 2 ** 31, 2 ** 31 - 3]) {
    time.tick(elapsed);
    assertEquals(await isSettled(result), false);
  }
  time.tick(1);
  await assertRejects(() => result, TimeoutError, `${timeout} ms`);
});

Deno.test("a program that is held up while it begins to wait gives its timer no negative delay", async () => {
  const { now } = performance;
  let late = 0;
  performance.now = () => now.call(performance) + (late += 1000);
  using timers = recordTimers();
  try {
    await assertRejects(() => new Future<number>().result(5), TimeoutError);
  } finally {
    performance.now = now;
  }
  assertEquals(timers.delays, [0]);
});

Deno.test("only a limited timeout of work that is not done takes a timer", async () => {
  const { pending, successful } = fixtures();
  using timers = recordTimers();
  const results = [pending.result(), pending.result(Infinity), successful.result(60_000)];
  const exceptions = [pending.exception(Infinity), successful.exception(60_000)];
  await assertRejects(() => pending.result(0), TimeoutError);
  pending.set_result(1);
  assertEquals(await Promise.all(results), [1, 1, 42]);
  assertEquals(await Promise.all(exceptions), [null, null]);
  assertEquals(timers.delays, []);
});

Deno.test("many waits for one future all get its outcome, though others of them timed out between", async () => {
  const future = new Future<number>();
  const waits = Array.from({ length: 300 }, (_, i) => future.result(i % 3 === 1 ? 1 : 60_000));
  const results = Promise.allSettled(waits);
  await Promise.allSettled(waits.filter((_, i) => i % 3 === 1));
  future.set_result(7);
  const statuses = (await results).map(({ status }) => status === "fulfilled");
  assertEquals(statuses, waits.map((_, i) => i % 3 !== 1));
});

// ---- A future is a promise

Deno.test("await gives the result or throws what the work threw, as often as asked", async () => {
  const { cancelled, notified, failed, successful } = fixtures();
  assertEquals([await successful, await successful], [42, 42]);
  for (let i = 0; i < 2; i++) {
    assertStrictEquals(await assertRejects(async () => await failed), failure);
    await assertRejects(async () => await cancelled, CancelledError);
    await assertRejects(async () => await notified, CancelledError);
  }
});

Deno.test("await of a future that is not done yet goes on with its outcome", async () => {
  const [returning, failing, cancelled] = [1, 2, 3].map(() => new Future<number>());
  const outcomes = [returning, failing, cancelled].map(async (future) => await future);
  setTimeout(() => {
    returning!.set_result(1);
    failing!.set_exception(failure);
    cancelled!.cancel();
  });
  assertEquals(await outcomes[0], 1);
  assertStrictEquals(await assertRejects(() => outcomes[1]!), failure);
  await assertRejects(() => outcomes[2]!, CancelledError);
});

Deno.test("the combinators of Promise take futures", async () => {
  const { pending, failed, successful } = fixtures();
  assertEquals(await Promise.race([pending, successful]), 42);
  assertEquals(await Promise.any([failed, pending, successful]), 42);
  assertStrictEquals(
    await assertRejects(() => Promise.all([successful, pending, failed])),
    failure,
  );
  assertEquals(await Promise.allSettled([successful, failed]), [
    { status: "fulfilled", value: 42 },
    { status: "rejected", reason: failure },
  ]);
  setTimeout(() => pending.set_result(1));
  assertEquals(await Promise.all([successful, pending, 3]), [42, 1, 3]);
});

for (const early of [true, false]) {
  const when = early ? "before the outcome" : "after it";
  Deno.test(`then, catch and finally work as a promise's, attached ${when}`, async () => {
    const [good, bad] = [new Future<number>(), new Future<number>()];
    const settle = () => {
      good.set_result(20);
      bad.set_exception(failure);
    };
    if (!early) settle();
    const told: string[] = [];
    const derived = [
      good.then((n) => n + 1),
      good.then((n) => Promise.resolve(`${n}`)),
      good.then(null, () => "not called"),
      good.catch(() => "not called"),
      good.finally(() => told.push("good")),
      bad.then(() => "not called", (error) => error === failure),
      bad.then(() => "not called").catch((error) => error === failure),
      bad.catch((error) => error === failure),
      bad.finally(() => told.push("bad")).then(null, (error) => error === failure),
    ];
    for (const promise of derived) {
      assertInstanceOf(promise, Promise);
      assertEquals(promise instanceof Future, false);
    }
    if (early) settle();
    assertEquals(await Promise.all(derived), [21, "20", 20, 20, 20, true, true, true, true]);
    assertEquals(told.toSorted(), ["bad", "good"]);
  });
}

Deno.test("callbacks run before whoever awaits goes on, and reactions never inside set_result", async () => {
  const future = new Future<number>();
  const order: string[] = [];
  const awaited = future.then(() => order.push("awaiting"));
  future.add_done_callback(() => order.push("callback"));
  future.set_result(1);
  order.push("set_result returned");
  future.then(() => order.push("attached later"));
  assertEquals(order, ["callback", "set_result returned"]);
  await awaited;
  await turn();
  assertEquals(order, ["callback", "set_result returned", "awaiting", "attached later"]);
});

Deno.test("a failed future that nobody looks at is no unhandled rejection", async () => {
  assertEquals(await run("ignoreFailures"), { code: 0, output: "went on", errors: "" });
});

for (const name of ["forgetThen", "forgetFinally", "forgetResult"] as const) {
  Deno.test(`a promise that is derived from a future and left alone is an ordinary unhandled rejection (${name})`, async () => {
    const { code, errors } = await run(name);
    assertEquals(code, 1);
    assertStringIncludes(errors, "(in promise) Error: seen by nobody");
  });
}

// ---- Made by hand, and subclasses

Deno.test("a future that is made by hand carries a result from any source to several readers", async () => {
  const future = new Future<string>();
  const readers = [future.result(), future.then((s) => s), Promise.resolve(future), wait([future])];
  assertEquals(future.set_running_or_notify_cancel(), true);
  assertEquals(future.cancel(), false);
  setTimeout(() => future.set_result("by hand"));
  const [result, then, resolved, waited] = await Promise.all(readers);
  assertEquals([result, then, resolved], ["by hand", "by hand", "by hand"]);
  assertEquals((waited as { done: Set<Future<string>> }).done.has(future), true);
});

Deno.test("a subclass works wherever a future does, and its overrides are used", async () => {
  class Named extends Future<number> {
    cancels = 0;
    constructor(readonly name: string) {
      super();
    }
    override cancel(): boolean {
      this.cancels++;
      return super.cancel();
    }
  }
  const futures = ["a", "b", "c"].map((name) => new Named(name));
  const [a, b, c] = futures as [Named, Named, Named];
  const told: Future<number>[] = [];
  for (const future of futures) future.add_done_callback((f) => told.push(f));
  b.set_result(1);
  c.cancel();
  a.set_exception(failure);
  assertEquals(told.map((future) => (future as Named).name), ["b", "c", "a"]);
  assertEquals(futures.map((future) => future.cancels), [0, 0, 1]);
  const order = [];
  for await (const future of as_completed(futures)) order.push((future as Named).name);
  assertEquals(order, ["a", "b", "c"]);
  assertEquals((await wait(futures)).done.size, 3);
  assertEquals(await b, 1);
});

Deno.test("each cancelled future has an error of its own, the same at each look", async () => {
  const { cancelled, notified } = fixtures();
  const look = (future: Numeric) => assertRejects(() => future.result(), CancelledError);
  assertStrictEquals(await look(cancelled), await look(cancelled));
  const asked = await assertRejects(() => cancelled.exception(), CancelledError);
  assertStrictEquals(asked, await look(cancelled));
  assertNotStrictEquals(await look(cancelled), await look(notified));
  assertEquals((await look(cancelled)).cause, undefined);
});

// ---- Memory

Deno.test("a future keeps nothing of 100,000 waits that timed out, nor of those that were aborted", async () => {
  const { code, output, errors } = await run("timeOutOften");
  assertEquals({ code, errors }, { code: 0, errors: "" });
  assertEquals(JSON.parse(output), { waits: 100_300, callbacks: 100_300, alive: 0, told: 2 });
});

Deno.test("a future that is done keeps no callback", async () => {
  assertEquals(await run("dropCallbacks"), { code: 0, output: "0", errors: "" });
});

// ---- Programs for child processes

/** Collects garbage, once what this turn of the event loop still holds is free. */
async function collect(): Promise<void> {
  await turn();
  (globalThis as unknown as { gc(): void }).gc();
}

/** Remembers, without keeping them, the callbacks that it was given. */
class Watched extends Future<number> {
  readonly callbacks: WeakRef<(future: Future<number>) => void>[] = [];

  override add_done_callback(fn: (future: Future<number>) => void): void {
    this.callbacks.push(new WeakRef(fn));
    super.add_done_callback(fn);
  }

  alive(): number {
    return this.callbacks.filter((ref) => ref.deref() !== undefined).length;
  }
}

/** Waits of all kinds that time out, are aborted by `signal` or are given up. */
function limitedWaits(future: Numeric, signal: AbortSignal): Promise<unknown>[] {
  const timeout = 1;
  const kinds = [
    () => future.result(timeout),
    () => future.exception(timeout),
    () => wait([future], { timeout }),
    () => as_completed([future], { timeout }).next(),
  ];
  const waits: Promise<unknown>[] = [];
  for (let i = 0; i < 100_000; i++) waits.push(kinds[i % kinds.length]!());
  for (let i = 0; i < 100; i++) {
    waits.push(wait([future], { signal }), as_completed([future], { signal }).next());
    const iterator = as_completed([future]);
    waits.push(iterator.next());
    iterator.return();
  }
  return waits;
}

const PROGRAMS = {
  async ignoreFailures() {
    const failed = () => {
      const future = new Future<number>();
      future.set_exception(new Error("seen by nobody"));
      return future;
    };
    failed();
    new Future<number>().cancel();
    failed().add_done_callback(() => {});
    await failed().exception();
    await wait([failed(), failed()]);
    for await (const future of as_completed([failed(), failed()])) future.done();
    const late = new Future<number>();
    const waits = [wait([late]), as_completed([late]).next(), late.exception()];
    late.set_exception(new Error("seen by nobody"));
    await Promise.all(waits);
    await using executor = new ThreadPoolExecutor(1);
    executor.submit(() => {
      throw new Error("seen by nobody");
    });
    executor.submit(() => 1).cancel();
    await executor.shutdown();
    await collect();
    console.log("went on");
  },

  async forgetThen() {
    const future = new Future<number>();
    future.then(() => {});
    future.set_exception(new Error("seen by nobody"));
    await turn();
  },

  async forgetFinally() {
    const future = new Future<number>();
    future.set_exception(new Error("seen by nobody"));
    future.finally(() => {});
    await turn();
  },

  async forgetResult() {
    const future = new Future<number>();
    future.result(60_000);
    future.set_exception(new Error("seen by nobody"));
    await turn();
  },

  async timeOutOften() {
    const future = new Watched();
    let told = 0;
    const tell = () => void told++;
    future.add_done_callback(tell);
    const controller = new AbortController();
    const waits = limitedWaits(future, controller.signal);
    future.add_done_callback(tell);
    controller.abort();
    const count = (await Promise.allSettled(waits.splice(0))).length;
    await collect();
    const own = 2; // tell, added twice
    const callbacks = future.callbacks.length - own;
    const alive = future.alive() - own;
    future.set_result(1);
    console.log(JSON.stringify({ waits: count, callbacks, alive, told }));
  },

  async dropCallbacks() {
    const futures = [new Watched(), new Watched(), new Watched(), new Watched()];
    for (const [i, future] of futures.entries()) {
      for (let n = 0; n <= i; n++) future.add_done_callback(() => void n);
    }
    futures[0]!.set_result(1);
    futures[1]!.set_exception(1);
    futures[2]!.cancel();
    futures[3]!.set_result(1);
    await collect();
    console.log(futures.map((future) => future.alive()).reduce((a, b) => a + b));
  },
} satisfies Record<string, () => Promise<void>>;

if (import.meta.main) await PROGRAMS[Deno.args[0] as keyof typeof PROGRAMS]();
