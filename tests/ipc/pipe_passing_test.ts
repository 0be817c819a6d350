/** Tests of ends of pipes, and connections through sockets, that are passed on. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Connection,
  connection,
  EOFError,
  Lock,
  OSError,
  Pipe,
  type PoolExecutor,
  Process,
  ProcessPoolExecutor,
  Queue,
  RuntimeError,
  task,
  Thread,
  ThreadPoolExecutor,
} from "../../mod.ts";
import { CONFIG, lines, ROOT } from "../support/run_deno.ts";
import * as tasks from "./pipe_tasks.ts";

const TASKS = import.meta.resolve("./pipe_tasks.ts");
const ECHO = task(TASKS, tasks.echo);
const ECHO_SYNC = task(TASKS, tasks.echoSync);
const NOTHING = task(TASKS, tasks.nothing);
const GIVE = task(TASKS, tasks.give);
const PUT = task(TASKS, tasks.putEnd);
const GREET = task(TASKS, tasks.greetWhoIsInside);
const BACK = task(TASKS, tasks.giveBack);
const FLAGS = task(TASKS, tasks.flags);
const ON = task(TASKS, tasks.passOn);
const NAP = task(TASKS, tasks.nap);
const ASK = task(TASKS, tasks.ask);
const ANSWER = task(TASKS, tasks.answer);
const REFUSED = task(TASKS, tasks.refused);

const HANG = 60_000;

const HOSTS: Record<string, () => PoolExecutor> = {
  "a thread": () => new ThreadPoolExecutor(1),
  "a killable thread": () => new ThreadPoolExecutor({ max_workers: 1, killable: true }),
  "a child": () => new ProcessPoolExecutor(1),
};

for (const [name, make] of Object.entries(HOSTS)) {
  Deno.test(`an end is used in ${name}, and its end is noticed here`, async () => {
    await using executor = make();
    const [here, there] = Pipe();
    const served = executor.submit(ECHO, there);
    for (const value of [1, "two", { three: new URL("https://example.com/") }]) {
      await here.send(value);
      assertEquals(await here.recv(), value);
      there.close();
    }
    here.close();
    assertEquals(await served, 3);
    const [one, other] = Pipe();
    await executor.submit(FLAGS, other);
    other.close();
    await assertRejects(() => one.recv(), EOFError);
    await assertRejects(() => one.send(1), OSError, "the other end is closed");
  });

  Deno.test(`an end of which ${name} is not told that it may go stays open there`, async () => {
    await using executor = make();
    const [here, there] = Pipe();
    const served = executor.submit(ECHO, there);
    await here.send("first");
    assertEquals(await here.recv(), "first");
    // Both have it, and each message goes to one.
    await there.send("from the copy");
    assertEquals(await here.recv(), "from the copy");
    there.close();
    await here.send("second");
    assertEquals(await here.recv(), "second");
    here.close();
    assertEquals(await served, 2);
  });

  Deno.test(`K18: what an end can do is the same in ${name}`, async () => {
    await using executor = make();
    const [from, to] = Pipe({ duplex: false });
    assertEquals([from.readable, from.writable, to.readable, to.writable], [
      true,
      false,
      false,
      true,
    ]);
    assertEquals(await executor.submit(FLAGS, from), [true, false]);
    assertEquals(await executor.submit(FLAGS, to), [false, true]);
  });

  Deno.test(`${name} makes a pipe, and gives an end as its result`, async () => {
    await using executor = make();
    using end = await executor.submit(GIVE, "hello");
    assertEquals(await end.recv(), "hello");
    await end.send("and back");
    assertEquals(await end.recv(), "and back");
    await assertRejects(() => end.recv(), EOFError);
  });

  Deno.test(`an end that ${name} gives back is an end here again`, async () => {
    await using executor = make();
    const [a, b] = Pipe();
    using back = await executor.submit(BACK, b);
    b.close();
    await back.send("through the copy");
    assertEquals(await a.recv(), "through the copy");
    back.close();
    await assertRejects(() => a.recv(), EOFError);
  });

  Deno.test(`${name} puts an end into a queue, and gets one from it`, async () => {
    await using executor = make();
    const queue = new Queue<Connection>();
    const [mine, yours] = Pipe();
    const served = executor.submit(PUT, queue, mine, yours);
    using end = await queue.get();
    mine.close();
    yours.close();
    assertEquals(await end.recv(), "from the queue");
    await end.send("answer");
    const [a, b] = Pipe();
    await queue.put(b);
    b.close();
    assertEquals(await a.recv(), "got");
    await assertRejects(() => a.recv(), EOFError);
    assertEquals(await served, "answer");
    await assertRejects(() => end.recv(), EOFError);
  });

  Deno.test(`K18: an end goes to ${name} through another pipe, with a lock`, async () => {
    await using executor = make();
    const [here, there] = Pipe();
    const greeting = executor.submit(GREET, there);
    const [a, b] = Pipe();
    const lock = new Lock();
    await lock.acquire();
    await here.send({ lock, end: b });
    b.close();
    assertEquals(await a.recv(), "waiting");
    there.close();
    await lock.release();
    assertEquals(await a.recv(), "inside");
    assertEquals(await greeting, true);
    await assertRejects(() => a.recv(), EOFError);
  });

  Deno.test(`${name} passes an end on to a thread and a child of its own`, async () => {
    await using executor = make();
    for (const to of ["thread", "child"] as const) {
      const [a, b] = Pipe();
      const served = executor.submit(ON, b, to);
      await a.send(to);
      assertEquals(await a.recv(), to);
      b.close();
      a.close();
      assertEquals(await served, 1);
    }
  });

  Deno.test(`an end whose message could not be sent to ${name} is as before`, async () => {
    await using executor = make();
    const [a, b] = Pipe();
    await assertRejects(() => executor.submit(NOTHING, [b, () => 1]).result(), DOMException);
    b.close();
    await assertRejects(() => a.recv(), EOFError);
  });

  Deno.test(`K19: a server accepts here and talks in ${name}`, async () => {
    await using executor = make();
    using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
    using client = await connection.Client(listener.address);
    const server = await listener.accept();
    await client.send("before");
    assertEquals(await server.recv(), "before");
    const served = executor.submit(ECHO, server);
    for (const value of ["one", new Uint8Array(300_000).fill(7), { n: 3n }]) {
      await client.send(value);
      assertEquals(await client.recv(), value);
    }
    assertEquals(server.closed, true);
    await assertRejects(() => server.recv(), OSError, "was passed on");
    assertThrows(() => server.sendSync(1), OSError, "was passed on");
    assertEquals(await client.poll(), false);
    client.close();
    assertEquals(await served, 3);
  });

  Deno.test(`a connection that ${name} gives back is a connection here again`, async () => {
    await using executor = make();
    using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
    using client = await connection.Client(listener.address);
    using back = await executor.submit(BACK, await listener.accept());
    await client.send("hello");
    assertEquals(await back.recv(), "hello");
    back.close();
    await assertRejects(() => client.recv(), EOFError);
  });

  Deno.test(`a connection whose ${name} ends is closed`, async () => {
    using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
    using client = await connection.Client(listener.address);
    {
      await using executor = make();
      await executor.submit(NOTHING, [await listener.accept()]);
    }
    await assertRejects(() => client.recv(), EOFError);
  });
}

Deno.test("a copy that is closed while it waits takes no message from another of its child", async () => {
  await using executor = new ProcessPoolExecutor(1);
  const [here, there] = Pipe();
  const received = executor.submit(task(TASKS, tasks.receiveByCopy), there);
  assertEquals(await here.recv(), "here");
  await here.send("item");
  here.close();
  assertEquals(await received, ["Cannot receive: the connection is closed", "item"]);
});

Deno.test("a child does not keep what it has received", async () => {
  await using executor = new ProcessPoolExecutor(1);
  const [here, there] = Pipe();
  const count = 2000;
  const received = executor.submit(task(TASKS, tasks.receiveMany), there, count);
  const message = new Uint8Array(60_000);
  for (let i = 0; i < count; i++) await here.send_bytes(message);
  const grown = await received;
  assert(grown < count * message.length / 2, `${grown} bytes`);
});

Deno.test("what blocks a thread is refused where the memory is not", async () => {
  await using executor = new ProcessPoolExecutor(1);
  const [, b] = Pipe();
  using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
  using client = await connection.Client(listener.address);
  using _server = await listener.accept();
  for (const told of [tasks.refused(client), await executor.submit(REFUSED, b)]) {
    assertEquals(told.length, 5);
    for (const text of told) assert(text.startsWith("RuntimeError: Cannot use "), text);
  }
});

Deno.test("who blocks talks to who does not, and to who blocks", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const [here, there] = Pipe();
  const served = executor.submit(ECHO_SYNC, there);
  const large = new Uint8Array(1_000_000).fill(3);
  for (const value of [undefined, "text", { deep: [new Map([[1, 2]])] }, large]) {
    await here.send(value);
    assertEquals(await here.recv(), value);
    here.sendSync(value);
    assertEquals(here.pollSync(HANG), true);
    assertEquals(here.recvSync(), value);
    there.close();
  }
  here.close();
  assertEquals(await served, 8);
});

Deno.test("the twins that block do what the others do", async () => {
  const [a, b] = Pipe();
  a.send_bytesSync(new Uint8Array([1, 2, 3, 4]), 1, 2);
  assertEquals(b.recv_bytesSync(2), new Uint8Array([2, 3]));
  assertEquals([b.pollSync(), b.pollSync(-1), b.pollSync(1)], [false, false, false]);
  a.sendSync(new Error("an error"));
  assertEquals(b.pollSync(Infinity), true);
  assertEquals((b.recvSync() as Error).message, "an error");
  const data = { n: 1 };
  a.sendSync(data);
  data.n = 2;
  assertEquals(b.recvSync(), { n: 1 });
  assertThrows(() => a.sendSync(() => 1), DOMException);
  a.send_bytesSync(new Uint8Array(5));
  assertThrows(() => b.recv_bytesSync(4), OSError, "5 bytes, at most 4");
  assertThrows(() => b.recvSync(), OSError, "can't receive");
  a.close();
  assertThrows(() => b.sendSync(1), OSError, "the other end is closed");
  await Promise.resolve();
  const [c, d] = Pipe();
  c.sendSync("last");
  c.close();
  assertEquals(d.recvSync(), "last");
  assertEquals(d.pollSync(), true);
  assertThrows(() => d.recvSync(), EOFError);
  assertThrows(() => d.recv_bytesSync(), EOFError);
});

Deno.test("who blocks does not get in front of what the thread sends without blocking", async () => {
  const [a, b] = Pipe();
  await a.send_bytes(new Uint8Array(70_000));
  const sending = a.send("second");
  assertThrows(() => a.sendSync("third"), RuntimeError, "await those before");
  await b.recv_bytes();
  await sending;
  a.sendSync("third");
  assertEquals([await b.recv(), await b.recv()], ["second", "third"]);
});

Deno.test("K08: the parent may close its copy as soon as the child is started", async () => {
  const [here, there] = Pipe();
  const child = new Process({ target: tasks.echo, args: [there], modules: [TASKS] });
  child.start();
  there.close();
  await here.send("hello");
  assertEquals(await here.recv(), "hello");
  here.close();
  await child.join();
  assertEquals(child.exitcode, 0);
});

// What has left for a process counts as running.
for (const name of ["a thread", "a killable thread"]) {
  Deno.test(`a task that ${name} never began lets go of its end`, async () => {
    await using executor = HOSTS[name]!();
    // What is known to be quick is sent ahead.
    for (let i = 0; i < 100; i++) await executor.submit(NAP, 0);
    const [a, b] = Pipe();
    const napping = executor.submit(NAP, 300);
    // So deep that nobody sees that the task may wait for another.
    const waiting = executor.submit(NAP, 0, [[b]]);
    while (!napping.running()) await new Promise((resolve) => setTimeout(resolve, 1));
    b.close();
    assertEquals(waiting.cancel(), true);
    await assertRejects(() => a.recv(), EOFError);
    await napping;
  });
}

Deno.test("tasks that talk to each other are never behind one another", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const pairs = Array.from({ length: 20 }, () => Pipe());
  const served = pairs.flatMap(([a, b]) => [
    executor.submit(ASK, a),
    executor.submit(ANSWER, b),
  ]);
  assertEquals(await Promise.all(served), pairs.flatMap(() => ["answer", "question"]));
});

Deno.test("a Thread takes its end along at its start", async () => {
  const [here, there] = Pipe();
  const thread = new Thread({ target: tasks.echoSync, args: [there], modules: [TASKS] });
  thread.start();
  there.close();
  await here.send("hello");
  assertEquals(await here.recv(), "hello");
  here.close();
  await thread.join();
});

Deno.test("a Thread that ends closes its ends", async () => {
  const [here, there] = Pipe();
  const thread = new Thread({ target: tasks.nothing, args: [there], modules: [TASKS] });
  thread.start();
  there.close();
  await assertRejects(() => here.recv(), EOFError);
  await thread.join();
});

/** Runs a program that has two ends, `a` and `b`, of a pipe. */
const program = (source: string) =>
  lines([
    "-A",
    CONFIG,
    "data:text/javascript," + encodeURIComponent(`
    import { connection, Pipe } from "${new URL("mod.ts", ROOT)}";
    const [a, b] = Pipe();
    ${source}
  `),
  ]);

Deno.test("an idle pipe lets the program end", async () => {
  assertEquals(
    await program(`console.log(await b.poll(1), await connection.wait([a, b], 1)); a.send(1);`),
    ["false []"],
  );
});

Deno.test("who waits at a pipe keeps the program alive, and so does what has not gone in", async () => {
  const pending = ["b.recv()", "b.poll(Infinity)", "connection.wait([b])", "b.recv_bytes()"];
  for (const call of pending) {
    // The timer does not hold the program; the call does.
    const printed = await program(`
      ${call}.then(() => console.log("done"));
      Deno.unrefTimer(setTimeout(() => a.send("here"), 100));
    `);
    assertEquals(printed, ["done"], call);
  }
  const printed = await program(`
    a.send_bytes(new Uint8Array(100_000));
    a.send("second").then(() => console.log("sent"));
    a.close();
    Deno.unrefTimer(setTimeout(() => b.recv_bytes(), 100));
  `);
  assertEquals(printed, ["sent"]);
});

Deno.test("pipes, sockets, listeners and sentinels are waited for together", async () => {
  const [a, b] = Pipe();
  using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
  using client = await connection.Client(listener.address);
  using server = await listener.accept();
  const child = new Process({ target: tasks.echo, args: [b], modules: [TASKS] });
  child.start();
  b.close();
  const all = [a, server, listener, child.sentinel];
  assertEquals(await connection.wait(all, 0), []);
  await a.send("through the pipe");
  assertEquals(await connection.wait(all, HANG), [a]);
  await client.send("through the socket");
  assertEquals(await server.poll(HANG), true);
  assertEquals(await connection.wait(all, HANG), [a, server]);
  await a.recv();
  await server.recv();
  child.kill();
  await child.join();
  assertEquals(await connection.wait(all, HANG), [a, child.sentinel]);
  await assertRejects(() => a.recv(), EOFError);
});
