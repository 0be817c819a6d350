/** Connections with CPython's `multiprocessing.connection` at the other end, in both roles. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { AuthenticationError, connection, EOFError } from "../../mod.ts";
import { noPython, startPython } from "../support/python.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
/** Milliseconds after which something that must happen has not. */
const HANG = 60_000;
const LARGE = 16 * 1024 * 1024;

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({
    name: noPython === undefined ? name : `${name} (skipped: ${noPython})`,
    ignore: noPython !== undefined,
    fn,
  });
}

/** What both languages do with a connection: one side of a talk. */
const TALK = `
import sys
from multiprocessing.connection import Client, Listener
from multiprocessing import AuthenticationError

def address(text):
    host, _, port = text.rpartition(":")
    return (host, int(port)) if port.isdigit() else text

def talk(c):
    assert c.recv_bytes() == b"hello"
    c.send_bytes(b"hello back")
    assert c.recv_bytes() == b""
    c.send_bytes(b"")
    large = c.recv_bytes()
    assert len(large) == ${LARGE} and large[:3] == b"\\x07\\x07\\x07", len(large)
    c.send_bytes(large)
    for n in range(200):
        assert c.recv_bytes() == b"x" * n
        c.send_bytes(b"y" * n)
    try:
        c.recv_bytes()
    except EOFError:
        print("talked", flush=True)
`;

async function talk(peer: connection.Connection): Promise<void> {
  await peer.send_bytes(utf8("hello"));
  assertEquals(textOf(await peer.recv_bytes()), "hello back");
  await peer.send_bytes(utf8(""));
  assertEquals(await peer.recv_bytes(), utf8(""));
  const large = new Uint8Array(LARGE).fill(7);
  await peer.send_bytes(large);
  const returned = new Uint8Array(LARGE + 1);
  assertEquals(await peer.recv_bytes_into(returned, 1), LARGE);
  assert(returned.subarray(1).every((byte) => byte === 7));
  for (let n = 0; n < 200; n++) {
    await peer.send_bytes(utf8("x".repeat(n)));
    assertEquals(textOf(await peer.recv_bytes()), "y".repeat(n));
  }
}

const show = (address: connection.Address) =>
  typeof address === "string" ? address : address.join(":");

const FAMILIES: [string, () => connection.Address | undefined][] = [
  ["TCP", () => ["127.0.0.1", 0]],
  ["a Unix socket", () => undefined],
];

for (const [family, makeAddress] of FAMILIES) {
  for (const key of ["secret", "", undefined]) {
    const how = `over ${family}, ${key === undefined ? "without a key" : `with key "${key}"`}`;
    const authkey = key === undefined ? undefined : utf8(key);
    const python = key === undefined ? "None" : `b"${key}"`;

    test(`H03, H05: CPython connects to a Listener ${how}`, async () => {
      using listener = new connection.Listener({ address: makeAddress(), authkey });
      await using program = startPython(
        `${TALK}\ntalk(Client(address(sys.argv[1]), authkey=${python}))`,
        show(listener.address),
      );
      {
        using peer = await listener.accept({ timeout: HANG });
        await talk(peer);
      }
      assertEquals(await program.line(), "talked");
    });

    // CPython's Listener takes an empty key for none before 3.13.
    if (key === "") continue;
    test(`H05: Client connects to CPython's Listener ${how}`, async () => {
      const family = makeAddress() === undefined ? "AF_UNIX" : "AF_INET";
      await using program = startPython(`${TALK}
with Listener(family="${family}", authkey=${python}) as listener:
    a = listener.address
    print(a if isinstance(a, str) else "%s:%d" % a, flush=True)
    talk(listener.accept())
`);
      const where = await program.line();
      const [, host, port] = /^(.*):(\d+)$/.exec(where) ?? [];
      {
        using peer = await connection.Client(host === undefined ? where : [host, Number(port)], {
          authkey,
          timeout: HANG,
        });
        await talk(peer);
      }
      assertEquals(await program.line(), "talked");
    });
  }
}

test("CPython with a wrong key is refused by a Listener, and the next one is served", async () => {
  using listener = new connection.Listener({ address: ["127.0.0.1", 0], authkey: utf8("secret") });
  await using program = startPython(
    `${TALK}
try:
    Client(address(sys.argv[1]), authkey=b"guess")
except AuthenticationError as error:
    print(error, flush=True)
talk(Client(address(sys.argv[1]), authkey=b"secret"))
`,
    show(listener.address),
  );
  await assertRejects(() => listener.accept({ timeout: HANG }), AuthenticationError, "its answer");
  {
    using peer = await listener.accept({ timeout: HANG });
    await talk(peer);
  }
  assertEquals(await program.line(), "digest sent was rejected");
  assertEquals(await program.line(), "talked");
});

test("CPython's Listener refuses a Client with a wrong key", async () => {
  await using program = startPython(`${TALK}
with Listener(("127.0.0.1", 0), authkey=b"secret") as listener:
    print(listener.address[1], flush=True)
    try:
        listener.accept()
    except AuthenticationError as error:
        print(error, flush=True)
`);
  const port = Number(await program.line());
  await assertRejects(
    () => connection.Client(["127.0.0.1", port], { authkey: utf8("guess"), timeout: HANG }),
    AuthenticationError,
    "refuses",
  );
  assertEquals(await program.line(), "digest received was wrong");
});

test("CPython sees the end, and half a talk, as they are", async () => {
  using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
  await using program = startPython(
    `${TALK}
c = Client(address(sys.argv[1]))
c.send_bytes(b"first")
c.close()
d = Client(address(sys.argv[1]))
assert d.poll(30)
assert d.recv_bytes() == b"for you"
try:
    d.recv_bytes()
except EOFError:
    print("the end", flush=True)
`,
    show(listener.address),
  );
  using first = await listener.accept();
  assertEquals(textOf(await first.recv_bytes()), "first");
  await assertRejects(() => first.recv_bytes(), EOFError);
  const second = await listener.accept();
  await second.send_bytes(utf8("for you"));
  second.close();
  assertEquals(await program.line(), "the end");
});
