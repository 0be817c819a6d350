/** Tests of what a program is given to read, and of input that nobody wants or that fails. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  CancelledError,
  CommandExecutor,
  type CommandOptions,
  type CommandResult,
  type Future,
  RuntimeError,
  TimeoutError,
} from "../../mod.ts";
import { until } from "../suites/executor_tasks.ts";
import { exists, Folder, gone, HANG, LEAVE_PID, shells, WAIT } from "../support/shell.ts";

/** A stream that a test fills, and that tells how it was cancelled. */
class Source<T> {
  controller!: ReadableStreamDefaultController<T>;
  /** The reasons of its cancellation. */
  readonly cancelled: unknown[] = [];
  readonly stream: ReadableStream<T> = new ReadableStream<T>({
    start: (controller) => {
      this.controller = controller;
    },
    cancel: (reason) => {
      this.cancelled.push(reason);
    },
  });
}

/** An endless stream, and what became of it. */
class Endless extends Source<Uint8Array> {
  override readonly stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(10_000).fill(120)),
    cancel: (reason) => {
      this.cancelled.push(reason);
    },
  });
}

type Stdin = NonNullable<CommandOptions["stdin"]>;

const bytes = (...values: number[]) => new Uint8Array(values);

const INPUTS: readonly [what: string, make: () => Stdin, written: number[]][] = [
  ["text", () => "aé羊🐑", [...new TextEncoder().encode("aé羊🐑")]],
  ["bytes", () => bytes(0, 255, 10, 13), [0, 255, 10, 13]],
  ["no text", () => "", []],
  ["no bytes", () => bytes(), []],
  ["a view of a part", () => bytes(1, 2, 3, 4).subarray(1, 3), [2, 3]],
  ["shared memory", () => new Uint8Array(new SharedArrayBuffer(2)).fill(7), [7, 7]],
  ["half a character", () => "a\ud83d", [97, 0xef, 0xbf, 0xbd]],
  ["a stream of bytes", () => ReadableStream.from([bytes(1), bytes(), bytes(2, 3)]), [1, 2, 3]],
  ["a stream of text", () => ReadableStream.from(["a", "", "bc"]), [97, 98, 99]],
  ["a mixed stream", () => ReadableStream.from(["a", bytes(0), "b"]), [97, 0, 98]],
  ["an empty stream", () => ReadableStream.from<string>([]), []],
  [
    "a stream that cuts a character in two",
    () => ReadableStream.from(["a\ud83d", "\udc11", "b"]),
    [...new TextEncoder().encode("a🐑b")],
  ],
  [
    "a stream with lone halves",
    () => ReadableStream.from(["\ud83d", bytes(1), "\ud83d"]),
    [0xef, 0xbf, 0xbd, 1, 0xef, 0xbf, 0xbd],
  ],
  [
    "a stream of shared memory",
    () => ReadableStream.from([new Uint8Array(new SharedArrayBuffer(2)).fill(7)]),
    [7, 7],
  ],
];

for (const [what, make, written] of INPUTS) {
  Deno.test(`stdin: ${what} reaches the program whole`, async () => {
    await using executor = shells();
    const future = executor.submit("cat", [], { stdin: make(), encoding: "bytes" });
    assertEquals([...(await future.result(HANG)).stdout], written);
  });
}

/** Bytes that tell where they are. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i++) words[i] = i * 2_654_435_761;
  return new Uint8Array(words.buffer);
}

Deno.test("64 MB there and back, whole and as a stream", async () => {
  await using executor = shells();
  const sent = pattern(64 * 2 ** 20);
  const digest = async (data: BufferSource) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
  const expected = await digest(sent);
  function* pieces() {
    for (let at = 0; at < sent.length; at += 1_000_000) yield sent.subarray(at, at + 1_000_000);
  }
  for (const stdin of [sent, ReadableStream.from(pieces())]) {
    const { stdout } = await executor.submit("cat", [], { stdin, encoding: "bytes" }).result(HANG);
    assertEquals([stdout.length, await digest(stdout)], [sent.length, expected]);
  }
});

Deno.test("a stream is read as fast as the program reads, and while it runs", async () => {
  await using executor = shells();
  using folder = new Folder();
  const source = new Source<string>();
  const script = 'read -r line; echo "$line" > "$0/first"; cat';
  const options = { stdin: source.stream };
  const future = executor.submit("sh", folder.script(script), options);
  source.controller.enqueue("one\n");
  assertEquals(await folder.line("first"), "one");
  assert(!future.done());
  source.controller.enqueue("two\n");
  source.controller.close();
  assertEquals((await future.result(HANG)).stdout, "two\n");
  assert(!source.stream.locked, "it is let go when it was read to its end");
});

// ---- Input that is not read --------------------------------------------------------------------

Deno.test("a program that reads nothing and ends early succeeds", async () => {
  await using executor = shells();
  const big = 2 ** 24;
  for (const stdin of ["x".repeat(big), new Uint8Array(big), "little"]) {
    const { code } = await executor.submit("true", [], { stdin }).result(HANG);
    assertEquals(code, 0);
  }
});

Deno.test("a program that reads a part succeeds, and the rest of the stream is cancelled", async () => {
  await using executor = shells({ allow: ["head"] });
  const source = new Endless();
  const { stdout } = await executor.submit("head", ["-c", "3"], { stdin: source.stream })
    .result(HANG);
  assertEquals(stdout, "xxx");
  assertEquals(source.cancelled.length, 1);
  assertInstanceOf(source.cancelled[0], CancelledError);
  assertStringIncludes(String(source.cancelled[0]), "Cannot feed head: ");
});

Deno.test("a program that closes its stdin may run on", async () => {
  await using executor = shells();
  using folder = new Folder();
  const source = new Endless();
  const script = `exec <&-; ${WAIT}; exit 6`;
  const future = executor.submit("sh", folder.script(script), { stdin: source.stream });
  await until(() => source.cancelled.length === 1);
  assert(!future.done());
  folder.open();
  assertEquals((await future.result(HANG)).code, 6);
});

Deno.test("a stream that never gives anything does not outlast the program", async () => {
  await using executor = shells();
  const source = new Source<string>();
  const future = executor.submit("sh", ["-c", "exit 5"], { stdin: source.stream });
  assertEquals((await future.result(HANG)).code, 5);
  assertStringIncludes(String(source.cancelled), "Cannot feed sh: it has ended");
});

Deno.test("a child that a program leaves behind may read what is left", async () => {
  await using executor = shells();
  using folder = new Folder();
  const source = new Source<string>();
  const script = `exec 3<&0; ${LEAVE_PID}; cat <&3 & exit 0`;
  const future = executor.submit("sh", folder.script(script), { stdin: source.stream });
  await gone(await folder.pid());
  source.controller.enqueue("late");
  source.controller.close();
  assertEquals((await future.result(HANG)).stdout, "late");
});

// ---- Input that fails ----------------------------------------------------------------------------

Deno.test("a stream that fails fails the future with its error, and the program is ended", async () => {
  await using executor = shells();
  using folder = new Folder();
  const source = new Source<string>();
  const script = `${LEAVE_PID}; exec cat`;
  const future = executor.submit("sh", folder.script(script), { stdin: source.stream });
  const pid = await folder.pid();
  const error = new RangeError("of the stream");
  source.controller.enqueue("something");
  source.controller.error(error);
  assertStrictEquals(await future.exception(HANG), error);
  await gone(pid);
  assertEquals(executor.stats().failed, 1);
});

Deno.test("a stream that has failed before fails the future", async () => {
  await using executor = shells();
  const source = new Source<string>();
  source.controller.error("no error at all");
  const future = executor.submit("cat", [], { stdin: source.stream });
  assertEquals(await future.exception(HANG), "no error at all");
});

for (
  const [chunk, shown] of [
    [5, "5"],
    [null, "null"],
    [undefined, "null"],
    [{ a: 1 }, "{ a: 1 }"],
    [new Uint16Array(1), "Uint16Array(1) [ 0 ]"],
  ] as const
) {
  Deno.test(`a stream that gives ${Deno.inspect(chunk)} fails the future with a TypeError`, async () => {
    await using executor = shells();
    const source = new Source<string>();
    source.controller.enqueue("fine");
    source.controller.enqueue(chunk as unknown as string);
    const future = executor.submit("cat", [], { stdin: source.stream });
    const error = await assertRejects(() => future.result(HANG), TypeError);
    assertEquals(
      error.message,
      `Cannot feed cat: its stdin stream gave ${shown}: strings and Uint8Arrays are wanted`,
    );
    assertEquals(source.cancelled, [error]);
  });
}

/** Each way to end a program that is being fed, and what its stream is told. */
const ENDS: readonly [
  what: string,
  end: (future: Future<CommandResult>, source: Source<string>, abort: () => void) => void,
  told: (new (...args: never[]) => Error)[],
][] = [
  ["cancelled", (future) => future.cancel(), [CancelledError]],
  ["aborted", (_future, _source, abort) => abort(), [CancelledError]],
  ["failed", (_future, { controller }) => controller.error(new Error("of the stream")), []],
];

for (const [what, end, told] of ENDS) {
  Deno.test(`input that is ${what} half-way is never taken for the whole by the program`, async () => {
    await using executor = shells();
    using folder = new Folder();
    const source = new Source<string>();
    const controller = new AbortController();
    // It does not end when it is told to, so that the end of its input would be the next it sees.
    const script =
      `trap '' TERM; ${LEAVE_PID}; read -r line; echo > "$0/first"; cat; echo > "$0/eof"`;
    const future = executor.submit("sh", folder.script(script), {
      stdin: source.stream,
      signal: controller.signal,
    });
    source.controller.enqueue("half\n");
    const pid = await folder.pid();
    await folder.line("first");
    end(future, source, () => controller.abort());
    await assertRejects(() => future.result(HANG));
    await gone(pid);
    assert(!folder.has("eof"));
    assertEquals(source.cancelled.map((reason) => (reason as Error).constructor), told);
  });
}

Deno.test("past the deadline the stream is cancelled with the TimeoutError", async () => {
  await using executor = shells();
  const source = new Source<string>();
  const future = executor.submit("cat", [], { stdin: source.stream, deadline: 50 });
  const error = await assertRejects(() => future.result(HANG), TimeoutError);
  assertEquals(source.cancelled, [error]);
});

// ---- Streams of commands that never start --------------------------------------------------------

Deno.test("a stream is locked at the call, and cancelled with a queued command", async () => {
  await using executor = shells({ max_workers: 1 });
  using folder = new Folder();
  executor.submit("sh", folder.script(WAIT));
  const source = new Source<string>();
  const queued = executor.submit("cat", [], { stdin: source.stream });
  assert(source.stream.locked);
  assertThrows(
    () => executor.submit("cat", [], { stdin: source.stream }),
    TypeError,
    "Cannot run cat: stdin is a stream that somebody reads already",
  );
  assert(queued.cancel());
  assertEquals(source.cancelled.map(String), [
    "CancelledError: Cannot give a result: the future was cancelled",
  ]);
  folder.open();
});

Deno.test("a stream is cancelled with its reason under an aborted signal", () => {
  const source = new Source<string>();
  const signal = AbortSignal.abort("before");
  const future = shells().submit("cat", [], { stdin: source.stream, signal });
  assert(future.cancelled());
  assertEquals(source.cancelled.map((reason) => (reason as Error).cause), ["before"]);
});

Deno.test("the stream of a program that can't start is cancelled with the error", async () => {
  await using executor = shells();
  const source = new Source<string>();
  const future = executor.submit("/nowhere/at/all", [], { stdin: source.stream });
  const error = await future.exception(HANG);
  assertInstanceOf(error, Deno.errors.NotFound);
  assertEquals(source.cancelled, [error]);
});

Deno.test("a stream stays untouched where submit throws", async () => {
  const executor = shells();
  const source = new Source<string>();
  const { stream: stdin } = source;
  assertThrows(() => executor.submit("rm", [], { stdin }), Deno.errors.NotCapable);
  assertThrows(() => executor.submit("cat", [], { stdin, deadline: -1 }));
  await executor.shutdown();
  assertThrows(() => executor.submit("cat", [], { stdin }), RuntimeError);
  assertEquals([stdin.locked, source.cancelled], [false, []]);
});

// ---- Sources that are code of the user's ---------------------------------------------------------

Deno.test("a source may cancel its own command, and any other, whenever it is asked", async () => {
  using folder = new Folder();
  const executor = shells({ max_workers: 1 });
  const futures: Future<CommandResult>[] = [];
  const seen: string[] = [];
  const stdin = new ReadableStream<string>({
    pull() {
      seen.push("pull");
      assertEquals(futures[0]!.running(), true);
      for (const future of futures) assert(future.cancel());
    },
    cancel() {
      seen.push("cancel");
      assert(futures[0]!.cancelled());
      futures.push(executor.submit("sh", ["-c", "exit 9"]));
      executor.shutdown();
    },
  }, { highWaterMark: 0 });
  futures.push(executor.submit("sh", folder.script(`${LEAVE_PID}; cat`), { stdin }));
  futures.push(executor.submit("true"));
  await until(() => futures.length === 3);
  assertEquals(futures[1]!.cancelled(), true);
  const outcome = await Promise.allSettled([futures[2]]);
  await executor.shutdown();
  assertEquals(seen, ["pull", "cancel"]);
  // Submitted in the middle of the loop that cancels: it is the next to be cancelled.
  assertEquals(outcome[0].status, "rejected");
});

for (const how of ["throws", "rejects", "never answers"]) {
  Deno.test(`a source whose cancel ${how} holds nobody up`, async () => {
    await using executor = shells();
    const stdin = new ReadableStream<string>({
      cancel() {
        if (how === "throws") throw new Error("of the source");
        return how === "rejects" ? Promise.reject("no") : new Promise(() => {});
      },
    });
    const future = executor.submit("sh", ["-c", "exit 2"], { stdin });
    assertEquals((await future.result(HANG)).code, 2);
  });
}

Deno.test("a program that reads slowly is not flooded", async () => {
  await using executor = shells();
  using folder = new Folder();
  let pulled = 0;
  const stdin = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (++pulled > 1000) controller.close();
      else controller.enqueue(new Uint8Array(65_536));
    },
  });
  const script = `${LEAVE_PID}; ${WAIT}; cat | wc -c`;
  const future = executor.submit("sh", folder.script(script), { stdin });
  const pid = await folder.pid();
  assert(exists(pid));
  await executor.submit("sh", ["-c", "sleep 0.1"]).result(HANG);
  // A pipe holds one such chunk; the rest is at the source.
  assert(pulled < 10, `${pulled} chunks`);
  folder.open();
  assertEquals(Number((await future.result(HANG)).stdout), 65_536_000);
});

Deno.test("executors may share a source's text without harm", async () => {
  await using one = new CommandExecutor({ allow: ["cat"] });
  await using two = new CommandExecutor({ allow: ["cat"] });
  const [first, second] = new ReadableStream<string>({
    start(controller) {
      controller.enqueue("both");
      controller.close();
    },
  }).tee();
  const results = await Promise.all([
    one.submit("cat", [], { stdin: first! }).result(HANG),
    two.submit("cat", [], { stdin: second! }).result(HANG),
  ]);
  assertEquals(results.map(({ stdout }) => stdout), ["both", "both"]);
});
