/** Tests of `map`: its inputs, its chunks, its errors, and how it ends. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertLessOrEqual,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { CancelledError, RuntimeError, task, ThreadPoolExecutor, ValueError } from "../../mod.ts";
import { Inputs } from "../../executors/_inputs.ts";
import * as tasks from "../suites/executor_tasks.ts";
import { ThreadGate, until } from "../suites/executor_tasks.ts";

const HERE = import.meta.resolve("../suites/executor_tasks.ts");
const delayed = task(HERE, tasks.delayed);
const divide = task(HERE, tasks.divide);
const echo = task(HERE, tasks.echo);
const pass = task(HERE, tasks.pass);
const passIf = task(HERE, tasks.passIf);
const passUnlessStopped = task(HERE, tasks.passUnlessStopped);
const power = task(HERE, tasks.power);
const visit = task(HERE, tasks.visit);

/** The integers from `start` to before `end`. */
function range(end: number, start = 0): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/** The same value for ever. */
function* repeat<T>(value: T): Generator<T> {
  while (true) yield value;
}

/** An input that records what is done to it. */
class Input {
  pulled = 0;
  closed = 0;
  readonly #length: number;
  readonly #failure: Error | undefined;

  constructor(length = Infinity, failure?: Error) {
    this.#length = length;
    this.#failure = failure;
  }

  /** As a generator, whose `finally` block counts as closing it. */
  *values(): Generator<number> {
    try {
      while (this.pulled < this.#length) yield this.pulled++;
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      this.closed++;
    }
  }

  /** The same, asynchronously. */
  async *valuesAsync(): AsyncGenerator<number> {
    yield* this.values();
  }

  /** An iterator by hand, which is closed only by whoever calls `return`. */
  [Symbol.iterator](): Iterator<number> {
    return {
      next: () => {
        if (this.pulled < this.#length) return { done: false, value: this.pulled++ };
        if (this.#failure !== undefined) throw this.#failure;
        return { done: true, value: undefined };
      },
      return: () => {
        this.closed++;
        return { done: true, value: undefined };
      },
    };
  }
}

/** An asynchronous input that gives what is put into it. */
class Tap implements AsyncIterable<number> {
  closed = false;
  readonly #waiting: ((result: IteratorResult<number>) => void)[] = [];

  /** Resolves when somebody waits for a value. */
  async give(value: number): Promise<void> {
    await until(() => this.#waiting.length > 0, "a reader of the input");
    this.#waiting.shift()!({ done: false, value });
  }

  [Symbol.asyncIterator](): AsyncIterator<number> {
    return {
      next: () => new Promise((resolve) => this.#waiting.push(resolve)),
      return: () => {
        this.closed = true;
        for (const resolve of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}

Deno.test("map takes sync, async and mixed inputs, one a parameter", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const expected = range(20).map((n) => n ** 2);
  const inputs = [
    [range(20), repeat(2)],
    [new Input(20).values(), repeat(2)],
    [new Input(20).valuesAsync(), repeat(2)],
    [ReadableStream.from(range(20)), repeat(2)],
    [new Set(range(20)), ReadableStream.from(repeat(2))],
    [new Input(20).valuesAsync(), ReadableStream.from(repeat(2))],
  ] as const;
  for (const [bases, exponents] of inputs) {
    assertEquals(await Array.fromAsync(executor.map(power, bases, exponents)), expected);
  }
  assertEquals(await Array.fromAsync(executor.map(echo, "abc")), ["a", "b", "c"]);
});

Deno.test("map without inputs, and with empty ones, gives nothing and starts no worker", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const none = [] as unknown as [Iterable<unknown>];
  assertEquals(await Array.fromAsync(executor.map(echo, ...none)), []);
  assertEquals(await Array.fromAsync(executor.map(echo, [])), []);
  assertEquals(await Array.fromAsync(executor.map(echo, new Input(0).valuesAsync())), []);
  assertEquals(await Array.fromAsync(executor.map(power, range(3), [])), []);
  assertEquals(executor.stats().workers, 0);
});

Deno.test("map refuses what is no iterable at the call, and lets go of the inputs before it", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (const wrong of [undefined, null, 5, {}]) {
    const input = new Input();
    assertThrows(
      () => executor.map(power, input, wrong as unknown as number[]),
      TypeError,
      "an iterable is wanted",
    );
    assertEquals(input, Object.assign(new Input(), { pulled: 0, closed: 1 }));
  }
  const stream = ReadableStream.from([1]);
  assertThrows(() => executor.map(power, stream, 5 as unknown as number[]), TypeError);
  assertEquals(stream.locked, false);
});

Deno.test("map ends with the shortest input and closes the others, not the one that ended", async () => {
  await using executor = new ThreadPoolExecutor(2);
  for (const order of ["shortest first", "shortest last"]) {
    const [short, long, generator] = [new Input(3), new Input(), new Input()];
    const inputs = order === "shortest first" ? [short, long] : [long, short];
    const results = executor.map(power, inputs[0]!, inputs[1]!);
    assertEquals(await Array.fromAsync(results), [1, 1, 4]);
    assertEquals([short.closed, long.closed], [0, 1], order);
    assertEquals(long.pulled, order === "shortest first" ? 3 : 4);
    await Array.fromAsync(executor.map(power, [1, 2], generator.values()));
    assertEquals([generator.pulled, generator.closed], [2, 1]);
  }
});

Deno.test("map closes its inputs when it is left early", async () => {
  await using executor = new ThreadPoolExecutor(2);
  for (const options of [{}, { buffersize: 3 }]) {
    const inputs = [new Input(), new Input(), new Input()] as const;
    const [byHand, sync, async] = inputs;
    const sum = (a: number, b: number, c: number) => a + b + c;
    const all = [byHand, sync.values(), async.valuesAsync()] as const;
    for await (const result of executor.options(options).map(sum, ...all)) {
      if (result === 30) break;
    }
    await until(() => inputs.every(({ closed }) => closed === 1), "the inputs to be closed");
    const pulled = inputs.map((input) => input.pulled);
    await executor.submit(echo, "later");
    assertEquals(inputs.map((input) => input.pulled), pulled);
  }
});

Deno.test("map does not read far ahead of what its workers do", async () => {
  await using executor = new ThreadPoolExecutor(2);
  using gate = new ThreadGate();
  const input = new Input();
  const results = executor.map(pass, repeat(gate.ticket), input.values());
  await gate.arrivals(2);
  assert(input.pulled < 100, `${input.pulled} items were read`);
  gate.open();
  for (const n of range(50)) assertEquals((await results.next()).value, n);
  await results.return!();
  assertEquals(input.closed, 1);
});

for (const buffersize of [1, 2, 7]) {
  Deno.test(`map of an asynchronous input with buffersize ${buffersize} reads that far ahead`, async () => {
    await using executor = new ThreadPoolExecutor(2);
    const input = new Input();
    const results = executor.options({ buffersize }).map(echo, input.valuesAsync());
    await until(() => input.pulled === buffersize);
    for (const n of range(10)) {
      assertEquals((await results.next()).value, n);
      await until(() => input.pulled === buffersize + n + 1);
    }
    await results.return!();
    await until(() => input.closed === 1);
    assertEquals(input.pulled, buffersize + 10);
  });
}

Deno.test("map gives the same for every chunksize, with and without a buffersize", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const expected = range(40).map((n) => n ** 2);
  for (const chunksize of [1, 7, 40, 50, undefined]) {
    for (const buffersize of [undefined, 1, 10, 100]) {
      const results = executor.options({ chunksize, buffersize }).map(power, range(40), repeat(2));
      assertEquals(await Array.fromAsync(results), expected, `${chunksize}, ${buffersize}`);
    }
  }
});

Deno.test("map sends as many items a message as the chunksize says, and the rest", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const results = executor.options({ chunksize: 7 }).map(visit, repeat(gate.ticket), range(17));
  const blocker = executor.submit(pass, gate.ticket);
  assertEquals(executor.stats().queued, 4);
  gate.open();
  await blocker;
  assertEquals(await Array.fromAsync(results), range(17));
});

Deno.test("map chooses chunks by measured time: cheap items share a message", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const items = 20_000;
  const results = executor.map((n: number) => n + 1, range(items));
  let sum = 0;
  for await (const n of results) sum += n;
  assertEquals(sum, items * (items + 1) / 2);
  assertEquals(executor.stats().finished, items);
});

Deno.test("map keeps the order under random task times", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 3, concurrency: 4 });
  for (const chunksize of [undefined, 1, 5]) {
    const results = executor.options({ chunksize }).map(delayed, range(100));
    assertEquals(await Array.fromAsync(results), range(100));
  }
});

Deno.test("map of a million items", async () => {
  await using executor = new ThreadPoolExecutor(2);
  let expected = 0;
  for await (const n of executor.map((n: number) => n * 2, new Input(1_000_000).values())) {
    if (n !== expected) throw new Error(`Expected ${expected}, got ${n}`);
    expected += 2;
  }
  assertEquals(expected, 2_000_000);
});

Deno.test("map passes on items of a slow input one by one, whatever the chunksize", async () => {
  await using executor = new ThreadPoolExecutor(2);
  for (const options of [{}, { chunksize: 40 }, { chunksize: 40, buffersize: 100 }]) {
    const tap = new Tap();
    const results = executor.options(options).map(echo, tap);
    for (const n of range(5)) {
      await tap.give(n);
      assertEquals(await results.next(), { done: false, value: n });
    }
    await results.return!();
    assert(tap.closed);
  }
});

Deno.test("several next() at once each get a result of their own, in order", async () => {
  await using executor = new ThreadPoolExecutor(2);
  for (const options of [{}, { buffersize: 1 }, { buffersize: 3, chunksize: 2 }]) {
    const results = executor.options(options).map(echo, range(6));
    const given = await Promise.all(range(8).map(() => results.next()));
    assertEquals(given.map(({ value }) => value), [...range(6), undefined, undefined]);
    assertEquals(given.map(({ done }) => done), [...Array(6).fill(false), true, true]);
  }
});

Deno.test("of several next() at once the one at the failed item fails, and those after it end", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const results = executor.options({ chunksize: 2 }).map(divide, [1, 2, 3, 4], [1, 1, 0, 1]);
  const given = await Promise.allSettled(range(6).map(() => results.next()));
  assertEquals(
    given.map((g) => g.status === "fulfilled" ? g.value.value : g.reason.message),
    [1, 2, "Cannot divide: by zero: 3 / 0", undefined, undefined, undefined],
  );
});

Deno.test("results that waited for nobody are given in order when they are asked for", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const results = executor.options({ chunksize: 3 }).map(echo, range(10));
  await until(() => executor.stats().finished === 10);
  const given = range(11).map(() => results.next());
  const values = (await Promise.all(given)).map(({ value }) => value);
  assertEquals(values, [...range(10), undefined]);
});

for (const [where, failing] of [["first", 0], ["in the middle", 3], ["last", 6]] as const) {
  Deno.test(`map with an item that fails ${where} in its chunk gives all before it`, async () => {
    await using executor = new ThreadPoolExecutor(2);
    for (const chunk of [0, 1, 2]) {
      const bad = chunk * 7 + failing;
      const input = new Input();
      const divisors = input.values().map((n) => n === bad ? 0 : 1);
      const results = executor.options({ chunksize: 7 }).map(divide, range(100), divisors);
      for (const n of range(bad)) assertEquals(await results.next(), { done: false, value: n });
      await assertRejects(() => results.next(), ValueError, `by zero: ${bad} / 0`);
      assertEquals(await results.next(), { done: true, value: undefined });
      assertEquals(input.closed, 1);
    }
  });
}

Deno.test("the rest of a chunk is not run after its failed item", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using visits = new ThreadGate();
  const results = executor.options({ chunksize: 10 }).map(
    task(HERE, tasks.raiseIf),
    repeat(visits.ticket),
    range(10),
    repeat(4),
  );
  for (const n of range(4)) assertEquals((await results.next()).value, n);
  await assertRejects(() => results.next(), RangeError, "item 4");
  await executor.submit(echo, "after");
  assertEquals(visits.arrived, 5);
});

Deno.test("items after one that fails are cancelled", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  using visits = new ThreadGate();
  const tickets = [null, gate.ticket, ...repeat(visits.ticket).take(50)];
  const results = executor.options({ chunksize: 1 })
    .map(task(HERE, tasks.raiseAt), tickets, range(52), repeat(0));
  await assertRejects(() => results.next(), RangeError, "item 0");
  gate.open();
  await executor.submit(echo, "after");
  const { queued, running, finished, failed, cancelled } = executor.stats();
  assertEquals([queued, running, failed], [0, 0, 1]);
  // The second item may have begun, and what was read by then was cancelled; the rest was never read.
  assertLessOrEqual(finished, 2);
  assertGreater(cancelled, 0);
  assertEquals(visits.arrived, 0);
});

Deno.test("an item that cannot be cloned fails with DataCloneError after the earlier results", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const results = executor.options({ chunksize: 1 }).map(echo, [1, 2, () => 3, 4]);
  assertEquals((await results.next()).value, 1);
  assertEquals((await results.next()).value, 2);
  const error = await assertRejects(() => results.next(), DOMException);
  assertEquals(error.name, "DataCloneError");
  assertEquals((await results.next()).done, true);
  assertEquals(await executor.submit(echo, "alive"), "alive");
});

for (const kind of ["sync", "async", "by hand"] as const) {
  Deno.test(`an input that throws (${kind}) ends map after the items before it`, async () => {
    await using executor = new ThreadPoolExecutor(2);
    for (const options of [{}, { chunksize: 3 }, { buffersize: 2 }, { chunksize: 40 }]) {
      const failure = new RangeError("the input is broken");
      const [input, other] = [new Input(5, failure), new Input()];
      const bad = kind === "sync" ? input.values() : kind === "async" ? input.valuesAsync() : input;
      const results = executor.options(options).map(power, bad, other);
      for (const n of range(5)) assertEquals(await results.next(), { done: false, value: n ** n });
      assertStrictEquals(await results.next().catch((error) => error), failure);
      assertEquals((await results.next()).done, true);
      assertEquals(other.closed, 1);
      assertEquals(input.closed, kind === "by hand" ? 0 : 1, "who throws is not closed as well");
    }
  });
}

Deno.test("an input that throws at its first item, and one whose close throws, harm nobody", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const broken = executor.map(echo, new Input(0, new RangeError("at once")));
  await assertRejects(() => broken.next(), RangeError, "at once");
  const bad: Iterable<number> = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: 1 }),
      return: () => {
        throw new Error("can't be closed");
      },
    }),
  };
  const results = executor.options({ buffersize: 2 }).map(echo, bad);
  await results.next();
  assertEquals(await results.return!(), { done: true, value: undefined });
  assertEquals(await executor.submit(echo, 1), 1);
});

Deno.test("break cancels what has not begun, and what runs sees it", async () => {
  using visits = new ThreadGate();
  {
    await using executor = new ThreadPoolExecutor(1);
    using gate = new ThreadGate();
    const tickets = [null, gate.ticket, ...repeat(visits.ticket).take(20)];
    for await (const n of executor.options({ chunksize: 1 }).map(passIf, tickets, range(22))) {
      assertEquals(n, 0);
      await gate.arrivals(1);
      break;
    }
    gate.open();
    await executor.submit(echo, "after");
    assertEquals(executor.stats().queued + executor.stats().running, 0);
  }
  assertEquals(visits.arrived, 0);
});

Deno.test("leaving map asks the item that runs to stop", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const results = executor.options({ chunksize: 5 }).map(passUnlessStopped, repeat(gate.ticket));
  await gate.arrivals(1);
  await results.return!();
  assertEquals(await executor.submit(echo, "after"), "after");
  assertEquals(gate.arrived, 1);
});

Deno.test("await using ends map", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const input = new Input();
  let left: AsyncIterableIterator<unknown>;
  {
    const results = left = executor.options({ buffersize: 2 }).map(echo, input.values());
    await using _ending = results as AsyncIterableIterator<unknown> & AsyncDisposable;
    assertEquals((await results.next()).value, 0);
  }
  assertEquals(input.closed, 1);
  assertEquals((await left.next()).done, true);
});

Deno.test("return() while next() waits ends that next()", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const results = executor.map(pass, [gate.ticket, gate.ticket]);
  const waiting = [results.next(), results.next()];
  await gate.arrivals(1);
  await results.return!();
  assertEquals(await Promise.all(waiting), Array(2).fill({ done: true, value: undefined }));
});

Deno.test("a deadline in map is one item's, and its TimeoutError ends it in order", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const tickets = [null, null, gate.ticket, null];
  // A deadline covers the loading of the task's module too.
  await executor.submit(passIf, null);
  const results = executor.options({ deadline: 300 }).map(passIf, tickets, range(4));
  assertEquals((await results.next()).value, 0);
  assertEquals((await results.next()).value, 1);
  const error = await results.next().catch((error) => error);
  assertEquals([error.name, (await results.next()).done], ["TimeoutError", true]);
  assertEquals(await executor.submit(echo, "after"), "after");
});

Deno.test("a signal in map cancels it with its reason as the cause", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  using visits = new ThreadGate();
  const abort = new AbortController();
  const input = new Input();
  const tickets = [null, gate.ticket, ...repeat(visits.ticket).take(20)];
  const results = executor.options({ signal: abort.signal, chunksize: 1 })
    .map(passIf, tickets, input.values());
  assertEquals((await results.next()).value, 0);
  await gate.arrivals(1);
  const reason = new RangeError("enough");
  abort.abort(reason);
  const error = await assertRejects(() => results.next(), CancelledError);
  assertStrictEquals(error.cause, reason);
  assertEquals((await results.next()).done, true);
  gate.open();
  await executor.submit(echo, "after");
  assertEquals([visits.arrived, input.closed], [0, 1]);
});

Deno.test("map with a signal that is aborted already runs nothing", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using visits = new ThreadGate();
  const reason = new RangeError("before the start");
  for (const options of [{}, { buffersize: 2 }]) {
    const results = executor.options({ signal: AbortSignal.abort(reason), ...options })
      .map(visit, repeat(visits.ticket));
    const error = await assertRejects(() => results.next(), CancelledError);
    assertStrictEquals(error.cause, reason);
    assertEquals((await results.next()).done, true);
  }
  assertEquals(visits.arrived, 0);
});

Deno.test("a signal ends a map that waits for its input", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const [abort, tap] = [new AbortController(), new Tap()];
  const results = executor.options({ signal: abort.signal }).map(echo, tap);
  await tap.give(1);
  assertEquals((await results.next()).value, 1);
  const next = results.next().catch((error) => error.name);
  abort.abort();
  const ended = await Promise.race([
    next,
    executor.submit(delayed, 8),
    executor.submit(delayed, 7),
  ]);
  if (!tap.closed) await tap.give(2);
  assertEquals(await next, "CancelledError");
  assertEquals(ended, "CancelledError", "it went on only when the input did");
});

Deno.test("a signal ends a map that waits for its input though nobody reads it", async () => {
  const executor = new ThreadPoolExecutor(1);
  for (const isEarly of [true, false]) {
    const [abort, tap, reason] = [new AbortController(), new Tap(), new ValueError("enough")];
    if (isEarly) abort.abort(reason);
    const results = executor.options({ signal: abort.signal }).map(echo, tap);
    abort.abort(reason);
    assert(tap.closed);
    const error = await assertRejects(() => results.next(), CancelledError);
    assertStrictEquals(error.cause, reason);
    assertEquals((await results.next()).done, true);
  }
  await executor.shutdown();
});

Deno.test("a shutdown waits for all items of a map, also those not read yet", async () => {
  using gate = new ThreadGate();
  const executor = new ThreadPoolExecutor(2);
  const results = executor.options({ chunksize: 1 }).map(visit, repeat(gate.ticket), range(100));
  await executor.shutdown();
  assertEquals(gate.arrived, 100);
  assertEquals(await Array.fromAsync(results), range(100));
});

Deno.test("a shutdown without wait lets a map go on", async () => {
  const executor = new ThreadPoolExecutor(2);
  const results = executor.options({ chunksize: 1 }).map(echo, new Input(100).valuesAsync());
  executor.shutdown({ wait: false });
  assertEquals(await Array.fromAsync(results), range(100));
  await executor.shutdown();
});

Deno.test("a shutdown that cancels futures ends a map with CancelledError", async () => {
  using gate = new ThreadGate();
  const executor = new ThreadPoolExecutor(1);
  const input = new Input();
  const results = executor.options({ chunksize: 1 })
    .map(passIf, [null, gate.ticket, ...repeat(null).take(500)], input.values());
  await gate.arrivals(1);
  const shutdown = executor.shutdown({ cancel_futures: true });
  gate.open();
  await shutdown;
  assertEquals((await results.next()).value, 0);
  assertEquals((await results.next()).value, 1);
  await assertRejects(() => results.next(), CancelledError);
  assertEquals([(await results.next()).done, input.closed], [true, 1]);
});

Deno.test("a shutdown that cancels futures ends a map that waits for its input", async () => {
  const executor = new ThreadPoolExecutor(1);
  const tap = new Tap();
  const results = executor.map(echo, tap);
  await tap.give(1);
  assertEquals((await results.next()).value, 1);
  const next = results.next().catch((error) => error.name);
  const order: string[] = [];
  const shutdown = executor.shutdown({ cancel_futures: true }).then(() => order.push("shutdown"));
  const later = new Promise((resolve) => setTimeout(resolve, 200)).then(() => order.push("later"));
  await Promise.race([shutdown, later]);
  if (!tap.closed) await tap.give(2);
  await Promise.all([shutdown, later]);
  assertEquals(await next, "CancelledError");
  assertEquals(order, ["shutdown", "later"], "the shutdown waited for the input");
});

Deno.test("with a buffersize a shutdown ends a map after the results that it has", async () => {
  for (const waiting of [1, 4]) {
    const executor = new ThreadPoolExecutor(1);
    const input = new Input();
    const results = executor.options({ buffersize: 2 }).map(echo, input.values());
    const given = range(waiting).map(() => results.next());
    executor.shutdown({ wait: false });
    while (given.length < 4) given.push(results.next());
    const outcomes = (await Promise.allSettled(given)).map((outcome) =>
      outcome.status === "fulfilled" ? outcome.value.value : outcome.reason
    );
    assertEquals(outcomes.slice(0, 2), [0, 1]);
    assert(outcomes[2] instanceof RuntimeError, String(outcomes[2]));
    assertEquals(outcomes[3], undefined);
    assertEquals(input.closed, 1);
    await executor.shutdown();
  }
});

Deno.test("the pool is broken under a map: its error comes after the results that it has", async () => {
  const executor = new ThreadPoolExecutor({ max_workers: 1, on_worker_death: "break" });
  const results = executor.options({ chunksize: 1 })
    .map(task(HERE, tasks.exitIf), range(100), repeat(3));
  for (const n of range(3)) assertEquals((await results.next()).value, n);
  const error = await results.next().catch((error) => error);
  assertEquals([error.name, (await results.next()).done], ["BrokenThreadPool", true]);
  await executor.shutdown();
});

Deno.test("rows are read one value of each input at a time", async () => {
  const log: string[] = [];
  const input = (name: string): Iterable<string> => ({
    *[Symbol.iterator]() {
      for (const n of range(2)) {
        log.push(name + n);
        yield name + n;
      }
    },
  });
  const inputs = new Inputs([input("a"), input("b")]);
  assertEquals([inputs.next(), inputs.next()], [["a0", "b0"], ["a1", "b1"]]);
  assertEquals(log, ["a0", "b0", "a1", "b1"]);
  assertEquals(inputs.next(), undefined);
  const mixed = new Inputs([input("a"), ReadableStream.from(input("b"))]);
  assertEquals(await mixed.next(), ["a0", "b0"]);
  mixed.close();
  assertEquals(mixed.next(), undefined);
});

for (const chunksize of [1, 3, 10]) {
  Deno.test(`what can't be sent ends a map after the earlier results, in chunks of ${chunksize}`, async () => {
    await using executor = new ThreadPoolExecutor(2);
    const mapper = executor.options({ chunksize });
    const maps = [
      mapper.map((n: number) => n === 5 ? () => n : n, range(10)),
      mapper.map((n: unknown) => n, range(10).map((n) => n === 5 ? () => n : n)),
      mapper.map((n: unknown) => n, range(10).map((n) => n === 5 ? new Headers() : n)),
    ];
    for (const results of maps) {
      for (const n of range(5)) assertEquals(await results.next(), { done: false, value: n });
      const error = await assertRejects(() => results.next(), DOMException);
      assertEquals(error.name, "DataCloneError");
      assertEquals((await results.next()).done, true);
    }
  });
}
