/** Connections through sockets. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connection, EOFError, Lock, OSError, Process } from "../../mod.ts";
import { connectionSuite, type Ends } from "../suites/connection_suite.ts";
import { CONFIG, lines, ROOT } from "../support/run_deno.ts";

const HANG = 60_000;

async function connect(address?: connection.Address): Promise<Ends> {
  const listener = new connection.Listener({ address });
  const accepting = listener.accept();
  const a = await connection.Client(listener.address);
  const b = await accepting;
  return {
    a,
    b,
    async [Symbol.asyncDispose]() {
      await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
      listener.close();
    },
  };
}

connectionSuite("TCP", () => connect(["127.0.0.1", 0]));
if (Deno.build.os !== "windows") connectionSuite("a Unix socket", () => connect());

Deno.test("K20: Deno has no file numbers, which fileno says", async () => {
  await using ends = await connect(["127.0.0.1", 0]);
  assertThrows(() => ends.a.fileno(), OSError, "connection.wait()");
});

Deno.test("shared objects don't go through sockets", async () => {
  await using ends = await connect(["127.0.0.1", 0]);
  await assertRejects(() => ends.a.send({ lock: new Lock() }), TypeError, "Cannot send a Lock");
  const error = await assertRejects(
    () => ends.a.send(new Int32Array(new SharedArrayBuffer(4))),
    DOMException,
  );
  assertEquals(error.name, "DataCloneError");
});

Deno.test("K27: the sentinel of a process is waited for beside connections", async () => {
  await using ends = await connect(["127.0.0.1", 0]);
  await using process = new Process({ target: () => {} });
  process.start();
  assertEquals(await connection.wait([process.sentinel, ends.b], 0), []);
  assertEquals(await connection.wait([ends.b, process.sentinel], HANG), [process.sentinel]);
  assertEquals(process.exitcode, 0);
  await ends.a.send(1);
  assertEquals(await ends.b.poll(HANG), true);
  assertEquals(
    await connection.wait([process.sentinel, ends.b], HANG),
    [process.sentinel, ends.b],
  );
});

Deno.test("a sentinel that is waited for in vain again and again keeps nothing", async () => {
  await using process = new Process({ target: () => new Promise((done) => setTimeout(done, 500)) });
  process.start();
  const { sentinel } = process;
  for (let i = 0; i < 20; i++) assertEquals(await connection.wait([sentinel], 1), []);
  assertEquals(await connection.wait([sentinel], HANG), [sentinel]);
});

Deno.test("a peer that dies is EOFError to who waits", async () => {
  using listener = new connection.Listener();
  const process = new Process({
    target: async (address: connection.Address) => {
      const { connection } = await import("@herd/concurrent");
      const client = await connection.Client(address);
      await client.send("alive");
      await client.recv();
    },
    args: [listener.address],
  });
  process.start();
  using server = await listener.accept();
  assertEquals(await server.recv(), "alive");
  const receiving = assertRejects(() => server.recv(), EOFError);
  process.kill();
  await receiving;
  await process.join();
  assertEquals(process.exitcode, -9);
});

/** Runs a program that has two ends, `a` and `b`, of a connection. */
const program = (source: string) =>
  lines([
    "-A",
    CONFIG,
    "data:text/javascript," + encodeURIComponent(`
    import { connection } from "${new URL("mod.ts", ROOT)}";
    const listener = new connection.Listener({ address: ["127.0.0.1", 0] });
    const [a, b] = await Promise.all([connection.Client(listener.address), listener.accept()]);
    ${source}
  `),
  ]);

Deno.test("an idle connection and an idle listener let the program end", async () => {
  assertEquals(
    await program(`console.log(await b.poll(1), await connection.wait([a, listener], 1));`),
    [
      "false []",
    ],
  );
});

Deno.test("a pending recv, poll, wait or accept keeps the program alive", async () => {
  const pending = [
    "b.recv()",
    "b.poll(Infinity)",
    "connection.wait([b])",
    "connection.wait([listener])",
  ];
  for (const call of [...pending, "listener.accept()"]) {
    const act = call.includes("listener")
      ? "connection.Client(listener.address)"
      : "a.send('here')";
    // The timer does not hold the program; the call does.
    const printed = await program(`
      ${call}.then(() => console.log("done"));
      Deno.unrefTimer(setTimeout(() => ${act}, 100));
    `);
    assertEquals(printed, ["done"], call);
  }
});

Deno.test("messages that have not left keep the program alive", async () => {
  const printed = await program(`
    a.send_bytes(new Uint8Array(20_000_000)).then(() => console.log("left"));
    Deno.unrefTimer(setTimeout(() => b.recv_bytes().then((m) => console.log(m.length)), 100));
  `);
  assert(printed.includes("left"), printed.join());
});
