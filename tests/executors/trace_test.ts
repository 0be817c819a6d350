/** The trace of an executor's tasks. */

import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type PoolExecutor,
  ProcessPoolExecutor,
  RuntimeError,
  ThreadPoolExecutor,
} from "@herd/concurrent";

interface TraceEvent {
  readonly ph: "M" | "X" | "b" | "e";
  readonly cat?: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly id?: number;
  readonly ts: number;
  readonly dur?: number;
  readonly args?: { name?: string; outcome?: string; rows?: number };
}

function napFor(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Runs `work` on an executor that is traced, and gives the events of the trace. */
async function traceOf<E extends PoolExecutor>(
  executor: E,
  work: (executor: E) => Promise<unknown>,
): Promise<TraceEvent[]> {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    executor.trace(file);
    await work(executor);
    await executor.shutdown();
    return JSON.parse(await Deno.readTextFile(file));
  } finally {
    await Deno.remove(file);
  }
}

const runs = (events: TraceEvent[]) => events.filter(({ ph }) => ph === "X");
const lanes = (events: TraceEvent[]) => events.filter(({ name }) => name === "thread_name");

const POOLS: [
  string,
  new (options: { max_workers: number; concurrency?: number }) => PoolExecutor,
][] = [
  ["threads", ThreadPoolExecutor],
  ["processes", ProcessPoolExecutor],
];

for (const [kind, Pool] of POOLS) {
  Deno.test(`The trace of a pool of ${kind} has each task's wait and run, on its worker's lane`, async () => {
    const events = await traceOf(new Pool({ max_workers: 2 }), async (executor) => {
      await Promise.all([30, 31, 32, 33].map((ms) => executor.submit(napFor, ms)));
    });
    assertEquals(runs(events).map(({ name }) => name), Array(4).fill("napFor"));
    const waits = Map.groupBy(events.filter(({ cat }) => cat === "wait"), ({ id }) => id);
    assertEquals(waits.size, 4);
    for (const [begin, end] of waits.values()) {
      assertEquals([begin!.ph, end!.ph], ["b", "e"]);
      assertGreaterOrEqual(end!.ts, begin!.ts);
      assert(runs(events).some(({ ts }) => Math.abs(ts - end!.ts) <= 10));
    }
    const names = lanes(events).map(({ args }) => args!.name!);
    assertEquals(new Set(names).size, names.length);
    assert(names.every((name) => name.startsWith(Pool.name)), String(names));
    const known = new Set(lanes(events).map(({ tid }) => tid));
    for (const { tid, dur } of runs(events)) {
      assert(known.has(tid));
      assertGreaterOrEqual(dur!, 29_000);
    }
  });

  Deno.test(`Slices of one lane do not overlap, also of ${kind} that run several tasks at once`, async () => {
    const events = await traceOf(new Pool({ max_workers: 1, concurrency: 3 }), async (executor) => {
      const times = [40, 1, 20, 5, 30, 2, 10];
      await Promise.all(times.map((ms) => executor.submit(napFor, ms)));
      for await (const _ of executor.map((n: number) => n, Array(500).fill(1)));
    });
    assertEquals(lanes(events).length > 1, true);
    for (const slices of Map.groupBy(runs(events), ({ tid }) => tid).values()) {
      slices.sort((a, b) => a.ts - b.ts || a.dur! - b.dur!);
      for (const [i, { ts }] of slices.slice(1).entries()) {
        assertGreaterOrEqual(ts, slices[i]!.ts + slices[i]!.dur!);
      }
    }
  });

  Deno.test(`What failed, was cancelled, or was lost with one of the ${kind}, is marked as such`, async () => {
    const events = await traceOf(new Pool({ max_workers: 1 }), async (executor) => {
      await executor.submit(function wrong() {
        throw new Error("wrong");
      }).exception();
      const nap = executor.submit(napFor, 20);
      const unwanted = executor.submit(function unwanted() {});
      assert(unwanted.cancel());
      await nap;
      await executor.submit(function leave() {
        Deno.exit(3);
      }).exception();
      await executor.submit(function again() {});
    });
    const outcomes = events.filter(({ args }) => args?.outcome !== undefined)
      .map(({ name, cat, args }) => [name, cat, args!.outcome]);
    assertEquals(outcomes.sort(), [
      ["leave", "wait", "failed"],
      ["unwanted", "wait", "cancelled"],
      ["wrong", "run", "failed"],
    ]);
    assertEquals(runs(events).map(({ name }) => name), ["wrong", "napFor", "again"]);
  });
}

Deno.test("A chunk of a map is one slice that says how many rows it has", async () => {
  const events = await traceOf(new ThreadPoolExecutor(1), async (executor) => {
    const submitter = executor.options({ chunksize: 10 });
    for await (const _ of submitter.map((n: number) => n, Array(25).fill(1)));
  });
  assertEquals(runs(events).map(({ args }) => args!.rows), [10, 10, 5]);
});

Deno.test("A trace that is stopped is complete, and another can follow", async () => {
  const folder = await Deno.makeTempDir();
  const executor = new ThreadPoolExecutor(1);
  const names = (file: string) =>
    runs(JSON.parse(Deno.readTextFileSync(file))).map(({ name }) => name);
  {
    using _trace = executor.trace(`${folder}/1.json`);
    await executor.submit(function first() {});
    assertThrows(() => executor.trace(`${folder}/2.json`), RuntimeError, "stop that trace first");
  }
  await executor.submit(function between() {});
  const second = executor.trace(new URL(`file://${folder}/2.json`));
  await executor.submit(function last() {});
  await executor.shutdown();
  second.stop();
  assertEquals(names(`${folder}/1.json`), ["first"]);
  assertEquals(names(`${folder}/2.json`), ["last"]);
  assertThrows(() => executor.trace(`${folder}/3.json`), RuntimeError, "shut down");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("A trace that can't be begun is refused at the call, and the executor is not harmed", async () => {
  await using executor = new ThreadPoolExecutor(1);
  assertThrows(() => executor.trace("/nowhere/at/all/trace.json"), Deno.errors.NotFound);
  assertEquals(await executor.submit(() => 1), 1);
});

Deno.test("A trace that can't be written any more ends, and the tasks do not", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const said: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => said.push(args);
  try {
    const executor = new ThreadPoolExecutor(1);
    executor.trace("/dev/full");
    const futures = Array.from({ length: 2000 }, (_, n) => executor.submit((n: number) => n, n));
    assertEquals((await Promise.all(futures)).length, 2000);
    await executor.shutdown();
    assertEquals(said.length, 1);
  } finally {
    console.error = error;
  }
});

Deno.test("A program that never shuts its executor down leaves a trace that loads", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  const { success } = await forgetTrace(file);
  assert(success);
  const text = await Deno.readTextFile(file);
  // Viewers allow the bracket to be missing; JSON does not.
  const events = JSON.parse(text.trimEnd().endsWith("]") ? text : `${text}]`);
  assertEquals(runs(events).map(({ name }) => name), ["kept"]);
  await Deno.remove(file);
});

Deno.test("A trace that can't be written at the end of the program is told, and no failure of it", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const { success, stderr } = await forgetTrace("/dev/full");
  assertStringIncludes(new TextDecoder().decode(stderr), "Cannot finish the trace of an executor");
  assert(success);
});

/** Runs a program that traces one task, `kept`, and never shuts its executor down. */
function forgetTrace(file: string): Promise<Deno.CommandOutput> {
  const code = `
    import { ThreadPoolExecutor } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
    const executor = new ThreadPoolExecutor(1);
    executor.trace(${JSON.stringify(file)});
    await executor.submit(function kept() {});
  `;
  const args = ["eval", `--config=${new URL("../../deno.json", import.meta.url).pathname}`, code];
  return new Deno.Command(Deno.execPath(), { args }).output();
}
