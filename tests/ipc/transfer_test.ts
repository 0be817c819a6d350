/**
 * Moving memory and ports, through real threads and in both directions: what is moved is gone where it
 * came from, whole where it arrives, and never lost by another task's fault.
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { CancelledError, task, ThreadPoolExecutor, transfer } from "../../mod.ts";

/** Functions that call `transfer` in the worker; no Deno type has to be sent for that. */
const TASKS = `data:text/javascript,${
  encodeURIComponent(`
    import { transfer } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
    const kept = [];
    /** A buffer that was moved is detached where it was. */
    export function makeBytes(length, fill) {
      const bytes = new Uint8Array(length).fill(fill);
      kept.push(bytes);
      return transfer(bytes);
    }
    export function makeNested(fill) {
      const bytes = new Uint8Array(4).fill(fill);
      kept.push(bytes);
      return transfer({ list: [bytes], map: new Map([["bytes", bytes]]) });
    }
    export const keptLength = () => kept.reduce((sum, bytes) => sum + bytes.length, 0);
    export const giveBack = (bytes) => transfer(bytes);
    export function makePort() {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => {
        port1.postMessage(data * 2);
        port1.close();
      };
      return transfer({ port: port2 });
    }
    export function makeStream() {
      return transfer(new ReadableStream({
        start(controller) {
          for (const n of [1, 2, 3]) controller.enqueue(n);
          controller.close();
        },
      }));
    }
    export const makeFaulty = (i) =>
      i % 10 === 5 ? () => i : transfer(new Uint8Array([i]));
    export const makePortOrFaulty = (i) =>
      i % 10 === 5 ? () => i : makePort();
  `)
}`;

const makeBytes = task<(length: number, fill: number) => Uint8Array>(TASKS, "makeBytes");
const makeNested = task<(fill: number) => { list: Uint8Array[]; map: Map<string, Uint8Array> }>(
  TASKS,
  "makeNested",
);
const keptLength = task<() => number>(TASKS, "keptLength");
const giveBack = task<(bytes: Uint8Array) => Uint8Array>(TASKS, "giveBack");
const makePort = task<() => { port: MessagePort }>(TASKS, "makePort");
const makeStream = task<() => ReadableStream<number>>(TASKS, "makeStream");
const makeFaulty = task<(i: number) => Uint8Array>(TASKS, "makeFaulty");
const makePortOrFaulty = task<(i: number) => { port: MessagePort }>(TASKS, "makePortOrFaulty");

const sum = (bytes: Uint8Array) => bytes.reduce((a, b) => a + b, 0);

/** Gates in shared memory, by which a test holds a task that runs, and lets it go. */
type Gate = Int32Array<SharedArrayBuffer>;

function gate(): Gate {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** Says that it is there, and blocks its thread until the gate is opened. */
const block = (gate: Gate) => {
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  Atomics.wait(gate, 1, 0);
};

async function arrival(gate: Gate): Promise<void> {
  const wait = Atomics.waitAsync(gate, 0, 0);
  // A wait in shared memory does not keep the program alive.
  const anchor = setInterval(() => {}, 1000);
  if (wait.async) await wait.value;
  clearInterval(anchor);
}

function open(gate: Gate): void {
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
}

async function assertDataCloneError(future: Promise<unknown>): Promise<void> {
  const error = await assertRejects(() => future, DOMException);
  assertEquals(error.name, "DataCloneError");
}

/** Lets the pool find out that its tasks are tiny, so that many travel in one message. */
async function warmUp(executor: ThreadPoolExecutor): Promise<void> {
  for (let i = 0; i < 50; i++) await executor.submit(sum, new Uint8Array(1));
}

// ---- Arguments ---------------------------------------------------------------------------------

Deno.test("a buffer that is not marked is copied", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const bytes = new Uint8Array([1, 2, 3]);
  assertEquals(await executor.submit(sum, bytes), 6);
  assertEquals(bytes, new Uint8Array([1, 2, 3]));
});

Deno.test("transfer moves an argument: it is detached here once it is sent", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const bytes = new Uint8Array([1, 2, 3]);
  assertStrictEquals(transfer(bytes), bytes);
  assertEquals(bytes.length, 3, "a mark alone moves nothing");
  assertEquals(await executor.submit(sum, bytes), 6);
  assert(bytes.buffer.detached);
});

Deno.test("a mark holds for one sending", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const holder = transfer({ bytes: new Uint8Array([1, 2, 3]) });
  const first = holder.bytes;
  const length = ({ bytes }: { bytes: Uint8Array }) => bytes.length;
  assertEquals(await executor.submit(length, holder), 3);
  assert(first.buffer.detached);
  holder.bytes = new Uint8Array(2);
  assertEquals(await executor.submit(length, holder), 2);
  assertEquals(holder.bytes.length, 2, "moved by a mark that was used up");
});

Deno.test("everything that is found in containers is moved", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const bytes = Array.from({ length: 6 }, (_, i) => new Uint8Array([i]));
  const [a, b, c, d, e, f] = bytes as [
    Uint8Array<ArrayBuffer>,
    Uint8Array,
    Uint8Array,
    Uint8Array<ArrayBuffer>,
    Uint8Array,
    Uint8Array,
  ];
  const cycle: Record<string, unknown> = { a: a.buffer, list: [b, [c]] };
  cycle["self"] = cycle;
  const value = transfer({
    cycle,
    map: new Map<unknown, unknown>([[d.buffer, e]]),
    set: new Set([f]),
  });
  const count = ({ cycle, map, set }: typeof value) => [
    (cycle["a"] as ArrayBuffer).byteLength,
    (cycle["list"] as Uint8Array[])[0]!.length,
    [...map.keys()].length,
    set.size,
    cycle["self"] === cycle,
  ];
  assertEquals(await executor.submit(count, value), [1, 1, 1, 1, true]);
  assert(bytes.every(({ buffer }) => (buffer as ArrayBuffer).detached));
});

Deno.test("an explicit list moves what it names and nothing else", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const [moved, copied] = [new Uint8Array([1]), new Uint8Array([2])];
  const add = ([a, b]: Uint8Array[]) => a![0]! + b![0]!;
  assertEquals(await executor.submit(add, transfer([moved, copied], [moved.buffer])), 3);
  assertEquals([moved.length, copied.length], [0, 1]);
  const kept = new Uint8Array([5]);
  assertEquals(await executor.submit(sum, transfer(kept, [])), 5);
  assertEquals(kept.length, 1);
});

Deno.test("an instance of a class is not searched, but may be given a list", async () => {
  class Image {
    pixels = new Uint8Array([1, 2]);
  }
  const read = (image: Image) => image.pixels.length;
  await using executor = new ThreadPoolExecutor(1);
  const image = new Image();
  assertEquals(await executor.submit(read, transfer(image)), 2);
  assertEquals(image.pixels.length, 2);
  assertEquals(await executor.submit(read, transfer(image, [image.pixels.buffer])), 2);
  assertEquals(image.pixels.length, 0);
});

Deno.test("marks may be nested and overlap", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const bytes = new Uint8Array([1, 2]);
  const nested = transfer({ outer: [transfer(bytes), transfer({ bytes })] });
  const length = ({ outer: [bytes] }: typeof nested) => (bytes as Uint8Array).length;
  assertEquals(await executor.submit(length, nested), 2);
  assert(bytes.buffer.detached);
  // One value under two marks: as an argument of its own, and within another.
  const other = new Uint8Array([3]);
  const both = (a: Uint8Array, [b]: Uint8Array[]) => a === b;
  assertEquals(await executor.submit(both, transfer(other), transfer([other])), true);
});

Deno.test("a mark takes effect deep within a value that is not marked", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const bytes = new Uint8Array([1, 2]);
  const read = (value: { deep: Map<string, Uint8Array[]> }) => value.deep.get("b")![0]!.length;
  assertEquals(await executor.submit(read, { deep: new Map([["b", [transfer(bytes)]]]) }), 2);
  assert(bytes.buffer.detached);
});

Deno.test("a resizable buffer stays resizable when it is moved", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const buffer = new ArrayBuffer(2, { maxByteLength: 8 });
  const grow = (buffer: ArrayBuffer) => {
    buffer.resize(8);
    return buffer.byteLength;
  };
  assertEquals(await executor.submit(grow, transfer(buffer)), 8);
  assert(buffer.detached);
});

Deno.test("the option transfer moves what it lists", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const bytes = new Uint8Array([1, 2, 3]);
  assertEquals(await executor.options({ transfer: [bytes.buffer] }).submit(sum, bytes), 6);
  assert(bytes.buffer.detached);
});

Deno.test("the option transfer and a mark may name the same buffer", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const bytes = new Uint8Array([1, 2, 3]);
  const submitter = executor.options({ transfer: [bytes.buffer] });
  assertEquals(await submitter.submit(sum, transfer(bytes)), 6);
  assert(bytes.buffer.detached);
});

Deno.test("64 MB go there and back without a copy", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const bytes = new Uint8Array(64 * 2 ** 20);
  bytes[0] = 1;
  bytes[bytes.length - 1] = 2;
  const back = await executor.submit(giveBack, transfer(bytes));
  assert(bytes.buffer.detached);
  assertEquals([back.length, back[0], back.at(-1)], [64 * 2 ** 20, 1, 2]);
});

// ---- Results -----------------------------------------------------------------------------------

Deno.test("a result is moved: the worker's buffer is detached", async () => {
  await using executor = new ThreadPoolExecutor(1);
  assertEquals(await executor.submit(makeBytes, 3, 7), new Uint8Array([7, 7, 7]));
  assertEquals(await executor.submit(keptLength), 0);
  const { list: [bytes], map } = await executor.submit(makeNested, 9);
  assertEquals(bytes, new Uint8Array([9, 9, 9, 9]));
  assertStrictEquals(map.get("bytes"), bytes);
  assertEquals(await executor.submit(keptLength), 0);
});

Deno.test("the results of a map are moved, whatever the chunks", async () => {
  for (const chunksize of [undefined, 1, 7, 1000]) {
    await using executor = new ThreadPoolExecutor(1);
    const fills = Array.from({ length: 200 }, (_, i) => i);
    const mapped = executor.options(chunksize === undefined ? {} : { chunksize })
      .map(makeBytes, fills.map(() => 2), fills);
    const results = await Array.fromAsync(mapped);
    assertEquals(results.map((bytes) => bytes[1]), fills);
    assertEquals(await executor.submit(keptLength), 0);
  }
});

Deno.test("the items of a map are moved", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const items = Array.from({ length: 50 }, (_, i) => new Uint8Array([i, 1]));
  const sums = await Array.fromAsync(executor.map(sum, items.map((item) => transfer(item))));
  assertEquals(sums, items.map((_, i) => i + 1));
  assert(items.every((item) => item.buffer.detached));
});

// ---- Ports and streams -------------------------------------------------------------------------

Deno.test("a port lets one talk to a running task", async () => {
  const converse = (port: MessagePort) => {
    const { promise, resolve } = Promise.withResolvers<string[]>();
    const heard: string[] = [];
    port.onmessage = ({ data }: MessageEvent<string>) => {
      heard.push(data);
      port.postMessage(`heard ${data}`);
      if (data === "end") {
        port.close();
        resolve(heard);
      }
    };
    port.postMessage("ready");
    return promise;
  };
  await using executor = new ThreadPoolExecutor(1);
  const { port1, port2 } = new MessageChannel();
  const answers: string[] = [];
  const queue = ["one", "two", "end"];
  port1.onmessage = ({ data }: MessageEvent<string>) => {
    answers.push(data);
    const next = queue.shift();
    if (next === undefined) port1.close();
    else port1.postMessage(next);
  };
  const future = executor.submit(converse, transfer(port2));
  assertEquals(await future, ["one", "two", "end"]);
  while (answers.length < 4) await new Promise((resolve) => setImmediate(resolve));
  assertEquals(answers, ["ready", "heard one", "heard two", "heard end"]);
});

Deno.test("a port that a task returns is connected to the worker", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const { port } = await executor.submit(makePort);
  assert(port instanceof MessagePort);
  const answer = new Promise((resolve) => port.onmessage = ({ data }) => resolve(data));
  port.postMessage(21);
  assertEquals(await answer, 42);
  port.close();
});

Deno.test("streams are moved both ways", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const total = async (stream: ReadableStream<number>) => {
    let sum = 0;
    for await (const n of stream) sum += n;
    return sum;
  };
  const stream = ReadableStream.from([1, 2, 3]);
  assertEquals(await executor.submit(total, transfer(stream)), 6);
  assertEquals(await Array.fromAsync(await executor.submit(makeStream)), [1, 2, 3]);
});

// ---- Bad input ---------------------------------------------------------------------------------

Deno.test("transfer refuses what is no object, saying what it is", () => {
  for (const value of [undefined, null, 1, 1n, "x", true, Symbol("s"), () => {}]) {
    const error = assertThrows(() => transfer(value), TypeError);
    const kind = value === null ? "null" : typeof value;
    assertStringIncludes(error.message, `Cannot transfer ${kind}: an object is wanted`);
  }
});

Deno.test("a list with what cannot be moved fails its own future", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const shared = new SharedArrayBuffer(4);
  const lists = [[shared], [new Uint8Array(shared)], [new Uint8Array(1)], [{}], [new Date()]];
  for (const list of lists as unknown as Transferable[][]) {
    await assertDataCloneError(executor.submit((_: unknown) => 1, transfer({}, list)));
    await assertDataCloneError(executor.options({ transfer: list }).submit(() => 1));
  }
  assertEquals(await executor.submit(() => 1), 1);
});

Deno.test("memory that is shared is not moved by a mark, and stays shared", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const words = new Int32Array(new SharedArrayBuffer(4));
  await executor.submit((words: Int32Array) => void Atomics.add(words, 0, 1), transfer(words));
  assertEquals(words[0], 1);
});

Deno.test("a buffer that is detached already fails its own future", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const bytes = new Uint8Array([1]);
  await executor.submit(sum, transfer(bytes));
  await assertDataCloneError(executor.submit(sum, transfer(bytes)));
  await assertDataCloneError(executor.options({ transfer: [bytes.buffer] }).submit(sum, bytes));
  assertEquals(await executor.submit(sum, new Uint8Array([1])), 1);
});

Deno.test("a buffer that two tasks of a batch move arrives at the first", async () => {
  await using executor = new ThreadPoolExecutor(1);
  await warmUp(executor);
  const bytes = new Uint8Array([1, 2]);
  const submitter = executor.options({ transfer: [bytes.buffer] });
  const futures = [
    executor.submit(sum, new Uint8Array([5])),
    submitter.submit(sum, bytes),
    submitter.submit(sum, bytes),
    executor.submit(sum, new Uint8Array([6])),
  ];
  const [before, first, second, after] = await Promise.allSettled(futures);
  assertEquals(before, { status: "fulfilled", value: 5 });
  assertEquals(first, { status: "fulfilled", value: 3 });
  assertEquals(after, { status: "fulfilled", value: 6 });
  assertEquals(second!.status, "rejected");
  await assertDataCloneError(futures[2]!);
});

Deno.test("two tasks of a batch, one of which moves what both are given", async () => {
  await using executor = new ThreadPoolExecutor(1);
  await warmUp(executor);
  const change = (bytes: Uint8Array) => ++bytes[0]!;
  for (let i = 0; i < 50; i++) await executor.submit(change, new Uint8Array(1));
  const bytes = new Uint8Array(1);
  // What is copied is copied before the move: each has bytes of its own.
  const futures = [
    executor.submit(change, bytes),
    executor.options({ transfer: [bytes.buffer] }).submit(change, bytes),
  ];
  assertEquals(await Promise.all(futures), [1, 1]);
});

// ---- Others' faults ----------------------------------------------------------------------------

Deno.test("a task that cannot be sent does not cost its batch what others move", async () => {
  await using executor = new ThreadPoolExecutor(1);
  await warmUp(executor);
  for (const fault of [() => {}, new WeakMap(), [new Date(), () => {}]]) {
    const items = Array.from({ length: 40 }, (_, i) => new Uint8Array([i]));
    const futures = items.map((bytes, i) =>
      i % 10 === 5
        ? executor.submit(sum, fault as unknown as Uint8Array)
        : executor.submit(sum, transfer(bytes))
    );
    for (const [i, outcome] of (await Promise.allSettled(futures)).entries()) {
      if (i % 10 === 5) await assertDataCloneError(futures[i]!);
      else assertEquals(outcome, { status: "fulfilled", value: i });
    }
  }
});

Deno.test("a task that cannot be sent does not cost its batch the ports that others move", async () => {
  await using executor = new ThreadPoolExecutor(1);
  await warmUp(executor);
  const say = (port: MessagePort, i: number) => {
    port.postMessage(i);
    port.close();
  };
  const channels = Array.from({ length: 20 }, () => new MessageChannel());
  const heard = channels.map(({ port1 }, i) =>
    i % 10 === 5
      ? port1.close()
      : new Promise((resolve) => port1.onmessage = ({ data }) => resolve(data))
  );
  const futures = channels.map(({ port2 }, i) =>
    i % 10 === 5
      ? executor.submit(say, (() => {}) as unknown as MessagePort, i)
      : executor.submit(say, transfer(port2), i)
  );
  for (const [i, outcome] of (await Promise.allSettled(futures)).entries()) {
    assertEquals(outcome.status, i % 10 === 5 ? "rejected" : "fulfilled");
  }
  for (const [i, said] of heard.entries()) if (i % 10 !== 5) assertEquals(await said, i);
  for (const { port1, port2 } of channels) {
    port1.close();
    port2.close();
  }
});

Deno.test("a result that cannot be sent does not cost its batch what others move", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (let i = 0; i < 50; i++) await executor.submit(makeFaulty, 0);
  for (let round = 0; round < 5; round++) {
    const futures = Array.from({ length: 100 }, (_, i) => executor.submit(makeFaulty, i));
    for (const [i, outcome] of (await Promise.allSettled(futures)).entries()) {
      if (i % 10 === 5) await assertDataCloneError(futures[i]!);
      else assertEquals(outcome, { status: "fulfilled", value: new Uint8Array([i]) });
    }
  }
});

Deno.test("a result that cannot be sent does not cost its batch the ports that others move", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const use = async ({ port }: { port: MessagePort }) => {
    const answer = new Promise((resolve) => port.onmessage = ({ data }) => resolve(data));
    port.postMessage(1);
    assertEquals(await answer, 2);
    port.close();
  };
  for (let i = 0; i < 50; i++) await use(await executor.submit(makePortOrFaulty, 0));
  const futures = Array.from({ length: 40 }, (_, i) => executor.submit(makePortOrFaulty, i));
  for (const [i, outcome] of (await Promise.allSettled(futures)).entries()) {
    if (i % 10 === 5) assertEquals(outcome.status, "rejected");
    else {
      assertEquals(outcome.status, "fulfilled");
      await use(await futures[i]!);
    }
  }
});

// ---- Cancellation ------------------------------------------------------------------------------

Deno.test("what a task would have moved stays, when it is cancelled before it is sent", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const bytes = new Uint8Array([1, 2]);
  const future = executor.submit(sum, transfer(bytes));
  assert(future.cancel());
  await assertRejects(() => future, CancelledError);
  assertEquals(await executor.submit(() => 1), 1);
  assertEquals(bytes, new Uint8Array([1, 2]));
  assertEquals(await executor.submit(sum, transfer(bytes)), 3);
});

Deno.test("what a queued task would have moved stays, when it is cancelled in the queue", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const held = gate();
  const blocker = executor.submit(block, held);
  await arrival(held);
  // More than any worker is sent ahead: the last one stands in the queue.
  const items = Array.from({ length: 5_000 }, () => new Uint8Array([1]));
  const futures = items.map((bytes) => executor.submit(sum, transfer(bytes)));
  await Promise.resolve();
  assert(futures.at(-1)!.cancel());
  assertEquals(items.at(-1)!.length, 1);
  for (const future of futures) future.cancel();
  open(held);
  await blocker;
  for (const [i, future] of futures.entries()) {
    assert(future.cancelled());
    // Moved by having been sent, or not at all.
    assert(items[i]!.buffer.detached || items[i]!.length === 1);
  }
  assertEquals(await executor.submit(() => 1), 1);
});

Deno.test("what a running task was given is moved, also when it is cancelled", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const held = gate();
  const bytes = new Uint8Array([1]);
  const hold = (gate: Gate, bytes: Uint8Array) => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    Atomics.wait(gate, 1, 0);
    return bytes.length;
  };
  const future = executor.submit(hold, held, transfer(bytes));
  await arrival(held);
  assert(bytes.buffer.detached);
  assertEquals(future.cancel(), false);
  open(held);
  assertEquals(await future, 1);
});

Deno.test("a task that was moved something and sent ahead can be cancelled", async () => {
  await using executor = new ThreadPoolExecutor(1);
  await warmUp(executor);
  for (let i = 0; i < 20; i++) await executor.submit((_: Gate) => {}, gate());
  const held = gate();
  const blocker = executor.submit(block, held);
  const bytes = new Uint8Array([1]);
  const future = executor.submit(sum, transfer(bytes));
  await arrival(held);
  assert(future.cancel());
  open(held);
  await blocker;
  await assertRejects(() => future, CancelledError);
  assertEquals(await executor.submit(() => 1), 1);
});
