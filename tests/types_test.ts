/**
 * Tests of the types. The compiler does the testing, and nothing of the bodies runs: each test only
 * names a function that would be wrong to call, and `deno test` checks types before it runs anything.
 */

import { assertType, type IsExact } from "@std/testing/types";
import {
  ALL_COMPLETED,
  as_completed,
  type Callable,
  type Context,
  type current_thread,
  dummy,
  type Executor,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  Future,
  type FutureIterator,
  type get_all_start_methods,
  get_context,
  get_start_method,
  type JoinableQueue,
  local,
  Pool,
  Process,
  ProcessPoolExecutor,
  Queue,
  type ReturnWhen,
  set_start_method,
  type StartMethod,
  type Submitter,
  task,
  type TaskReference,
  Thread,
  ThreadPoolExecutor,
  wait,
  type WaitResult,
} from "../mod.ts";

/** Takes a function that is for the compiler only. */
function types(title: string, _body: () => unknown): void {
  Deno.test(title, () => {});
}

declare const executor: Executor;
declare const numbers: Future<number>[];
declare const strings: Future<string>[];

const add = (a: number, b: number) => a + b;
const greet = (name: string, greeting?: string) => `${greeting ?? "Hello"}, ${name}`;
const repeat = (text: string, times = 2) => text.repeat(times);
const total = (...numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
const load = (path: string) => Promise.resolve(new Uint8Array(path.length));
const nothing = () => {};

/** For references by `typeof import(…)`. */
export function scale(image: { width: number }, factor?: number): Promise<{ width: number }> {
  return Promise.resolve({ width: image.width * (factor ?? 1) });
}

/** The module of {@linkcode scale}. */
type ThisModule = typeof import("./types_test.ts");

// ---- submit

types("submit takes the arguments of the function and gives a future of its result", () => {
  const sum = executor.submit(add, 1, 2);
  assertType<IsExact<typeof sum, Future<number>>>(true);
  const none = executor.submit(nothing);
  assertType<IsExact<typeof none, Future<void>>>(true);
  const inline = executor.submit((a: number, b: string) => ({ a, b }), 1, "b");
  assertType<IsExact<typeof inline, Future<{ a: number; b: string }>>>(true);
});

types("submit tells an inline function the types of its arguments", () => {
  const half = executor.submit((n) => n / 2, 42);
  assertType<IsExact<typeof half, Future<number>>>(true);
  // @ts-expect-error strings have no such method
  executor.submit((s) => s.toFixed(), "text");
});

types("submit leaves out optional, default and rest parameters", () => {
  const submitted = [
    executor.submit(greet, "Ada"),
    executor.submit(greet, "Ada", "Good morning"),
    executor.submit(greet, "Ada", undefined),
    executor.submit(repeat, "ab"),
    executor.submit(repeat, "ab", 3),
  ];
  assertType<IsExact<typeof submitted, Future<string>[]>>(true);
  const totals = [executor.submit(total), executor.submit(total, 1, 2, 3)];
  assertType<IsExact<typeof totals, Future<number>[]>>(true);
});

types("submit gives what the promise of an async function resolves to", () => {
  const bytes = executor.submit(load, "file");
  assertType<IsExact<typeof bytes, Future<Uint8Array<ArrayBuffer>>>>(true);
  const nested = executor.submit(() => Promise.resolve(Promise.resolve("text")));
  assertType<IsExact<typeof nested, Future<string>>>(true);
  const maybe = executor.submit(
    (n: number): number | Promise<string> => n || load("").then(String),
    1,
  );
  assertType<IsExact<typeof maybe, Future<number | string>>>(true);
});

types("submit refuses arguments that do not fit", () => {
  // @ts-expect-error wrong type
  executor.submit(add, 1, "2");
  // @ts-expect-error too few
  executor.submit(add, 1);
  // @ts-expect-error too many
  executor.submit(add, 1, 2, 3);
  // @ts-expect-error wrong type of an optional parameter
  executor.submit(greet, "Ada", 1);
  // @ts-expect-error wrong type of a rest parameter
  executor.submit(total, 1, 2, "3");
  // @ts-expect-error none is wanted
  executor.submit(nothing, 1);
});

types("submit refuses what is no callable", () => {
  // @ts-expect-error a name
  executor.submit("add", 1, 2);
  // @ts-expect-error a promise of a function
  executor.submit(Promise.resolve(add), 1, 2);
  // @ts-expect-error nothing at all
  executor.submit();
  // @ts-expect-error the result of a call in place of the function
  executor.submit(add(1, 2));
});

types("what a future of submit resolves to has its type", async () => {
  const sum = await executor.submit(add, 1, 2);
  assertType<IsExact<typeof sum, number>>(true);
  // @ts-expect-error it is a number
  const wrong: string = await executor.submit(add, 1, 2);
  return wrong;
});

// ---- References

types("task by function has the function's types", () => {
  const reference = task(import.meta.url, add);
  assertType<IsExact<typeof reference, TaskReference<[a: number, b: number], number>>>(true);
  const sum = executor.submit(reference, 1, 2);
  assertType<IsExact<typeof sum, Future<number>>>(true);
  const short = executor.submit(task(new URL(import.meta.url), greet), "Ada");
  assertType<IsExact<typeof short, Future<string>>>(true);
  // @ts-expect-error wrong type
  executor.submit(reference, 1, "2");
  // @ts-expect-error too few
  executor.submit(reference, 1);
});

types("task by name has the types of the export that is named", () => {
  const reference = task<ThisModule["scale"]>(import.meta.url, "scale");
  assertType<
    IsExact<
      typeof reference,
      TaskReference<[image: { width: number }, factor?: number], Promise<{ width: number }>>
    >
  >(true);
  const scaled = [
    executor.submit(reference, { width: 1 }),
    executor.submit(reference, { width: 1 }, 2),
    executor.submit(task<typeof import("./types_test.ts").scale>("file:///x.ts", "scale"), {
      width: 1,
    }),
  ];
  assertType<IsExact<typeof scaled, Future<{ width: number }>[]>>(true);
  // @ts-expect-error wrong type
  executor.submit(reference, { height: 1 });
  // @ts-expect-error too few
  executor.submit(reference);
  // @ts-expect-error no such export
  task<typeof import("./types_test.ts").shrink>(import.meta.url, "shrink");
});

types("task refuses what is neither a function nor a name", () => {
  // @ts-expect-error a number
  task(import.meta.url, 1);
  // @ts-expect-error no target
  task(import.meta.url);
  // @ts-expect-error not a function's type
  task<number>(import.meta.url, "scale");
});

types("a callable is a function or a reference to one", () => {
  const callables: Callable<[number, number], number>[] = [add, task(import.meta.url, add)];
  // @ts-expect-error another result
  const wrong: Callable<[number], string> = (n: number) => n;
  return [callables, wrong];
});

// ---- map

types("map takes one iterable for each parameter, sync or async", () => {
  const sums = executor.map(add, [1, 2], new Set([3, 4]));
  assertType<IsExact<typeof sums, AsyncIterableIterator<number>>>(true);
  async function* lines() {
    yield await load("a").then(String);
  }
  const greetings = executor.map(greet, lines(), ["Hi", "Ho"]);
  assertType<IsExact<typeof greetings, AsyncIterableIterator<string>>>(true);
  const optional = executor.map(greet, lines());
  assertType<IsExact<typeof optional, AsyncIterableIterator<string>>>(true);
  const scaled = executor.map(task<ThisModule["scale"]>(import.meta.url, "scale"), [{ width: 1 }]);
  assertType<IsExact<typeof scaled, AsyncIterableIterator<{ width: number }>>>(true);
  const inline = executor.map((n) => n / 2, [1, 2]);
  assertType<IsExact<typeof inline, AsyncIterableIterator<number>>>(true);
});

types("for await over map gives results, those of async functions too", async () => {
  for await (const sum of executor.map(add, [1], [2])) {
    assertType<IsExact<typeof sum, number>>(true);
  }
  for await (const bytes of executor.map(load, ["a", "b"])) {
    assertType<IsExact<typeof bytes, Uint8Array<ArrayBuffer>>>(true);
  }
});

types("map refuses iterables that do not fit", () => {
  // @ts-expect-error wrong items
  executor.map(add, [1, 2], ["3", "4"]);
  // @ts-expect-error no iterable
  executor.map(add, [1, 2], 3);
  // @ts-expect-error too few
  executor.map(add, [1, 2]);
  // @ts-expect-error too many
  executor.map(load, ["a"], ["b"]);
  // @ts-expect-error arguments in place of iterables
  executor.map(add, 1, 2);
});

// ---- Options

types("a view by options has the same submit and map", () => {
  const view = executor.options({ priority: 1, deadline: 100, signal: AbortSignal.timeout(1) });
  assertType<IsExact<typeof view, Submitter>>(true);
  const sum = view.submit(add, 1, 2);
  assertType<IsExact<typeof sum, Future<number>>>(true);
  const sums = view.map(add, [1], [2]);
  assertType<IsExact<typeof sums, AsyncIterableIterator<number>>>(true);
  // @ts-expect-error wrong type
  view.submit(add, "1", 2);
  // @ts-expect-error a view has no workers of its own
  view.shutdown();
  const submitters: Submitter[] = [executor, view];
  return submitters;
});

types("options may be undefined, and unknown or wrong ones are refused", () => {
  const limit: number | undefined = Math.random() > 0.5 ? 100 : undefined;
  executor.options({ deadline: limit, timeout: limit, signal: undefined });
  // @ts-expect-error unknown
  executor.options({ retries: 3 });
  // @ts-expect-error wrong type
  executor.options({ deadline: "100" });
  // @ts-expect-error no options at all
  executor.options();
});

types("an executor takes the number of its workers bare or among other options", () => {
  const executors: Executor[] = [
    new ThreadPoolExecutor(),
    new ThreadPoolExecutor(4),
    new ThreadPoolExecutor({ max_workers: 4, idleTimeout: undefined }),
    new ThreadPoolExecutor({ permissions: "none", modules: [import.meta.url] }),
  ];
  // @ts-expect-error wrong type
  new ThreadPoolExecutor("4");
  // @ts-expect-error unknown option
  new ThreadPoolExecutor({ workers: 4 });
  // @ts-expect-error one of two words is wanted
  new ThreadPoolExecutor({ on_worker_death: "ignore" });
  return executors;
});

types("an initializer is any function or reference, its arguments an array", () => {
  new ThreadPoolExecutor({ initializer: nothing });
  new ThreadPoolExecutor({ initializer: greet, initargs: ["Ada", "Hi"] });
  new ThreadPoolExecutor({ initializer: load, initargs: ["file"] as const });
  new ThreadPoolExecutor({ initializer: task(import.meta.url, greet), initargs: ["Ada"] });
  new ThreadPoolExecutor({
    initializer: task<ThisModule["scale"]>(import.meta.url, "scale"),
    initargs: [{ width: 1 }],
  });
  // @ts-expect-error a name
  new ThreadPoolExecutor({ initializer: "greet" });
  // @ts-expect-error not an array
  new ThreadPoolExecutor({ initializer: greet, initargs: "Ada" });
});

types("an executor can be disposed of", async () => {
  await using one = new ThreadPoolExecutor();
  using two = new ThreadPoolExecutor();
  const done = one.shutdown({ wait: true, cancel_futures: true });
  assertType<IsExact<typeof done, Promise<void>>>(true);
  return two;
});

// ---- Future

types("a future's methods know the type of its result", () => {
  const future = new Future<number>();
  const result = future.result(100);
  assertType<IsExact<typeof result, Promise<number>>>(true);
  const error = future.exception();
  assertType<IsExact<typeof error, Promise<unknown>>>(true);
  const facts = [future.done(), future.cancelled(), future.running(), future.cancel()];
  assertType<IsExact<typeof facts, boolean[]>>(true);
  const begun = future.set_running_or_notify_cancel();
  assertType<IsExact<typeof begun, boolean>>(true);
  future.add_done_callback((f) => {
    assertType<IsExact<typeof f, Future<number>>>(true);
  });
  future.set_result(1);
  future.set_exception("anything");
  // @ts-expect-error wrong type
  future.set_result("1");
  // @ts-expect-error a bare number is wanted
  future.result({ timeout: 100 });
  // @ts-expect-error a callback is given the future, not its result
  future.add_done_callback((result: number) => result);
});

types("a future is a promise of its result", async () => {
  const future = new Future<number>();
  const promises: [Promise<number>, PromiseLike<number>] = [future, future];
  const awaited = await future;
  assertType<IsExact<typeof awaited, number>>(true);
  const all = await Promise.all([future, new Future<string>(), true as boolean]);
  assertType<IsExact<typeof all, [number, string, boolean]>>(true);
  const list = await Promise.all(numbers);
  assertType<IsExact<typeof list, number[]>>(true);
  const then = future.then((n) => `${n}`, () => null);
  assertType<IsExact<typeof then, Promise<string | null>>>(true);
  const caught = future.catch(() => "none" as string);
  assertType<IsExact<typeof caught, Promise<number | string>>>(true);
  const last = future.finally(() => {});
  assertType<IsExact<typeof last, Promise<number>>>(true);
  // @ts-expect-error a promise of another type
  const wrong: Promise<string> = future;
  // @ts-expect-error a promise is no future
  const narrow: Future<number> = Promise.resolve(1);
  return [promises, wrong, narrow];
});

types("a future of something narrower is a future of something wider, not the reverse", () => {
  const wide: Future<number | string> = new Future<number>();
  const widest: Future<unknown> = wide;
  const many: Future<unknown>[] = numbers;
  // @ts-expect-error wider
  const narrow: Future<number> = wide;
  // @ts-expect-error wider
  const narrower: Future<number> = widest;
  return [narrow, narrower, many];
});

types("a subclass of Future keeps its type", () => {
  class Named extends Future<number> {
    readonly name: string = "";
  }
  const future: Future<number> = new Named();
  const promise: Promise<number> = new Named();
  return [future, promise];
});

// ---- wait and as_completed

types("wait gives two sets of the futures that it was given", async () => {
  const result = await wait(numbers);
  assertType<IsExact<typeof result, WaitResult<number>>>(true);
  const { done, not_done } = await wait(new Set(strings), {
    timeout: 100,
    signal: AbortSignal.timeout(1),
    return_when: FIRST_EXCEPTION,
  });
  assertType<IsExact<typeof done, Set<Future<string>>>>(true);
  assertType<IsExact<typeof not_done, Set<Future<string>>>>(true);
  const mixed = await wait<number | string>([...numbers, ...strings]);
  assertType<IsExact<typeof mixed.done, Set<Future<number | string>>>>(true);
  const unknown = await wait<unknown>([...numbers, ...strings]);
  assertType<IsExact<typeof unknown.done, Set<Future<unknown>>>>(true);
});

types(
  "wait and as_completed of futures of different types give futures of any of these",
  async () => {
    const number = new Future<number>();
    const pair = await wait([number, new Future<string>()], { timeout: 100 });
    assertType<IsExact<typeof pair, WaitResult<number | string>>>(true);
    const { done, not_done } = await wait(new Set([...numbers, ...strings]));
    assertType<IsExact<typeof done, Set<Future<number | string>>>>(true);
    assertType<IsExact<typeof not_done, Set<Future<number | string>>>>(true);
    for (const future of done) {
      const outcome = await future;
      assertType<IsExact<typeof outcome, number | string>>(true);
    }
    const three = [executor.submit(add, 1, 2), executor.submit(nothing), ...strings] as const;
    const waited = await wait(three, { return_when: FIRST_COMPLETED });
    assertType<IsExact<typeof waited, WaitResult<number | string | void>>>(true);
    for await (const future of as_completed([number, ...strings])) {
      assertType<IsExact<typeof future, Future<number | string>>>(true);
    }
    const iterator = as_completed(three, { timeout: 100 });
    assertType<IsExact<typeof iterator, FutureIterator<number | string | void>>>(true);
    // @ts-expect-error promises among them
    wait([number, Promise.resolve("text")]);
    // @ts-expect-error values among them
    as_completed([number, "text"]);
  },
);

types("wait and as_completed in generic code give futures of its types", async () => {
  const generic = async <A, B>(a: Future<A>, b: Future<B>, all: Iterable<Future<A>>) => {
    const { done } = await wait(all);
    assertType<IsExact<typeof done, Set<Future<A>>>>(true);
    return [await wait([a, b]), as_completed([a, b])] as const;
  };
  const [result] = await generic(numbers[0]!, strings[0]!, numbers);
  assertType<IsExact<typeof result, WaitResult<number | string>>>(true);
});

types("wait knows its rules", () => {
  const rules = [FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED] as const;
  assertType<IsExact<typeof rules[number], ReturnWhen>>(true);
  wait(numbers, { return_when: "ALL_COMPLETED", timeout: undefined });
  // @ts-expect-error unknown rule
  wait(numbers, { return_when: "ALL" });
  // @ts-expect-error the timeout is an option
  wait(numbers, 100);
  // @ts-expect-error the timeout is an option
  as_completed(numbers, 100);
  // @ts-expect-error one future
  wait(numbers[0]!);
  // @ts-expect-error promises
  wait([Promise.resolve(1)]);
  // @ts-expect-error as_completed has no rules
  as_completed(numbers, { return_when: FIRST_COMPLETED });
});

types("for await over as_completed gives futures", async () => {
  for await (const future of as_completed(numbers)) {
    assertType<IsExact<typeof future, Future<number>>>(true);
  }
});

types(
  "for await over as_completed gives futures in every loop of a program, not only in the first",
  async () => {
    for await (const future of as_completed(numbers)) {
      assertType<IsExact<typeof future, Future<number>>>(true);
    }
    const iterator = as_completed(numbers, { timeout: 100 });
    assertType<IsExact<typeof iterator, FutureIterator<number>>>(true);
    for await (const future of iterator) {
      assertType<IsExact<typeof future, Future<number>>>(true);
    }
    for await (const future of iterator[Symbol.asyncIterator]()) {
      assertType<IsExact<typeof future, Future<number>>>(true);
    }
    for await (const future of Math.random() > 0.5 ? iterator : as_completed(numbers)) {
      assertType<IsExact<typeof future, Future<number>>>(true);
    }
    for await (const future of as_completed<number | string>([...numbers, ...strings])) {
      assertType<IsExact<typeof future, Future<number | string>>>(true);
    }
    for await (const future of as_completed<number | string>(numbers)) {
      assertType<IsExact<typeof future, Future<number | string>>>(true);
    }
  },
);

types("for await over as_completed gives futures in generic code", () => {
  return async function* <T>(futures: Iterable<Future<T>>, maybe?: FutureIterator<T>) {
    for await (const future of as_completed(futures)) {
      assertType<IsExact<typeof future, Future<T>>>(true);
      yield await future;
    }
    if (maybe !== undefined) {
      for await (const future of maybe) assertType<IsExact<typeof future, Future<T>>>(true);
    }
  };
});

types("next and return of as_completed have the results of an iterator", async () => {
  const iterator = as_completed(numbers);
  const result = await iterator.next();
  assertType<IsExact<typeof result, IteratorResult<Future<number>, undefined>>>(true);
  if (!result.done) assertType<IsExact<typeof result.value, Future<number>>>(true);
  const ended = await iterator.return();
  assertType<IsExact<typeof ended, IteratorResult<Future<number>, undefined>>>(true);
});

// ---- Threads and contexts

types(
  "a thread waits to nothing, has a number once it has started, and may be of a subclass",
  async () => {
    const thread = new Thread({ target: add, args: [1, 2], daemon: true });
    assertType<IsExact<ReturnType<typeof thread.start>, void>>(true);
    assertType<IsExact<typeof thread.ident, number | null>>(true);
    assertType<IsExact<ReturnType<typeof thread.is_alive>, boolean>>(true);
    const joined = await thread.join(10);
    assertType<IsExact<typeof joined, void>>(true);
    assertType<IsExact<ReturnType<typeof current_thread>, Thread>>(true);
    new Thread({ target: task<typeof greet>("file:///x.ts", "greet") });
    // @ts-expect-error: There are no such threads.
    new Thread({ memoryLimit: 64 });
    // @ts-expect-error: A name is a string.
    new Thread({ name: 7 });
  },
);

types("the start method may be none only where that is asked for", () => {
  assertType<IsExact<ReturnType<typeof get_all_start_methods>, StartMethod[]>>(true);
  const settled = get_start_method();
  assertType<IsExact<typeof settled, StartMethod>>(true);
  const open = get_start_method({ allow_none: true });
  assertType<IsExact<typeof open, StartMethod | null>>(true);
  const either = get_start_method({ allow_none: Math.random() > 0.5 });
  assertType<IsExact<typeof either, StartMethod | null>>(true);
  set_start_method("worker");
  set_start_method(null, { force: true });
  // @ts-expect-error: There is no such method.
  set_start_method("fork");
});

types("a context makes what Herd does, but takes no other context", () => {
  const context = get_context("worker");
  assertType<IsExact<typeof context, Context>>(true);
  const process = new context.Process({ target: nothing });
  assertType<IsExact<typeof process, Process>>(true);
  const pool = new context.Pool(2);
  assertType<IsExact<typeof pool, Pool>>(true);
  const queue = new context.Queue<number>(3);
  assertType<IsExact<typeof queue, Queue<number>>>(true);
  new Process({ context });
  new Pool({ context });
  new ProcessPoolExecutor({ mp_context: context });
  // @ts-expect-error: It has one.
  new context.Process({ context: "spawn" });
  // @ts-expect-error: It has one.
  new context.Pool({ context: "spawn" });
  // @ts-expect-error: Its names stand.
  context.Queue = Queue;
});

types("a context's Process can be extended as Process itself", () => {
  const context = get_context("worker");
  class Doubler extends context.Process {
    static override module = import.meta.url;
    override run() {}
  }
  const process: Process = new Doubler({ name: "doubler" });
  return process;
});

types("a Process of dummy is a thread with an exit code", () => {
  const process = new dummy.Process({ target: add, args: [1, 2] });
  const thread: Thread = process;
  assertType<IsExact<typeof process.exitcode, number | null>>(true);
  assertType<IsExact<ReturnType<typeof dummy.active_children>, typeof process[]>>(true);
  const queue = new dummy.Queue<string>();
  assertType<IsExact<typeof queue, JoinableQueue<string>>>(true);
  return thread;
});

types("a local has whatever is put there, and a subclass what it says", () => {
  const mine = new local();
  mine.count = 1;
  assertType<IsExact<typeof mine.count, unknown>>(true);
  class Counting extends local {
    static override readonly module = "file:///x.ts";
    count = 0;
    constructor(readonly start: number) {
      super(start);
    }
  }
  const counting = new Counting(3);
  assertType<IsExact<typeof counting.count, number>>(true);
  assertType<IsExact<typeof counting.start, number>>(true);
});
