/** Tests of shared objects on their way: what arrives, wherever it goes, is what was sent. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RLock,
  RuntimeError,
  Semaphore,
  task,
} from "../../mod.ts";
import { untilWaiting } from "../support/waiters.ts";
import { perform } from "../suites/sync_tasks.ts";
import * as tasks from "./shared_tasks.ts";
import { type Kind, messageWith, pool } from "./shared_tasks.ts";

const HERE = import.meta.resolve("./shared_tasks.ts");
const atEndOf = task(HERE, tasks.atEndOf);
const echo = task(HERE, tasks.echo);
const isRemembered = task(HERE, tasks.isRemembered);
const looksAt = task(HERE, tasks.looksAt);
const make = task(HERE, tasks.make);
const recall = task(HERE, tasks.recall);
const remember = task(HERE, tasks.remember);
const performTask = task(import.meta.resolve("../suites/sync_tasks.ts"), perform);

const OBJECTS: Readonly<Record<string, () => object>> = {
  Lock: () => new Lock(),
  RLock: () => new RLock(),
  Semaphore: () => new Semaphore(2),
  BoundedSemaphore: () => new BoundedSemaphore(2),
  Condition: () => new Condition(new RLock()),
  Event: () => new Event(),
  Barrier: () => new Barrier(2, { timeout: 1000 }),
};

const KINDS: readonly Kind[] = ["thread", "killable thread", "child"];

for (const kind of KINDS) {
  Deno.test(`Everything shared arrives in a ${kind} as one object, wherever it is in a message`, async () => {
    await using executor = pool(kind);
    for (const [name, make] of Object.entries(OBJECTS)) {
      const object = make();
      assertEquals(await executor.submit(looksAt, messageWith(object), name), [], name);
      // In its own message, and as one more argument beside it.
      await executor.submit(remember, object);
      assertEquals(await executor.submit(isRemembered, object), true, name);
      const back = await executor.submit(echo, messageWith(object)) as tasks.Message;
      assertEquals(tasks.looksAt(back, name), [], name);
      assertStrictEquals(back.plain.object, object, name);
      assertStrictEquals(await executor.submit(recall), object, name);
    }
  });

  Deno.test(`What an initializer of a ${kind} is given is what its tasks are given`, async () => {
    const lock = new Lock();
    const initializer = remember as never;
    await using executor = pool(kind, { initializer, initargs: [lock] });
    assertEquals(await executor.submit(isRemembered, lock), true);
    assertStrictEquals(await executor.submit(recall), lock);
    await using other = pool(kind, { initializer, initargs: [messageWith(lock)] });
    assertStrictEquals((await other.submit(recall) as tasks.Message).plain.object, lock);
  });

  Deno.test(`What a ${kind} makes can be used by its parent, and is itself again there`, async () => {
    await using executor = pool(kind);
    const lock = await executor.submit(make, "Lock") as Lock;
    assertInstanceOf(lock, Lock);
    assertEquals(await executor.submit(isRemembered, lock), true);
    assertStrictEquals(await executor.submit(recall), lock);
    assertEquals(await lock.acquire(), true);
    const tries = executor.submit(performTask, false, [[lock, "acquire", { block: false }]]);
    assertEquals(await tries, [false]);
    const waits = executor.submit(performTask, false, [[lock, "acquire"], [lock, "locked"]]);
    await lock.release();
    assertEquals(await waits, [true, true]);
    assertEquals(await lock.acquire({ timeout: 1 }), false);
    await lock.release();
    assertEquals(await lock.locked(), false);

    const event = await executor.submit(make, "Event") as Event;
    const woken = event.wait();
    await executor.submit(performTask, false, [[event, "set"]]);
    assertEquals(await woken, true);

    const condition = await executor.submit(make, "Condition") as Condition;
    // Released as the executor ends, at the latest.
    using _held = await condition.hold();
    const wait = condition.wait();
    const notifier = executor.submit(performTask, false, [[condition, "hold"], [
      condition,
      "notify",
    ]]);
    assertEquals(await wait, true);
    await notifier;
  });

  Deno.test(`A condition and its lock stay together on their way to a ${kind}`, async () => {
    await using executor = pool(kind);
    const lock = new Lock();
    const [one, other] = [new Condition(lock), new Condition(lock)];
    const waits = executor.submit(performTask, false, [[lock, "hold"], [one, "wait"], [
      other,
      "wait",
    ]]);
    for (const condition of [one, other]) {
      await untilWaiting(condition, 1);
      using _held = await lock.hold();
      condition.notify();
    }
    assertEquals(await waits, [true, true, true]);
  });

  Deno.test(`One object goes to many tasks of a ${kind} at once, and in rows of a map`, async () => {
    await using executor = pool(kind);
    const [lock, counter] = [new Lock(), new Semaphore(0)];
    const steps = [[lock, "hold"], [counter, "release"]] as const;
    await Promise.all(Array.from({ length: 50 }, () => executor.submit(performTask, false, steps)));
    assertEquals(counter.get_valueSync(), 50);
    const shared = [1, 2, 3];
    const rows = Array.from({ length: 50 }, (_, i) => [lock, i, shared] as const);
    const back = await Array.fromAsync(executor.map(echo, rows)) as typeof rows;
    assertEquals(back.map(([, i]) => i), rows.map(([, i]) => i));
    assert(back.every(([it]) => it === lock));
  });

  Deno.test(`What has come from a ${kind} can be sent in rows that have more in common`, async () => {
    await using executor = pool(kind);
    const lock = await executor.submit(make, "Lock") as Lock;
    const shared = [1, 2, 3];
    const rows = Array.from({ length: 10 }, () => [lock, shared] as const);
    const five = executor.options({ chunksize: 5 });
    const back = await Array.fromAsync(five.map(echo, rows)) as typeof rows;
    assert(back.every(([it]) => it === lock));
    const unsendable = executor.options({ chunksize: 5 }).map(echo, [[lock], [lock, () => {}]]);
    assertEquals((await unsendable.next()).value, [lock]);
    const error = await assertRejects(() => unsendable.next(), DOMException);
    assertEquals(error.name, "DataCloneError");
  });
}

const WAYS: readonly (readonly Kind[])[] = [
  ["thread", "thread"],
  ["thread", "killable thread"],
  ["thread", "child"],
  ["child", "thread"],
  ["child", "killable thread"],
  ["child", "child"],
  ["thread", "child", "thread"],
];

for (const way of WAYS) {
  const path = way.join(" to a ");
  Deno.test(`An object goes from main to a ${path}, and back`, async () => {
    const [first, ...rest] = way;
    await using executor = pool(first!);
    const atEnd = (name: "echo" | "perform" | "looksAt", ...args: unknown[]) =>
      executor.submit(atEndOf, rest, name, ...args);
    for (const [name, make] of Object.entries(OBJECTS)) {
      const object = make();
      assertEquals(await atEnd("looksAt", messageWith(object), name), [], name);
      assertStrictEquals(await atEnd("echo", object), object, name);
    }
    const [lock, held, go] = [new RLock(), new Event(), new Event()];
    const using = atEnd("perform", false, [
      [lock, "acquire"],
      [lock, "acquire", { timeout: 1 }],
      [held, "set"],
      [go, "wait"],
      [lock, "release"],
      [lock, "release"],
    ]);
    await held.wait();
    assertEquals(await lock.acquire({ block: false }), false);
    const waiting = lock.acquire();
    go.set();
    assertEquals(await using, [true, true, undefined, true, undefined, undefined]);
    assertEquals(await waiting, true);
    await assertRejects(() => atEnd("perform", false, [[lock, "release"]]), RuntimeError);
    await lock.release();
  });
}

for (
  const [above, below] of [["thread", "child"], ["child", "child"], ["child", "thread"]] as const
) {
  Deno.test(`What a ${below} of a ${above} makes can be used by main`, async () => {
    await using executor = pool(above);
    const makeBelow = task(HERE, tasks.makeBelow);
    const lock = await executor.submit(makeBelow, below, "RLock") as RLock;
    assertInstanceOf(lock, RLock);
    assertEquals([await lock.acquire(), await lock.acquire()], [true, true]);
    assertStrictEquals(await executor.submit(makeBelow, below, "RLock"), lock);
    const tries = executor.submit(performTask, false, [[lock, "acquire", { block: false }]]);
    assertEquals(await tries, [false]);
    await lock.release();
    await lock.release();
    const error = await assertRejects(() => lock.release(), RuntimeError);
    assertEquals(error.message, "Cannot release an RLock: it is not held");
  });
}

for (const kind of KINDS) {
  Deno.test(`A child and a ${kind} of its own are two owners of what both got from main`, async () => {
    await using executor = pool("child");
    const lock = new RLock();
    const results = await executor.submit(task(HERE, tasks.contend), kind, lock);
    assertEquals(results, [[false], "RuntimeError", [true, true]]);
    // Its holder went with its pool.
    assertEquals(await lock.acquire({ timeout: 20_000 }), true);
  });

  Deno.test(`What a ${kind} of a child holds goes to others when that one dies`, async () => {
    await using executor = pool("child");
    const lock = new Lock();
    const [taken, die, over] = [new Event(), new Event(), new Event()];
    const child = executor.submit(task(HERE, tasks.loseHolder), kind, lock, taken, die, over);
    await taken.wait();
    const waits = lock.acquire();
    die.set();
    assertEquals(await waits, true);
    assertEquals(lock.abandoned, true);
    over.set();
    await child;
  });
}

for (const kind of KINDS) {
  Deno.test(`What a child got, the initializer of its own ${kind} is given as its tasks are`, async () => {
    await using executor = pool("child");
    const initialize = task(HERE, tasks.initializeBelow);
    assertEquals(await executor.submit(initialize, kind, new Lock()), [true, true]);
  });

  Deno.test(`What one child makes a ${kind} beside it can use; if that dies, others can`, async () => {
    await using maker = pool("child");
    await using user = pool(kind);
    const [lock, held, go] = [await maker.submit(make, "RLock") as RLock, new Event(), new Event()];
    assertStrictEquals(await user.submit(echo, lock), lock);
    const using = user.submit(performTask, false, [
      [lock, "acquire"],
      [lock, "acquire"],
      [held, "set"],
      [go, "wait"],
      [lock, "release"],
      [lock, "release"],
    ]);
    await held.wait();
    assertEquals(await lock.acquire({ block: false }), false);
    const tries = maker.submit(performTask, false, [[lock, "acquire", { block: false }]]);
    assertEquals(await tries, [false]);
    const waits = maker.submit(performTask, false, [[lock, "hold"], [lock, "abandoned"]]);
    await go.set();
    assertEquals((await using)[0], true);
    assertEquals(await waits, [true, false]);

    const [taken, die] = [new Event(), new Event()];
    const dying = user.submit(task(HERE, tasks.takeAndDie), [lock], taken, die, "exit");
    await taken.wait();
    const next = maker.submit(performTask, false, [[lock, "hold"], [lock, "abandoned"]]);
    die.set();
    assertEquals(await next, [true, true]);
    await dying.exception();
    assertEquals([await lock.acquire(), lock.abandoned], [true, false]);
    await lock.release();
  });
}

Deno.test("An object that no process has any more is kept for none", async () => {
  await using executor = pool("child");
  await executor.submit(task(HERE, tasks.holdWeakly), new Lock());
  const ref = await (async () => {
    const lock = new Lock();
    await executor.submit(task(HERE, tasks.holdWeakly), lock);
    assertEquals(await executor.submit(performTask, false, [[lock, "acquire"]]), [true]);
    return new WeakRef(lock);
  })();
  assertEquals(await executor.submit(task(HERE, tasks.collected)), true);
  assertEquals(await tasks.collected(ref), true);
  const kept = new Lock();
  await executor.submit(remember, kept);
  assertEquals(await executor.submit(isRemembered, kept), true);
});
