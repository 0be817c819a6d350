/**
 * Tests of a `Process` over a Web Worker: where it is unlike a `Thread`, and where it is unlike a child. Most of
 * what it does is in `runnable_suite.ts`.
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  active_children,
  connection,
  current_process,
  Event,
  get_context,
  Lock,
  Process,
  type ProcessOptions,
  Queue,
  task,
  Value,
  ValueError,
} from "../../mod.ts";
import { type Relations, tellFamily, tellInThread, tellRefusal } from "./worker_process_targets.ts";

const TARGETS = import.meta.resolve("./worker_process_targets.ts");

function make(options: ProcessOptions = {}): Process {
  return new Process({ context: "worker", modules: [TARGETS], ...options });
}

async function run(options: ProcessOptions): Promise<Process> {
  const process = make(options);
  process.start();
  await process.join();
  return process;
}

Deno.test("P34: exit codes of a worker are those of a process", async () => {
  const codes = await Promise.all([
    () => Deno.exit(8),
    () => Deno.exit(0),
    () => Deno.exit(),
    () => void (Deno.exitCode = 5),
    () => {
      Deno.exitCode = 6;
      Deno.exit();
    },
    () => {},
    () => self.close(),
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      Deno.exit(261);
    },
    () => Deno.exit(-1),
  ].map(async (target) => (await run({ target })).exitcode));
  assertEquals(codes, [8, 0, 0, 5, 6, 0, 0, 5, 255]);
  assertEquals(Deno.exitCode, 0);
});

for (
  const [action, code, name] of [
    ["interrupt", -2, "SIGINT"],
    ["terminate", -15, "SIGTERM"],
    ["kill", -9, "SIGKILL"],
  ] as const
) {
  Deno.test(`${action} ends a worker, with ${code}, and what it held goes to others`, async () => {
    const [up, lock] = [new Event(), new Lock()];
    const target = async (up: Event, lock: Lock) => {
      setInterval(() => {}, 1_000_000);
      await lock.acquire();
      await up.set();
      await new Promise(() => {});
    };
    const process = make({ target, args: [up, lock] });
    process.start();
    await up.wait();
    process[action]();
    assertEquals([await lock.acquire(), lock.abandoned], [true, true]);
    await process.join();
    assertEquals(process.exitcode, code);
    assertStringIncludes(String(process), ` stopped exitcode=-${name}>`);
    process.terminate();
    process.kill();
    assertEquals(process.exitcode, code);
  });
}

Deno.test("a worker in a loop that never waits counts as ended when it is told to, and is let go of", async () => {
  const turns = new Value("i", 0);
  const target = (turns: Value<"i">) => {
    while (turns.value >= 0) turns.add(1);
  };
  const process = make({ target, args: [turns] });
  process.start();
  while (turns.value === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  process.terminate();
  await process.join();
  assertEquals(process.exitcode, -15);
  // Otherwise it would take time from the tests that follow.
  turns.value = -1_000_000_000;
});

Deno.test("a worker is in the process of the program, and a process by its name, key and parent", async () => {
  const told = new Queue<Relations>();
  await run({ target: tellFamily, args: [told, 1], name: "middle" });
  const middle = await told.get();
  const authkey = current_process().authkey.toHex();
  const program = { name: current_process().name, pid: Deno.pid, alive: true };
  assertEquals(middle, {
    name: "middle",
    pid: Deno.pid,
    thread: "MainThread",
    authkey,
    parent: program,
    method: "worker",
  });
  const { name, pid, parent, method } = await told.get();
  assert(/^Process-\d+:1$/.test(name), name);
  assertEquals([pid, method], [Deno.pid, "worker"]);
  assertEquals(parent, { ...program, name: "middle" });
});

Deno.test("threads of a worker know of which process they are", async () => {
  const told = new Queue<Relations>();
  await run({ target: tellInThread, args: [told], name: "boss" });
  const { name, parent, thread } = await told.get();
  assertEquals([name, parent?.name, thread], [
    "boss",
    "MainProcess",
    "ThreadPoolExecutor-0_0",
  ]);
});

Deno.test("a worker that is a daemon may have no children", async () => {
  const told = new Queue<string>();
  await run({ target: tellRefusal, args: [told], name: "d", daemon: true });
  assertEquals(
    await told.get(),
    "RuntimeError: Cannot start a child: d is a daemon, which may have no children of its own: " +
      "start it with daemon: false",
  );
});

Deno.test("a worker is among the children while it runs, its sentinel tells its end, and it can be closed", async () => {
  const [begun, go] = [new Event(), new Event()];
  const target = async (begun: Event, go: Event) => {
    await begun.set();
    await go.wait();
  };
  const process = make({ target, args: [begun, go] });
  assertThrows(() => process.sentinel, ValueError, "it has not started");
  process.start();
  assertEquals(active_children(), [process]);
  assertEquals(process.pid, Deno.pid);
  await begun.wait();
  const { sentinel } = process;
  assertEquals(sentinel.ready, false);
  assertEquals(await connection.wait([sentinel], 0), []);
  assertThrows(() => process.close(), ValueError, "it runs: join() it");
  go.set();
  assertEquals(await connection.wait([sentinel]), [sentinel]);
  assertEquals([sentinel.ready, process.exitcode, active_children()], [true, 0, []]);
  process.close();
  process.close();
  await assertRejects(() => process.join(), ValueError, "it is closed");
});

Deno.test("await using ends a worker that is a daemon", async () => {
  const up = new Event();
  const target = async (up: Event) => {
    await up.set();
    await new Promise(() => {});
  };
  let seen: Process;
  {
    await using daemon = make({ target, args: [up], daemon: true });
    daemon.start();
    await up.wait();
    seen = daemon;
  }
  assertThrows(() => seen.exitcode, ValueError, "it is closed");
  assertEquals(active_children(), []);
});

Deno.test("what threads share with the program can't be a worker's own", () => {
  for (const option of [{ memoryLimit: 64 }, { env: {} }, { cwd: "/" }, { config: "x.json" }]) {
    const [name] = Object.keys(option);
    assertThrows(
      () => make(option),
      TypeError,
      `Cannot make a Process: ${name} is for processes: with context "worker" it is a thread`,
    );
  }
  const permissions = { deny: { read: true } };
  assertThrows(() => make({ permissions }), TypeError, "a thread can't have a deny list");
});

Deno.test("a context may be given in place of a method, and nothing else", async () => {
  const told = new Queue<Relations>();
  const target = task(TARGETS, tellFamily);
  await run({ target, args: [told, 0], context: get_context("worker") });
  assertEquals((await told.get()).method, "worker");
  for (const context of ["fork", 7, {}, { get_start_method: () => "fork" }]) {
    const error = assertThrows(() => make({ context: context as never }), ValueError);
    assertStringIncludes(error.message, `"spawn" or "worker", or a context, is wanted`);
  }
});
