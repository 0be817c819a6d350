/**
 * Pools in pools, in processes and in threads; and tasks that wait for their own pool, which are told.
 *
 * A Worker that is started in a Worker takes half a second until its first message: the guards are long.
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  Barrier,
  type BasePool,
  BrokenProcessPool,
  Pool,
  Process,
  Queue,
  RuntimeError,
  SimpleQueue,
  task,
  ThreadPool,
  ThreadPoolExecutor,
} from "../../mod.ts";
import { waitOnBehalf } from "../../executors/base_pool.ts";
import * as tasks from "./nesting_tasks.ts";
import type { Kind, Request } from "./nesting_tasks.ts";
import { until } from "../support/hang_guards.ts";
import { Folder } from "./process_pools.ts";

/** Milliseconds after which a wait is a hang. */
const HANG = 60_000;

const HERE = import.meta.resolve("./nesting_tasks.ts");
const askServer = task(HERE, tasks.askServer);
const innerDeath = task(HERE, tasks.innerDeath);
const innerError = task(HERE, tasks.innerError);
const innerPlaces = task(HERE, tasks.innerPlaces);
const square = task(HERE, tasks.square);
const sumOfSquares = task(HERE, tasks.sumOfSquares);

const NESTINGS: readonly [outer: Kind, inner: Kind][] = [
  ["spawn", "threads"],
  ["spawn", "spawn"],
  ["worker", "spawn"],
  ["threads", "threads"],
];

for (const [outer, inner] of NESTINGS) {
  Deno.test(`tasks of a pool (${outer}) have pools of their own (${inner})`, async () => {
    await using pool = tasks.poolOf(outer, 2);
    const rows: [Kind, number][] = [[inner, 10], [inner, 20], [inner, 30]];
    const result = pool.starmap_async(sumOfSquares, rows, { chunksize: 1 });
    assertEquals(await result.get(HANG), [285, 2470, 8555]);
  });
}

for (const [outer, inner] of NESTINGS.slice(0, 2)) {
  Deno.test(`a worker of a pool (${inner}) in a pool (${outer}) dies by itself`, async () => {
    await using pool = tasks.poolOf(outer, 1);
    const told = await pool.apply_async(innerDeath, [inner]).get(HANG);
    assertMatch(told, /^Broken\w+Pool: Cannot finish die: .* called Deno\.exit\(3\).*, then 9$/);
    await assertRejects(
      () => pool.apply_async(innerError, [inner]).get(HANG),
      RangeError,
      "raised in the innermost",
    );
    assertEquals(await pool.apply(square, [2]), 4);
  });
}

Deno.test("a process has a pool of threads inside", async () => {
  const results = new SimpleQueue<number>();
  const process = new Process({
    target: async (results: SimpleQueue<number>, url: string) => {
      const { sumOfSquares } = await import(url);
      await results.put(await sumOfSquares("threads", 10));
    },
    args: [results, HERE],
  });
  process.start();
  assertEquals(await results.get(), 285);
  await process.join(HANG);
  assertEquals(process.exitcode, 0);
});

Deno.test("three processes have ten threads each, all of which run at once", async () => {
  await using pool = new Pool({ processes: 3, context: "spawn" });
  const meetTen = async (url: string) => {
    const { Barrier, task, ThreadPool } = await import(new URL("../../mod.ts", url).href);
    const barrier = new Barrier(10);
    await using threads = new ThreadPool(10);
    const meet = task(url, "meet");
    return await threads.map(meet, Array(10).fill(barrier), { chunksize: 1 });
  };
  const met = await pool.map_async(meetTen, [HERE, HERE, HERE], { chunksize: 1 }).get(HANG);
  for (const indices of met as number[][]) {
    assertEquals(indices.toSorted((a, b) => a - b), Array.from({ length: 10 }, (_, n) => n));
  }
});

Deno.test("a barrier lets ten threads of a pool meet", async () => {
  await using pool = new ThreadPool(10);
  const barriers = Array(10).fill(new Barrier(10));
  const met = await pool.map(task(HERE, tasks.meet), barriers, { chunksize: 1 });
  assertEquals(new Set(met).size, 10);
});

Deno.test("terminate() of a pool ends the pools in its workers", async () => {
  using folder = new Folder();
  const pool = new Pool({ processes: 2, context: "spawn" });
  const held = pool.map_async(task(HERE, tasks.holdInner), [folder.path, folder.path], {
    chunksize: 1,
  });
  const pids = () => [...Deno.readDirSync(folder.path)].map(({ name }) => Number(name));
  await until(() => pids().length === 2, "two inner workers run");
  pool.terminate();
  await pool.join();
  await assertRejects(() => held.get(HANG), BrokenProcessPool);
  const lives = (pid: number) => {
    try {
      return !Deno.readTextFileSync(`/proc/${pid}/stat`).includes(") Z ");
    } catch {
      return false;
    }
  };
  await until(() => !pids().some(lives), "the inner workers have ended");
});

Deno.test("a pool or an executor as an argument is refused, with what to do instead", async () => {
  await using pool = new ThreadPool(1);
  await using executor = new ThreadPoolExecutor(1);
  const take = (_: unknown) => "taken";
  for (const [what, remedy] of [[pool, "Manager"], [executor, "make one in the task"]] as const) {
    for (const argument of [what, { what }, [what]]) {
      const error = await assertRejects(() => pool.apply(take, [argument]), DOMException, remedy);
      assertEquals(error.name, "DataCloneError");
    }
  }
  assertEquals(await pool.apply(take, [1]), "taken");
});

Deno.test("a worker knows the pools that it is in", async () => {
  await using pool = new Pool({ processes: 1, context: "spawn" });
  const [outer, inner] = await pool.apply(innerPlaces, ["threads"]);
  assertEquals(outer.length, 1);
  assertEquals(inner.length, 2);
  assertEquals(inner[0], outer[0]);
  assert(inner[0]!.pool !== inner[1]!.pool);
});

Deno.test("pools that are nested without end are told so, before they take the machine", async () => {
  const nestedDeeply = task(HERE, tasks.nestedDeeply);
  await using pool = new Pool({ processes: 1, maxtasksperchild: 1, context: "spawn" });
  assertEquals(await pool.apply(nestedDeeply, [16]), "RuntimeError,RuntimeError");
  assertEquals(await pool.apply(nestedDeeply, [15]), "4,4");
});

/** Serves a pool to its own tasks, as a manager does, until `count` requests have come. */
async function serve(
  pool: BasePool,
  requests: Queue<Request>,
  answers: Queue<string>,
  count: number,
): Promise<void> {
  const served: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    const { from, n } = await requests.get();
    const answer = waitOnBehalf(pool, from, () => pool.apply(square, [n]));
    served.push(
      answer.then((square) => answers.put(String(square)), (error) => answers.put(String(error))),
    );
  }
  await Promise.all(served);
}

for (const kind of ["spawn", "worker", "threads"] as const) {
  Deno.test(`a task that waits for its own pool is told when nobody would be left (${kind})`, async () => {
    await using pool = tasks.poolOf(kind, 1);
    const requests = new Queue<Request>();
    const answers = new Queue<string>();
    const serving = serve(pool, requests, answers, 1);
    const told = await pool.apply_async(askServer, [requests, answers, 3]).get(HANG);
    assertMatch(
      told,
      /^RuntimeError: Cannot wait for the pool in a task of its own: its only worker/,
    );
    await serving;
    assertEquals(await pool.apply(square, [4]), 16);
    requests.close();
    answers.close();
  });

  Deno.test(`a task may wait for its own pool while another worker does not (${kind})`, async () => {
    await using pool = tasks.poolOf(kind, 2);
    const requests = new Queue<Request>();
    const answers = new Queue<string>();
    const serving = serve(pool, requests, answers, 3);
    for (const n of [3, 4, 5]) {
      const told = await pool.apply_async(askServer, [requests, answers, n]).get(HANG);
      assertEquals(told, String(n * n));
    }
    await serving;
    requests.close();
    answers.close();
  });

  Deno.test(`of tasks that all wait for their own pool one is told, and the others go on (${kind})`, async () => {
    await using pool = tasks.poolOf(kind, 3);
    const requests = new Queue<Request>();
    const answers = new Queue<string>();
    const serving = serve(pool, requests, answers, 3);
    const asked = [1, 2, 3].map((n) => pool.apply_async(askServer, [requests, answers, n]));
    const told = await Promise.all(asked.map((result) => result.get(HANG)));
    await serving;
    // Whoever comes while a worker is free is served; nobody hangs.
    for (const answer of told) assertMatch(answer, /^\d$|^RuntimeError: .* all of its 3 workers/);
    assertEquals(await pool.apply(square, [4]), 16);
    requests.close();
    answers.close();
  });
}

Deno.test("whoever is no task of a pool may wait for it", async () => {
  await using pool = new ThreadPool(1);
  const stranger = [{ pool: "another", worker: "x" }];
  assertEquals(await waitOnBehalf(pool, stranger, () => pool.apply(square, [3])), 9);
  assertEquals(await waitOnBehalf(pool, [], () => pool.apply(square, [3])), 9);
});

Deno.test("a dead worker that waited for its pool does not count", async () => {
  await using pool = new ThreadPool(1);
  const [place] = await pool.apply(task(HERE, tasks.places));
  const { promise, resolve } = Promise.withResolvers<number>();
  const gone = waitOnBehalf(pool, [{ ...place!, worker: "one that has died" }], () => promise);
  const told = await assertRejects(
    () => waitOnBehalf(pool, [place!], () => pool.apply(square, [3])),
    RuntimeError,
  );
  assertMatch(told.message, /its only worker/);
  assertEquals(await waitOnBehalf(pool, [], () => pool.apply(square, [3])), 9);
  resolve(1);
  assertEquals(await gone, 1);
});
