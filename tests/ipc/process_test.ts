/**
 * Tests of processes by themselves, as children: what they have in common with threads is in
 * `runnable_suite.ts`, and how programs with processes end in `process_exit_test.ts`.
 *
 * Names such as P07 are the lines of CPython's own tests that a test covers. Without a counterpart here:
 *
 * | line | why |
 * | --- | --- |
 * | P02, P48 | the program that children run is always this Deno |
 * | P10 | threads have no native IDs here |
 * | P12 | SIGINT is no error: a process without a listener dies of it (P13) |
 * | P27–P30 | there is no fork server |
 * | P33 | `Deno.exit` takes a number only |
 * | P40 | nothing is buffered that could be written twice |
 * | P42, P44 | the command line of children and their imports have tests of their own |
 * | P45, P46 | no system call is interrupted where signals are events |
 * | P47 | modules have no list of their names |
 * | P49 | nothing is forked |
 */

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  active_children,
  cpu_count,
  current_process,
  parent_process,
  Process,
  type ProcessOptions,
  RuntimeError,
  task,
  transfer,
  ValueError,
} from "../../mod.ts";
import { noZombies } from "../support/processes.ts";
import {
  closeOutput,
  goOn,
  Greeter,
  ignoreSigterm,
  leaveHooks,
  leaveThreads,
  linger,
  nest,
  type Self,
  spin,
  tellDaemonErrors,
  tellDescriptors,
  tellFamily,
  tellInput,
  tellSelf,
  tellTitle,
  Titled,
  useExecutors,
} from "./process_targets.ts";

const HERE = import.meta.url;
const TARGETS = import.meta.resolve("./process_targets.ts");

/** Processes that are started at once where many are wanted: 100 in CPython's tests. */
const MANY = Deno.env.has("HERD_TEST_MANY") ? 100 : 30;

/** A file by which a process tells something; gone when out of scope. */
class Told<T> implements Disposable {
  readonly path: string = Deno.makeTempFileSync({ prefix: "herd_told_" });

  /** `undefined` before. */
  get value(): T {
    const text = Deno.readTextFileSync(this.path);
    return JSON.parse(text || "null") ?? undefined;
  }

  /** Resolves when something was told. */
  async wait(): Promise<void> {
    while (this.value === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path);
  }
}

/** Runs a process to its end, and returns it. */
async function run(options: ProcessOptions): Promise<Process> {
  const process = new Process({ modules: [TARGETS], ...options });
  process.start();
  await process.join();
  return process;
}

/** What a target of `process_targets.ts` tells. */
async function told<T>(
  target: (path: string, ...args: never[]) => unknown,
  options: ProcessOptions = {},
): Promise<T> {
  using file = new Told<T>();
  const args = [file.path, ...(options.args ?? [])];
  const process = await run({ target, ...options, args });
  assertEquals(process.exitcode, 0);
  return file.value;
}

// ---- This process and its relatives

Deno.test("P01: the current process is alive, no daemon, has a key and its own pid", () => {
  const process = current_process();
  assert(process.is_alive());
  assertEquals(process.daemon, false);
  assertEquals(process.authkey.length, 32);
  assertEquals([process.pid, process.ident], [Deno.pid, Deno.pid]);
  assertEquals(process.exitcode, null);
  assertEquals(process.name, "MainProcess");
  assertEquals(current_process(), process);
  assertEquals(String(process), `<Process name="MainProcess" pid=${Deno.pid} parent=null started>`);
});

Deno.test("the current process can't be started, joined, ended or closed", async () => {
  const process = current_process();
  const message = /it is the current process/;
  for (const action of ["start", "terminate", "kill", "interrupt"] as const) {
    assertThrows(() => process[action](), RuntimeError, "it is the current process");
  }
  const error = await assertRejects(() => process.join(), RuntimeError);
  assert(message.test(error.message));
  assertThrows(() => process.close(), ValueError, "it runs");
  assertThrows(() => process.daemon = true, RuntimeError, "it has started");
  assertThrows(() => process.sentinel, ValueError, "it has not started");
});

Deno.test("P16: there is at least one processor", () => {
  assert(Number.isInteger(cpu_count()) && cpu_count() >= 1);
});

Deno.test("P05: the program has no parent, a child has its creator", async () => {
  assertEquals(parent_process(), null);
  const { parent, pid } = await told<Self>(tellSelf);
  assertEquals(parent, { name: "MainProcess", pid: Deno.pid, alive: true });
  assertNotEquals(pid, Deno.pid);
});

Deno.test("P05, P06, P17: a grandchild sees its parent, which sees it", async () => {
  interface Family {
    self: Self;
    child: Self;
    code: number;
    actives: string[];
  }
  const { self, child, code, actives } = await told<Family>(tellFamily, { name: "middle" });
  assertEquals(self.name, "middle");
  assertEquals(child.parent, { name: "middle", pid: self.pid, alive: true });
  assertEquals([code, actives], [0, [child.name]]);
  assert(/^Process-\d+:1$/.test(child.name), child.name);
  assertEquals(child.authkey, current_process().authkey.toHex());
});

Deno.test("P39: a process may use executors, whose workers know which process they are in", async () => {
  interface Seen {
    self: Self;
    inThread: Self;
    inProcess: Self;
  }
  const { self, inThread, inProcess } = await told<Seen>(useExecutors, { name: "boss" });
  assertEquals(inThread, self);
  assertEquals(inProcess.name, "ProcessPoolExecutor-0_0");
  assertNotEquals(inProcess.pid, self.pid);
  assertEquals([inProcess.daemon, inProcess.alive], [false, true]);
  assertEquals(inProcess.authkey, self.authkey);
  assertEquals(inProcess.parent, { name: "boss", pid: self.pid, alive: true });
});

// ---- Before, during and after

Deno.test("P07, P08, P09, P17: a process before its start, while it runs and afterwards", async () => {
  using file = new Told<Self>();
  const process = new Process({
    target: tellSelf,
    args: [file.path],
    name: "Ann",
    modules: [TARGETS],
  });
  assertEquals([process.pid, process.ident, process.exitcode], [null, null, null]);
  assertEquals([process.is_alive(), process.daemon], [false, false]);
  assertEquals(process.authkey, current_process().authkey);
  assert(!active_children().includes(process));
  assertEquals(String(process), `<Process name="Ann" parent=${Deno.pid} initial>`);

  process.start();
  const { pid } = process;
  assert(process.is_alive());
  assertEquals(process.exitcode, null);
  assert(active_children().includes(process));
  assertEquals(String(process), `<Process name="Ann" pid=${pid} parent=${Deno.pid} started>`);

  await process.join();
  assertEquals([process.is_alive(), process.exitcode, process.pid], [false, 0, pid]);
  assert(!active_children().includes(process));
  assertEquals(
    Deno.inspect(process),
    `<Process name="Ann" pid=${pid} parent=${Deno.pid} stopped exitcode=0>`,
  );
  const self = file.value;
  assertEquals([self.name, self.pid, self.ident], ["Ann", pid, pid]);
  assertEquals([self.alive, self.exitcode], [true, null]);
  assertEquals(self.authkey, process.authkey.toHex());
  assertEquals(self.text, `<Process name="Ann" pid=${pid} parent=${Deno.pid} started>`);
  await process.join();
});

Deno.test("a process is named by its class and its number, until it is given a name", () => {
  class Sheep extends Process {}
  const [first, second, named, sheep] = [
    new Process(),
    new Process(),
    new Process({ name: "Ann" }),
    new Sheep(),
  ];
  const number = Number(/^Process-(\d+)$/.exec(first.name)![1]);
  assertEquals(second.name, `Process-${number + 1}`);
  assertEquals(named.name, "Ann");
  assertEquals(sheep.name, `Sheep-${number + 3}`, "each has a number, named or not");
  sheep.name = "Dolly";
  assertEquals(String(sheep), `<Sheep name="Dolly" parent=${Deno.pid} initial>`);
  assertThrows(() => sheep.name = 7 as never, TypeError, "name is 7: a string is wanted");
});

Deno.test("P04: daemon is inherited, an explicit value wins, and after the start it stands", async () => {
  assertEquals(new Process().daemon, false);
  const process = new Process({ target: () => {}, daemon: true });
  assertEquals(process.daemon, true);
  process.daemon = false;
  assertThrows(() => process.daemon = 1 as never, TypeError, "true or false is wanted");
  process.start();
  assertThrows(() => process.daemon = true, RuntimeError, "set daemon before start()");
  await process.join();
  const reason =
    "d is a daemon, which may have no children of its own: start it with daemon: false";
  assertEquals(await told(tellDaemonErrors, { daemon: true, name: "d" }), [
    `RuntimeError: Cannot start a process: ${reason}`,
    "BrokenProcessPool",
    `RuntimeError: Cannot start a worker: ${reason}`,
  ]);
});

Deno.test("the authkey can be set, is copied, and is inherited", async () => {
  const key = new TextEncoder().encode("secret");
  const process = new Process({ target: () => {} });
  process.authkey = key;
  key.fill(0);
  assertEquals(new TextDecoder().decode(process.authkey), "secret");
  process.authkey.fill(0);
  assertEquals(new TextDecoder().decode(process.authkey), "secret");
  assertThrows(() => process.authkey = "secret" as never, TypeError, "a Uint8Array is wanted");

  const before = current_process().authkey;
  current_process().authkey = new TextEncoder().encode("other");
  try {
    assertEquals((await told<Self>(tellSelf)).authkey, new TextEncoder().encode("other").toHex());
  } finally {
    current_process().authkey = before;
  }
});

Deno.test("what wants a started process says so", async () => {
  const process = new Process();
  const message = `Process-`;
  for (const action of ["terminate", "kill", "interrupt"] as const) {
    const error = assertThrows(() => process[action](), RuntimeError);
    assertStringIncludes(error.message, `Cannot ${action} ${message}`);
    assertStringIncludes(error.message, "it has not started: call start() before");
  }
  await assertRejects(() => process.join(), RuntimeError, "it has not started");
  assertThrows(() => process.sentinel, ValueError, "it has not started");
});

Deno.test("P20: close", async () => {
  using file = new Told();
  const process = new Process({ target: linger, args: [file.path], modules: [TARGETS] });
  process.start();
  const { pid } = process;
  assertThrows(() => process.close(), ValueError, "it runs: join() it");
  process.kill();
  await process.join();
  process.close();
  process.close();
  assertThrows(() => process.is_alive(), ValueError, "it is closed");
  assertThrows(() => process.terminate(), ValueError, "it is closed");
  assertThrows(() => process.start(), ValueError, "it is closed");
  assertThrows(() => process.exitcode, ValueError, "it is closed");
  assertThrows(() => process.pid, ValueError, "it is closed");
  assertThrows(() => process.sentinel, ValueError, "it is closed");
  await assertRejects(() => process.join(), ValueError, "it is closed");
  assertEquals(process.daemon, false);
  assertEquals(
    String(process),
    `<Process name="${process.name}" pid=${pid} parent=${Deno.pid} closed>`,
  );
  const unused = new Process();
  unused.close();
  assertThrows(() => unused.start(), ValueError, "it is closed");
});

Deno.test("P19: the sentinel is ready once the process has ended, and can be awaited", async () => {
  using file = new Told();
  const process = new Process({ target: linger, args: [file.path], modules: [TARGETS] });
  process.start();
  const { sentinel } = process;
  assertEquals(process.sentinel, sentinel);
  assertEquals(sentinel.ready, false);
  process.kill();
  await sentinel;
  assertEquals([sentinel.ready, process.exitcode], [true, -9]);
  await process.join();
  assertEquals(process.sentinel.ready, true);
  await sentinel;
});

Deno.test("await using waits for a process, ends a daemon, and closes both", async () => {
  using file = new Told();
  let seen: Process;
  {
    await using process = new Process({ target: goOn, args: [file.path], modules: [TARGETS] });
    process.start();
    seen = process;
  }
  assertEquals(file.value, "went on");
  assertThrows(() => seen.exitcode, ValueError, "it is closed");
  {
    await using daemon = new Process({
      target: linger,
      args: [file.path],
      modules: [TARGETS],
      daemon: true,
    });
    daemon.start();
  }
  {
    await using never = new Process();
    assertEquals(never.is_alive(), false);
  }
});

// ---- Arguments

Deno.test("arguments that are longer than a message may be fail start, and nothing runs", () => {
  const half = new ArrayBuffer(2 ** 30);
  const other = new ArrayBuffer(2 ** 30);
  const process = new Process({ target: () => {}, args: [transfer([half, other])] });
  assertThrows(() => process.start(), ValueError, "it is too long");
  assertEquals([process.is_alive(), half.detached], [false, false]);
});

Deno.test("options that only processes have are looked at, too", () => {
  const wrong: [options: unknown, error: typeof TypeError | typeof ValueError, message: string][] =
    [
      [
        { context: "fork" },
        ValueError,
        `context is "fork": "spawn" or "worker", or a context, is wanted`,
      ],
      [{ memoryLimit: 1 }, ValueError, "memoryLimit is 1: an integer of at least 16 is wanted"],
      [{ env: { A: 1 } }, TypeError, "an object of strings is wanted"],
      [{ cwd: 7 }, TypeError, "cwd is 7: a path or file URL is wanted"],
      [7, TypeError, "an options object is wanted, not 7"],
    ];
  for (const [options, error, message] of wrong) {
    assertThrows(() => new Process(options as ProcessOptions), error, message);
  }
});

// ---- Targets

Deno.test("P31: a subclass's fields travel, and its constructor does not run in the child", async () => {
  using file = new Told<Record<string, unknown>>();
  const greeter = new Greeter(file.path);
  greeter.count = 41;
  greeter.start();
  const { pid } = greeter;
  await greeter.join();
  assertEquals(greeter.exitcode, 0);
  assertEquals(file.value, {
    greeting: "hello:world",
    count: 42,
    constructed: 0,
    name: "greeter",
    pid,
    isCurrent: true,
    isGreeter: true,
    text: `<Greeter name="greeter" pid=${pid} parent=${Deno.pid} started>`,
  });
  assertEquals(greeter.count, 41);
});

Deno.test("a subclass may call the target itself", async () => {
  using file = new Told();
  const process = new Titled({ target: tellTitle, args: [file.path], modules: [TARGETS] });
  process.start();
  await process.join();
  assertEquals(file.value, "Dr. No");
});

Deno.test("a subclass that overrides nothing needs no module", async () => {
  class Local extends Process {}
  const process = new Local({ target: () => Deno.exit(3) });
  process.start();
  await process.join();
  assertEquals(process.exitcode, 3);
});

// ---- Ends

Deno.test("P34: exit codes", async () => {
  const codes = await Promise.all([
    () => Deno.exit(8),
    () => Deno.exit(0),
    () => Deno.exit(),
    () => void (Deno.exitCode = 5),
    () => {},
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      Deno.exit(255);
    },
  ].map(async (target) => (await run({ target })).exitcode));
  assertEquals(codes, [8, 0, 0, 5, 0, 255]);
});

for (
  const [line, action, code, name] of [
    ["P13", "interrupt", -2, "SIGINT"],
    ["P14", "terminate", -15, "SIGTERM"],
    ["P15", "kill", -9, "SIGKILL"],
  ] as const
) {
  for (const target of [linger, spin]) {
    Deno.test(`${line}: ${action} ends a process that ${target.name}s, with ${code}`, async () => {
      using file = new Told();
      const process = new Process({ target, args: [file.path], modules: [TARGETS] });
      process.start();
      await file.wait();
      process[action]();
      await process.join();
      assertEquals(process.exitcode, code);
      assertStringIncludes(String(process), ` stopped exitcode=-${name}>`);
      process.terminate();
      process.kill();
      process.interrupt();
    });
  }
}

Deno.test("terminate asks: a process that does not obey lives on until it is killed", async () => {
  using file = new Told();
  const process = new Process({ target: ignoreSigterm, args: [file.path], modules: [TARGETS] });
  process.start();
  await file.wait();
  process.terminate();
  await process.join(50);
  assertEquals(process.exitcode, null);
  process.kill();
  await process.join();
  assertEquals(process.exitcode, -9);
});

Deno.test({
  name: "a process that has ended leaves no zombie, joined or not",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const process = new Process({ target: () => {} });
    process.start();
    while (process.is_alive()) await new Promise((resolve) => setTimeout(resolve, 5));
    assertThrows(() => Deno.statSync(`/proc/${process.pid}`), Deno.errors.NotFound);
  },
});

Deno.test("P24: a process goes on until nothing is left to do", async () => {
  assertEquals(await told(goOn), "went on");
});

Deno.test("P24: a process waits for its threads, but for daemons", async () => {
  assertEquals(await told(leaveThreads), "the thread went on");
});

Deno.test("P37: exit hooks run in a child", async () => {
  assertEquals(await told(leaveHooks), "unloaded");
});

Deno.test("P26: a child that closes its output still ends well", async () => {
  assertEquals((await run({ target: closeOutput })).exitcode, 0);
});

Deno.test("P38: standard input is at its end", async () => {
  assertEquals(await told(tellInput), [null]);
});

Deno.test("P18: children may have children", async () => {
  using file = new Told<never>();
  const process = new Process({ target: task(TARGETS, nest), args: [file.path, "r", 2] });
  process.start();
  await process.join();
  const order = Deno.readTextFileSync(file.path).trim().split(" ");
  assertEquals(order, ["r", "r0", "r00", "r01", "r1", "r10", "r11"]);
});

Deno.test({
  name: "P23, P43: a child has no descriptors of its parent's or its siblings'",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const alone = await told<string[]>(tellDescriptors);
    using file = new Told();
    using _open = await Deno.open(HERE.slice("file://".length));
    const siblings = Array.from(
      { length: 3 },
      () => new Process({ target: linger, args: [file.path], modules: [TARGETS] }),
    );
    for (const sibling of siblings) sibling.start();
    await file.wait();
    const among = await told<string[]>(tellDescriptors);
    for (const sibling of siblings) sibling.kill();
    await Promise.all(siblings.map((sibling) => sibling.join()));
    assertEquals(among, alone);
  },
});

Deno.test(`P21: ${MANY} processes at once end well`, async () => {
  const processes = Array.from({ length: MANY }, () => new Process({ target: () => {} }));
  for (const process of processes) process.start();
  await Promise.all(processes.map((process) => process.join()));
  assertEquals(processes.map(({ exitcode }) => exitcode), processes.map(() => 0));
});

Deno.test(`P21: ${MANY} processes that are terminated at once say so`, async () => {
  const target = () => void setInterval(() => {}, 1_000_000);
  const processes = Array.from({ length: MANY }, () => new Process({ target }));
  for (const process of processes) process.start();
  for (const process of processes) process.terminate();
  await Promise.all(processes.map((process) => process.join()));
  assertEquals(processes.map(({ exitcode }) => exitcode), processes.map(() => -15));
});

Deno.test({
  name: "P36: a signal to the program does not end a join",
  ignore: Deno.build.os === "windows",
  async fn() {
    using file = new Told();
    const heard = Promise.withResolvers<void>();
    const listener = () => heard.resolve();
    Deno.addSignalListener("SIGUSR1", listener);
    const process = new Process({ target: linger, args: [file.path], modules: [TARGETS] });
    process.start();
    let joined = false;
    const join = process.join().then(() => joined = true);
    Deno.kill(Deno.pid, "SIGUSR1");
    await heard.promise;
    await file.wait();
    assertEquals([joined, process.is_alive()], [false, true]);
    process.kill();
    await join;
    Deno.removeSignalListener("SIGUSR1", listener);
  },
});

// ---- How it is started

Deno.test("environment and working directory", async () => {
  using file = new Told();
  await run({
    target: (path: string) => {
      const values = [Deno.env.get("HERD_X"), Deno.env.has("PATH"), Deno.cwd()];
      Deno.writeTextFileSync(path, JSON.stringify(values));
    },
    args: [file.path],
    env: { HERD_X: "x" },
    cwd: "/",
  });
  assertEquals(file.value, ["x", true, "/"]);
});

Deno.test("a working directory that is not there fails start, and nothing runs", () => {
  const process = new Process({ target: () => {}, cwd: "/nowhere" });
  assertThrows(() => process.start(), Deno.errors.NotFound);
  assertEquals([process.is_alive(), process.pid, active_children()], [false, null, []]);
});

Deno.test("a process that is killed before its first line leaves no file behind", async () => {
  const folder = await Deno.makeTempDir();
  const usual = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", folder);
  try {
    const process = new Process({ target: () => {} });
    process.start();
    process.kill();
    await process.join();
    assertEquals(process.exitcode, -9);
    assertEquals([...Deno.readDirSync(folder)], []);
  } finally {
    if (usual === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", usual);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a process without permissions runs its target from the target's own module", async () => {
  for (const target of [task(TARGETS, closeOutput), closeOutput]) {
    assertEquals((await run({ target, permissions: "none" })).exitcode, 0);
  }
  const exitcode = async (target: () => unknown) =>
    (await run({ target, permissions: "none" })).exitcode;
  assertEquals(
    await exitcode(() => {
      const names = ["env", "net", "read", "run", "sys", "write", "ffi"] as const;
      const granted = names.filter((name) =>
        Deno.permissions.querySync({ name }).state === "granted"
      );
      Deno.exit(granted.length);
    }),
    0,
  );
});

Deno.test("no process is left, alive or dead", async () => {
  assertEquals(active_children(), []);
  if (Deno.build.os === "linux") await noZombies();
});
