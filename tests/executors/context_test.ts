/**
 * Tests of contexts and start methods. Names such as C01 are the lines of CPython's own tests that a test covers.
 * Without a counterpart here:
 *
 * | line | why |
 * | --- | --- |
 * | C04 | there is nothing to be frozen |
 * | C05, C08–C13 | there is no fork server |
 * | C14, C15 | what can go to which kind of process is tested with each object |
 * | C16 | there are no named resources |
 */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as herd from "../../mod.ts";
import {
  active_children,
  type Context,
  type DictProxy,
  get_all_start_methods,
  get_context,
  get_start_method,
  Pool,
  Process,
  ProcessPoolExecutor,
  Queue,
  RuntimeError,
  set_start_method,
  type StartMethod,
  task,
  Thread,
  ValueError,
} from "../../mod.ts";
import type { Relations } from "../ipc/worker_process_targets.ts";

const TARGETS = import.meta.resolve("../ipc/worker_process_targets.ts");
const FAMILY = task<typeof import("../ipc/worker_process_targets.ts").tellFamily>(
  TARGETS,
  "tellFamily",
);
const METHODS: readonly StartMethod[] = ["spawn", "worker"];

/** A start method for one test. */
class Settled implements Disposable {
  constructor(method: StartMethod | null) {
    set_start_method(method, { force: true });
  }

  [Symbol.dispose](): void {
    set_start_method(null, { force: true });
  }
}

/** Runs a process, and returns what it and its child know of themselves. */
async function family(process: (told: Queue<Relations>) => Process): Promise<Relations[]> {
  const told = new Queue<Relations>();
  const parent = process(told);
  parent.start();
  const family = [await told.get(), await told.get()];
  await parent.join();
  return family;
}

Deno.test("C07: all methods, the default first", () => {
  assertEquals(get_all_start_methods(), ["spawn", "worker"]);
  get_all_start_methods().pop();
  assertEquals(get_all_start_methods(), ["spawn", "worker"]);
});

for (const method of METHODS) {
  Deno.test(`C01: context "${method}" is one of its own, and can't be changed`, () => {
    const context = get_context(method);
    assertStrictEquals(get_context(method), context);
    assertStrictEquals(context.get_context(), context);
    assertStrictEquals(context.get_context("spawn"), get_context("spawn"));
    assertEquals(context.get_start_method(), method);
    assertEquals(context.get_all_start_methods(), get_all_start_methods());
    for (const given of [method, null]) {
      assertThrows(
        () => context.set_start_method(given),
        ValueError,
        `Cannot set the start method of context "${method}": it has one`,
      );
    }
    assertThrows(() => Object.assign(context, { Lock: null }), TypeError);
  });

  Deno.test(`C02, C03, C06: a process of context "${method}" knows its method, the program does not`, async () => {
    using _settled = new Settled(null);
    const context = get_context(method);
    const [child, grandchild] = await family((told) =>
      new context.Process({ target: FAMILY, args: [told, 1] })
    );
    assertEquals([child!.method, grandchild!.method], [method, method]);
    const className = { spawn: "SpawnProcess", worker: "WorkerProcess" }[method];
    assert(new RegExp(`^${className}-\\d+$`).test(child!.name), child!.name);
    assertEquals(child!.pid === Deno.pid, method === "worker");
    assertEquals(get_start_method({ allow_none: true }), null);
    assert(new context.Process() instanceof Process);
  });

  Deno.test(`what says no method goes by the one that was set: ${method}`, async () => {
    using _settled = new Settled(method);
    const [child, grandchild] = await family((told) =>
      new Process({ target: FAMILY, args: [told, 1] })
    );
    assertEquals([child!.method, grandchild!.method], [method, method]);
    assert(child!.name.startsWith("Process-"));
    await using executor = new ProcessPoolExecutor(1);
    const pid = await executor.submit(() => Deno.pid);
    assertEquals(pid === Deno.pid, method === "worker");
    assertStrictEquals(get_context(), get_context(method));
  });

  Deno.test(`executors go by a context that they are given: ${method}`, async () => {
    using _settled = new Settled(method === "spawn" ? "worker" : "spawn");
    for (const mp_context of [method, get_context(method)]) {
      await using executor = new ProcessPoolExecutor({ max_workers: 1, mp_context });
      const pid = await executor.submit(() => Deno.pid);
      assertEquals(pid === Deno.pid, method === "worker");
    }
  });
}

for (const method of METHODS) {
  Deno.test(`a Pool of context "${method}" has workers of that kind`, async () => {
    using _settled = new Settled(method === "spawn" ? "worker" : "spawn");
    const context = get_context(method);
    const pid = () => Deno.pid;
    for (const processes of [1, { processes: 1 }]) {
      await using pool = new context.Pool(processes);
      assert(pool instanceof Pool);
      assertEquals(await pool.apply(pid) === Deno.pid, method === "worker");
    }
    assertThrows(() => new context.Pool(0), ValueError, "processes is 0");
  });

  Deno.test(`a Manager of context "${method}" has a server of that kind`, async () => {
    using _settled = new Settled(method === "spawn" ? "worker" : "spawn");
    const before = active_children();
    await using manager = await get_context(method).Manager();
    const [server] = active_children().filter((child) => !before.includes(child));
    assertEquals(server!.pid === Deno.pid, method === "worker");
    const dict = await manager.dict({ sheep: 7 });
    const thread = new Thread({
      target: async (dict: DictProxy<string, number>) => {
        await dict.set("sheep", (await dict.get("sheep"))! + 1);
      },
      args: [dict],
    });
    thread.start();
    await thread.join();
    assertEquals(await dict.get("sheep"), 8);
    await manager.shutdown();
    assertEquals(server!.exitcode, 0);
  });
}

Deno.test("get_start_method settles the method, unless it may be none", () => {
  using _settled = new Settled(null);
  assertEquals(get_start_method({ allow_none: true }), null);
  assertEquals(get_start_method({ allow_none: false }), "spawn");
  assertEquals(get_start_method({ allow_none: true }), "spawn");
});

for (
  const [what, settle] of [
    ["set_start_method", () => set_start_method("spawn")],
    ["get_start_method", () => get_start_method()],
    ["get_context", () => get_context()],
    ["a Process", () => new Process()],
    ["a ProcessPoolExecutor", () => new ProcessPoolExecutor(1)],
    ["a Pool", () => new Pool(1)],
  ] as const
) {
  Deno.test(`after ${what} another method has to be forced`, () => {
    using _settled = new Settled(null);
    settle();
    const error = assertThrows(() => set_start_method("worker"), RuntimeError);
    assertEquals(
      error.message,
      `Cannot set the start method to "worker": it is "spawn" already: ` +
        `set it before anything is started, or use { force: true }`,
    );
    set_start_method("worker", { force: true });
    assertEquals(get_start_method(), "worker");
    assertThrows(() => set_start_method(null), RuntimeError);
    set_start_method(null, { force: true });
    assertEquals(get_start_method({ allow_none: true }), null);
  });
}

Deno.test("C03: what is given a context settles nothing", () => {
  using _settled = new Settled(null);
  get_context("worker");
  new (get_context("worker").Process)();
  new Process({ context: "worker" });
  new ProcessPoolExecutor({ max_workers: 1, mp_context: "worker" });
  new Pool({ processes: 1, context: "worker" });
  new (get_context("worker").Pool)();
  assertEquals(get_start_method({ allow_none: true }), null);
});

Deno.test("what is no method is refused", () => {
  for (const method of ["fork", "forkserver", "", 7]) {
    const wrong = method as StartMethod;
    const message = `method is ${JSON.stringify(method)}: "spawn" or "worker" is wanted`;
    assertThrows(() => get_context(wrong), ValueError, `Cannot get a context: ${message}`);
    assertThrows(() => get_context("spawn").get_context(wrong), ValueError, message);
    assertThrows(() => set_start_method(wrong), ValueError, message);
    assertThrows(
      () => new ProcessPoolExecutor({ mp_context: wrong }),
      ValueError,
      `"spawn" or "worker", or a context, is wanted`,
    );
  }
  assertThrows(() => set_start_method("spawn", { force: 1 as never }), TypeError, "true or false");
  assertThrows(() => get_start_method({ none: true } as never), TypeError, "there is no option");
});

Deno.test("a context has every name, and those that are not its own are Herd's", () => {
  const own: readonly (keyof Context)[] = [
    "Process",
    "Pool",
    "Manager",
    "get_context",
    "get_start_method",
    "set_start_method",
    "get_all_start_methods",
  ];
  for (const method of METHODS) {
    const context = get_context(method);
    for (const [name, value] of Object.entries(context)) {
      if (own.includes(name as keyof Context)) continue;
      assertStrictEquals(value, Reflect.get(herd, name), name);
    }
    assertEquals(own.filter((name) => context[name] === undefined), []);
  }
});

Deno.test("a subclass of a context's Process is started by the context's method", async () => {
  const context = get_context("worker");
  class Mine extends context.Process {}
  const process = new Mine({ target: () => Deno.exit(Deno.exitCode + 3) });
  assert(/^Mine-\d+$/.test(process.name), process.name);
  process.start();
  assertEquals(process.pid, Deno.pid);
  await process.join();
  assertEquals(process.exitcode, 3);
});
