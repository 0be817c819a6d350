/** Tests of what an executor is made with, what it is given, and what it tells about itself. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLessOrEqual,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  BrokenExecutor,
  BrokenThreadPool,
  type ExecutorStats,
  RuntimeError,
  task,
  ThreadPoolExecutor,
  type ThreadPoolOptions,
  ValueError,
} from "../../mod.ts";
import { Durations } from "../../executors/_stats.ts";
import * as tasks from "../suites/executor_tasks.ts";
import { ThreadGate, until } from "../suites/executor_tasks.ts";

const HERE = import.meta.resolve("../suites/executor_tasks.ts");
const countAsync = task(HERE, tasks.passAsync);
const echo = task(HERE, tasks.echo);
const pass = task(HERE, tasks.pass);
const raise = task(HERE, tasks.raise);
const realm = task(HERE, tasks.realm);
const remember = task(HERE, tasks.remember);
const remembered = task(HERE, tasks.remembered);
const threadName = task(HERE, tasks.threadName);
const threadNameAt = task(HERE, tasks.threadNameAt);

/** The integers from 0 to before `end`. */
function range(end: number): number[] {
  return Array.from({ length: end }, (_, i) => i);
}

const AN_INTEGER = "an integer of at least 1 is wanted";
const A_HEAP = "an integer of at least 16 and at most 1048576 is wanted";
const MILLISECONDS = "a number of milliseconds of at least 0 is wanted";

type ErrorType = new (message?: string) => Error;
/** An option, a bad value, how a message shows it, what is wanted, and the class. */
type BadOption = [keyof ThreadPoolOptions, unknown, string, string, ErrorType];

/** What no count may be, and how a message shows it. */
const NO_COUNTS: [unknown, string][] = [
  [0, "0"],
  [-1, "-1"],
  [1.5, "1.5"],
  [NaN, "NaN"],
  [Infinity, "Infinity"],
  [2 ** 53, "9007199254740992"],
  [2n, "2"],
  ["4", '"4"'],
  [true, "true"],
  [null, "null"],
  [[], "[]"],
  [Object.create(null), "{}"],
  [Symbol("n"), "Symbol(n)"],
  [function many() {}, "many"],
];
const COUNTS = ["max_workers", "max_tasks_per_child", "concurrency"] as const;

const BAD_OPTIONS: BadOption[] = [
  ...COUNTS.flatMap((name) =>
    [...NO_COUNTS, ...(name === "concurrency" ? [[1e6, "1000000"] as const] : [])].map((
      [value, shown],
    ): BadOption => [
      name,
      value,
      shown,
      name === "concurrency" ? "an integer of at least 1 and at most 65536 is wanted" : AN_INTEGER,
      ValueError,
    ])
  ),
  ["idleTimeout", -1, "-1", MILLISECONDS, ValueError],
  ["idleTimeout", NaN, "NaN", MILLISECONDS, ValueError],
  ["idleTimeout", "1s", '"1s"', MILLISECONDS, ValueError],
  ["memoryLimit", 15, "15", A_HEAP, ValueError],
  ["memoryLimit", 64.5, "64.5", A_HEAP, ValueError],
  ["memoryLimit", "64", '"64"', A_HEAP, ValueError],
  ["memoryLimit", Infinity, "Infinity", A_HEAP, ValueError],
  ["memoryLimit", 2 ** 21, "2097152", A_HEAP, ValueError],
  ["killable", "yes", '"yes"', "a boolean is wanted", TypeError],
  ["killable", 1, "1", "a boolean is wanted", TypeError],
  ["on_worker_death", "ignore", '"ignore"', '"replace" or "break" is wanted', ValueError],
  ["on_worker_death", true, "true", '"replace" or "break" is wanted', ValueError],
  ["thread_name_prefix", 7, "7", "a string is wanted", TypeError],
  ["initializer", "init", '"init"', "a function or task(url, function) is wanted", TypeError],
  ["initializer", null, "null", "a function or task(url, function) is wanted", TypeError],
  ["initargs", "args", '"args"', "an array is wanted", TypeError],
  ["modules", HERE, HERE, "an array of absolute URLs is wanted", TypeError],
  ["modules", ["./tasks.ts"], "./tasks.ts", "an array of absolute URLs is wanted", TypeError],
];

for (const [name, value, shown, wanted, type] of BAD_OPTIONS) {
  Deno.test(`${name} of ${shown} is a ${type.name} that says what is wanted`, () => {
    const error = assertThrows(() => new ThreadPoolExecutor({ [name]: value }), type);
    assertMatch(error.message, /^Cannot make a ThreadPoolExecutor: /);
    assertStringIncludes(error.message, `${name} is `);
    assertStringIncludes(error.message, shown);
    assertStringIncludes(error.message, wanted);
    assert(!error.message.endsWith("."));
  });
}

Deno.test("a ValueError is a RangeError, as JavaScript has it", () => {
  assertThrows(() => new ThreadPoolExecutor(0), RangeError);
});

Deno.test("max_workers may be given bare, and is checked all the same", async () => {
  for (const wrong of [0, -3, 0.5, NaN]) {
    assertThrows(() => new ThreadPoolExecutor(wrong), ValueError, `max_workers is ${wrong}`);
  }
  assertThrows(() => new ThreadPoolExecutor("2" as never), ValueError, `max_workers is "2"`);
  for (const wrong of [null, [], [4]]) {
    assertThrows(
      () => new ThreadPoolExecutor(wrong as never),
      TypeError,
      "an options object is wanted",
    );
  }
  await using executor = new ThreadPoolExecutor(1);
  await executor.ready();
  assertEquals(executor.stats().workers, 1);
});

Deno.test("options of undefined are as if they were left out", async () => {
  await using executor = new ThreadPoolExecutor({
    max_workers: undefined,
    thread_name_prefix: undefined,
    initializer: undefined,
    initargs: undefined,
    modules: undefined,
    permissions: undefined,
    max_tasks_per_child: undefined,
    idleTimeout: undefined,
    concurrency: undefined,
    on_worker_death: undefined,
  });
  assertEquals(await executor.submit(echo, 1), 1);
});

Deno.test("an unknown option is a TypeError that names the known ones", async () => {
  for (const name of ["maxWorkers", "max_worker", "constructor", "toString", "mp_context"]) {
    const error = assertThrows(() => new ThreadPoolExecutor({ [name]: 1 } as never), TypeError);
    assertStringIncludes(error.message, `there is no option ${name}: max_workers, `);
  }
  await using executor = new ThreadPoolExecutor(1);
  assertThrows(
    () => executor.options({ retries: 3 } as never),
    TypeError,
    "no option retries: signal,",
  );
  assertThrows(
    () => executor.shutdown({ force: true } as never),
    TypeError,
    "no option force: wait,",
  );
  assertEquals(await executor.submit(echo, "still open"), "still open");
});

Deno.test("wrong task options are refused when the view is made", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const wrong: [string, unknown, ErrorType][] = [
    ["signal", new AbortController(), TypeError],
    ["signal", true, TypeError],
    ["deadline", -1, ValueError],
    ["deadline", NaN, ValueError],
    ["deadline", "1s", ValueError],
    ["priority", "high", ValueError],
    ["priority", NaN, ValueError],
    ["priority", 1n, ValueError],
    ["transfer", new ArrayBuffer(1), TypeError],
    ["timeout", "soon", ValueError],
    ["timeout", NaN, ValueError],
    ["chunksize", 0, ValueError],
    ["chunksize", 2.5, ValueError],
    ["buffersize", 0, ValueError],
    ["buffersize", -1, ValueError],
  ];
  for (const [name, value, type] of wrong) {
    const error = assertThrows(() => executor.options({ [name]: value }), type, `${name} is `);
    assertMatch(error.message, /^Cannot submit with these options: .* is wanted$/);
  }
  for (const options of [undefined, null, 5, "priority"]) {
    assertThrows(
      () => executor.options(options as never),
      TypeError,
      "an options object is wanted",
    );
  }
  const view = executor.options({ signal: undefined, deadline: undefined, priority: undefined });
  assertEquals(await view.submit(echo, 1), 1);
});

Deno.test("wrong options of a shutdown are refused, and the executor stays open", async () => {
  await using executor = new ThreadPoolExecutor(1);
  assertThrows(() => executor.shutdown({ wait: 1 } as never), TypeError, "wait is 1: a boolean");
  assertThrows(() => executor.shutdown({ cancel_futures: "yes" } as never), TypeError, "a boolean");
  assertEquals(await executor.submit(echo, 1), 1);
});

Deno.test("what can never be sent is a TypeError at the call, with a remedy", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const { log } = Math;
  function* generator() {}
  const unsendable: [unknown, string][] = [
    [log, "Cannot send log to a worker: it is a native function: call it from a function of"],
    [echoText.bind(null), "it is a bound function: pass the bound values as arguments"],
    [class Account {}, "Cannot send Account to a worker: it is a class"],
    [generator, "Cannot send generator to a worker: it is a generator function"],
    [async function* stream() {}, "Cannot send stream to a worker: it is a generator function"],
    [undefined, "Cannot send undefined to a worker: a function or task(url, function) is wanted"],
    [null, "Cannot send null to a worker"],
    ["echo", "Cannot send string to a worker"],
    [{}, "Cannot send object to a worker"],
  ];
  for (const [fn, message] of unsendable) {
    assertThrows(() => executor.submit(fn as () => void), TypeError, message);
    assertThrows(() => executor.map(fn as (n: number) => void, [1]), TypeError, message);
    assertThrows(() => executor.options({}).submit(fn as () => void), TypeError, message);
  }
  for (const fn of [log, class Account {}]) {
    assertThrows(
      () => new ThreadPoolExecutor({ initializer: fn as never }),
      TypeError,
      "Cannot send",
    );
  }
  assertThrows(() => task("./tasks.ts", "f"), TypeError, "the URL is not absolute");
  assertThrows(() => task(HERE, log), TypeError, "it is a native function");
  assertEquals(executor.stats().workers, 0);
});

function echoText(text: string): string {
  return text;
}

Deno.test("a function that uses what it can't take along fails its future, with the remedies", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const rate = 0.19;
  const future = executor.submit(function price(n: number) {
    return echoText(String(n * rate));
  }, 100);
  const { message } = await assertRejects(() => future, TypeError);
  for (const part of ["price", "rate", "echoText", "export it", "modules", "task(", "arguments"]) {
    assertStringIncludes(message, part);
  }
  assertEquals(await executor.submit(echo, "alive"), "alive");
});

Deno.test("a module that does not load, and an export that is not there, fail that future", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const missing = import.meta.resolve("./no_such_module.ts");
  const failures = [
    [task<() => void>(missing, "f"), missing],
    [task<() => void>(HERE, "noSuchExport"), HERE],
    [task<() => void>(HERE, "noSuchExport"), "noSuchExport"],
    [task<() => void>(HERE, "toString"), "does not export it"],
    [task<() => void>("data:text/javascript,throw new Error('top level')", "f"), "top level"],
  ] as const;
  for (const [reference, part] of failures) {
    await assertRejects(() => executor.submit(reference), Error, part);
    await assertRejects(() => executor.map(reference as never, [1] as never).next(), Error, part);
  }
  assertEquals(await executor.submit(echo, "alive"), "alive");
  assertEquals(executor.stats().workers, 1);
});

Deno.test("arguments and results that can't be cloned fail that future with DataCloneError", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const before = await executor.submit(realm);
  const futures = [
    executor.submit(echo, () => {}),
    executor.submit(echo, { deep: [Symbol("s")] }),
    executor.submit(echo, new WeakMap()),
    executor.submit(() => () => {}),
    executor.submit(() => [Promise.resolve(1)]),
  ];
  for (const future of futures) {
    const error = await assertRejects(() => future, DOMException);
    assertEquals(error.name, "DataCloneError");
  }
  assertEquals(await executor.submit(realm), before);
});

Deno.test("submit, map and ready after a shutdown are RuntimeErrors", async () => {
  const executor = new ThreadPoolExecutor(1);
  executor.shutdown({ wait: false });
  const message = "the executor was shut down";
  assertThrows(() => executor.submit(echo, 1), RuntimeError, `Cannot submit a task: ${message}`);
  assertThrows(() => executor.map(echo, [1]), RuntimeError, `Cannot map: ${message}`);
  await assertRejects(() => executor.ready(), RuntimeError, `Cannot start workers: ${message}`);
});

Deno.test({
  name: "permissions that the program lacks are NotCapable at the constructor, naming the flag",
  permissions: { read: true, net: ["localhost:8000"], env: false, run: false },
  fn: async () => {
    const lacking = [
      [{ env: true }, "--allow-env"],
      [{ env: ["HOME"] }, "--allow-env=HOME"],
      [{ net: true }, "--allow-net"],
      [{ net: ["example.com"] }, "--allow-net=example.com"],
      [{ run: ["ls"] }, "--allow-run=ls"],
      [{ read: true, write: ["/tmp"] }, "--allow-write=/tmp"],
    ] as const;
    for (const [permissions, flag] of lacking) {
      assertThrows(
        () => new ThreadPoolExecutor({ permissions }),
        Deno.errors.NotCapable,
        `is not granted: add ${flag}`,
      );
    }
    for (
      const permissions of ["none", "inherit", { read: true, net: ["localhost:8000"] }] as const
    ) {
      await new ThreadPoolExecutor({ permissions }).shutdown();
    }
  },
});

Deno.test("permissions of no known form are TypeErrors", () => {
  const wrong: [unknown, string][] = [
    ["all", `permissions is "all"`],
    [null, "permissions is null"],
    [true, "permissions is true"],
    [{ files: true }, "there is no permission files: env, ffi,"],
    [{ read: "/tmp" }, `permission read is "/tmp"`],
    [{ deny: { read: ["/"] } }, "a thread can't have a deny list"],
  ];
  for (const [permissions, message] of wrong) {
    assertThrows(
      () => new ThreadPoolExecutor({ permissions: permissions as never }),
      TypeError,
      message,
    );
  }
});

Deno.test("workers are named by prefix and number, and a number is not used again", async () => {
  await using executor = new ThreadPoolExecutor({
    max_workers: 3,
    thread_name_prefix: "crew",
    max_tasks_per_child: 1,
  });
  using gate = new ThreadGate();
  const names = range(3).map(() => executor.submit(threadNameAt, gate.ticket));
  await gate.arrivals(3);
  gate.open();
  assertEquals((await Promise.all(names)).sort(), ["crew_0", "crew_1", "crew_2"]);
  assertMatch(await executor.submit(threadName), /^crew_[3-9]$/);
});

Deno.test("without a prefix each pool has a number of its own", async () => {
  await using first = new ThreadPoolExecutor(1);
  await using second = new ThreadPoolExecutor({ max_workers: 1, thread_name_prefix: "" });
  const [a, b] = [await first.submit(threadName), await second.submit(threadName)];
  assertMatch(a, /^ThreadPoolExecutor-\d+_0$/);
  assertMatch(b, /^ThreadPoolExecutor-\d+_0$/);
  assert(a !== b);
});

Deno.test("exactly max_workers tasks run at once, on as many threads", async () => {
  for (const max_workers of [1, 3]) {
    await using executor = new ThreadPoolExecutor({ max_workers });
    using gate = new ThreadGate();
    const names = range(4 * max_workers).map(() => executor.submit(threadNameAt, gate.ticket));
    await gate.arrivals(max_workers);
    assertEquals(executor.stats().running, max_workers);
    gate.open();
    assertEquals(new Set(await Promise.all(names)).size, max_workers);
    assertEquals(executor.stats().workers, max_workers);
  }
});

Deno.test("an idle worker is used before another is started", async () => {
  await using executor = new ThreadPoolExecutor(4);
  const names = new Set<string>();
  for (let i = 0; i < 50; i++) names.add(await executor.submit(threadName));
  assertEquals(names.size, 1);
});

Deno.test("idle workers are let go after idleTimeout, and started again when needed", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 2, idleTimeout: 1 });
  const realms = new Set<string>();
  for (let round = 0; round < 3; round++) {
    realms.add(await executor.submit(realm));
    await until(() => executor.stats().workers === 0);
  }
  assertEquals(realms.size, 3);
});

Deno.test("busy workers are not let go, whatever idleTimeout is", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 2, idleTimeout: 0 });
  using gate = new ThreadGate();
  const blocked = executor.submit(pass, gate.ticket, "done");
  await gate.arrivals(1);
  await executor.submit(echo, 1);
  await until(() => executor.stats().workers === 1);
  assertEquals(blocked.running(), true);
  gate.open();
  assertEquals(await blocked, "done");
});

Deno.test("ready() starts all workers, and they wait for tasks", async () => {
  await using executor = new ThreadPoolExecutor(3);
  assertEquals(executor.stats().workers, 0);
  await Promise.all([executor.ready(), executor.ready()]);
  const { workers, idle } = executor.stats();
  assertEquals([workers, idle], [3, 3]);
  await executor.ready();
  assertEquals(await executor.submit(echo, 1), 1);
});

Deno.test("ready() resolves also where idle workers are let go at once", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 3, idleTimeout: 0 });
  let timer;
  const late = new Promise((resolve) => timer = setTimeout(resolve, 5000, "never ready"));
  assertEquals(await Promise.race([executor.ready(), late]), undefined);
  clearTimeout(timer);
});

Deno.test("ready() rejects when the executor is shut down meanwhile", async () => {
  const executor = new ThreadPoolExecutor(2);
  const ready = executor.ready();
  const rejected = assertRejects(() => ready, RuntimeError, "was shut down");
  await executor.shutdown();
  await rejected;
});

Deno.test("a worker is replaced after max_tasks_per_child tasks", async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 2, max_tasks_per_child: 5 });
  const realms = await Promise.all(range(60).map(() => executor.submit(realm)));
  const perRealm = Map.groupBy(realms, (name) => name);
  assertGreaterOrEqual(perRealm.size, 12);
  for (const names of perRealm.values()) assertLessOrEqual(names.length, 5);
});

Deno.test("with max_tasks_per_child and concurrency no worker runs more than its share", async () => {
  await using executor = new ThreadPoolExecutor({
    max_workers: 2,
    max_tasks_per_child: 3,
    concurrency: 4,
  });
  const realms = await Promise.all(range(30).map(() => executor.submit(realm)));
  for (const names of Map.groupBy(realms, (name) => name).values()) {
    assertLessOrEqual(names.length, 3);
  }
});

Deno.test("concurrency asynchronous tasks overlap in one worker, and never more", async () => {
  for (const concurrency of [1, 4]) {
    await using executor = new ThreadPoolExecutor({ max_workers: 1, concurrency });
    using gate = new ThreadGate();
    const futures = range(12).map((n) => executor.submit(countAsync, gate.ticket, n));
    await gate.arrivals(concurrency);
    assertEquals(executor.stats().running, concurrency);
    assertEquals(futures.filter((future) => future.running()).length, concurrency);
    gate.open();
    assertEquals(await Promise.all(futures), range(12));
    assertEquals(gate.mostInside, concurrency);
    assertEquals(executor.stats().workers, 1);
  }
});

Deno.test("stats() of an executor that has done nothing are all 0", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const none = { min: 0, mean: 0, p50: 0, p99: 0, max: 0 };
  assertEquals(executor.stats(), {
    workers: 0,
    idle: 0,
    queued: 0,
    running: 0,
    finished: 0,
    failed: 0,
    cancelled: 0,
    wait: none,
    run: none,
  });
});

/** How many tasks the statistics know of. */
function total({ queued, running, finished, failed, cancelled }: ExecutorStats): number {
  return queued + running + finished + failed + cancelled;
}

Deno.test("stats() counts every task in exactly one place", async () => {
  await using executor = new ThreadPoolExecutor(2);
  using gate = new ThreadGate();
  const blocked = range(2).map(() => executor.submit(pass, gate.ticket));
  await gate.arrivals(2);
  const queued = range(10).map((n) => executor.submit(echo, n));
  const failing = range(3).map(() => executor.submit(raise, "failed"));
  assertEquals(executor.stats().workers, 2);
  assertEquals([executor.stats().idle, executor.stats().running], [0, 2]);
  assertEquals([executor.stats().queued, total(executor.stats())], [13, 15]);
  for (const future of queued.slice(0, 4)) future.cancel();
  assertEquals([executor.stats().queued, executor.stats().cancelled], [9, 4]);
  assertEquals(total(executor.stats()), 15);
  gate.open();
  await Promise.allSettled([...blocked, ...queued, ...failing]);
  const { finished, failed, cancelled, running } = executor.stats();
  assertEquals([finished, failed, cancelled, running], [8, 3, 4, 0]);
  assertEquals(executor.stats().queued, 0);
  await until(() => executor.stats().idle === 2);
});

Deno.test("stats() adds up at any moment of a busy pool", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const futures = range(3000).map((n) => executor.submit(n % 7 ? echo : raise, n));
  let looks = 0;
  const look = () => {
    looks++;
    const stats = executor.stats();
    assertEquals(total(stats), 3000, Deno.inspect(stats));
  };
  for (const [n, future] of futures.entries()) {
    if (n % 5 === 0) future.cancel();
    if (n % 50 !== 0) continue;
    look();
    await future.exception().catch(() => {});
    look();
  }
  await Promise.allSettled(futures);
  look();
  assertEquals([executor.stats().queued, executor.stats().running, looks], [0, 0, 121]);
});

Deno.test("stats() counts the items of a map as tasks", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const results = executor.options({ chunksize: 10 }).map(
    task(HERE, tasks.divide),
    range(10),
    [1, 1, 1, 1, 1, 0, 1, 1, 1, 1],
  );
  await assertRejects(() => Array.fromAsync(results), ValueError);
  const { finished, failed, cancelled, queued, running } = executor.stats();
  assertEquals([finished, failed, cancelled, queued, running], [5, 1, 4, 0, 0]);
});

Deno.test("stats() tells how long tasks waited and ran", async () => {
  await using executor = new ThreadPoolExecutor(1);
  await executor.ready();
  const start = performance.now();
  const spin = (ms: number) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };
  await Promise.all([executor.submit(spin, 30), executor.submit(spin, 5)]);
  const elapsed = performance.now() - start;
  const { wait, run } = executor.stats();
  for (const { min, mean, p50, p99, max } of [wait, run]) {
    assert(0 <= min && min <= p50 && p50 <= p99 && p99 <= max, Deno.inspect({ wait, run }));
    assert(min <= mean && mean <= max);
    assertLessOrEqual(max, elapsed + 1);
  }
  assertGreaterOrEqual(run.max, 30);
  assertGreaterOrEqual(run.min, 5);
  assertGreaterOrEqual(wait.max, 29);
});

Deno.test("durations: exact but for percentiles, and those within an eighth", () => {
  assertEquals(new Durations().summary(), { min: 0, mean: 0, p50: 0, p99: 0, max: 0 });
  const values = range(1000).map((n) => 1.01 ** n / 1000);
  const durations = new Durations();
  for (const value of values.toReversed()) durations.add(value);
  const { min, mean, p50, p99, max } = durations.summary();
  assertEquals([min, max], [values[0], values[999]]);
  assert(Math.abs(mean / (values.reduce((a, b) => a + b) / 1000) - 1) < 1e-9);
  assert(Math.abs(p50 / values[499]! - 1) < 1 / 8, `${p50} for ${values[499]}`);
  assert(Math.abs(p99 / values[989]! - 1) < 1 / 8, `${p99} for ${values[989]}`);
});

Deno.test("durations: several at once, zeros and very long ones", () => {
  const durations = new Durations();
  durations.add(0, 98);
  durations.add(4, 1);
  durations.add(1e9, 1);
  const { min, mean, p50, p99, max } = durations.summary();
  assertEquals([min, p50, max], [0, 0, 1e9]);
  assert(Math.abs(mean - (1e9 + 4) / 100) < 1e-3);
  assert(Math.abs(p99 / 4 - 1) < 1 / 8, String(p99));
  const single = new Durations();
  single.add(5, 3);
  assertEquals(single.summary(), { min: 5, mean: 5, p50: 5, p99: 5, max: 5 });
});

for (
  const [kind, initializer] of [
    ["a synchronous function by reference", remember],
    ["an asynchronous function by reference", task(HERE, tasks.rememberLater)],
  ] as const
) {
  Deno.test(`the initializer may be ${kind}, and runs once a worker`, async () => {
    using gate = new ThreadGate();
    await using executor = new ThreadPoolExecutor({
      max_workers: 2,
      initializer,
      initargs: [gate.ticket, new URL("https://example.com/"), { deep: [1] }],
    });
    await executor.ready();
    assertEquals(gate.arrived, 2);
    const found = await Promise.all(range(10).map(() => executor.submit(remembered)));
    for (const { args } of found) {
      assertEquals(args, [new URL("https://example.com/"), { deep: [1] }]);
    }
    assertEquals(gate.arrived, 2);
  });
}

Deno.test("the initializer may be a function by source", async () => {
  await using executor = new ThreadPoolExecutor({
    max_workers: 1,
    initializer: async (key: string, value: unknown) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      Object.assign(globalThis, { [key]: value });
    },
    initargs: ["answer", 42],
  });
  const future = executor.submit(() => (globalThis as { answer?: number }).answer);
  assertEquals(await future, 42);
});

Deno.test("each new worker is initialized, also one that replaces another", async () => {
  using gate = new ThreadGate();
  await using executor = new ThreadPoolExecutor({
    max_workers: 1,
    max_tasks_per_child: 1,
    initializer: remember,
    initargs: [gate.ticket, "x"],
  });
  for (let n = 1; n <= 3; n++) {
    assertEquals((await executor.submit(remembered)).args, ["x"]);
    assertGreaterOrEqual(gate.arrived, n);
  }
});

/** Initializers that fail, and what their error says. */
const FAILING: [string, ThreadPoolOptions, RegExp][] = [
  ["throws", { initializer: () => JSON.parse("{") as unknown }, /JSON/],
  ["rejects", { initializer: () => Promise.reject(new RangeError("too late")) }, /too late/],
  ["throws no error", { initializer: raise, initargs: ["just text"] }, /just text/],
  ["is not exported", { initializer: task(HERE, "noSuchExport") }, /does not export it/],
  ["uses what it can't take along", { initializer: () => echoText("x") }, /echoText/],
  ["has arguments that can't be cloned", { initializer: () => {}, initargs: [() => {}] }, /clone/],
];

for (const [how, options, message] of FAILING) {
  Deno.test(`an initializer that ${how} breaks the pool, now and later`, async () => {
    const executor = new ThreadPoolExecutor({ max_workers: 2, ...options });
    const futures = range(3).map((n) => executor.submit(echo, n));
    const ready = assertRejects(() => executor.ready(), BrokenThreadPool);
    const errors = await Promise.all(futures.map((future) => future.exception()));
    for (const error of errors) {
      assertInstanceOf(error, BrokenThreadPool);
      assertInstanceOf(error, BrokenExecutor);
      assertInstanceOf(error, RuntimeError);
      const { cause } = error;
      assertMatch(cause instanceof Error ? cause.message : String(cause), message);
    }
    assertEquals(new Set(errors).size, 3, "each future has an error of its own");
    await ready;
    const later = assertThrows(() => executor.submit(echo, 1), BrokenThreadPool);
    assertStrictEquals(later.cause, (errors[0] as Error).cause);
    assertThrows(() => executor.map(echo, [1]), BrokenThreadPool);
    assertEquals([executor.stats().failed, executor.stats().workers], [3, 0]);
    await executor.shutdown();
    assertThrows(() => executor.submit(echo, 1), BrokenThreadPool);
  });
}

Deno.test(`on_worker_death "break" fails what is pending, and every later submit`, async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 2, on_worker_death: "break" });
  using gate = new ThreadGate();
  const blocked = executor.submit(countAsync, gate.ticket);
  await gate.arrivals(1);
  const dying = executor.submit(task(HERE, tasks.exit), 5);
  const queued = range(5).map((n) => executor.submit(echo, n));
  await assertRejects(() => dying, BrokenThreadPool, "Deno.exit(5)");
  for (const future of [blocked, ...queued.slice(1)]) {
    await assertRejects(() => future, BrokenThreadPool, "Deno.exit(5)");
  }
  await Promise.allSettled(queued);
  assertThrows(() => executor.submit(echo, 1), BrokenThreadPool, "Deno.exit(5)");
  assertEquals(executor.stats().workers, 0);
});

Deno.test(`on_worker_death "replace" fails only the task that died`, async () => {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, on_worker_death: "replace" });
  const futures = range(4).map((n) =>
    n === 1 ? executor.submit(task(HERE, tasks.exit), 5) : executor.submit(echo, n)
  );
  await assertRejects(() => futures[1]!, BrokenThreadPool, "Deno.exit(5)");
  assertEquals(await Promise.all(futures.filter((_, n) => n !== 1)), [0, 2, 3]);
  assertEquals(await executor.submit(echo, "alive"), "alive");
});

Deno.test("await using waits for all that was submitted", async () => {
  const done: number[] = [];
  {
    await using executor = new ThreadPoolExecutor(2);
    for (const n of range(20)) {
      executor.submit(echo, n).add_done_callback(() => done.push(n));
    }
  }
  assertEquals(done.sort((a, b) => a - b), range(20));
});

Deno.test("using does not wait, and what was submitted is still done", async () => {
  using gate = new ThreadGate();
  let left: ThreadPoolExecutor, future;
  {
    using executor = left = new ThreadPoolExecutor(1);
    future = executor.submit(pass, gate.ticket, "done");
    await gate.arrivals(1);
  }
  assertEquals(future.done(), false);
  assertThrows(() => left.submit(echo, 1), RuntimeError, "was shut down");
  gate.open();
  assertEquals(await future, "done");
  await left.shutdown();
});

Deno.test("shutdown may be repeated, and all calls resolve when all is done", async () => {
  const executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const future = executor.submit(pass, gate.ticket);
  await gate.arrivals(1);
  await executor.shutdown({ wait: false });
  const waits = [executor.shutdown(), executor.shutdown(), executor[Symbol.asyncDispose]()];
  assertEquals(future.done(), false);
  gate.open();
  await Promise.all(waits);
  assert(future.done());
  assertGreater(gate.arrived, 0);
});
