/** Tests of `CommandExecutor`: what programs are given, what comes back, in what order, and what is refused. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertLessOrEqual,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import {
  as_completed,
  CancelledError,
  CommandExecutor,
  type CommandOptions,
  type CommandResult,
  Future,
  RuntimeError,
  wait,
} from "../../mod.ts";
import { until } from "../suites/executor_tasks.ts";
import { Folder, HANG, LEAVE_PID, shells, WAIT } from "../support/shell.ts";

type ErrorType = new (message?: string) => Error;

// ---- Results -----------------------------------------------------------------------------------

Deno.test("a result has the exit code and both outputs, apart", async () => {
  await using executor = shells();
  const future = executor.submit("sh", ["-c", "echo out; echo err >&2; printf more"]);
  assertInstanceOf(future, Future);
  assertEquals(await future.result(HANG), {
    code: 0,
    signal: null,
    stdout: "out\nmore",
    stderr: "err\n",
  });
});

Deno.test("an exit code that is not 0 is a result", async () => {
  await using executor = shells();
  const { code, signal } = await executor.submit("sh", ["-c", "exit 3"]).result(HANG);
  assertEquals([code, signal], [3, null]);
});

Deno.test("a program that a signal ends has the signal's name in its result", async () => {
  await using executor = shells();
  const { code, signal } = await executor.submit("sh", ["-c", "kill -9 $$"]).result(HANG);
  assertEquals([code, signal], [137, "SIGKILL"]);
});

Deno.test("output that is no UTF-8 becomes replacement characters, and a byte order mark stays", async () => {
  await using executor = shells();
  const script = String.raw`printf '\357\273\277a\377b\303' ; printf '\200' >&2`;
  const { stdout, stderr } = await executor.submit("sh", ["-c", script]).result(HANG);
  assertEquals([stdout, stderr], ["\uFEFFa\uFFFDb\uFFFD", "\uFFFD"]);
});

Deno.test("output as bytes is what the program wrote, in a buffer of its own", async () => {
  await using executor = shells();
  const script = String.raw`printf '\000\377\303\n'; printf '\200' >&2`;
  const future = executor.submit("sh", ["-c", script], { encoding: "bytes" });
  const { stdout, stderr } = await future.result(HANG);
  assertEquals([[...stdout], [...stderr]], [[0, 255, 195, 10], [128]]);
  assertEquals([stdout.buffer.byteLength, stderr.buffer.byteLength], [4, 1]);
});

Deno.test("the encoding decides the type of the output", () => {
  // For the compiler: this is never called.
  const _types = (executor: CommandExecutor, encoding: "text" | "bytes") => {
    const args = [] as const;
    type Text = Future<CommandResult<"text">>;
    const plain = executor.submit("true");
    assertType<IsExact<typeof plain, Text>>(true);
    const withOptions = executor.submit("true", args, { deadline: 1 });
    assertType<IsExact<typeof withOptions, Text>>(true);
    const text = executor.submit("true", args, { encoding: "text" });
    assertType<IsExact<typeof text, Text>>(true);
    const bytes = executor.submit("true", args, { encoding: "bytes" });
    assertType<IsExact<typeof bytes, Future<CommandResult<"bytes">>>>(true);
    const either = executor.submit("true", args, { encoding });
    type Output = Awaited<typeof either>["stdout"];
    assertType<IsExact<Output, string | Uint8Array<ArrayBuffer>>>(true);
    assertType<IsExact<Awaited<Text>["stderr"], string>>(true);
    // @ts-expect-error: it runs programs, not functions.
    executor.submit(() => 1);
    // @ts-expect-error: there is no such encoding.
    executor.submit("true", [], { encoding: "utf-8" });
    // @ts-expect-error: allow is required.
    new CommandExecutor({ max_workers: 1 });
  };
});

const MEGABYTE = 2 ** 20;

Deno.test("64 MB on each output, at once", async () => {
  await using executor = shells();
  const write = (letter: string) => `head -c ${64 * MEGABYTE} /dev/zero | tr '\\0' ${letter}`;
  const script = `${write("e")} >&2 & ${write("o")}; wait`;
  const { code, stdout, stderr } = await executor.submit("sh", ["-c", script]).result(HANG);
  assertEquals([code, stdout.length, stderr.length], [0, 64 * MEGABYTE, 64 * MEGABYTE]);
  assert(/^o+$/.test(stdout) && /^e+$/.test(stderr));
});

Deno.test("output that comes in very many pieces is whole", async () => {
  await using executor = shells();
  const script = "i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done";
  const { stdout } = await executor.submit("sh", ["-c", script]).result(HANG);
  assertEquals(stdout, Array.from({ length: 20000 }, (_, i) => `${i}\n`).join(""));
});

Deno.test("output that can't be kept ends the program and fails its future", async () => {
  const { transfer } = ArrayBuffer.prototype;
  await using executor = shells();
  try {
    ArrayBuffer.prototype.transfer = () => {
      throw new RangeError("Array buffer allocation failed");
    };
    const error = await executor.submit("sh", ["-c", "while :; do echo more; done"]).exception();
    assertInstanceOf(error, RuntimeError);
    assertMatch(error.message, /^Cannot finish sh: its output can't be read or kept: Array buffer/);
    assertInstanceOf(error.cause, RangeError);
  } finally {
    ArrayBuffer.prototype.transfer = transfer;
  }
});

// ---- What programs are given -------------------------------------------------------------------

Deno.test("arguments reach the program as they are", async () => {
  await using executor = shells();
  const args = ["", " a  b ", "$HOME", "*", "`x`", '"', "'", "\\", "-n", "a\nb", "羊 🐑", "--"];
  const script = `for a in "$@"; do printf '[%s]' "$a"; done`;
  const { stdout } = await executor.submit("sh", ["-c", script, "sh", ...args]).result(HANG);
  assertEquals(stdout, args.map((arg) => `[${arg}]`).join(""));
});

Deno.test("a program reads nothing unless it is given something", async () => {
  await using executor = shells();
  for (const stdin of [undefined, null, ""]) {
    const { stdout } = await executor.submit("cat", [], { stdin }).result(HANG);
    assertEquals(stdout, "");
  }
});

Deno.test("env adds variables, those of a command to those of the executor", async () => {
  await using executor = shells({ env: { HERD_A: "1", HERD_B: "2" } });
  const script = 'echo "$HERD_A $HERD_B $HERD_C ${PATH:+path}"';
  const own = executor.submit("sh", ["-c", script]);
  const more = executor.submit("sh", ["-c", script], { env: { HERD_B: "3", HERD_C: "= x" } });
  assertEquals((await own.result(HANG)).stdout, "1 2  path\n");
  assertEquals((await more.result(HANG)).stdout, "1 3 = x path\n");
});

Deno.test("clearEnv leaves env and nothing else", async () => {
  await using executor = shells({ env: { HERD_A: "1" }, clearEnv: true, allow: ["env"] });
  const { stdout } = await executor.submit("env", [], { env: { HERD_B: "2" } }).result(HANG);
  assertEquals(stdout.trimEnd().split("\n").sort(), ["HERD_A=1", "HERD_B=2"]);
});

Deno.test("cwd is a path or a URL, and a command's goes before the executor's", async () => {
  using folder = new Folder();
  Deno.mkdirSync(`${folder.path}/a b`);
  const path = Deno.realPathSync(folder.path);
  const inner = new URL(`file://${path}/a b`);
  await using executor = shells({ cwd: path, allow: ["pwd"] });
  const own = executor.submit("pwd");
  const other = executor.submit("pwd", [], { cwd: inner });
  inner.pathname = "/";
  assertEquals((await own.result(HANG)).stdout, `${path}\n`);
  assertEquals((await other.result(HANG)).stdout, `${path}/a b\n`);
});

Deno.test("what is changed after the call changes nothing", async () => {
  const allow = ["sh"];
  const env: Record<string, string> = { HERD_A: "1" };
  await using executor = shells({ allow, env });
  allow.push("cat");
  env.HERD_A = "2";
  const args = ["-c", 'echo "$HERD_A $HERD_B"; cat'];
  const options = { env: { HERD_B: "3" }, stdin: new TextEncoder().encode("given") };
  const future = executor.submit("sh", args, options);
  args.length = 0;
  options.env.HERD_B = "4";
  options.stdin.fill(0);
  assertEquals((await future.result(HANG)).stdout, "1 3\ngiven");
  assertThrows(() => executor.submit("cat"), Deno.errors.NotCapable);
});

// ---- What can't be run -------------------------------------------------------------------------

Deno.test("a program that allow does not name is refused at the call, exactly as it was named", () => {
  const executor = shells({ allow: ["cat", "/bin/true"] });
  for (const name of ["rm", "true", "/bin/cat", "./cat", "cat ", "CAT"]) {
    assertThrows(
      () => executor.submit(name),
      Deno.errors.NotCapable,
      `Cannot run ${name}: the executor's allow does not name it: "cat", "/bin/true" is allowed`,
    );
  }
  assertThrows(
    () => shells({ allow: [] }).submit("cat"),
    Deno.errors.NotCapable,
    "Cannot run cat: the executor's allow does not name it: nothing is allowed",
  );
  assertEquals(executor.stats().failed, 0);
});

/** What is asked for, the class of the error, and its message. */
type Failure = [
  what: string,
  command: string,
  options: CommandOptions,
  type: ErrorType,
  message: string,
];

const FAILURES: readonly Failure[] = [
  [
    "a program that is not there",
    "herd-no-such-program",
    {},
    Deno.errors.NotFound,
    "Cannot run herd-no-such-program: there is no such program: install it, give its path, or mend PATH",
  ],
  [
    "a path that is not there",
    "/nowhere/at/all",
    {},
    Deno.errors.NotFound,
    "Cannot run /nowhere/at/all: there is no such file, " +
    "or the interpreter that its first line names is missing",
  ],
  [
    "a relative path that is not in cwd",
    "./nowhere",
    { cwd: "/" },
    Deno.errors.NotFound,
    "Cannot run ./nowhere: there is no such file in /, " +
    "or the interpreter that its first line names is missing",
  ],
  [
    "a working directory that is not there",
    "true",
    { cwd: "/nowhere" },
    Deno.errors.NotFound,
    "Cannot run true: its working directory is not there: /nowhere",
  ],
  [
    "a working directory that is none",
    "true",
    { cwd: "/bin/sh" },
    Deno.errors.NotFound,
    "Cannot run true: its working directory is no directory: /bin/sh",
  ],
  [
    "a program that is not there, in a directory that is not there either",
    "herd: No such cwd '",
    { cwd: "/" },
    Deno.errors.NotFound,
    "Cannot run herd: No such cwd ': there is no such program",
  ],
  [
    "a file that is no program",
    "/etc/passwd",
    {},
    Deno.errors.PermissionDenied,
    "Cannot run /etc/passwd: the system does not let this user run it",
  ],
  [
    "a folder",
    "/etc",
    {},
    Deno.errors.PermissionDenied,
    "Cannot run /etc: the system does not let this user run it",
  ],
];

for (const [what, command, options, type, message] of FAILURES) {
  Deno.test(`the future of ${what} fails, and the executor goes on`, async () => {
    await using executor = shells({ allow: [command, "cat"], max_workers: 1 });
    const future = executor.submit(command, [], options);
    const next = executor.submit("cat", [], { stdin: "next" });
    const error = await assertRejects(() => future.result(HANG), type, message);
    assertInstanceOf(error.cause, type, "Deno's own error");
    assertEquals((await next.result(HANG)).stdout, "next");
    assertEquals(executor.stats().failed, 1);
  });
}

Deno.test("more arguments than the system takes fail the future", async () => {
  await using executor = shells();
  const future = executor.submit("true", ["x".repeat(MEGABYTE)]);
  const { message } = await assertRejects(() => future.result(HANG), RuntimeError);
  assertMatch(message, /^Cannot run true: .*Argument list too long/);
});

Deno.test("the error of a program that can't start shows where it was submitted", async () => {
  await using executor = shells();
  const submitFromHere = () => executor.submit("/nowhere/at/all");
  const error = await submitFromHere().exception(HANG);
  const [first, second] = (error as Error).stack!.split("\n");
  assertEquals(first, String(error));
  assertStringIncludes(second!, "submitFromHere");
});

// ---- Order and slots ---------------------------------------------------------------------------

Deno.test("commands begin in the order of their submission", async () => {
  await using executor = shells({ max_workers: 1 });
  using folder = new Folder();
  const numbers = Array.from({ length: 40 }, (_, i) => i);
  for (const i of numbers) executor.submit("sh", folder.script(`echo ${i} >> "$0/order"`));
  await executor.shutdown();
  assertEquals(folder.read("order"), numbers.map((i) => `${i}\n`).join(""));
});

Deno.test("of 200 commands never more than max_workers run at once", async () => {
  await using executor = shells({ max_workers: 8 });
  using folder = new Folder();
  // Each leaves a file while it runs, and counts the files.
  const script = ': > "$0/$$"; set -- "$0"/*; echo $#; rm "$0/$$"';
  const futures = Array.from({ length: 200 }, () => executor.submit("sh", folder.script(script)));
  const counts = (await Promise.all(futures)).map(({ stdout }) => Number(stdout));
  assertLessOrEqual(Math.max(...counts), 8);
  assertGreater(Math.min(...counts), 0);
  const { finished, failed, cancelled, queued, running } = executor.stats();
  assertEquals([finished, failed, cancelled, queued, running], [200, 0, 0, 0, 0]);
});

for (const max_workers of [1, 3, undefined]) {
  Deno.test(`max_workers: ${max_workers} programs run at once, and one more waits`, async () => {
    const most = max_workers ?? navigator.hardwareConcurrency;
    await using executor = shells({ max_workers });
    using folder = new Folder();
    const script = `: > "$0/begun.$1"; ${WAIT}`;
    const futures = Array.from(
      { length: most + 1 },
      (_, i) => executor.submit("sh", [...folder.script(script), `${i}`]),
    );
    const begun = () => futures.filter((_, i) => folder.has(`begun.${i}`)).length;
    await until(() => begun() === most);
    assertEquals(futures.map((future) => future.running()), [...Array(most).fill(true), false]);
    assertEquals([executor.stats().running, executor.stats().queued], [most, 1]);
    folder.open();
    await Promise.all(futures);
    assertEquals(begun(), most + 1);
  });
}

Deno.test("a future is pending, running and done in turn", async () => {
  await using executor = shells({ max_workers: 1 });
  using folder = new Folder();
  const future = executor.submit("sh", folder.script(`${LEAVE_PID}; ${WAIT}`));
  assertEquals([future.running(), future.done()], [false, false]);
  await folder.pid();
  assertEquals([future.running(), future.done()], [true, false]);
  assertEquals(String(future), "<Future state=running>");
  folder.open();
  await future.result(HANG);
  assertEquals([future.running(), future.done(), future.cancelled()], [false, true, false]);
  assertEquals(String(future), "<Future state=finished returned Object>");
});

Deno.test("its futures work with wait and as_completed", async () => {
  await using executor = shells({ max_workers: 2 });
  using folder = new Folder();
  const slow = executor.submit("sh", folder.script(WAIT));
  const fast = executor.submit("true");
  const { done } = await wait([slow, fast], { timeout: HANG, return_when: "FIRST_COMPLETED" });
  assertEquals([...done].indexOf(fast), 0);
  const order: Future<CommandResult>[] = [];
  for await (const future of as_completed([slow, fast], { timeout: HANG })) {
    order.push(future);
    folder.open();
  }
  assertStrictEquals(order[0], fast);
  assertStrictEquals(order[1], slow);
});

Deno.test("stats counts commands and measures how long they waited and ran", async () => {
  await using executor = shells({ max_workers: 1 });
  using folder = new Folder();
  const zero = { min: 0, mean: 0, p50: 0, p99: 0, max: 0 };
  assertEquals(executor.stats(), {
    ...{ queued: 0, running: 0, finished: 0, failed: 0, cancelled: 0 },
    ...{ wait: zero, run: zero },
  });
  const first = executor.submit("sh", folder.script(`${LEAVE_PID}; ${WAIT}`));
  const rest = [executor.submit("sh", ["-c", "exit 1"]), executor.submit("/nowhere/at/all")];
  const unwanted = executor.submit("true");
  assertEquals([executor.stats().queued, executor.stats().running], [4, 0]);
  await folder.pid();
  assert(unwanted.cancel());
  assertEquals([executor.stats().queued, executor.stats().running], [2, 1]);
  folder.open();
  await wait([first, ...rest], { timeout: HANG });
  const { finished, failed, cancelled, queued, running, run } = executor.stats();
  assertEquals([finished, failed, cancelled, queued, running], [2, 1, 1, 0, 0]);
  assertGreater(run.max, 0);
});

Deno.test("the event loop turns while very many commands fail to start", async () => {
  await using executor = shells();
  const turned = new Promise<number>((resolve) =>
    setTimeout(() => resolve(executor.stats().failed))
  );
  const futures = Array.from({ length: 1_000 }, () => executor.submit("/nowhere/at/all"));
  assertLessOrEqual(await turned, 999);
  await wait(futures, { timeout: HANG });
  assertEquals(executor.stats().failed, 1_000);
});

// ---- Shutdown ----------------------------------------------------------------------------------

Deno.test("submit after shutdown is a RuntimeError, and shutdown may be repeated", async () => {
  const executor = shells();
  await executor.shutdown();
  await executor.shutdown({ wait: false });
  await executor[Symbol.asyncDispose]();
  const { message } = assertThrows(() => executor.submit("true"), RuntimeError);
  assertEquals(message, "Cannot run true: the executor was shut down");
});

Deno.test("shutdown waits for what runs and what is queued", async () => {
  using folder = new Folder();
  const executor = shells({ max_workers: 1 });
  const futures = [WAIT, "exit 2", "exit 3"].map((text) =>
    executor.submit("sh", folder.script(text))
  );
  let over = false;
  const shutdown = executor.shutdown().then(() => over = true);
  await until(() => futures[0]!.running());
  assertEquals(over, false);
  folder.open();
  await shutdown;
  assertEquals(futures.map((future) => future.done()), [true, true, true]);
  assertEquals((await futures[2]!).code, 3);
});

Deno.test("shutdown that does not wait lets everything come to its end", async () => {
  using folder = new Folder();
  let future;
  {
    using executor = shells({ max_workers: 1 });
    executor.submit("sh", folder.script(WAIT));
    future = executor.submit("sh", ["-c", "exit 2"]);
  }
  folder.open();
  assertEquals((await future.result(HANG)).code, 2);
});

Deno.test("shutdown with cancel_futures cancels what has not begun and waits for the rest", async () => {
  using folder = new Folder();
  const executor = shells({ max_workers: 1 });
  const running = executor.submit("sh", folder.script(`${LEAVE_PID}; ${WAIT}; exit 2`));
  const queued = Array.from({ length: 50 }, () => executor.submit("true"));
  await folder.pid();
  const shutdown = executor.shutdown({ cancel_futures: true });
  assert(queued.every((future) => future.cancelled()));
  assertEquals([running.done(), executor.stats().queued], [false, 0]);
  folder.open();
  await shutdown;
  assertEquals((await running).code, 2);
});

// ---- Code of the user's in the middle -----------------------------------------------------------

Deno.test("options are read once, and what a getter does counts", async () => {
  const executor = shells();
  let reads = 0;
  const odd = {
    get stdin() {
      reads++;
      return reads === 1 ? "once" : 5 as unknown as string;
    },
  };
  assertEquals((await executor.submit("cat", [], odd).result(HANG)).stdout, "once");
  assertEquals(reads, 1);
  const closing = {
    get stdin() {
      executor.shutdown();
      return "too late";
    },
  };
  assertThrows(() => executor.submit("cat", [], closing), RuntimeError);
  const stats = executor.stats();
  assertEquals([stats.queued, stats.running, stats.finished], [0, 0, 1]);
});

Deno.test("callbacks may submit, cancel, and shut down", async () => {
  const executor = shells({ max_workers: 1 });
  const seen: string[] = [];
  const first = executor.submit("true");
  const unwanted = executor.submit("true");
  const failing = executor.submit("/nowhere/at/all");
  const last = executor.submit("true");
  let nested: Future<CommandResult> | undefined;
  first.add_done_callback(() => {
    seen.push("first");
    assertEquals(executor.stats().running, 0, "the slot is free by now");
    assert(unwanted.cancel());
  });
  unwanted.add_done_callback(() => seen.push("unwanted"));
  failing.add_done_callback(() => {
    seen.push("failing");
    nested = executor.submit("sh", ["-c", "exit 4"]);
    executor.shutdown();
    assertThrows(() => executor.submit("true"), RuntimeError);
  });
  last.add_done_callback(() => seen.push("last"));
  await last.result(HANG);
  assertEquals((await nested!.result(HANG)).code, 4);
  await executor.shutdown();
  assertEquals(seen, ["first", "unwanted", "failing", "last"]);
  await assertRejects(() => unwanted.result(HANG), CancelledError);
});

Deno.test("a callback that throws is reported and stops nothing", async () => {
  const { error: report } = console;
  const reported: unknown[] = [];
  console.error = (...args: unknown[]) => reported.push(...args);
  try {
    await using executor = shells({ max_workers: 1 });
    const future = executor.submit("true");
    future.add_done_callback(() => {
      throw new Error("of the callback");
    });
    assertEquals((await executor.submit("sh", ["-c", "exit 1"]).result(HANG)).code, 1);
  } finally {
    console.error = report;
  }
  assert(reported.some((value) => Deno.inspect(value).includes("of the callback")));
});
