/**
 * Tests of a child process and the channel to it, both ways: by a socket, and by the pipes of standard
 * input and standard error. The children are the programs in `programs/children.ts`.
 */

import { assert, assertEquals, assertInstanceOf, assertMatch, assertThrows } from "@std/assert";
import {
  Child,
  type ChildEnd,
  type ChildEvents,
  type ChildSpec,
} from "../../ipc/processes/_child.ts";
import { FrameError } from "../../ipc/bytes/_frame_error.ts";
import { ValueError } from "../../mod.ts";
import { CapturedErrors } from "../support/captured_errors.ts";
import { HANG, until, within } from "../support/hang_guards.ts";
import { descriptor, descriptors, Marked, noZombies, stateOf } from "../support/processes.ts";
import type { PROGRAMS } from "./programs/children.ts";

const FILE = new URL("./programs/children.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** Milliseconds after which a wait is a hang. */

const marked = new Marked();

const WAYS = ["socket", "pipes"] as const;
type Way = typeof WAYS[number];

/** One test for each way. */
function both(name: string, fn: (way: Way) => Promise<void>): void {
  for (const way of WAYS) Deno.test(`${name} (${way})`, () => fn(way));
}

function specOf(way: Way, name: keyof typeof PROGRAMS, args: readonly string[]): ChildSpec {
  return {
    program: Deno.execPath(),
    isDenied: () => way === "pipes",
    command: (link) => {
      if (link.meeting !== null) folders.push(link.meeting.folder);
      const flags = ["-A", "--quiet", "--no-lock", `--config=${CONFIG}`];
      return {
        args: ["run", ...flags, FILE, name, JSON.stringify(link), ...args],
        discard: () => discarded++,
      };
    },
    env: marked.env,
    cwd: undefined,
  };
}

/** The folders of the sockets that children were told of. */
const folders: string[] = [];
/** How often what was made for a child was removed. */
let discarded = 0;

/** A child of the test, and what it reported. */
class Subject implements ChildEvents, AsyncDisposable {
  readonly child: Child;
  readonly messages: Uint8Array[] = [];
  /** The ends that were reported. */
  readonly ends: ChildEnd[] = [];
  /** How many messages there were at the end. */
  messagesAtEnd = -1;
  onMessage: (bytes: Uint8Array) => void = () => {};

  constructor(way: Way, name: keyof typeof PROGRAMS, ...args: string[]) {
    this.child = new Child(specOf(way, name, args), this);
  }

  message(parts: readonly Uint8Array[]): void {
    const bytes = new Uint8Array(parts.flatMap((part) => [...part]));
    this.messages.push(bytes);
    this.onMessage(bytes);
    // Its bytes stand only until now.
    for (const part of parts) part.fill(0xEE);
  }

  ended(end: ChildEnd): void {
    this.ends.push(end);
    this.messagesAtEnd = this.messages.length;
  }

  /** The numbers of its messages. */
  get numbers(): number[] {
    return this.messages.map((bytes) => new DataView(bytes.buffer).getUint32(0));
  }

  /** Resolves when it has sent so many messages. */
  async sent(count: number): Promise<void> {
    const end = performance.now() + HANG;
    while (this.messages.length < count) {
      assert(performance.now() < end, `only ${this.messages.length} messages came`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Its end. */
  async end(): Promise<ChildEnd> {
    const end = await within(this.child.ended, "the child");
    assertEquals(this.ends, [end], "its end is reported once");
    assertEquals(this.messages.length, this.messagesAtEnd, "nothing is reported after its end");
    return end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.signal("SIGKILL");
    await this.child.ended;
  }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Checks that numbered messages came as they were sent: whole, in order, none lost, none twice. */
function assertWhole(messages: readonly Uint8Array[], numbers: readonly number[]): void {
  assertEquals(numbers, upTo(messages.length));
  for (const [i, bytes] of messages.entries()) {
    const wrong = bytes.subarray(4).findIndex((byte) => byte !== i % 256);
    assertEquals(wrong, -1, `message ${i} of ${bytes.length} bytes differs at ${wrong}`);
  }
}

const SOUND = { outOfMemory: false, channelError: undefined, deserted: false, lastWords: "" };

both("A child that can't be looked after does not run", async (way) => {
  const before = discarded;
  const { Command } = Deno;
  let started = 0;
  class Unlucky extends Command {
    override spawn(): Deno.ChildProcess {
      // Those after the first are for the process that looks after it.
      if (++started >= 2) throw new Deno.errors.WouldBlock("there may be no more processes");
      return super.spawn();
    }
  }
  Object.defineProperty(Deno, "Command", { value: Unlucky, configurable: true, writable: true });
  try {
    assertThrows(() => new Subject(way, "echo"), Deno.errors.WouldBlock);
    assertEquals(discarded, before + 1);
  } finally {
    Object.defineProperty(Deno, "Command", { value: Command, configurable: true, writable: true });
  }
  await marked.gone();
});

// ---- Messages

both("Messages go there and back whole, and the end of the channel is its end", async (way) => {
  await using subject = new Subject(way, "echo");
  const sent = [0, 1, 4096, 70_000, 5_000_000, 2].map((size, i) => new Uint8Array(size).fill(i));
  for (const bytes of sent) subject.child.send([bytes.subarray(0, 1), bytes.subarray(1)]);
  await subject.sent(sent.length);
  assertEquals(subject.messages.map(({ length }) => length), sent.map(({ length }) => length));
  for (const [i, bytes] of subject.messages.entries()) assertEquals(bytes, sent[i]);
  await within(subject.child.close(), "close()");
  assertEquals(await subject.end(), { code: 0, signal: null, ...SOUND });
});

both("What is too long for a message is refused at once, and the channel goes on", async (way) => {
  await using subject = new Subject(way, "echo");
  const gigabyte = new Uint8Array(2 ** 30);
  for (const state of ["starting", "connected"]) {
    assertThrows(
      () => subject.child.send([gigabyte, gigabyte, new Uint8Array(1)]),
      ValueError,
      "Cannot send a message: it is too long: 2147483649 bytes, where 2147483648 are the most",
      state,
    );
    subject.child.send([new Uint8Array([1])]);
    await subject.sent(state === "starting" ? 1 : 2);
  }
  await within(subject.child.close(), "close()");
  assertEquals((await subject.end()).code, 0);
});

both(
  "What was sent before the close arrives, also at a child that is still starting",
  async (way) => {
    await using subject = new Subject(way, "echo");
    subject.child.send([new Uint8Array(2_000_000).fill(1)]);
    subject.child.send([new Uint8Array([2])]);
    const closed = subject.child.close();
    await within(closed, "close()");
    assertEquals(subject.messages.map(({ length }) => length), [2_000_000, 1]);
    assertEquals((await subject.end()).code, 0);
  },
);

both("A child's answers are all there when it ends in order", async (way) => {
  await using subject = new Subject(way, "send and end");
  assertEquals(await subject.end(), { code: 3, signal: null, ...SOUND });
  assertEquals(subject.messages.length, 6);
  assertWhole(subject.messages, subject.numbers);
});

both("10 MB of answers and an exit at once: nothing is lost, nothing comes twice", async (way) => {
  await using subject = new Subject(way, "flood and exit");
  assertEquals(await subject.end(), { code: 7, signal: null, ...SOUND });
  assert(subject.messages.length > 100);
  assertWhole(subject.messages, subject.numbers);
});

for (const turns of [1, 3, 10, 30]) {
  both(`Answers that have left in part before an exit: ${turns} turns`, async (way) => {
    await using subject = new Subject(way, "flood for a while and exit", String(turns));
    assertEquals((await subject.end()).code, 7);
    assert(subject.messages.length > 100);
    assertWhole(subject.messages, subject.numbers);
  });
}

both("A program that is busy while its child sends and ends still gets all", async (way) => {
  for (
    const name of ["flood and exit", "flood for a while and exit", "send and be killed"] as const
  ) {
    await using subject = new Subject(way, name, "10");
    if (name !== "send and be killed") await subject.sent(1);
    block(1500);
    const { code } = await subject.end();
    assertEquals(code, name === "send and be killed" ? 137 : 7);
    assert(
      name === "send and be killed" ? subject.messages.length === 3 : subject.messages.length > 100,
    );
    assertWhole(subject.messages, subject.numbers);
  }
});

both("A program that is busy again and again gets all", async (way) => {
  await using subject = new Subject(way, "flood and exit");
  subject.onMessage = () => {
    if (subject.messages.length % 20 === 0) block(120);
  };
  assertEquals((await subject.end()).code, 7);
  assert(subject.messages.length > 100);
  assertWhole(subject.messages, subject.numbers);
});

/** Holds up the event loop. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

both("Answers among text: both arrive whole", async (way) => {
  using errors = new CapturedErrors();
  await using subject = new Subject(way, "flood among text");
  assertEquals((await subject.end()).code, 0);
  assertEquals(subject.messages.length, 501);
  assertWhole(subject.messages, subject.numbers);
  // Two threads write: their lines may be cut, but no byte is lost or added.
  const count = (letter: string) => errors.text.split(letter).length - 1;
  const sum = (factor: number) => upTo(500).reduce((sum, i) => sum + i * factor % 6000, 0);
  assertEquals([count("M"), count("W"), count("\n")], [500, 500, 1000]);
  assertEquals([count("m"), count("w")], [sum(37), sum(41)]);
  assertEquals(errors.text.length, 2000 + sum(37) + sum(41));
});

// ---- Ends

both("What left a child before it was killed counts", async (way) => {
  await using subject = new Subject(way, "send and be killed");
  assertEquals(await subject.end(), { code: 137, signal: "SIGKILL", ...SOUND });
  assertEquals(subject.numbers, [0, 1, 2]);
});

both("A child that never connects can be ended", async (way) => {
  for (const how of ["close", "terminate", "signal"] as const) {
    using _errors = new CapturedErrors();
    await using subject = new Subject(way, "never connects");
    subject.child.send([new Uint8Array(1_000_000)]);
    if (how === "signal") subject.child.signal("SIGKILL");
    else await within(subject.child[how](), `${how}()`);
    const { signal } = await subject.end();
    assertEquals(signal, how === "signal" ? "SIGKILL" : "SIGTERM");
  }
});

both("A child that ends before it connects is reported with its last words", async (way) => {
  using errors = new CapturedErrors();
  await using subject = new Subject(way, "ends before it connects");
  assertEquals(await subject.end(), { code: 4, signal: null, ...SOUND, lastWords: "no way" });
  assertEquals(errors.text, "no way\n");
});

both("A child that does not end by SIGTERM is killed", async (way) => {
  using _errors = new CapturedErrors();
  await using subject = new Subject(way, "stubborn");
  await subject.sent(1);
  await within(subject.child.terminate(), "terminate()");
  const { signal, lastWords } = await subject.end();
  assertEquals([signal, lastWords], ["SIGKILL", "not yet"]);
});

both(
  "A child that ends neither by the end of its channel nor by SIGTERM is killed",
  async (way) => {
    using _errors = new CapturedErrors();
    await using subject = new Subject(way, "stubborn");
    await subject.sent(1);
    await within(subject.child.close(), "close()");
    const { signal, lastWords } = await subject.end();
    assertEquals([signal, lastWords], ["SIGKILL", "not yet"]);
  },
);

both("A child that reads nothing is closed all the same", async (way) => {
  await using subject = new Subject(way, "busy");
  await subject.sent(1);
  subject.child.send([new Uint8Array(10_000_000)]);
  await within(subject.child.close(), "close()");
  assertEquals((await subject.end()).signal, "SIGTERM");
});

both("A child that is stopped is killed", async (way) => {
  await using subject = new Subject(way, "echo");
  subject.child.send([new Uint8Array([1])]);
  await subject.sent(1);
  subject.child.signal("SIGSTOP");
  await until(() => stateOf(subject.child.pid) === "T", "it is stopped");
  await within(subject.child.terminate(), "terminate()");
  assertEquals((await subject.end()).signal, "SIGKILL");
});

both("To end a child twice, or when it has ended, does nothing", async (way) => {
  await using subject = new Subject(way, "echo");
  const { child } = subject;
  subject.child.send([new Uint8Array([1])]);
  await subject.sent(1);
  await within(Promise.all([child.close(), child.close(), child.terminate()]), "close()");
  await within(child.close(), "close()");
  await within(child.terminate(), "terminate()");
  child.signal("SIGKILL");
  child.send([new Uint8Array([1])]);
  child.hold(false);
  child.hold(true);
  await subject.end();
});

Deno.test("A child that closes its channel and lives on is ended (socket)", async () => {
  for (const name of ["closes", "half a frame, closed"] as const) {
    await using subject = new Subject("socket", name);
    const { signal, deserted, channelError } = await subject.end();
    assertEquals([signal, deserted, channelError], ["SIGTERM", true, undefined]);
    assertEquals(subject.messages, []);
  }
});

Deno.test("A child that ends in time is not taken for one that lives on, busy as the program may be (socket)", async () => {
  using errors = new CapturedErrors();
  using gate = new Gate();
  await using subject = new Subject("socket", "closes, then ends", gate.path);
  await until(() => errors.text === "closed\n", "it has closed its channel");
  // The news of that has to be read.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  gate.open();
  block(1500);
  const { code, deserted } = await subject.end();
  assertEquals([code, deserted], [5, false]);
});

for (const closes of ["2>&-", "<&-"]) {
  Deno.test(`A child that closes one side of its channel and lives on is ended (pipes, ${closes})`, async () => {
    const args = ["-c", `exec ${closes}; exec sleep 1000`];
    const program = { program: "sh", command: () => ({ args, discard() {} }) };
    const child = new Child({ ...specOf("pipes", "echo", []), ...program }, new Deaf());
    const sending = setInterval(() => child.send([new Uint8Array(100_000)]), 10);
    const { signal, deserted } = await within(child.ended, "the child")
      .finally(() => clearInterval(sending));
    assertEquals([signal, deserted], ["SIGTERM", true]);
  });
}

both("A child that is killed within a frame was killed, nothing else", async (way) => {
  using _errors = new CapturedErrors();
  await using subject = new Subject(way, "half a frame, killed");
  const { signal, deserted, channelError } = await subject.end();
  assertEquals([signal, deserted, channelError], ["SIGKILL", false, undefined]);
  assertEquals(subject.numbers, [0]);
});

// ---- What is no message

Deno.test("What is no frame ends the child at once (socket)", async () => {
  await using subject = new Subject("socket", "garbage");
  const { signal, channelError } = await subject.end();
  assertEquals(signal, "SIGKILL");
  assertInstanceOf(channelError, FrameError);
  assertEquals(subject.messages, []);
});

Deno.test("What is no frame is text for the program's standard error (pipes)", async () => {
  using errors = new CapturedErrors();
  await using subject = new Subject("pipes", "garbage");
  const { code, channelError, lastWords } = await subject.end();
  assertEquals([code, channelError], [5, undefined]);
  assertMatch(lastWords, /^GET \/ HTTP\/1.1\r\nHost: localhost\r\nAccept/);
  assertEquals(errors.text, "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n");
});

Deno.test("A message beside the socket that is none of the last ends the child at once", async () => {
  await using subject = new Subject("socket", "a message beside the socket");
  const { signal, channelError } = await subject.end();
  assertEquals(signal, "SIGKILL");
  assertInstanceOf(channelError, FrameError);
  assertEquals(subject.messages, []);
});

both("A frame of the right mark that is broken ends the child at once", async (way) => {
  await using subject = new Subject(way, "a broken frame");
  const { signal, channelError } = await subject.end();
  assertEquals(signal, "SIGKILL");
  assertInstanceOf(channelError, FrameError);
  assertEquals(subject.messages, []);
});

both("A message that is refused ends the child at once, and no other follows", async (way) => {
  await using subject = new Subject(way, "send");
  const refusal = new RangeError("refused");
  subject.onMessage = () => {
    throw refusal;
  };
  const { signal, channelError } = await subject.end();
  assertEquals([signal, channelError], ["SIGKILL", refusal]);
  assertEquals(subject.messages.length, 1);
});

// ---- Standard error

both(
  "The last ten lines of standard error are kept, without colours; all of it is passed on",
  async (way) => {
    using errors = new CapturedErrors();
    await using subject = new Subject(way, "last words", "30");
    const { code, lastWords } = await subject.end();
    assertEquals(code, 1);
    const lines = upTo(31).slice(1).map((i) => `line ${i}`);
    assertEquals(lastWords, [...lines.slice(-9), "and the end"].join("\n"));
    const coloured = lines.map((line) => `\x1b[31m${line}\x1b[0m\n`).join("");
    assertEquals(errors.text, `${coloured}and the end`);
  },
);

both(
  "A child that writes more than the program's standard error takes waits for it",
  async (way) => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    using errors = new CapturedErrors(() => opened);
    await using subject = new Subject(way, "last words", "500000");
    const stopped = await Promise.race([
      within(subject.child.ended, "the child").then(() => "ended"),
      new Promise((resolve) => setTimeout(resolve, 1000, "waits")),
    ]);
    assertEquals(stopped, "waits");
    open();
    await subject.end();
    await until(() => errors.text.endsWith("and the end"), "all is passed on");
    assertEquals(errors.text.split("\n").length, 500_001);
  },
);

both("A child that runs out of memory is known by its last words and its signal", async (way) => {
  using _errors = new CapturedErrors();
  const spec = specOf(way, "out of memory", []);
  const end = await within(
    new Child({
      ...spec,
      command: (link, grants) => {
        const { args: [run, ...rest], discard } = spec.command(link, grants);
        return { args: [run!, "--v8-flags=--max-old-space-size=32", ...rest], discard };
      },
    }, { message() {}, ended() {} }).ended,
    "the child",
  );
  assertEquals([end.outOfMemory, end.channelError], [true, undefined]);
  assert(end.signal !== null);
  assertMatch(end.lastWords, /JavaScript out of memory/);
});

both("A child that says that it ran out of memory and exits has just exited", async (way) => {
  using _errors = new CapturedErrors();
  await using subject = new Subject(way, "pretends to run out of memory");
  const { code, outOfMemory } = await subject.end();
  assertEquals([code, outOfMemory], [9, false]);
});

both("A child that closes its standard error is heard all the same", async (way) => {
  await using subject = new Subject(way, "closes its standard error");
  assertEquals((await subject.end()).code, 0);
  assertEquals(subject.numbers, [0, 1]);
});

both(
  "A grandchild that keeps standard error open holds up nothing, and is still heard",
  async (way) => {
    using errors = new CapturedErrors();
    using gate = new Gate();
    const script = 'while [ ! -e "$0" ]; do sleep 0.02; done; echo late >&2';
    await using subject = new Subject(way, "leaves a grandchild", "sh", "-c", script, gate.path);
    assertEquals((await subject.end()).code, 6);
    assertEquals(subject.numbers, [0, 1]);
    const pipe = errorsOf("sleep");
    gate.open();
    await until(() => !descriptors().includes(pipe), "the grandchild's errors have ended");
    assertEquals(errors.text, "late\n");
  },
);

both(
  "A grandchild that floods standard error does not hold up the news of the end",
  async (way) => {
    using _errors = new CapturedErrors();
    await using subject = new Subject(way, "leaves a grandchild", "sh", "-c", "exec yes >&2");
    assertEquals((await subject.end()).code, 6);
    assertEquals(subject.numbers, [0, 1]);
    const pipe = errorsOf("yes");
    for (const { pid, command } of marked.alive()) {
      if (command.startsWith("yes")) Deno.kill(pid, "SIGKILL");
    }
    await until(() => !descriptors().includes(pipe), "the grandchild's errors have ended");
  },
);

both("What is sent in the name of a child that has ended is dropped", async (way) => {
  using _errors = new CapturedErrors();
  using gate = new Gate();
  await using subject = new Subject(way, "leaves a forger", gate.path);
  assertEquals((await subject.end()).code, 6);
  const pipe = errorsOf("sleep");
  gate.open();
  await until(() => !descriptors().includes(pipe), "the grandchild's errors have ended");
  assertEquals(subject.numbers, []);
});

/** The pipe that is the standard error of a program. */
function errorsOf(program: string): string {
  const found = marked.alive().find(({ command }) => command.includes(program));
  assert(found !== undefined, `${program} does not run`);
  return descriptor(found.pid, 2)!;
}

/** A file that appears when the gate is opened. */
class Gate implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "herd-test-" });
  readonly path = `${this.#folder}/open`;

  open(): void {
    Deno.writeTextFileSync(this.path, "");
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

Deno.test("User code finds its standard input at an end where that is the channel, and so do its programs", async () => {
  await using subject = new Subject("pipes", "reads its input");
  subject.child.send([new Uint8Array(100_000).fill(7)]);
  subject.child.send([new Uint8Array([8])]);
  await subject.sent(3);
  const [read, ...echoes] = subject.messages;
  assertEquals(JSON.parse(new TextDecoder().decode(read)), [null, null, 0, null, false, "", ""]);
  assertEquals(echoes.map((bytes) => [bytes.length, bytes[0]]), [[100_000, 7], [1, 8]]);
  await within(subject.child.close(), "close()");
  assertEquals((await subject.end()).code, 0);
});

// ---- Starts

Deno.test("The folder of a socket is removed, whatever becomes of the child", async () => {
  using _errors = new CapturedErrors();
  for (const name of ["send", "ends before it connects", "never connects"] as const) {
    await using subject = new Subject("socket", name);
    const folder = folders.at(-1)!;
    if (name === "send") await subject.sent(1);
    if (name === "never connects") {
      assertEquals(Deno.statSync(folder).mode! & 0o777, 0o700, "nobody else may connect");
      subject.child.signal("SIGKILL");
    }
    if (name !== "send") await subject.end();
    assertThrows(() => Deno.statSync(folder), Deno.errors.NotFound);
  }
});

both("What was made for a child is removed with its end, and not before", async (way) => {
  const before = discarded;
  {
    await using subject = new Subject(way, "send");
    await subject.sent(1);
    assertEquals(discarded, before);
  }
  assertEquals(discarded, before + 1);
  const nowhere = { ...specOf(way, "echo", []), program: "/not/there" };
  assertThrows(() => new Child(nowhere, new Deaf()), Deno.errors.NotFound);
  assertEquals(discarded, before + 2);
});

Deno.test("A program that is not there is reported by a throw, and leaves no folder behind", () => {
  assertThrows(
    () => new Child({ ...specOf("socket", "echo", []), program: "/not/there" }, new Deaf()),
    Deno.errors.NotFound,
    "/not/there",
  );
  assertThrows(() => Deno.statSync(folders.at(-1)!), Deno.errors.NotFound);
});

class Deaf implements ChildEvents {
  message(): void {}
  ended(): void {}
}

Deno.test("No child of these tests is left, nor a zombie", async () => {
  await marked.gone();
  await noZombies();
});
