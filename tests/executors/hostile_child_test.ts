/**
 * Children that send what no child should: whatever it is, it costs the tasks that the child had, and
 * neither the program, nor the pool, nor a future that would never be settled.
 */

import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import {
  BrokenProcessPool,
  type Permissions,
  ProcessPoolExecutor,
  type ProcessPoolOptions,
  TimeoutError,
  ValueError,
} from "../../mod.ts";
import { exitNever, exitSlowly, forge, forgeRow, seven, type Way } from "./hostile_tasks.ts";
import { until } from "../suites/executor_tasks.ts";

/** With something denied that a socket takes, the pipes are the channel. */
const PERMISSIONS: Record<Way, Permissions> = {
  socket: "inherit",
  pipes: {
    env: true,
    import: true,
    net: true,
    read: true,
    run: true,
    write: true,
    deny: { net: ["denied.example"] },
  },
};

/** Milliseconds after which a wait is a hang. */
const HANG = 30_000;

function pool(way: Way, options: ProcessPoolOptions = {}): ProcessPoolExecutor {
  const modules = [new URL("./hostile_tasks.ts", import.meta.url)];
  return new ProcessPoolExecutor({
    max_workers: 1,
    modules,
    permissions: PERMISSIONS[way],
    ...options,
  });
}

/** The only task of a worker is in this slot. */
const SLOT = 0;

/** Messages, and what the parent says of the child that sends them. */
const MESSAGES: Record<string, unknown> = {
  "an answer of an unknown status": answers([SLOT, 99, 0, 0]),
  "an answer of a status that is no number": answers([SLOT, "returned", 0, 0]),
  "an answer for a slot that names a method": answers(["filter", 0, 0, 0]),
  "an answer for a slot that is no integer": answers([0.5, 0, 0, 0]),
  "an answer for a slot that is too great": answers([1e6, 0, 0, 0]),
  "an answer with times that are bigints": answers([SLOT, 0, 0n, 0n]),
  "an answer with times that are no numbers": answers([SLOT, 0, NaN, NaN]),
  "answers with too few numbers": answers([SLOT, 0]),
  "answers without numbers": { kind: "answers", values: [1] },
  "a start without a time": { kind: "ready", timeOrigin: NaN },
  "a message of a kind that is a method's name": { kind: "toString" },
  "nothing": null,
};

function answers(heads: unknown[]) {
  return { kind: "answers", heads, values: [1] };
}

for (const way of ["socket", "pipes"] as const) {
  for (const [name, message] of Object.entries(MESSAGES)) {
    Deno.test(`A child that sends ${name} (${way}) is ended, and the pool goes on`, async () => {
      await using executor = pool(way);
      const error = await executor.submit(forge, way, message).exception();
      assertInstanceOf(error, BrokenProcessPool);
      assertMatch(error.message, /sent what is no message of Herd's/);
      assertEquals(await executor.submit(seven), 7);
    });
  }
}

const CHUNKS: Record<string, unknown> = {
  "of no chunk": { kind: "answers", heads: [SLOT, 0, 0, 0], values: [1] },
  "of nothing": chunk(undefined),
  "of too few rows": chunk([]),
  "of too many rows": chunk([1, 2]),
  "of what only looks like rows": chunk({ length: 1 }),
};

function chunk(results: unknown) {
  const value = { results, encoded: false, error: null };
  return { kind: "answers", heads: [SLOT, 5, 0, 0], values: [value] };
}

for (const [name, message] of Object.entries(CHUNKS)) {
  Deno.test(`An answer ${name} fails the map that it is for`, async () => {
    await using executor = pool("pipes");
    const rows = executor.options({ chunksize: 1 }).map(forgeRow, [["pipes", message] as const]);
    const error = await Array.fromAsync(rows).catch((error) => error);
    assertInstanceOf(error, TypeError);
    assertMatch(error.message, /^Cannot use the answer of a worker: /);
    executor.kill_workers();
  });
}

Deno.test("An answer of a chunk fails the single task that it is for", async () => {
  await using executor = pool("pipes");
  const error = await executor.submit(forge, "pipes", chunk([1])).exception();
  assertInstanceOf(error, TypeError);
  assertMatch(error.message, /^Cannot use the answer of a worker: /);
  executor.kill_workers();
});

for (const way of ["socket", "pipes"] as const) {
  Deno.test(`A child that says that it ends and lives on is ended (${way})`, async () => {
    await using executor = pool(way);
    const error = await executor.submit(exitNever).exception(HANG);
    assertInstanceOf(error, BrokenProcessPool);
    assertMatch(error.message, /called Deno\.exit\(3\)/);
    assertEquals(await executor.submit(seven), 7);
  });
}

Deno.test("A child that is stopped before it begins a task with a deadline is replaced", async () => {
  await using executor = pool("socket");
  const pid = await executor.submit(() => Deno.pid);
  Deno.kill(pid, "SIGSTOP");
  const late = executor.options({ deadline: 1 }).submit(seven);
  assertInstanceOf(await late.exception(), TimeoutError);
  assertEquals(await executor.submit(seven), 7);
});

Deno.test("What is submitted while a child ends is left to another", async () => {
  const folder = await Deno.makeTempDir();
  const [ending, go] = [`${folder}/ending`, `${folder}/go`];
  {
    await using executor = pool("pipes", { concurrency: 2 });
    const exits = executor.submit(exitSlowly, ending, go);
    await until(() => [...Deno.readDirSync(folder)].length > 0, "the end to begin");
    // Its message is there: the event loop has to turn for it to be read.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    const other = executor.submit(seven);
    await Promise.resolve();
    await Deno.writeTextFile(go, "");
    assertEquals(await other, 7);
    assertInstanceOf(await exits.exception(), BrokenProcessPool);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("Arguments that are too long for a message fail their future, ready or not", async () => {
  await using executor = pool("socket");
  const tooLong = () => [new ArrayBuffer(2 ** 30), new ArrayBuffer(2 ** 30)];
  for (const state of ["starting", "ready"]) {
    const buffers = tooLong();
    const future = executor.options({ transfer: buffers }).submit(seven, buffers);
    assertInstanceOf(await future.exception(), ValueError, state);
    await executor.ready();
  }
  assertEquals(await executor.submit(seven), 7);
});
