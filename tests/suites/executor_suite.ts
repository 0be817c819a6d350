/**
 * How an executor behaves, whatever its workers are: the lines E, S, I and M of CPython's own suite.
 *
 * A test's name begins with the line that it covers. A line that a backend does not keep is a gap with a
 * reason; the lines that make no sense in JavaScript are listed where they would stand.
 */

import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLessOrEqual,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type BrokenExecutor,
  CancelledError,
  type PoolExecutor,
  RuntimeError,
  task,
  type TaskReference,
  TimeoutError,
  ValueError,
} from "../../mod.ts";
import * as tasks from "./executor_tasks.ts";
import { type Gate, runProgram, until } from "./executor_tasks.ts";

/** What the suite asks for when it has an executor made. */
export interface SuiteOptions {
  max_workers?: number;
  thread_name_prefix?: string;
  initializer?: TaskReference<never[], unknown>;
  initargs?: readonly unknown[];
  max_tasks_per_child?: number;
}

/** One kind of executor. */
export interface Backend {
  readonly name: string;
  make(options: SuiteOptions): PoolExecutor;
  /** An expression that makes one, in a program that has imported all of Herd. */
  expression(options: string): string;
  /** What its workers are named with, up to the number of the pool. */
  readonly prefix: string;
  /** What a broken one fails with. */
  readonly broken: typeof BrokenExecutor;
  /** A gate that its workers can see. */
  gate(): Gate;
  /** Whether what a worker has been sent and has not begun can be taken back. */
  readonly takesBack: boolean;
  /** Lines that it does not keep, each with the reason. */
  readonly gaps: Readonly<Record<string, string>>;
}

type Line = (id: string, sentence: string, body: () => Promise<void> | void) => void;

const HERE = import.meta.resolve("./executor_tasks.ts");
const divide = task(HERE, tasks.divide);
const echo = task(HERE, tasks.echo);
const pass = task(HERE, tasks.pass);
const power = task(HERE, tasks.power);
const raise = task(HERE, tasks.raise);
const realm = task(HERE, tasks.realm);
const realmAt = task(HERE, tasks.realmAt);
const remembered = task(HERE, tasks.remembered);
const threadName = task(HERE, tasks.threadName);
const visit = task(HERE, tasks.visit);

/** Registers the suite's tests for one backend. */
export function executorSuite(backend: Backend): void {
  const unused = new Set(Object.keys(backend.gaps));
  const line: Line = (id, sentence, fn) => {
    const gap = backend.gaps[id];
    unused.delete(id);
    const reason = gap === undefined ? "" : ` (gap: ${gap})`;
    Deno.test({
      name: `${backend.name} ${id}: ${sentence}${reason}`,
      ignore: gap !== undefined,
      fn,
    });
  };
  callLines(line, backend);
  mapLines(line, backend);
  mapEndLines(line, backend);
  buffersizeLines(line, backend);
  workerLines(line, backend);
  memoryLines(line, backend);
  shutdownLines(line, backend);
  programLines(line, backend);
  initializerLines(line, backend);
  replacementLines(line, backend);
  assertEquals([...unused], [], "gaps that name no line of the suite");
}

/** The integers from `start` to before `end`. */
function range(end: number, start = 0): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/** The same value for ever. */
function* repeat<T>(value: T): Generator<T> {
  while (true) yield value;
}

/** The integers from 0 for ever. */
function* count(): Generator<number> {
  for (let n = 0;; n++) yield n;
}

/** What a promise rejects with, of whatever type. */
async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("Cannot go on with the test: the promise did not reject");
}

function callLines(line: Line, { make }: Backend): void {
  line("E01", "a submitted call gives its result", async () => {
    await using executor = make({ max_workers: 2 });
    const future = executor.submit(power, 2, 8);
    assertEquals(await future.result(), 256);
    assertEquals(await future, 256);
    assert(future.done() && !future.cancelled() && !future.running());
    assertEquals(await future.exception(), null);
  });

  // E02, keyword arguments: there are none in JavaScript. Its second half, a call without a callable:
  line("E02", "what is not callable is refused at the call", async () => {
    await using executor = make({ max_workers: 1 });
    for (const wrong of [undefined, null, 1, "power", {}]) {
      assertThrows(() => executor.submit(wrong as never), TypeError, "a function or task(");
      assertThrows(
        () => executor.map(wrong as never, [1] as never),
        TypeError,
        "a function or task(",
      );
    }
    assertEquals(executor.stats().workers, 0);
  });

  line("E24", "what is thrown arrives, also when it is falsy or has length 0", async () => {
    await using executor = make({ max_workers: 2 });
    for (const falsy of [undefined, null, 0, "", false, NaN, 0n]) {
      for (const late of [false, true]) {
        const future = executor.submit(raise, falsy, late);
        assert(Object.is(await rejection(future), falsy), `${String(falsy)} was thrown`);
        assert(Object.is(await future.exception(), falsy));
      }
      assert(Object.is(await rejection(executor.map(raise, [falsy]).next()), falsy));
    }
    const error = await rejection(executor.submit(task(HERE, tasks.raiseOwn), 1));
    assertEquals((error as tasks.OwnError).length, 0);
  });

  line("E33", "an error keeps class, properties and cause, and shows both stacks", async () => {
    await using executor = make({ max_workers: 1 });
    const future = executor.submit(task(HERE, tasks.raiseOwn), 42);
    const error = await assertRejects(() => future, tasks.OwnError, "the worker's own words");
    assertEquals([error.name, error.code], ["OwnError", 42]);
    assertInstanceOf(error.cause, TypeError);
    assertEquals(error.cause.message, "deeper");
    const inWorker = error.stack!.indexOf("executor_tasks.ts");
    const inCaller = error.stack!.indexOf("executor_suite.ts");
    assertGreater(inWorker, 0);
    assertGreater(inCaller, inWorker);
  });
}

function mapLines(line: Line, { make, gate: makeGate, takesBack }: Backend): void {
  line("E03", "map keeps the order, zips its inputs and takes a chunksize", async () => {
    await using executor = make({ max_workers: 3 });
    const expected = range(10).map((n) => n ** n);
    assertEquals(await Array.fromAsync(executor.map(power, range(10), range(10))), expected);
    const chunked = executor.options({ chunksize: 3 }).map(power, range(10), range(10));
    assertEquals(await Array.fromAsync(chunked), expected);
    assertEquals(await Array.fromAsync(executor.map(power, range(3), range(9))), [1, 1, 4]);
  });

  line("E04", "map gives the results before the item that fails, then its error", async () => {
    await using executor = make({ max_workers: 2 });
    const results = executor.map(divide, [1, 1, 1, 1], [2, 3, 0, 5]);
    assertEquals(await results.next(), { done: false, value: 0.5 });
    assertEquals(await results.next(), { done: false, value: 1 / 3 });
    await assertRejects(() => results.next(), ValueError, "by zero: 1 / 0");
    assertEquals(await results.next(), { done: true, value: undefined });
  });

  // E05: that map goes on after a failed item is CPython 3.16's; an async iterator ends by its error, as
  // every generator and up to CPython 3.15 map does. E04 covers that.

  line("E06", "a TimeoutError of the callable is an ordinary failure", async () => {
    await using executor = make({ max_workers: 1 });
    const results = executor.options({ timeout: 60_000 })
      .map(task(HERE, tasks.raiseTimeout) as never, [1] as never);
    await assertRejects(() => results.next(), TimeoutError, "the callable's own timeout");
    assertEquals((await results.next()).done, true);
  });

  line(
    "E07",
    "map's clock starts at the call, and what was ready before is delivered",
    async () => {
      await using executor = make({ max_workers: 1 });
      using gate = makeGate();
      using visits = makeGate();
      // Whoever comes is counted and goes on.
      visits.open();
      const items = executor.options({ timeout: 1, chunksize: 1 })
        .map(task(HERE, tasks.passIf), [null, gate.ticket, visits.ticket], range(3));
      await until(() => executor.stats().finished === 1);
      await gate.arrivals(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      assertEquals(await items.next(), { done: false, value: 0 });
      await assertRejects(() => items.next(), TimeoutError, "within 1 ms");
      assertEquals((await items.next()).done, true);
      gate.open();
      assertEquals(await executor.submit(echo, "after"), "after");
      assertLessOrEqual(visits.arrived, takesBack ? 0 : 1);
    },
  );

  line("E08", "return() ends map for good, plain and chunked", async () => {
    await using executor = make({ max_workers: 2 });
    for (const chunksize of [1, 5]) {
      const results = executor.options({ chunksize }).map(echo, range(20));
      assertEquals(await results.next(), { done: false, value: 0 });
      assertEquals(await results.return!(), { done: true, value: undefined });
      assertEquals(await results.next(), { done: true, value: undefined });
      assertEquals(await results.next(), { done: true, value: undefined });
    }
  });

  line("E18", "without a buffersize all calls run though nobody reads the results", async () => {
    using gate = makeGate();
    {
      await using executor = make({ max_workers: 2 });
      executor.map(visit, repeat(gate.ticket), range(30));
    }
    assertEquals(gate.arrived, 30);
  });
}

function mapEndLines(line: Line, { make, gate: makeGate }: Backend): void {
  line(
    "E19",
    "when next() times out, neither the item it waits for nor later ones start",
    async () => {
      await using executor = make({ max_workers: 1 });
      using gate = makeGate();
      using visits = makeGate();
      const blocker = executor.submit(pass, gate.ticket);
      await gate.arrivals(1);
      const items = executor.options({ timeout: 1 }).map(visit, repeat(visits.ticket), range(10));
      await assertRejects(() => items.next(), TimeoutError);
      gate.open();
      await blocker;
      await executor.submit(echo, 1);
      assertEquals(visits.arrived, 0);
      assertEquals(executor.stats().queued, 0);
    },
  );

  line("E20", "one item more than there are workers and a shutdown at once", async () => {
    const executor = make({ max_workers: 3 });
    const results = executor.map(echo, range(4));
    await executor.shutdown();
    assertEquals(await Array.fromAsync(results), range(4));
  });

  line(
    "E32",
    "a chunksize below 1 is a ValueError, and no other one changes the output",
    async () => {
      await using executor = make({ max_workers: 2 });
      for (const chunksize of [-1, 0, 1.5]) {
        assertThrows(
          () => executor.options({ chunksize }),
          ValueError,
          `chunksize is ${chunksize}`,
        );
      }
      const expected = range(40).map((n) => n ** 2);
      for (const chunksize of [6, 40, 50]) {
        const results = executor.options({ chunksize }).map(power, range(40), repeat(2));
        assertEquals(await Array.fromAsync(results), expected);
      }
    },
  );
}

function buffersizeLines(line: Line, { make }: Backend): void {
  // CPython has TypeErrors here; Herd has one class for a number out of range, whatever its kind.
  line("E09", "a buffersize that is no integer is refused before anything is read", async () => {
    await using executor = make({ max_workers: 1 });
    for (const buffersize of ["foo", 2.5, NaN, true]) {
      assertThrows(
        () => executor.options({ buffersize: buffersize as number }).map(echo, unreadable()),
        ValueError,
        "an integer of at least 1 is wanted",
      );
    }
  });

  line("E10", "a buffersize below 1 is a ValueError", async () => {
    await using executor = make({ max_workers: 1 });
    for (const buffersize of [0, -1]) {
      assertThrows(
        () => executor.options({ buffersize }),
        ValueError,
        `buffersize is ${buffersize}`,
      );
    }
  });

  line("E11", "a buffersize below, at and above the input's length gives everything", async () => {
    await using executor = make({ max_workers: 2 });
    const expected = range(8).map((n) => n ** 3);
    for (const buffersize of [1, 2, 7, 8, 9, 100]) {
      const results = executor.options({ buffersize }).map(power, range(8), repeat(3));
      assertEquals(await Array.fromAsync(results), expected, `buffersize ${buffersize}`);
    }
  });

  line("E12", "a buffersize works with several inputs", async () => {
    await using executor = make({ max_workers: 2 });
    const results = executor.options({ buffersize: 3 }).map(power, range(8, 1), range(9, 2));
    assertEquals(await Array.fromAsync(results), range(8, 1).map((n) => n ** (n + 1)));
  });

  line("E13", "an endless input can be used with a buffersize", async () => {
    await using executor = make({ max_workers: 2 });
    const results = executor.options({ buffersize: 2 }).map(echo, count());
    for (const expected of range(20)) assertEquals((await results.next()).value, expected);
    await results.return!();
  });

  line("E14", "several endless inputs can be used with a buffersize", async () => {
    await using executor = make({ max_workers: 2 });
    const results = executor.options({ buffersize: 2 }).map(power, count(), count());
    for (const n of range(10)) assertEquals((await results.next()).value, n ** n);
    await results.return!();
  });

  line("E15", "an empty input with a buffersize gives nothing", async () => {
    await using executor = make({ max_workers: 1 });
    const buffered = executor.options({ buffersize: 1 });
    assertEquals(await Array.fromAsync(buffered.map(echo, [])), []);
    assertEquals(await Array.fromAsync(buffered.map(power, [], range(3))), []);
    assertEquals(executor.stats().workers, 0);
  });

  line("E16", "no input at all gives nothing", async () => {
    await using executor = make({ max_workers: 1 });
    const none = [] as unknown as [Iterable<unknown>];
    assertEquals(await Array.fromAsync(executor.options({ buffersize: 1 }).map(echo, ...none)), []);
    assertEquals(await Array.fromAsync(executor.map(echo, ...none)), []);
  });

  line("E17", "exactly buffersize items are pulled before the first next()", async () => {
    await using executor = make({ max_workers: 2 });
    for (const buffersize of [1, 2, 5]) {
      let pulled = 0;
      const input = count().map((n) => {
        pulled++;
        return n;
      });
      const results = executor.options({ buffersize }).map(echo, input);
      assertEquals(pulled, buffersize);
      await until(() => executor.stats().queued + executor.stats().running === 0);
      assertEquals(pulled, buffersize);
      for (const given of range(5, 1)) {
        await results.next();
        assertEquals(pulled, buffersize + given);
      }
      await results.return!();
    }
  });
}

/** An input that must not be read. */
function unreadable(): Iterable<never> {
  return {
    [Symbol.iterator]() {
      throw new Error("the input was opened");
    },
  };
}

function workerLines(line: Line, { make, gate: makeGate }: Backend): void {
  line("E22", "max_workers of 0 and less is a ValueError", () => {
    for (const max_workers of [0, -1]) {
      assertThrows(() => make({ max_workers }), ValueError, `max_workers is ${max_workers}`);
    }
  });

  // CPython has min(32, CPUs + 4) for threads, since its threads wait more than they compute.
  line("E25", "there are as many workers as processors by default", async () => {
    await using executor = make({});
    await executor.ready();
    assertEquals(executor.stats().workers, navigator.hardwareConcurrency);
  });

  line("E26", "60 blocked tasks on 4 workers have exactly 4 workers", async () => {
    await using executor = make({ max_workers: 4 });
    using gate = makeGate();
    const futures = range(60).map(() => executor.submit(realmAt, gate.ticket));
    await gate.arrivals(4);
    assertEquals(executor.stats().workers, 4);
    assertEquals(executor.stats().running, 4);
    assertEquals(gate.arrived, 4);
    gate.open();
    assertEquals(new Set(await Promise.all(futures)).size, 4);
    assertEquals(executor.stats().workers, 4);
  });
  // E28, the same for processes, is E26 with their backend.

  line("E27", "three tasks one after the other use one worker", async () => {
    await using executor = make({ max_workers: 4 });
    const realms = new Set<string>();
    for (let i = 0; i < 3; i++) realms.add(await executor.submit(realm));
    assertEquals(realms.size, 1);
    assertEquals(executor.stats().workers, 1);
  });
  // E29, the same for processes, is E27 with their backend.

  line("E30", "six tasks, awaited one by one and together, use at most three workers", async () => {
    await using executor = make({ max_workers: 3 });
    using gate = makeGate();
    const futures = [executor.submit(realmAt, gate.ticket), executor.submit(realm)];
    await futures[1];
    futures.push(executor.submit(realm), executor.submit(realm));
    await futures[3];
    futures.push(executor.submit(realm), executor.submit(realmAt, gate.ticket));
    gate.open();
    assertLessOrEqual(new Set(await Promise.all(futures)).size, 3);
    assertLessOrEqual(executor.stats().workers, 3);
  });

  // E31: the limit of 61 workers is one of CPython's waits on Windows.
  // E35, E36: nothing is forked.
}

function memoryLines(line: Line, { make }: Backend): void {
  line("E21", "a call that ended leaves neither callable nor arguments behind", async () => {
    await using executor = make({ max_workers: 1 });
    const run = async (hold: "callable" | "argument") => {
      const callable = (object: { n: number }) => object.n;
      const argument = { n: 1 };
      tasks.holdWeakly(hold === "callable" ? callable : argument);
      await executor.submit(callable, argument);
    };
    for (const hold of ["callable", "argument"] as const) {
      await run(hold);
      assertEquals(await tasks.isHeld(), false, `${hold} is held`);
    }
    const future = executor.submit((object: { n: number }) => object.n, held());
    await future;
    assertEquals(await tasks.isHeld(), false, "the future holds the argument");
    assertEquals(await future, 1);
  });

  line("E23", "map's iterator does not retain what it has delivered", async () => {
    await using executor = make({ max_workers: 1 });
    const results = executor.options({ chunksize: 4 }).map(echo, range(8).map((n) => ({ n })));
    const take = async () => tasks.holdWeakly((await results.next()).value as object);
    await take();
    assertEquals(await tasks.isHeld(), false);
    await take();
    assertEquals(await tasks.isHeld(), false);
    assertEquals((await Array.fromAsync(results)).length, 6);
  });

  line("E34", "a worker drops a task's arguments and result at once", async () => {
    await using executor = make({ max_workers: 1 });
    await executor.submit(task(HERE, tasks.holdWeakly), { n: 1 });
    assertEquals(await executor.submit(task(HERE, tasks.isHeld)), false);
  });
}

/** An argument that is held weakly, and by nobody else here. */
function held(): { n: number } {
  const argument = { n: 1 };
  tasks.holdWeakly(argument);
  return argument;
}

function shutdownLines(line: Line, { make, gate: makeGate, prefix }: Backend): void {
  line("S01", "submit after a shutdown is a RuntimeError", async () => {
    const executor = make({ max_workers: 1 });
    await executor.shutdown();
    assertThrows(() => executor.submit(power, 1, 1), RuntimeError, "was shut down");
    assertThrows(() => executor.map(power, [1], [1]), RuntimeError, "was shut down");
    assertThrows(() => executor.options({}).submit(power, 1, 1), RuntimeError, "was shut down");
    await assertRejects(() => executor.ready(), RuntimeError, "was shut down");
    await executor.shutdown();
  });

  // S03: an exit handler of JavaScript runs after the event loop, so there is no state of exiting in
  // which a submit could be told apart; nothing that it submits can run.

  line("S04", "50 queued tasks are all done when shutdown resolves", async () => {
    const executor = make({ max_workers: 5 });
    const futures = range(50).map((n) => executor.submit(power, n, 2));
    await executor.shutdown({ wait: true });
    assert(futures.every((future) => future.done()));
    assertEquals(await Promise.all(futures), range(50).map((n) => n ** 2));
  });

  line("S05", "cancel_futures cancels what has not begun and leaves nothing pending", async () => {
    const executor = make({ max_workers: 5 });
    using gate = makeGate();
    const futures = range(50).map((n) => executor.submit(pass, gate.ticket, n));
    await gate.arrivals(5);
    const shutdown = executor.shutdown({ wait: true, cancel_futures: true });
    const cancelled = futures.filter((future) => future.cancelled());
    assertGreater(cancelled.length, 20);
    gate.open();
    await shutdown;
    const others = futures.filter((future) => !future.cancelled());
    for (const future of others) assertEquals(await future.exception(), null);
    for (const future of cancelled) await assertRejects(() => future, CancelledError);
    assertEquals(gate.arrived, others.length);
  });

  line(
    "S07",
    "a future that was cancelled just before the shutdown does not hold it up",
    async () => {
      const executor = make({ max_workers: 1 });
      const future = executor.submit(power, 1, 1);
      assert(future.cancel());
      await executor.shutdown();
      assert(future.cancelled());
    },
  );

  line("S08", "three blocked tasks have three workers, and all end by the shutdown", async () => {
    const executor = make({ max_workers: 8 });
    using gate = makeGate();
    const futures = range(3).map(() => executor.submit(realmAt, gate.ticket));
    await gate.arrivals(3);
    assertEquals(executor.stats().workers, 3);
    gate.open();
    await executor.shutdown();
    assertEquals(executor.stats().workers, 0);
    assertEquals(new Set(await Promise.all(futures)).size, 3);
  });
  // S18, the same for processes, is S08 with their backend.

  line("S09", "await using waits for the tasks, and the results stay", async () => {
    let left: PoolExecutor, results: AsyncIterableIterator<number>;
    {
      await using executor = left = make({ max_workers: 5 });
      results = executor.map(power, range(10), repeat(2));
    }
    assertEquals(left.stats().workers, 0);
    assertEquals(await Array.fromAsync(results), range(10).map((n) => n ** 2));
  });
  // S10, the same for processes, is S09 with their backend.

  line("S13", "shutdown without wait returns at once, and everything still finishes", async () => {
    const executor = make({ max_workers: 2 });
    using gate = makeGate();
    const futures = range(6).map((n) => executor.submit(pass, gate.ticket, n));
    const results = executor.map(power, range(5), repeat(2));
    await gate.arrivals(2);
    await executor.shutdown({ wait: false });
    assert(futures.every((future) => !future.done()));
    assertThrows(() => executor.submit(power, 1, 1), RuntimeError);
    gate.open();
    assertEquals(await Promise.all(futures), range(6));
    assertEquals(await Array.fromAsync(results), [0, 1, 4, 9, 16]);
    await executor.shutdown();
    assertEquals(executor.stats().workers, 0);
  });
  // S14, the same for processes, is S13 with their backend.

  line("S15", "workers are named with the prefix, an underscore and an index from 0", async () => {
    await using executor = make({ max_workers: 1, thread_name_prefix: "SpecialPool" });
    assertEquals(await executor.submit(threadName), "SpecialPool_0");
  });

  line("S16", "the default prefix counts the pools", async () => {
    await using first = make({ max_workers: 1 });
    await using second = make({ max_workers: 1 });
    const names = [await first.submit(threadName), await second.submit(threadName)];
    const numbers = names.map((name) => {
      assertMatch(name, new RegExp(`^${prefix}-\\d+_0$`));
      return Number(name.match(/\d+/)![0]);
    });
    assertEquals(numbers[1]! - numbers[0]!, 1);
  });

  line(
    "S19",
    "shutdown without wait, a task a worker and a failing task: all settles",
    async () => {
      for (const failing of [0, 2]) {
        const executor = make({ max_workers: 1, max_tasks_per_child: 1 });
        const futures = range(3).map((n) => executor.submit(divide, n, n === failing ? 0 : 1));
        await executor.shutdown({ wait: false });
        const outcomes = await Promise.allSettled(futures);
        assertEquals(
          outcomes.map(({ status }) => status === "rejected"),
          range(3).map((n) => n === failing),
        );
        await executor.shutdown();
      }
    },
  );
}

function programLines(line: Line, { expression }: Backend): void {
  const work = `() => new Promise((resolve) => setTimeout(resolve, 20, "apple"))`;
  const make = expression("{ max_workers: 2 }");

  line("S02", "a program that never shuts down finishes its task and ends", async () => {
    const { code, out, err } = await runProgram(`
      const executor = ${make};
      executor.submit(${work}).add_done_callback((f) => f.then(console.log));
    `);
    assertEquals([code, out, err], [0, "apple", ""]);
  });

  line("S06", "a program that shuts down without wait still runs its task", async () => {
    const { code, out, err } = await runProgram(`
      const executor = ${make};
      executor.submit(${work}).then(console.log);
      executor.shutdown({ wait: false });
    `);
    assertEquals([code, out, err], [0, "apple", ""]);
  });

  line(
    "S11",
    "an executor that is dropped lets queued work finish, then the program ends",
    async () => {
      const { code, out, err } = await runProgram(`
      const results = (() => {
        const executor = ${make};
        for (let n = 0; n < 10; n++) executor.submit(${work});
        return executor.map((n: number) => n + 1, [1, 2, 3, 4, 5]);
      })();
      console.log((await Array.fromAsync(results)).join());
    `);
      assertEquals([code, out, err], [0, "2,3,4,5,6", ""]);
    },
  );
  // S12, the same for processes, is S11 with their backend.

  line("S17", "a shutdown that neither waits nor keeps futures lets the running end", async () => {
    const { code, out, err } = await runProgram(`
      const executor = ${make};
      const futures = Array.from({ length: 20 }, () => executor.submit(${work}));
      await futures[0];
      executor.shutdown({ wait: false, cancel_futures: true });
      console.log(futures.some((f) => f.cancelled()), futures.every((f) => f.done() || f.running()));
      console.log((await Promise.allSettled(futures)).length);
    `);
    assertEquals([code, out, err], [0, "true true\n20", ""]);
  });
}

function initializerLines(line: Line, { make, gate: makeGate, broken, expression }: Backend): void {
  line("I01", "the initializer runs once in each worker before its first task", async () => {
    using gate = makeGate();
    await using executor = make({
      max_workers: 2,
      initializer: task(HERE, tasks.remember),
      initargs: [gate.ticket, "answer", 42],
    });
    await executor.ready();
    assertEquals(gate.arrived, 2);
    const futures = range(20).map(() => executor.submit(remembered));
    for (const { args } of await Promise.all(futures)) assertEquals(args, ["answer", 42]);
    assertEquals(gate.arrived, 2);
  });

  line("I02", "a failing initializer fails what is pending and every later submit", async () => {
    using gate = makeGate();
    await using executor = make({
      max_workers: 1,
      initializer: task(HERE, tasks.failAt),
      initargs: [gate.ticket],
    });
    const futures = range(3).map(() => executor.submit(power, 1, 1));
    const results = executor.map(power, [1, 2], [3, 4]);
    gate.open();
    for (const future of futures) {
      const error = await assertRejects(() => future, broken, "initializer");
      assertInstanceOf(error.cause, Error);
      assertEquals([error.cause.name, error.cause.message], ["OwnError", "no database"]);
    }
    await assertRejects(() => results.next(), broken, "initializer");
    assertThrows(() => executor.submit(power, 1, 1), broken, "initializer");
    assertThrows(() => executor.map(power, [1], [1]), broken, "initializer");
    await assertRejects(() => executor.ready(), broken, "initializer");
    const { failed, cancelled } = executor.stats();
    assertEquals(failed + cancelled, 5);
  });

  line("I03", "a program whose initializer failed ends with nothing left", async () => {
    const { code, out, err } = await runProgram(`
      const options = { max_workers: 2, initializer: () => { throw new Error("no database"); } };
      const executor = ${expression("options")};
      console.log((await executor.submit(() => 1).exception() as Error).cause);
    `);
    assertEquals([code, err], [0, ""]);
    assertStringIncludes(out, "Error: no database");
  });
}

function replacementLines(line: Line, { make, gate: makeGate, broken }: Backend): void {
  line(
    "M01",
    "with a limit of 3 the first three tasks share a worker, the fourth has another",
    async () => {
      await using executor = make({ max_workers: 1, max_tasks_per_child: 3 });
      const realms: string[] = [];
      for (let i = 0; i < 4; i++) realms.push(await executor.submit(realm));
      assertEquals(new Set(realms.slice(0, 3)).size, 1);
      assertEquals(new Set(realms).size, 2);
      assertLessOrEqual(executor.stats().workers, 1);
    },
  );

  // M02: there is no way to start workers that would not allow a limit.

  line("M03", "a limit of 1, 3 workers, 6 tasks and a shutdown at once: six results", async () => {
    const executor = make({ max_workers: 3, max_tasks_per_child: 1 });
    const futures = range(6).map((n) => executor.submit(power, n, 1));
    await executor.shutdown();
    assertEquals(await Promise.all(futures), range(6));
  });

  line("M04", "a backlog larger than workers times limit completes", async () => {
    for (const [max_workers, limit, backlog] of [[1, 2, 6], [2, 2, 8]] as const) {
      using gate = makeGate();
      await using executor = make({ max_workers, max_tasks_per_child: limit });
      const futures = range(backlog).map(() => executor.submit(realmAt, gate.ticket));
      await gate.arrivals(max_workers);
      gate.open();
      const perRealm = Map.groupBy(await Promise.all(futures), (name) => name);
      assertGreaterOrEqual(perRealm.size, backlog / limit);
      for (const names of perRealm.values()) assertLessOrEqual(names.length, limit);
    }
  });

  line("M05", "workers are replaced after a shutdown without wait too", async () => {
    const executor = make({ max_workers: 1, max_tasks_per_child: 1 });
    const futures = range(4).map(() => executor.submit(realm));
    await executor.shutdown({ wait: false });
    assertEquals(new Set(await Promise.all(futures)).size, 4);
    await executor.shutdown();
  });

  // M06: an executor with pending work is not collected, its workers hold it; S11 shows that it finishes.
  // M07: only processes are ended by force; their own tests have it.

  line("M08", "a worker that can't be replaced breaks the executor", async () => {
    using starts = makeGate();
    using isFirst = makeGate();
    await using executor = make({
      max_workers: 1,
      max_tasks_per_child: 1,
      initializer: task(HERE, tasks.exitUnlessFirst),
      initargs: [starts.ticket, isFirst.ticket],
    });
    assertEquals(await executor.submit(power, 2, 3), 8);
    assertEquals(starts.arrived, 1);
    isFirst.open();
    const future = executor.submit(power, 2, 3);
    const error = await assertRejects(() => future, broken, " worker ");
    assertStringIncludes(error.message, "Deno.exit(3)");
    assertThrows(() => executor.submit(power, 2, 3), broken, "Cannot start workers");
  });
}
