/**
 * How a pool behaves, whatever its workers are: the lines O of CPython's own suite (`_TestPool` and its
 * kin), and what CPython's pool hangs on or loses.
 *
 * A test's name begins with the line that it covers. A line that a backend does not keep is a gap with a
 * reason; the lines that make no sense in JavaScript are listed where they would stand.
 */

import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertLessOrEqual,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  AsyncResult,
  type BasePool,
  type BrokenExecutor,
  CancelledError,
  type ImapIterator,
  RuntimeError,
  task,
  type TaskReference,
  TimeoutError,
  ValueError,
} from "../../mod.ts";
import * as tasks from "./executor_tasks.ts";
import * as poolTasks from "./pool_tasks.ts";
import { type Gate, runProgram, type Ticket, until } from "./executor_tasks.ts";

/** What the suite asks for when it has a pool made. */
export interface PoolSuiteOptions {
  processes?: number;
  initializer?: TaskReference<never[], unknown>;
  initargs?: readonly unknown[];
  maxtasksperchild?: number;
}

/** One kind of pool. */
export interface PoolBackend {
  readonly name: string;
  make(options: PoolSuiteOptions): BasePool;
  /** An expression that makes one, in a program that has imported all of Herd. */
  expression(options: string): string;
  /** What a broken one fails with. */
  readonly broken: typeof BrokenExecutor;
  /** A gate that its workers can see. */
  gate(): Gate;
}

type Line = (id: string, sentence: string, body: () => Promise<void> | void) => void;

/** Milliseconds after which a wait is a hang. */
const HANG = 30_000;

const HERE = import.meta.resolve("./executor_tasks.ts");
const divide = task(HERE, tasks.divide);
const echo = task(HERE, tasks.echo);
const pass = task(HERE, tasks.pass<number>);
const passUnlessStopped = task(HERE, tasks.passUnlessStopped);
const power = task(HERE, tasks.power);
const realm = task(HERE, tasks.realm);
const realmAt = task(HERE, tasks.realmAt);
const POOL_TASKS = import.meta.resolve("./pool_tasks.ts");
const divideOneBy = task(POOL_TASKS, poolTasks.divideOneBy);
const exitAtOne = task(POOL_TASKS, poolTasks.exitAtOne);
const passOr = task(POOL_TASKS, poolTasks.passOr);
const passThen = task(POOL_TASKS, poolTasks.passThen);
const square = (n: number) => n * n;

/** Registers the suite's tests for one backend. */
export function poolSuite(backend: PoolBackend): void {
  const line: Line = (id, sentence, fn) => {
    Deno.test({ name: `${backend.name} ${id}: ${sentence}`, fn });
  };
  applyLines(line, backend);
  callbackLines(line, backend);
  mapLines(line, backend);
  imapLines(line, backend);
  endlessLines(line, backend);
  errorLines(line, backend);
  stateLines(line, backend);
  endLines(line, backend);
  workerLines(line, backend);
  programLines(line, backend);
}

/** The integers from 0 up to `end`. */
function range(end: number): number[] {
  return Array.from({ length: end }, (_, i) => i);
}

/** The integers from 0 for ever; says when it was closed. */
function* count(closed: () => void = () => {}): Generator<number> {
  try {
    for (let n = 0;; n++) yield n;
  } finally {
    closed();
  }
}

/** Items up to one that the input fails at. */
function* failingAt(bad: number, end: number): Generator<number> {
  for (let n = 0; n < end; n++) {
    if (n === bad) throw new RangeError(`the input failed at ${n}`);
    yield n;
  }
}

/** {@linkcode failingAt}, asynchronously. */
async function* failingLaterAt(bad: number, end: number): AsyncGenerator<number> {
  for (const n of failingAt(bad, end)) {
    await Promise.resolve();
    yield n;
  }
}

/** What an iterator gives, errors among it by their message. */
async function all(results: ImapIterator<unknown>): Promise<unknown[]> {
  const given: unknown[] = [];
  while (true) {
    try {
      const { done, value } = await results.next(HANG);
      if (done) return given;
      given.push(value);
    } catch (error) {
      given.push((error as Error).message);
    }
  }
}

/** What is printed with `console.error`, for as long as it is in scope. */
class Complaints implements Disposable {
  readonly #print = console.error;
  readonly lines: string[] = [];

  constructor() {
    console.error = (...args: unknown[]) => void this.lines.push(args.map(String).join(" "));
  }

  [Symbol.dispose](): void {
    console.error = this.#print;
  }
}

function applyLines(line: Line, { make, gate: makeGate }: PoolBackend): void {
  line("O01", "apply passes arguments, and keywords as one object after them", async () => {
    await using pool = make({ processes: 1 });
    assertEquals(await pool.apply(power, [2, 8]), 256);
    assertEquals(await pool.apply(() => "nothing"), "nothing");
    const greet = (name: string, { greeting }: { greeting: string }) => `${greeting}, ${name}`;
    const kwds = { greeting: "Hello" };
    assertEquals(await pool.apply(greet, ["herd"], { kwds }), "Hello, herd");
    assertEquals(await pool.apply_async(greet, ["herd"], { kwds }), "Hello, herd");
    assertEquals(await pool.apply(({ n }: { n: number }) => n, [], { kwds: { n: 3 } }), 3);
  });

  line("O10", "a result is ready when the call has ended, and not before", async () => {
    await using pool = make({ processes: 1 });
    using gate = makeGate();
    const result = pool.apply_async(pass, [gate.ticket, 7]);
    assertInstanceOf(result, AsyncResult);
    await gate.arrivals(1);
    assert(!result.ready());
    assertThrows(() => result.successful(), ValueError, "not ready");
    gate.open();
    assertEquals(await result.get(HANG), 7);
    assertEquals(await result, 7);
    assertEquals([result.ready(), result.successful()], [true, true]);
  });

  line(
    "O11",
    "get fails with TimeoutError when there is no result in time; wait does not",
    async () => {
      await using pool = make({ processes: 1 });
      using gate = makeGate();
      const result = pool.apply_async(pass, [gate.ticket, 7]);
      await assertRejects(() => result.get(1), TimeoutError, "within 1 ms");
      await assertRejects(() => result.get(0), TimeoutError);
      await result.wait(1);
      assert(!result.ready());
      for (const wrong of ["1", NaN]) {
        await assertRejects(() => result.get(wrong as number), ValueError, "milliseconds");
        await assertRejects(() => result.wait(wrong as number), ValueError, "milliseconds");
      }
      gate.open();
      await result.wait(HANG);
      assert(result.successful());
      assertEquals(await result.get(0), 7);
    },
  );

  line("P01", "a result is a promise: then, catch, finally, Promise.all", async () => {
    await using pool = make({ processes: 2 });
    const results = range(3).map((n) => pool.apply_async(square, [n]));
    assertEquals(await Promise.all(results), [0, 1, 4]);
    const failed = pool.apply_async(divide, [1, 0]);
    assertInstanceOf(await failed.catch((error) => error), ValueError);
    let settled = 0;
    await assertRejects(() => failed.finally(() => void settled++), ValueError);
    assertEquals(await results[2]!.then((n) => n + 1), 5);
    assertEquals(settled, 1);
  });

  line("P02", "arguments are those at the call, whatever becomes of the array", async () => {
    await using pool = make({ processes: 1 });
    const args: [number, number] = [2, 3];
    const kwds = { n: 1 };
    const result = pool.apply_async(power, args);
    const other = pool.apply_async(({ n }: { n: number }) => n, [], { kwds });
    args[0] = 100;
    kwds.n = 100;
    assertEquals(await result, 8);
    assertEquals(await other, 1);
  });

  line("P03", "a wrong argument or option fails at the call, naming it", async () => {
    await using pool = make({ processes: 1 });
    assertThrows(() => pool.apply_async(power, "ab" as never), TypeError, "args is");
    assertThrows(() => pool.apply_async(3 as never), TypeError, "a function or task(");
    const wrong = { callback: 3, error_callback: "x", kwds: 3, other: 1 };
    for (const [name, value] of Object.entries(wrong)) {
      const options = { [name]: value } as never;
      assertThrows(() => pool.apply_async(power, [1, 2], options), TypeError, name);
    }
    await assertRejects(() => pool.map(square, 3 as never), TypeError, "an iterable is wanted");
    assertThrows(() => pool.imap(square, null as never), TypeError, "an iterable is wanted");
    await assertRejects(() => pool.starmap(power, [3] as never), TypeError, "spread number");
    for (const chunksize of [0, -1, 1.5]) {
      await assertRejects(() => pool.map(square, [1], { chunksize }), ValueError, "chunksize");
      assertThrows(() => pool.map_async(square, [1], { chunksize }), ValueError, "chunksize");
      assertThrows(() => pool.imap(square, [1], { chunksize }), ValueError, "chunksize");
    }
  });
}

function callbackLines(line: Line, { make, gate: makeGate }: PoolBackend): void {
  line("O06", "a callback gets the list once, before whoever waits goes on", async () => {
    await using pool = make({ processes: 2 });
    const seen: unknown[] = [];
    const callback = (list: number[]) => seen.push(list);
    const error_callback = (error: unknown) => seen.push(error);
    const squares = pool.map_async(square, range(5), { callback, error_callback, chunksize: 2 });
    await squares.wait(HANG);
    assertEquals(seen, [[0, 1, 4, 9, 16]]);
    const powers = pool.starmap_async(power, [[2, 3], [3, 2]], { callback, error_callback });
    await powers.wait(HANG);
    assertEquals(seen.splice(0), [[0, 1, 4, 9, 16], [8, 9]]);
    const failing = pool.starmap_async(divide, [[1, 1], [1, 0]], { callback, error_callback });
    await failing.wait(HANG);
    assertEquals(seen.length, 1);
    assertInstanceOf(seen[0], ValueError);
    assertEquals([failing.ready(), failing.successful()], [true, false]);
  });

  line("O26", "an error_callback gets the very error that get throws", async () => {
    await using pool = make({ processes: 1 });
    const seen: unknown[] = [];
    const result = pool.apply_async(divide, [1, 0], { error_callback: (e) => seen.push(e) });
    const error = await assertRejects(() => result.get(), ValueError, "by zero");
    assertEquals(seen.length, 1);
    assert(seen[0] === error);
  });

  line("P04", "callbacks run in the order in which the calls end", async () => {
    await using pool = make({ processes: 2 });
    using first = makeGate();
    using second = makeGate();
    const order: number[] = [];
    const callback = (n: number | undefined) => order.push(n!);
    const slow = pool.apply_async(pass, [first.ticket, 1], { callback });
    const quick = pool.apply_async(pass, [second.ticket, 2], { callback });
    await Promise.all([first.arrivals(1), second.arrivals(1)]);
    second.open();
    await quick;
    assertEquals(order, [2]);
    first.open();
    await slow;
    assertEquals(order, [2, 1]);
  });

  line("P05", "a callback that throws or rejects is printed, and stops nothing", async () => {
    using complaints = new Complaints();
    await using pool = make({ processes: 1 });
    const fail = () => {
      throw new Error("the callback failed");
    };
    const failLater = () => Promise.reject(new Error("the callback failed later"));
    const seen: number[] = [];
    const results = [
      pool.apply_async(square, [1], { callback: fail }),
      pool.apply_async(square, [2], { callback: failLater }),
      pool.apply_async(square, [3], { callback: (n) => seen.push(n) }),
      pool.map_async(square, [4], { callback: fail }),
    ];
    assertEquals(await Promise.all<unknown>(results), [1, 4, 9, [16]]);
    const bad = pool.apply_async(divide, [1, 0], { error_callback: fail });
    await assertRejects(() => bad.get(), ValueError);
    assertEquals(seen, [9]);
    await until(() => complaints.lines.length === 4, "four complaints");
    for (const complaint of complaints.lines) assertStringIncludes(complaint, "callback failed");
  });

  line("P06", "a callback may use the pool: submit, and end it", async () => {
    const pool = make({ processes: 1 });
    const { promise, resolve } = Promise.withResolvers<AsyncResult<number>>();
    pool.apply_async(square, [3], {
      callback: (nine) => {
        resolve(pool.apply_async(square, [nine]));
        pool.close();
      },
    });
    const later = await promise;
    await pool.join();
    assertEquals(await later, 81);
  });

  line(
    "P07",
    "the callback of an empty map is called, once there is a result to hold",
    async () => {
      await using pool = make({ processes: 1 });
      const seen: unknown[] = [];
      const result: AsyncResult<number[]> = pool.map_async(square, [], {
        callback: (list) => seen.push([list, result.ready()]),
      });
      await result;
      await until(() => seen.length > 0);
      assertEquals(seen, [[[], true]]);
    },
  );
}

function mapLines(line: Line, { make, gate: makeGate }: PoolBackend): void {
  line("O02", "map keeps the order, with and without a chunksize", async () => {
    await using pool = make({ processes: 2 });
    const expected = range(100).map(square);
    assertEquals(await pool.map(square, range(100)), expected);
    for (const chunksize of [1, 7, 20, 1000]) {
      assertEquals(await pool.map(square, range(100), { chunksize }), expected);
    }
    const later = async function* () {
      for (const n of range(10)) {
        await Promise.resolve();
        yield n;
      }
    };
    assertEquals(await pool.map(square, later()), range(10).map(square));
  });

  line("O03", "starmap spreads each item, whatever its length", async () => {
    await using pool = make({ processes: 2 });
    const pairs = range(50).map((n): [number, number] => [n, 2]);
    const expected = range(50).map(square);
    assertEquals(await pool.starmap(power, pairs), expected);
    assertEquals(await pool.starmap(power, pairs, { chunksize: 7 }), expected);
    const lengths = (...args: number[]) => args.length;
    const lists = [[], [1], [1, 2], [], [], [1, 2, 3]];
    assertEquals(await pool.starmap(lengths, lists), lists.map((list) => list.length));
    const sets = [new Set([1, 2]), new Set([3])] as unknown as number[][];
    assertEquals(await pool.starmap(lengths, sets), [2, 1]);
  });

  line("O04", "starmap_async gives the same, later", async () => {
    await using pool = make({ processes: 2 });
    assertEquals(await pool.starmap_async(power, [[2, 3], [3, 2]]).get(HANG), [8, 9]);
  });

  line("O05", "map_async gives the same, later", async () => {
    await using pool = make({ processes: 2 });
    assertEquals(await pool.map_async(square, range(30)).get(HANG), range(30).map(square));
  });

  line("O07", "an argument that can't be sent fails its map, and harms no other", async () => {
    await using pool = make({ processes: 2 });
    const items = [1, 2, () => 3, 4];
    for (const chunksize of [1, 4]) {
      await assertRejects(() => pool.map(echo, items, { chunksize }), DOMException, "clone");
    }
    const imap = await all(pool.imap(echo, items));
    assertEquals([imap[0], imap[1], imap[3]], [1, 2, 4]);
    assertStringIncludes(String(imap[2]), "clone");
    assertEquals(await pool.map(echo, [1, 2]), [1, 2]);
  });

  line("O08", "an empty input with a chunksize is done at once", async () => {
    await using pool = make({ processes: 1 });
    assertEquals(await pool.map(square, [], { chunksize: 1 }), []);
  });

  line("O09", "an input that fails fails its map, and leaves the pool as it was", async () => {
    await using pool = make({ processes: 2 });
    for (const bad of [0, 2]) {
      for (const input of [failingAt(bad, 10), failingLaterAt(bad, 10)]) {
        const message = `the input failed at ${bad}`;
        await assertRejects(() => pool.map(square, input), RangeError, message);
      }
      const pairs = () => failingAt(bad, 10).map((n): [number, number] => [n, 2]);
      await assertRejects(() => pool.starmap(power, pairs()), RangeError, "the input failed");
    }
    assertEquals(await pool.map(square, [3]), [9]);
  });

  line("O18", "an empty input gives nothing, and starts nobody", async () => {
    await using pool = make({ processes: 1 });
    assertEquals(await pool.map(square, []), []);
    assertEquals(await pool.starmap(power, []), []);
    assertEquals(await pool.map_async(square, new Set<number>()), []);
    assertEquals(await all(pool.imap(square, [])), []);
    assertEquals(await all(pool.imap_unordered(square, [])), []);
  });

  line("O22", "map tells of an error when all has ended, and runs all other chunks", async () => {
    await using pool = make({ processes: 2 });
    using gate = makeGate();
    const big = "x".repeat(2 ** 20);
    const items: [Ticket | null, number, number][] = [[null, 0, 0], [gate.ticket, 1, 0]];
    const result = pool.starmap_async(task(HERE, tasks.raiseAt), items, { chunksize: 1 });
    await gate.arrivals(1);
    assert(!result.ready());
    gate.open();
    const error = await assertRejects(() => result.get(HANG), Error);
    // Of several errors, that of the first item.
    const failing = pool.map(
      (n: number) => {
        throw new Error(`item ${n}`);
      },
      range(20),
      { chunksize: 1 },
    );
    await assertRejects(() => failing, Error, "item 0");
    assertInstanceOf(error, Error);
    const bulky = pool.map_async(
      (text: string) => {
        throw new Error(text);
      },
      [big, big, big],
      { chunksize: 1 },
    );
    pool.close();
    await pool.join();
    assertEquals((await assertRejects(() => bulky.get(), Error)).message.length, big.length);
  });

  line("O23", "neither arguments nor results are held when a map has ended", async () => {
    await using pool = make({ processes: 1 });
    const held: { n: number }[] = [{ n: 1 }, { n: 2 }];
    tasks.holdWeakly(held[0]!);
    const run = async (items: { n: number }[]) => {
      const [first] = await pool.map(echo, items);
      return first as object;
    };
    await run(held.splice(0));
    assertEquals(await tasks.isHeld(), false, "an argument is held");
    const results = pool.imap(echo, range(8).map((n) => ({ n })));
    const take = async () => tasks.holdWeakly((await results.next()).value as object);
    await take();
    assertEquals(await tasks.isHeld(), false, "a result is held");
    assertEquals((await all(results)).length, 7);
  });
}

function imapLines(line: Line, { make, gate: makeGate }: PoolBackend): void {
  line("O12", "imap gives results in the order of the items, then the end", async () => {
    await using pool = make({ processes: 2 });
    for (const chunksize of [1, 3, 100]) {
      const results = pool.imap(square, range(50), { chunksize });
      for (const n of range(50)) assertEquals(await results.next(), { done: false, value: n * n });
      assertEquals(await results.next(), { done: true, value: undefined });
      assertEquals(await results.next(1), { done: true, value: undefined });
    }
  });

  line(
    "O13",
    "imap gives the results of the items before the input failed, then that",
    async () => {
      await using pool = make({ processes: 2 });
      const before = [0, 1, 4, 9, 16, 25, 36, "the input failed at 7"];
      for (const chunksize of [1, 2, 4]) {
        for (const input of [failingAt(7, 20), failingLaterAt(7, 20)]) {
          assertEquals(await all(pool.imap(square, input, { chunksize })), before);
        }
      }
      assertEquals(await all(pool.imap(square, failingAt(0, 20))), ["the input failed at 0"]);
    },
  );

  line("O14", "imap_unordered gives the same results, as they come", async () => {
    await using pool = make({ processes: 2 });
    for (const chunksize of [1, 7]) {
      const results = await all(pool.imap_unordered(square, range(100), { chunksize }));
      assertEquals(new Set(results), new Set(range(100).map(square)));
      assertEquals(results.length, 100);
    }
  });

  line("O15", "imap_unordered gives each result once, and the input's failure last", async () => {
    await using pool = make({ processes: 2 });
    for (const chunksize of [1, 2]) {
      const results = await all(pool.imap_unordered(square, failingAt(7, 20), { chunksize }));
      assertEquals(results.pop(), "the input failed at 7");
      assertEquals(new Set(results), new Set(range(7).map(square)));
      assertEquals(results.length, 7);
    }
  });

  line("P08", "imap_unordered does not wait for an item that takes long", async () => {
    await using pool = make({ processes: 2 });
    using gate = makeGate();
    const items = [gate.ticket, null, null];
    const results = pool.imap_unordered(passOr, items);
    assertEquals((await results.next(HANG)).value, "quick");
    assertEquals((await results.next(HANG)).value, "quick");
    await assertRejects(() => results.next(0), TimeoutError, "within 0 ms");
    gate.open();
    assertEquals(await all(results), ["passed"]);
  });

  line("P09", "next that times out loses no result, and iteration goes on", async () => {
    await using pool = make({ processes: 1 });
    using gate = makeGate();
    const results = pool.imap(passOr, [gate.ticket, null]);
    await assertRejects(() => results.next(1), TimeoutError, "within 1 ms");
    await assertRejects(() => results.next(0), TimeoutError);
    await assertRejects(() => results.next("1" as never), ValueError, "milliseconds");
    const [first, second] = [results.next(), results.next(HANG)];
    gate.open();
    assertEquals([(await first).value, (await second).value], ["passed", "quick"]);
    assertEquals((await results.next()).done, true);
  });

  line("P10", "an item that fails rejects its own next, and the others are given", async () => {
    await using pool = make({ processes: 2 });
    const third = (n: number) => {
      if (n % 3 === 0) throw new Error(`failed at ${n}`);
      return n;
    };
    const expected = range(10).map((n) => n % 3 === 0 ? `failed at ${n}` : n);
    assertEquals(await all(pool.imap(third, range(10))), expected);
    const unordered = await all(pool.imap_unordered(third, range(10)));
    assertEquals(new Set(unordered), new Set(expected));
    assertEquals(await all(pool.imap(third, range(10), { chunksize: 4 })), expected);
  });
}

function endlessLines(line: Line, { make, gate: makeGate }: PoolBackend): void {
  line("P11", "imap reads an endless input no further than it has to, and closes it", async () => {
    await using pool = make({ processes: 2 });
    for (const start of ["imap", "imap_unordered"] as const) {
      using gate = makeGate();
      let read = 0;
      let closed = 0;
      const items = count(() => void closed++).map((n) => {
        read++;
        return n;
      });
      const seen: number[] = [];
      const tasks = items.map((n): [Ticket | null, number] => [n < 2 ? gate.ticket : null, n]);
      const results = pool[start](passThen, tasks);
      await gate.arrivals(2);
      assertLessOrEqual(read, 8);
      gate.open();
      for await (const n of results) {
        seen.push(n);
        if (seen.length === 5) break;
      }
      assertEquals(seen.length, 5);
      assertEquals(closed, 1);
      assertEquals((await results.next()).done, true);
    }
  });

  line("P12", "an imap that nobody reads holds a bounded number of results", async () => {
    await using pool = make({ processes: 2 });
    let read = 0;
    const items = count().map((n) => {
      read = n;
      return n;
    });
    const results = pool.imap(square, items);
    for (const n of range(20_000)) assertEquals((await results.next()).value, n * n);
    let last = -1;
    // What is on its way ends, and nothing more is read.
    while (last !== read) {
      last = read;
      await pool.map(square, range(1000));
    }
    assertLessOrEqual(read, 20_000 + 2 * 4 * 1024 + 1);
    await results.return!();
  });

  line("P13", "an asynchronous endless input is read as it comes", async () => {
    await using pool = make({ processes: 2 });
    let closed = 0;
    const input = async function* () {
      try {
        for (let n = 0;; n++) {
          yield n;
          if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve));
        }
      } finally {
        closed++;
      }
    };
    const seen: number[] = [];
    for await (const n of pool.imap(square, input())) {
      seen.push(n);
      if (seen.length === 10) break;
    }
    assertEquals(seen, range(10).map(square));
    await until(() => closed === 1, "the input to be closed");
  });
}

function errorLines(line: Line, { make }: PoolBackend): void {
  line(
    "O20",
    "an error shows the worker's frames and the caller's; an input's is as it was",
    async () => {
      await using pool = make({ processes: 1 });
      const error = await assertRejects(() => pool.apply(task(HERE, tasks.raiseOwn), [42]));
      assertInstanceOf(error, tasks.OwnError);
      assertEquals([error.code, (error.cause as Error).message], [42, "deeper"]);
      const inWorker = error.stack!.indexOf("executor_tasks.ts");
      const inCaller = error.stack!.indexOf("pool_suite.ts");
      assertGreater(inWorker, 0);
      assertGreater(inCaller, inWorker);
      const own = new RangeError("the input's own");
      const caught = await assertRejects(() =>
        pool.map(
          square,
          count().map((): number => {
            throw own;
          }),
        )
      );
      assert(caught === own);
    },
  );

  // O21, that threads raise the very object: Workers share no objects. It keeps its class, as O20 says.

  line("O27", "a result that can't be sent fails its call, and the worker lives on", async () => {
    await using pool = make({ processes: 1 });
    const where = await pool.apply(realm);
    for (const _ of range(20)) {
      await assertRejects(() => pool.apply(() => () => 1), DOMException, "the result");
    }
    await assertRejects(() => pool.map(() => () => 1, [1, 2]), DOMException, "the result");
    assertEquals(await pool.apply(realm), where);
  });

  line("P14", "what is thrown arrives, whatever it is, and nobody need look", async () => {
    await using pool = make({ processes: 1 });
    pool.apply_async(divide, [1, 0]);
    pool.map_async(square, failingAt(0, 1));
    for (const falsy of [undefined, null, 0, "", false]) {
      const result = pool.apply_async(task(HERE, tasks.raise), [falsy]);
      await result.wait(HANG);
      assertEquals([result.ready(), result.successful()], [true, false]);
      assertEquals(await result.catch((error) => [error]), [falsy]);
    }
  });
}

function stateLines(line: Line, { make, gate: makeGate }: PoolBackend): void {
  line("O16", "a number of processes that is none is a ValueError", () => {
    for (const processes of [0, -1, 1.5, "2", NaN]) {
      assertThrows(() => make({ processes: processes as number }), ValueError, "processes is");
    }
    assertThrows(() => make({ proceses: 1 } as never), TypeError, "proceses");
    assertThrows(() => make({ initializer: 3 as never }), TypeError, "initializer");
  });

  line("O19", "after close() or terminate() every submission is a ValueError", async () => {
    for (const end of ["close", "terminate"] as const) {
      const pool = make({ processes: 1 });
      pool[end]();
      const message = "the pool is not running";
      await assertRejects(() => pool.apply(square, [1]), ValueError, message);
      await assertRejects(() => pool.map(square, [1]), ValueError, message);
      await assertRejects(() => pool.starmap(power, []), ValueError, message);
      assertThrows(() => pool.apply_async(square, [1]), ValueError, message);
      assertThrows(() => pool.map_async(square, [1]), ValueError, message);
      assertThrows(() => pool.starmap_async(power, []), ValueError, message);
      assertThrows(() => pool.imap(square, [1]), ValueError, message);
      assertThrows(() => pool.imap_unordered(square, [1]), ValueError, message);
      await pool.join();
      await pool.join();
    }
  });

  // O24, a pool that is entered again: `await using` enters nothing, so O19 is all there is of it.
  // O25, a warning that a running pool was collected: it ends by itself; O31 covers that.

  line("P15", "join() before the end was asked for is a ValueError", async () => {
    await using pool = make({ processes: 1 });
    await assertRejects(() => pool.join(), ValueError, "still running");
    assertEquals(await pool.apply(square, [2]), 4);
  });

  line("P16", "close() lets everything end that was submitted before", async () => {
    const pool = make({ processes: 2 });
    using gate = makeGate();
    const blocked = pool.apply_async(pass, [gate.ticket, 1]);
    const mapped = pool.map_async(square, range(1000), { chunksize: 10 });
    const later = pool.map_async(
      square,
      (async function* () {
        for (const n of range(10)) {
          await new Promise((resolve) => setTimeout(resolve));
          yield n;
        }
      })(),
    );
    pool.close();
    pool.close();
    gate.open();
    await pool.join();
    assert(blocked.successful() && mapped.successful() && later.successful());
    assertEquals(await later, range(10).map(square));
  });

  line("P17", "join() has an imap run to its end; its results can be read afterwards", async () => {
    const pool = make({ processes: 2 });
    const results = pool.imap(square, range(200));
    const pairs = pool.imap_unordered(square, range(50), { chunksize: 3 });
    assertEquals((await results.next()).value, 0);
    pool.close();
    await pool.join();
    assertEquals(await all(results), range(200).slice(1).map(square));
    assertEquals((await all(pairs)).length, 50);
  });

  line("P18", "an imap may be read to its end after close(), by the same workers", async () => {
    const pool = make({ processes: 1 });
    const results = pool.imap(realm as never, range(300));
    const first = await results.next();
    pool.close();
    const realms = [first.value, ...await all(results)];
    assertEquals(realms.length, 300);
    assertEquals(new Set(realms).size, 1);
    await pool.join();
  });

  line(
    "P19",
    "join() does not wait for an endless imap whose reader left by an error",
    async () => {
      let closed = 0;
      {
        await using pool = make({ processes: 1 });
        await assertRejects(
          async () => {
            for await (const _ of pool.imap(divideOneBy, count(() => void closed++))) assert(false);
          },
          ValueError,
          "by zero",
        );
      }
      assertEquals(closed, 1);
    },
  );
}

function endLines(line: Line, { make, gate: makeGate, broken }: PoolBackend): void {
  line("O17", "terminate() ends thousands of queued calls and those that run", async () => {
    using gate = makeGate();
    const pool = make({ processes: 2 });
    const results = range(10_000).map(() => pool.apply_async(passUnlessStopped, [gate.ticket]));
    await gate.arrivals(2);
    pool.terminate();
    pool.terminate();
    await pool.join();
    const errors = await Promise.all(results.map((result) => result.catch((error) => error)));
    for (const error of errors) {
      assert(error instanceof CancelledError || error instanceof RuntimeError, String(error));
    }
    assertEquals(results.filter((result) => result.successful()).length, 0);
    assertInstanceOf(errors.at(-1), CancelledError);
  });

  line("P20", "terminate() ends maps and imaps, also endless ones", async () => {
    using gate = makeGate();
    const pool = make({ processes: 1 });
    const running = pool.apply_async(passUnlessStopped, [gate.ticket]);
    await gate.arrivals(1);
    const mapped = pool.map_async(square, range(100), { chunksize: 10 });
    let closed = 0;
    const results = pool.imap(square, count(() => void closed++));
    const waiting = assertRejects(() => results.next(), Error);
    pool.terminate();
    await pool.join();
    await waiting;
    await assertRejects(() => mapped.get(HANG), CancelledError);
    await assertRejects(() => running.get(HANG), Error);
    assertEquals(closed, 1);
    const left = await all(results);
    assert(left.every((value) => typeof value === "string"), "only errors are left");
  });

  line("P27", "terminate() does not wait for a synchronous loop", async () => {
    using gate = makeGate();
    const pool = make({ processes: 1 });
    const spinning = pool.apply_async(task(HERE, tasks.spin), [gate.ticket]);
    await gate.arrivals(1);
    pool.terminate();
    await assertRejects(() => spinning.get(HANG), broken);
    await pool.join();
  });

  line("P28", "join() does not block the thread while it reads what is left", async () => {
    const pool = make({ processes: 1 });
    let isOver = false;
    const results = pool.imap(square, count());
    pool.close();
    const joined = pool.join().then(() => isOver = true);
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve));
    assert(!isOver);
    await results.return!();
    await joined;
  });

  line("P21", "terminate() after close() ends what close() waits for", async () => {
    using gate = makeGate();
    const pool = make({ processes: 1 });
    const running = pool.apply_async(passUnlessStopped, [gate.ticket]);
    await gate.arrivals(1);
    pool.close();
    const joined = pool.join();
    pool.terminate();
    await joined;
    await assertRejects(() => running.get(0), RuntimeError);
  });
}

function workerLines(line: Line, { make, gate: makeGate, broken }: PoolBackend): void {
  line("O16", "there are as many workers as were asked for, and they start on demand", async () => {
    await using pool = make({ processes: 3 });
    using gate = makeGate();
    const results = range(12).map(() => pool.apply_async(realmAt, [gate.ticket]));
    await gate.arrivals(3);
    assertEquals(gate.arrived, 3);
    gate.open();
    assertEquals(new Set(await Promise.all(results)).size, 3);
  });

  line("O28", "maxtasksperchild replaces workers, and loses no result", async () => {
    await using pool = make({ processes: 2, maxtasksperchild: 5 });
    const realms: string[] = [];
    for (const _ of range(5)) {
      const results = range(6).map(() => pool.apply_async(realm));
      realms.push(...await Promise.all(results));
    }
    const runs = new Map<string, number>();
    for (const id of realms) runs.set(id, (runs.get(id) ?? 0) + 1);
    assertEquals(realms.length, 30);
    assertLessOrEqual(Math.max(...runs.values()), 5);
    assertGreater(runs.size, 5);
  });

  line("O29", "close() with a limit of one call a worker still completes all", async () => {
    const pool = make({ processes: 2, maxtasksperchild: 1 });
    const results = range(6).map((n) => pool.apply_async(square, [n]));
    pool.close();
    await pool.join();
    assertEquals(await Promise.all(results), range(6).map(square));
  });

  line("O30", "a maxtasksperchild that is none is a ValueError", () => {
    for (const maxtasksperchild of [0, -1, 0.5, "12"]) {
      const options = { processes: 1, maxtasksperchild: maxtasksperchild as number };
      assertThrows(() => make(options), ValueError, "maxtasksperchild is");
    }
  });

  // O32, workers that are left over when one can't start: they start one by one, and the pool uses those
  // that it has; the roster's own tests cover a start that fails.

  line("O33", "more workers than processors share many items", async () => {
    await using pool = make({ processes: 6 });
    const items = range(1000);
    assertEquals(await pool.map(square, items, { chunksize: 1 }), items.map(square));
  });

  line("P22", "the initializer runs once in each worker, with its arguments", async () => {
    using gate = makeGate();
    const initializer = task(HERE, tasks.remember) as TaskReference<never[], unknown>;
    await using pool = make({ processes: 2, initializer, initargs: [gate.ticket, 1, "two"] });
    const seen = await pool.map(() => 1, range(10), { chunksize: 1 });
    assertEquals(seen.length, 10);
    const { args } = await pool.apply(task(HERE, tasks.remembered));
    assertEquals(args, [1, "two"]);
    assertLessOrEqual(gate.arrived, 2);
  });

  line(
    "P23",
    "a failing initializer breaks the pool: everything fails with its error",
    async () => {
      using gate = makeGate();
      const initializer = task(HERE, tasks.failAt) as TaskReference<never[], unknown>;
      gate.open();
      await using pool = make({ processes: 2, initializer, initargs: [gate.ticket] });
      const result = pool.apply_async(square, [1]);
      const mapped = pool.map_async(square, range(10));
      const results = pool.imap(square, count());
      const error = await assertRejects(() => result.get(HANG), broken, "initializer");
      assertInstanceOf(error.cause, Error);
      await assertRejects(() => mapped.get(HANG), broken, "initializer");
      await assertRejects(() => results.next(HANG), broken, "initializer");
      await results.return!();
      assertThrows(() => pool.apply_async(square, [1]), broken, "initializer");
      await assertRejects(() => pool.map(square, [1]), broken, "initializer");
      assertThrows(() => pool.imap(square, [1]), broken, "initializer");
    },
  );

  line("P24", "a dead worker fails the call it ran and is replaced", async () => {
    await using pool = make({ processes: 2 });
    const seen: unknown[] = [];
    const died = pool.apply_async(task(HERE, tasks.exit), [3], {
      error_callback: (error) => seen.push(error),
    });
    const error = await assertRejects(() => died.get(HANG), broken, "Deno.exit(3)");
    assertEquals(seen, [error]);
    const mapped = pool.map(exitAtOne, range(20), { chunksize: 1 });
    await assertRejects(() => mapped, broken, "Deno.exit");
    const given = await all(pool.imap(exitAtOne, range(6)));
    assertEquals(given.filter((value) => typeof value === "number").length, 5);
    assertStringIncludes(String(given[1]), "Deno.exit");
    assertEquals(await pool.map(square, range(50)), range(50).map(square));
  });
}

function programLines(line: Line, { expression }: PoolBackend): void {
  const make = expression("{ processes: 2 }");

  line("O31", "a pool that is forgotten does not keep its program", async () => {
    const { code, out, err } = await runProgram(`
      const pool = ${make};
      console.log(await pool.map((n: number) => n * n, [1, 2, 3]));
      const results = pool.imap((n: number) => n, function* () { for (;;) yield 1; }());
      console.log(await results.next());
    `);
    assertEquals([code, out, err], [0, "[ 1, 4, 9 ]\n{ done: false, value: 1 }", ""]);
  });

  line("P25", "a program ends when what its pool was given is done, and not before", async () => {
    const { code, out, err } = await runProgram(`
      (() => {
        const pool = ${make};
        pool.apply_async((n: number) => n + 1, [41], { callback: console.log });
        pool.map_async((n: number) => n + 1, [1, 2], { callback: console.log });
      })();
    `);
    assertEquals([code, err], [0, ""]);
    assertEquals(new Set(out.split("\n")), new Set(["42", "[ 2, 3 ]"]));
  });

  line("P26", "an error that nobody looks at ends no program", async () => {
    const { code, out, err } = await runProgram(`
      const pool = ${make};
      const fail = () => { throw new Error("not looked at"); };
      await pool.apply_async(fail).wait();
      await pool.map_async(fail, [1]).wait();
      console.log("done");
    `);
    assertEquals([code, out, err], [0, "done", ""]);
  });
}
