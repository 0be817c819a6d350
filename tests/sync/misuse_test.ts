/**
 * Wrong uses of shared objects, each with its error: where the object lives, and where it stands for one of
 * another process.
 */

import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  Barrier,
  BoundedSemaphore,
  CancelledError,
  Condition,
  Event,
  Lock,
  ProcessPoolExecutor,
  RLock,
  RuntimeError,
  Semaphore,
  task,
  ValueError,
} from "../../mod.ts";
import { misuse, type Wrong } from "./shared_tasks.ts";

type Class = new (...args: never[]) => Error;

/** A wrong call of an asynchronous method: what it is, its error's class, and what that says. */
type Case = readonly [wrong: Wrong, error: Class, says: string];

const NO_OPTIONS = "an options object is wanted, not ";
const NO_NUMBER = ": a number of milliseconds is wanted";

function acquireCases(what: string): Case[] {
  return [
    [["acquire", [5]], TypeError, `Cannot acquire ${what}: ${NO_OPTIONS}5`],
    [["acquire", [null]], TypeError, `Cannot acquire ${what}: ${NO_OPTIONS}null`],
    [["acquire", [[]]], TypeError, `Cannot acquire ${what}: ${NO_OPTIONS}[]`],
    [["acquire", [false]], TypeError, `Cannot acquire ${what}: ${NO_OPTIONS}false`],
    [["acquire", [{ timeout: "1" }]], ValueError, `acquire ${what}: timeout is "1"${NO_NUMBER}`],
    [["acquire", [{ timeout: NaN }]], ValueError, `acquire ${what}: timeout is NaN${NO_NUMBER}`],
    [["acquire", [{ block: 1 }]], TypeError, `acquire ${what}: block is 1: a boolean is wanted`],
    [["acquire", [{ signal: 1 }]], TypeError, `signal is 1: an AbortSignal is wanted`],
    [
      ["acquire", [{ wait: 1 }]],
      TypeError,
      "there is no option wait: block, timeout, signal are known",
    ],
  ];
}

function waitCases(what: string): Case[] {
  return [
    [["wait", [5]], TypeError, `Cannot wait ${what}: ${NO_OPTIONS}5`],
    [["wait", [{ timeout: NaN }]], ValueError, `timeout is NaN${NO_NUMBER}`],
    [["wait", [{ timeout: {} }]], ValueError, `timeout is {}${NO_NUMBER}`],
    [["wait", [{ signal: {} }]], TypeError, `signal is {}: an AbortSignal is wanted`],
    [
      ["wait", [{ block: false }]],
      TypeError,
      "there is no option block: timeout, signal are known",
    ],
  ];
}

const CASES: readonly [make: () => object, cases: readonly Case[]][] = [
  [() => new Lock(), [
    ...acquireCases("a Lock"),
    [["release", []], ValueError, "Cannot release a Lock: it is not held"],
  ]],
  [() => new RLock(), [
    ...acquireCases("an RLock"),
    [["release", []], RuntimeError, "Cannot release an RLock: it is not held"],
  ]],
  [() => new Semaphore(), [
    ...acquireCases("a Semaphore"),
    [["release", [0]], ValueError, "Cannot release a Semaphore: n is 0: an integer of at least 1"],
    [["release", [{}]], ValueError, "n is {}"],
  ]],
  [() => new BoundedSemaphore(3), [
    ...acquireCases("a BoundedSemaphore"),
    [["release", []], ValueError, "1 more would make over 3 permits, which is the most"],
  ]],
  [() => new Condition(), [
    ...acquireCases("a Lock"),
    ...waitCases("for a Condition"),
    [["release", []], ValueError, "Cannot release a Lock: it is not held"],
    [["wait", []], RuntimeError, "Cannot wait for a Condition: its lock is not held by the caller"],
    [["notify", []], RuntimeError, "Cannot notify a Condition: its lock is not held by the caller"],
    [["notify_all", []], RuntimeError, "Cannot notify a Condition: its lock is not held"],
    [["notify", [0]], ValueError, "n is 0: an integer of at least 1 is wanted"],
    [["notify", [1.5]], ValueError, "n is 1.5"],
  ]],
  [() => new Event(), waitCases("for an Event")],
  [() => new Barrier(2), waitCases("at a Barrier")],
];

function check(case_: Case, error: unknown): void {
  const [wrong, type, says] = case_;
  const about = Deno.inspect(wrong);
  assertInstanceOf(error, type, about);
  // A TypeError that is one by chance says something else.
  assert((error as Error).message.includes(says), `${about}: ${(error as Error).message}`);
  assertEquals((error as Error).constructor, type, about);
}

for (const [make, cases] of CASES) {
  const { name } = make().constructor;
  Deno.test(`What is wrong with a call of a ${name} is said by its error`, async () => {
    for (const case_ of cases) {
      const object = make();
      const [error] = await misuse(object, [case_[0]]);
      check(case_, error);
      const twin: unknown = Reflect.get(object, `${case_[0][0]}Sync`);
      if (typeof twin !== "function" || "signal" in Object(case_[0][1][0])) continue;
      const says = case_[2].replace(", signal are known", " are known");
      check([case_[0], case_[1], says], assertThrows(() => twin.apply(object, case_[0][1])));
    }
  });
}

Deno.test("What is wrong with a call is said in a child process as where the object lives", async () => {
  await using executor = new ProcessPoolExecutor(1);
  const inChild = task(import.meta.resolve("./shared_tasks.ts"), misuse);
  for (const [make, cases] of CASES) {
    const errors = await executor.submit(inChild, make(), cases.map(([wrong]) => wrong));
    for (const [i, error] of errors.entries()) check(cases[i]!, error);
  }
});

Deno.test("A blocking method takes no signal", () => {
  const { signal } = new AbortController();
  const locks = [new Lock(), new RLock(), new Semaphore(), new Condition()];
  for (const lock of locks) {
    const says = "there is no option signal: block, timeout are known";
    assertThrows(() => lock.acquireSync({ signal } as never), TypeError, says);
  }
  const says = "there is no option signal: timeout are known";
  assertThrows(() => new Event().waitSync({ signal } as never), TypeError, says);
  assertThrows(() => new Barrier(1).waitSync({ signal } as never), TypeError, says);
});

Deno.test("What a constructor can't make anything of is said by its error", () => {
  for (const value of [-1, 1.5, NaN, Infinity, 2 ** 30, "1", null, {}]) {
    for (const type of [Semaphore, BoundedSemaphore]) {
      assertThrows(
        () => new type(value as never),
        ValueError,
        `Cannot make a ${type.name}: value is ${Deno.inspect(value)}: an integer of at least 0`,
      );
    }
  }
  for (const parties of [0, -1, 1.5, NaN, 2 ** 31, "2", undefined]) {
    assertThrows(
      () => new Barrier(parties as never),
      ValueError,
      `Cannot make a Barrier: parties is ${Deno.inspect(parties)}: an integer of at least 1`,
    );
  }
  assertThrows(() => new Barrier(2, { action: 1 as never }), TypeError, "action is 1: a function");
  assertThrows(() => new Barrier(2, { timeout: NaN }), ValueError, "timeout is NaN");
  assertThrows(() => new Barrier(2, { time: 1 } as never), TypeError, "there is no option time");
  assertThrows(() => new Barrier(2, null as never), TypeError, "an options object is wanted");
  for (const lock of [null, {}, new Semaphore(), new Event()]) {
    assertThrows(() => new Condition(lock as never), TypeError, "a Lock or RLock is wanted");
  }
});

const SIGNALLED: readonly [what: string, begin: (signal: AbortSignal) => Promise<unknown>][] = [
  ["a Lock", async (signal) => {
    const lock = new Lock();
    await lock.acquire();
    await lock.acquire({ signal });
  }],
  ["a free Lock", (signal) => new Lock().acquire({ signal })],
  ["a held Semaphore", (signal) => new Semaphore(0).acquire({ signal })],
  ["a Semaphore that is held", (signal) => new Semaphore(0).hold({ signal })],
  ["an Event", (signal) => new Event().wait({ signal })],
  ["a Barrier", (signal) => new Barrier(2).wait({ signal })],
  ["a Condition", async (signal) => {
    const condition = new Condition();
    using _held = await condition.hold();
    await condition.wait({ signal });
  }],
  ["what a Condition protects", async (signal) => {
    const condition = new Condition();
    using _held = await condition.hold();
    await condition.wait_for(() => false, { signal });
  }],
];

for (const [what, begin] of SIGNALLED) {
  Deno.test(`A wait for ${what} with an aborted signal is a CancelledError that has its reason`, async () => {
    const reason = { why: "enough" };
    const error = await assertRejects(() => begin(AbortSignal.abort(reason)), CancelledError);
    assertEquals(error.cause, reason);
    assert(error.message.endsWith("the signal was aborted"), error.message);
    if (what === "a free Lock") return;
    const controller = new AbortController();
    const wait = begin(controller.signal);
    // Not before it waits.
    setTimeout(() => controller.abort(reason), 1);
    assertEquals((await assertRejects(() => wait, CancelledError)).cause, reason);
  });
}

Deno.test("A barrier is broken by an aborted wait, and not by a signal that was aborted before", async () => {
  const barrier = new Barrier(2);
  const before = barrier.wait({ signal: AbortSignal.abort() });
  await assertRejects(() => before, CancelledError);
  assertEquals([barrier.broken, barrier.n_waiting], [false, 0]);
  const controller = new AbortController();
  const wait = barrier.wait({ signal: controller.signal });
  controller.abort();
  await assertRejects(() => wait, CancelledError);
  assertEquals(barrier.broken, true);
});
