/** Listeners and clients: addresses, keys, and peers that do not behave. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Acceptor } from "../../ipc/connections/_acceptor.ts";
import {
  AuthenticationError,
  CancelledError,
  connection,
  EOFError,
  OSError,
  TimeoutError,
  ValueError,
} from "../../mod.ts";
import { CONFIG, lines, ROOT } from "../support/run_deno.ts";

const { Client, Listener } = connection;

const HANG = 60_000;
const isUnix = Deno.build.os !== "windows";
const KEY = new TextEncoder().encode("secret");
const LOCAL: connection.Address = ["127.0.0.1", 0];

/** Somebody who connects, and then does as he likes. */
async function stranger(address: connection.Address): Promise<Deno.Conn> {
  return typeof address === "string"
    ? await Deno.connect({ transport: "unix", path: address })
    : await Deno.connect({ hostname: address[0], port: address[1] });
}

/** Connects a client whose listener does accept it. */
async function both(listener: connection.Listener, authkey?: Uint8Array) {
  const [server, client] = await Promise.all([
    listener.accept({ timeout: HANG }),
    Client(listener.address, { authkey, timeout: HANG }),
  ]);
  return { server, client };
}

/** Connects, talks and closes. */
async function works(listener: connection.Listener, authkey?: Uint8Array): Promise<void> {
  const { server, client } = await both(listener, authkey);
  await client.send("hello");
  assertEquals(await server.recv(), "hello");
  client.close();
  await assertRejects(() => server.recv(), EOFError);
  server.close();
}

/** Kinds of addresses, each with what frees it. */
const FAMILIES: [string, () => { address: connection.Address; remove(): void }, boolean][] = [
  ["TCP", () => ({ address: LOCAL, remove() {} }), true],
  ["a path", () => {
    const folder = Deno.makeTempDirSync();
    return {
      address: `${folder}/socket`,
      remove: () => Deno.removeSync(folder, { recursive: true }),
    };
  }, isUnix],
  ["an abstract name", () => {
    return { address: `\0herd_test_${crypto.randomUUID()}`, remove() {} };
  }, Deno.build.os === "linux"],
];

for (const [family, make, exists] of FAMILIES) {
  const test = (name: string, fn: (address: connection.Address) => Promise<void>) =>
    Deno.test({
      name: `${family}: ${name}`,
      ignore: !exists,
      async fn() {
        const { address, remove } = make();
        await fn(address);
        remove();
      },
    });

  test("H01: an address in use can't be listened at a second time", async (address) => {
    using listener = new Listener({ address });
    const error = assertThrows(
      () => new Listener({ address: listener.address }),
      OSError,
      "the address is in use",
    );
    assert(error.cause instanceof Deno.errors.AddrInUse);
    // The first one is not disturbed by it.
    await works(listener);
  });

  test("H04, H05: peers connect, with keys and without", async (address) => {
    for (const authkey of [undefined, KEY, new Uint8Array(0)]) {
      await using listener = new Listener({ address, authkey });
      for (let i = 0; i < 3; i++) await works(listener, authkey);
    }
  });

  test("H06: a client may send and close before it is accepted", async (address) => {
    using listener = new Listener({ address });
    const client = await Client(listener.address);
    await client.send("hello");
    client.close();
    using server = await listener.accept();
    assertEquals(await server.poll(HANG), true);
    assertEquals(await server.recv(), "hello");
    await assertRejects(() => server.recv(), EOFError);
  });

  test("H07: the client's poll sees what the server sends", async (address) => {
    using listener = new Listener({ address });
    const { server, client } = await both(listener);
    assertEquals(await client.poll(), false);
    await server.send_bytes(KEY);
    assertEquals(await client.poll(HANG), true);
    assertEquals(await client.recv_bytes(), KEY);
    server.close();
    client.close();
  });

  test("the address can be used again once the listener has been disposed of", async (address) => {
    let where = address;
    for (let i = 0; i < 3; i++) {
      await using listener = new Listener({ address: where });
      where = listener.address;
      const accepting = assertRejects(() => listener.accept(), OSError, "closed");
      listener.close();
      // Until then it is in use, which is said.
      assertThrows(() => new Listener({ address: where }), OSError, "the address is in use");
      await accepting;
    }
    using last = new Listener({ address: where });
    await works(last);
  });

  test("last_accepted tells who was accepted", async (address) => {
    using listener = new Listener({ address });
    assertEquals(listener.last_accepted, null);
    const { server, client } = await both(listener);
    const [host, port] = listener.last_accepted!;
    if (family === "TCP") {
      assertEquals(host, "127.0.0.1");
      assert(Number(port) > 0 && port !== listener.address[1]);
    } else assertEquals(listener.last_accepted, "");
    server.close();
    client.close();
  });
}

Deno.test("H02: a closed listener accepts nobody", async () => {
  const listener = new Listener({ address: LOCAL });
  {
    using same = listener;
    assertEquals(same.closed, false);
  }
  assertEquals(listener.closed, true);
  listener.close();
  await assertRejects(() => listener.accept(), OSError, "the listener is closed");
  await assertRejects(() => connection.wait([listener]), OSError, "the listener is closed");
  await assertRejects(() => Client(listener.address), OSError, "refused");
});

Deno.test("who waits for a peer is told when the listener is closed", async () => {
  const listener = new Listener({ address: LOCAL });
  const waits = [listener.accept(), listener.accept(), connection.wait([listener])]
    .map((wait) => assertRejects(() => wait, OSError, "the listener is closed"));
  listener.close();
  await Promise.all(waits);
});

Deno.test({
  name: "without an address it is a socket that only this user can reach, removed on close",
  ignore: !isUnix,
  async fn() {
    const listener = new Listener({ authkey: KEY });
    const path = listener.address as string;
    const folder = path.slice(0, path.lastIndexOf("/"));
    assertEquals(Deno.statSync(folder).mode! & 0o777, 0o700);
    await works(listener, KEY);
    listener.close();
    assertThrows(() => Deno.statSync(folder), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "a socket's file is removed on close, and at the end of a program that forgets it",
  ignore: !isUnix,
  async fn() {
    const folder = Deno.makeTempDirSync();
    const path = `${folder}/socket`;
    new Listener({ address: path }).close();
    assertEquals([...Deno.readDirSync(folder)], []);
    const replaced = new Listener({ address: path });
    Deno.removeSync(path);
    Deno.mkdirSync(`${path}/mine`, { recursive: true });
    replaced.close();
    assertEquals([...Deno.readDirSync(path)].map(({ name }) => name), ["mine"]);
    Deno.removeSync(path, { recursive: true });
    const forgotten = await lines([
      "-A",
      CONFIG,
      "data:text/javascript," + encodeURIComponent(`
      import { connection } from "${new URL("mod.ts", ROOT)}";
      new connection.Listener({ address: "${path}" });
      console.log(new connection.Listener().address);
      if (Math.random() < 2) Deno.exit();
    `),
    ]);
    assertEquals([...Deno.readDirSync(folder)], []);
    assertThrows(() => Deno.statSync(forgotten[0]!), Deno.errors.NotFound);
    Deno.removeSync(folder);
  },
});

Deno.test("H08: what can't be an address is refused", async () => {
  const wrong: [unknown, new () => Error][] = [
    ["\\\\.\\pipe\\herd", ValueError],
    ["", ValueError],
    ["/tmp/a\0b", ValueError],
    [["127.0.0.1", 65_536], ValueError],
    [["127.0.0.1", -1], ValueError],
    [["127.0.0.1", 1.5], ValueError],
    [["", 0], ValueError],
    [["127.0.0.1"], TypeError],
    [["127.0.0.1", "80"], TypeError],
    [["127.0.0.1", 80, 1], TypeError],
    [[80, "127.0.0.1"], TypeError],
    [80, TypeError],
    [{}, TypeError],
    [null, TypeError],
  ];
  for (const [address, kind] of wrong) {
    assertThrows(() => new Listener({ address: address as never }), kind);
    await assertRejects(() => Client(address as never), kind);
  }
});

Deno.test("options are checked", async () => {
  const listen = (options: unknown) => () => new Listener(options as never);
  assertThrows(listen({ address: LOCAL, authkey: "secret" }), TypeError, "a Uint8Array is wanted");
  assertThrows(listen({ address: LOCAL, authkey: null }), TypeError, "a Uint8Array is wanted");
  assertThrows(listen({ address: LOCAL, backlog: 0 }), ValueError, "backlog");
  assertThrows(listen({ family: "AF_INET" }), TypeError, "there is no option family");
  using listener = new Listener({ address: LOCAL, backlog: 5 });
  await assertRejects(() => listener.accept({ timeout: NaN }), ValueError, "timeout");
  await assertRejects(() => listener.accept({ signal: 1 } as never), TypeError, "signal");
  const { address } = listener;
  await assertRejects(
    () => Client(address, { authkey: "secret" } as never),
    TypeError,
    "Uint8Array",
  );
  await assertRejects(
    () => Client(address, { family: 1 } as never),
    TypeError,
    "there is no option",
  );
  await assertRejects(() => Client(address, { timeout: NaN }), ValueError, "timeout");
});

Deno.test("a key is what it was when it was given", async () => {
  const key = KEY.slice();
  using listener = new Listener({ address: LOCAL, authkey: key });
  key.fill(0);
  await works(listener, KEY);
});

Deno.test("nobody there is an OSError", async () => {
  using listener = new Listener({ address: LOCAL });
  const { address } = listener;
  listener.close();
  const error = await assertRejects(() => Client(address), OSError);
  assert(error.cause instanceof Deno.errors.ConnectionRefused);
  if (isUnix) await assertRejects(() => Client("/tmp/herd/is/not/there"), OSError, "No such file");
});

Deno.test("a wrong key is an AuthenticationError on both sides, and the listener goes on", async () => {
  using listener = new Listener({ address: LOCAL, authkey: KEY });
  for (const authkey of [new TextEncoder().encode("guess"), new Uint8Array(0)]) {
    const [accepted, connected] = await Promise.allSettled([
      listener.accept(),
      Client(listener.address, { authkey }),
    ]);
    assert(accepted.status === "rejected" && accepted.reason instanceof AuthenticationError);
    assert(connected.status === "rejected" && connected.reason instanceof AuthenticationError);
    assertEquals(listener.last_accepted?.[0], "127.0.0.1");
  }
  await works(listener, KEY);
});

/** What strangers send to a listener that wants a key, and what becomes of it. */
const HOSTILE: [string, Uint8Array, new () => Error][] = [
  ["nothing, and hangs up", new Uint8Array(0), OSError],
  ["garbage", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: here\r\n\r\n"), OSError],
  ["a negative length", Uint8Array.fromHex("fffffff0"), OSError],
  ["half a header", Uint8Array.fromHex("0000"), OSError],
  ["a header and nothing more", Uint8Array.fromHex("00000028"), OSError],
  ["half a frame", Uint8Array.fromHex("0000002800"), OSError],
  ["a length of 2 GB", Uint8Array.fromHex("7fffffff"), OSError],
  ["a length of 8 EB", Uint8Array.fromHex("ffffffff7fffffffffffffff"), OSError],
  ["an answer that is empty", Uint8Array.fromHex("00000000"), AuthenticationError],
  [
    "an answer that is wrong",
    new Uint8Array([0, 0, 0, 16, ...new Uint8Array(16)]),
    AuthenticationError,
  ],
];

for (const [what, bytes, kind] of HOSTILE) {
  Deno.test(`a peer that sends ${what} costs one accept, and the listener goes on`, async () => {
    using listener = new Listener({ address: LOCAL, authkey: KEY });
    const peer = await stranger(listener.address);
    const accepting = assertRejects(() => listener.accept({ timeout: HANG }), kind);
    if (bytes.length > 0) await peer.write(bytes);
    await peer.closeWrite();
    await accepting;
    peer.close();
    await works(listener, KEY);
  });
}

Deno.test("silent peers keep nobody waiting", async () => {
  using listener = new Listener({ address: LOCAL, authkey: KEY });
  const silent = await Promise.all(Array.from({ length: 5 }, () => stranger(listener.address)));
  const { server, client } = await both(listener, KEY);
  for (const end of [...silent, server, client]) end.close();
});

Deno.test("a handshake that takes too long is broken off, also one that goes on and on", async () => {
  const socket = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const acceptor = new Acceptor(socket, KEY, 50);
  const address: connection.Address = ["127.0.0.1", socket.addr.port];
  const accepting = [acceptor.accept({}), acceptor.accept({})];
  const silent = await stranger(address);
  const slow = await stranger(address);
  const dripping = (async () => {
    // One byte of an answer at a time, of which each is in time.
    await slow.write(Uint8Array.fromHex("000000ff"));
    try {
      for (;;) {
        await slow.write(new Uint8Array(1));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } catch {
      // It was hung up on.
    }
  })();
  for (const outcome of await Promise.all(accepting)) {
    assert("error" in outcome && outcome.error instanceof OSError);
    assert(outcome.error.message.includes("has not ended within 50 ms"), outcome.error.message);
  }
  await dripping;
  acceptor.close();
  silent.close();
  slow.close();
});

Deno.test("more silent peers than may shake hands at a time keep nobody out", async () => {
  using listener = new Listener({ address: LOCAL, authkey: KEY, backlog: 511 });
  const silent = await Promise.all(Array.from({ length: 200 }, () => stranger(listener.address)));
  let failed = 0;
  let server: connection.Connection | undefined;
  const client = Client(listener.address, { authkey: KEY, timeout: HANG });
  while (server === undefined) {
    try {
      server = await listener.accept({ timeout: HANG });
    } catch (error) {
      assert(error instanceof OSError, String(error));
      failed++;
    }
  }
  assert(failed >= 200 - 128 - 1, `${failed} were dropped`);
  (await client).close();
  server.close();
  for (const peer of silent) peer.close();
});

// That nothing is left open is what the sanitizers look for.
Deno.test("hundreds of connections leave nothing behind", async () => {
  using listener = new Listener({ address: LOCAL, authkey: KEY });
  for (let round = 0; round < 10; round++) {
    const serving = Array.from({ length: 30 }, async (_, i) => {
      try {
        using server = await listener.accept({ timeout: HANG });
        await server.send(await server.recv());
        await assertRejects(() => server.recv(), EOFError);
      } catch (error) {
        assert(error instanceof AuthenticationError || error instanceof OSError, String(error));
        return 1;
      }
      return i * 0;
    });
    const asking = Array.from({ length: 30 }, async (_, i) => {
      if (i % 10 === 0) return (await stranger(listener.address)).close();
      if (i % 10 === 1) {
        await assertRejects(
          () => Client(listener.address, { authkey: new Uint8Array(3) }),
          AuthenticationError,
        );
        return;
      }
      using client = await Client(listener.address, { authkey: KEY, timeout: HANG });
      await client.send(i);
      assertEquals(await client.recv(), i);
    });
    await Promise.all(asking);
    const failures = (await Promise.all(serving)).reduce((sum, failed) => sum + failed, 0);
    assertEquals(failures, 6);
  }
});

Deno.test("several may accept at a time; each gets another peer", async () => {
  using listener = new Listener({ address: LOCAL, authkey: KEY });
  const accepting = Array.from({ length: 5 }, () => listener.accept());
  const clients = await Promise.all(
    Array.from({ length: 5 }, () => Client(listener.address, { authkey: KEY })),
  );
  const servers = await Promise.all(accepting);
  await Promise.all(servers.map((server, i) => server.send(i)));
  const got = await Promise.all(clients.map((client) => client.recv()));
  assertEquals(got.toSorted(), [0, 1, 2, 3, 4]);
  for (const end of [...servers, ...clients]) end.close();
});

Deno.test("accept ends with its time or its signal, and loses nobody", async () => {
  using listener = new Listener({ address: LOCAL });
  await assertRejects(() => listener.accept({ timeout: 1 }), TimeoutError);
  await assertRejects(() => listener.accept({ timeout: 0 }), TimeoutError);
  const waiting = await Client(listener.address);
  (await listener.accept({ timeout: 0 })).close();
  waiting.close();
  const controller = new AbortController();
  const aborted = assertRejects(
    () => listener.accept({ signal: controller.signal }),
    CancelledError,
  );
  controller.abort("enough");
  assertEquals((await aborted).cause, "enough");
  await assertRejects(() => listener.accept({ signal: controller.signal }), CancelledError);
  await works(listener);
});

Deno.test("Client ends with its time or its signal while nobody accepts", async () => {
  using listener = new Listener({ address: LOCAL, authkey: KEY });
  const { address } = listener;
  await assertRejects(() => Client(address, { authkey: KEY, timeout: 5 }), TimeoutError);
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = assertRejects(() => Client(address, { authkey: KEY, signal }), CancelledError);
  controller.abort("enough");
  assertEquals((await aborted).cause, "enough");
  await assertRejects(() => Client(address, { signal }), CancelledError);
  // They have hung up: two handshakes that fail.
  await assertRejects(() => listener.accept(), OSError);
  await works2(listener);
});

/** The next peer that gets through. */
async function works2(listener: connection.Listener): Promise<void> {
  const client = Client(listener.address, { authkey: KEY });
  for await (const server of listener) {
    await server.send("through");
    assertEquals(await (await client).recv(), "through");
    server.close();
    (await client).close();
    return;
  }
}

Deno.test("a listener that hangs up during the handshake is EOFError to the client", async () => {
  using socket = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = assertRejects(
    () => Client(["127.0.0.1", socket.addr.port], { authkey: KEY }),
    EOFError,
  );
  (await socket.accept()).close();
  await connecting;
});

Deno.test("iteration passes over peers that fail, and ends with the listener", async () => {
  using listener = new Listener({ address: LOCAL, authkey: KEY });
  const serving = (async () => {
    const got: unknown[] = [];
    for await (const server of listener) {
      got.push(await server.recv());
      server.close();
      if (got.length === 3) listener.close();
    }
    return got;
  })();
  for (let i = 0; i < 3; i++) {
    (await stranger(listener.address)).close();
    await Client(listener.address, { authkey: new Uint8Array(1) }).catch(() => {});
    using client = await Client(listener.address, { authkey: KEY });
    await client.send(i);
    await assertRejects(() => client.recv(), EOFError);
  }
  assertEquals(await serving, [0, 1, 2]);
});

Deno.test("wait: a listener is ready when accept has something to tell", async () => {
  using listener = new Listener({ address: LOCAL, authkey: KEY });
  assertEquals(await connection.wait([listener], 1), []);
  const waiting = connection.wait([listener], HANG);
  using client = await Client(listener.address, { authkey: KEY, timeout: HANG });
  assertEquals(await waiting, [listener]);
  assertEquals(await connection.wait([listener, client], 0), [listener]);
  using server = await listener.accept();
  await server.send(1);
  assertEquals(await connection.wait([listener, client], HANG), [client]);
  const failing = connection.wait([listener], HANG);
  await assertRejects(
    () => Client(listener.address, { authkey: new Uint8Array(1) }),
    AuthenticationError,
  );
  assertEquals(await failing, [listener]);
  await assertRejects(() => listener.accept(), AuthenticationError);
});

Deno.test("a listener that is closed hangs up on whoever has not been accepted", async () => {
  const listener = new Listener({ address: LOCAL, authkey: KEY });
  const waiting = connection.wait([listener], HANG);
  using client = await Client(listener.address, { authkey: KEY });
  await waiting;
  const silent = await stranger(listener.address);
  await connection.wait([listener], 5);
  listener.close();
  await assertRejects(() => client.recv(), EOFError);
  silent.close();
});

Deno.test("a missing permission is named, with the flag", async () => {
  const source = (what: string) =>
    "data:text/javascript," + encodeURIComponent(`
      import { connection } from "${new URL("mod.ts", ROOT)}";
      try {
        await ${what};
      } catch (error) {
        console.log(error instanceof Deno.errors.NotCapable, error.message);
      }
    `);
  const read = `-R=${ROOT.pathname}`;
  const cases: [string[], string, string][] = [
    [
      [read],
      `new connection.Listener({ address: ["127.0.0.1", 6000] })`,
      "--allow-net=127.0.0.1:6000",
    ],
    [[read], `connection.Client(["::1", 6000])`, "--allow-net=[::1]:6000"],
    [
      [read],
      `connection.Client("/tmp/there")`,
      "--allow-net=unix:/tmp/there --allow-read=/tmp/there",
    ],
    [["-R", "-N"], `new connection.Listener({ address: "/tmp/s" })`, "add --allow-write=/tmp/s"],
    [["-R", "-N"], `new connection.Listener()`, "--allow-write"],
    [["-R", "-W", "-N=unix:/tmp"], `new connection.Listener()`, "add --allow-net, and"],
  ];
  for (const [flags, what, named] of cases) {
    if (!isUnix && !what.includes("[")) continue;
    const [printed] = await lines(["--no-prompt", ...flags, CONFIG, source(what)]);
    assert(printed?.startsWith("true Cannot ") && printed.includes(named), printed);
  }
});
