/** Tests of streams and sockets that are passed to threads and processes, and given back by them. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  type Executor,
  ProcessPoolExecutor,
  task,
  ThreadPoolExecutor,
  transfer,
} from "../../mod.ts";
import { until } from "../support/hang_guards.ts";
import * as tasks from "./relay_tasks.ts";

const TASKS = import.meta.resolve("./relay_tasks.ts");
const CHANGE = task(TASKS, tasks.change);
const SERVE = task(TASKS, tasks.serve);
const FIRST = task(TASKS, tasks.first);
const COUNT = task(TASKS, tasks.count);
const FAIL = task(TASKS, tasks.fail);
const ECHO = task(TASKS, tasks.echo);
const ANSWER = task(TASKS, tasks.answer);
const DIE = task(TASKS, tasks.die);

const BACKENDS: Record<string, () => Executor> = {
  "a thread": () => new ThreadPoolExecutor(1),
  "a process": () => new ProcessPoolExecutor(1),
};

/** A stream of `chunks`, which tells how many were asked for and why it was cancelled. */
function source<T>(chunks: Iterable<T>) {
  const seen = { pulled: 0, cancelled: undefined as unknown };
  const iterator = chunks[Symbol.iterator]();
  const stream = new ReadableStream<T>({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done) controller.close();
      else {
        seen.pulled++;
        controller.enqueue(value);
      }
    },
    cancel: (reason) => void (seen.cancelled = reason ?? "without a reason"),
  }, { highWaterMark: 0 });
  return { stream, seen };
}

/** A stream that keeps what is written, and tells how it ended. */
function sink<T>() {
  const seen = { chunks: [] as T[], end: "open" };
  const stream = new WritableStream<T>({
    write: (chunk) => void seen.chunks.push(chunk),
    close: () => void (seen.end = "closed"),
    abort: () => void (seen.end = "aborted"),
  });
  return { stream, seen };
}

function* endless(): Generator<number> {
  for (let n = 0;; n++) yield n;
}

for (const [name, make] of Object.entries(BACKENDS)) {
  Deno.test(`streams passed to ${name} are read and written there`, async () => {
    await using executor = make();
    const input = source(["one", "two", "three"]);
    const output = sink<string>();
    assertEquals(await executor.submit(CHANGE, input.stream, output.stream), 3);
    await until(() => output.seen.end !== "open");
    assertEquals(output.seen, { chunks: ["ONE", "TWO", "THREE"], end: "closed" });
  });

  Deno.test(`${name} that reads slowly is sent no more than it reads`, async () => {
    await using executor = make();
    const { stream, seen } = source(endless());
    assertEquals(await executor.submit(COUNT, stream, 5), 5);
    await until(() => seen.cancelled !== undefined);
    // A chunk or two may be under way.
    assertEquals(seen.pulled <= 10, true, `${seen.pulled} pulled`);
  });

  Deno.test(`the source of a stream learns that ${name} has cancelled it`, async () => {
    await using executor = make();
    const { stream, seen } = source(["one", "two"]);
    assertEquals(await executor.submit(FIRST, stream), "one");
    await until(() => seen.cancelled !== undefined);
  });

  Deno.test(`an error in ${name} while it writes aborts the stream`, async () => {
    await using executor = make();
    const { stream, seen } = sink<string>();
    await executor.submit(FAIL, stream);
    await until(() => seen.end !== "open");
    assertEquals(seen, { chunks: ["one"], end: "aborted" });
  });

  Deno.test(`a socket passed to ${name} is served there`, async () => {
    await using executor = make();
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    using client = await Deno.connect({ hostname: "127.0.0.1", port });
    const served = executor.submit(SERVE, await listener.accept());
    const text = new TextEncoder().encode("hello ".repeat(50_000));
    const sent = (async () => {
      for (let at = 0; at < text.length;) at += await client.write(text.subarray(at));
      await client.closeWrite();
    })();
    const answer = await new Response(client.readable).text().catch(String);
    await sent;
    assertEquals(answer, "HELLO ".repeat(50_000));
    assertEquals(await served, (client.localAddr as Deno.NetAddr).port);
  });
}

for (const [name, make] of Object.entries(BACKENDS)) {
  for (
    const [what, serve, expected] of [
      ["is piped to itself", ECHO, "hello there"],
      ["answers at the end of what it hears", ANSWER, "11 bytes"],
    ] as const
  ) {
    Deno.test(`a socket in ${name} ${what}, by its streams`, async () => {
      await using executor = make();
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr as Deno.NetAddr;
      const client = await Deno.connect({ hostname: "127.0.0.1", port });
      const served = executor.submit(serve, await listener.accept());
      await client.write(new TextEncoder().encode("hello there"));
      await client.closeWrite();
      assertEquals(await new Response(client.readable).text(), expected);
      await served;
    });
  }
}

Deno.test("a stream passed to a process is the process's alone, also when it is marked", async () => {
  await using executor = new ProcessPoolExecutor(1);
  for (const mark of [(stream: ReadableStream<string>) => stream, transfer]) {
    const { stream } = source(["one"]);
    assertEquals(await executor.submit(FIRST, mark(stream)), "one");
    assertEquals(stream.locked, true);
    await assertRejects(() => executor.submit(FIRST, stream).result(), TypeError);
  }
});

Deno.test("a stream that a process gives back is read here, at our pace", async () => {
  await using executor = new ProcessPoolExecutor(1);
  const stream = await executor.submit(task(TASKS, tasks.give), 3);
  assertEquals(await Array.fromAsync(stream), [0, 1, 2]);
});

Deno.test("a stream that a thread gives back is read here", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const stream = await executor.submit(task(TASKS, tasks.give), 3);
  assertEquals(await Array.fromAsync(stream), [0, 1, 2]);
});

Deno.test("the streams of a process that dies are cancelled and aborted, its socket is closed", async () => {
  await using executor = new ProcessPoolExecutor(1);
  const input = source(endless());
  const output = sink<number>();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  using client = await Deno.connect({ hostname: "127.0.0.1", port });
  const dying = executor.submit(DIE, input.stream, output.stream, await listener.accept());
  await assertRejects(() => dying.result(), Error, "SIGKILL");
  await until(() => input.seen.cancelled !== undefined && output.seen.end === "aborted");
  assertEquals(await client.read(new Uint8Array(1)), null);
});

Deno.test("what a process returns is sent with its streams, also when it is the first and the last", async () => {
  await using executor = new ProcessPoolExecutor({ max_workers: 1, permissions: "none" });
  const streaming = () =>
    [
      new URL("https://example.org/"),
      new ReadableStream({
        start(controller) {
          controller.enqueue("item");
          controller.close();
        },
      }),
    ] as const;
  const [url, stream] = await executor.submit(streaming);
  assertEquals([url.href, await Array.fromAsync(stream)], ["https://example.org/", ["item"]]);

  await using another = new ProcessPoolExecutor(1);
  const last = another.submit(() => {
    queueMicrotask(() => Deno.exit(0));
    return new URL("https://example.org/");
  });
  assertEquals((await last).href, "https://example.org/");
});
