/** Peers of a manager that have its key and do not behave: each costs its own connection at most. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Address,
  type BaseManager,
  type Connection,
  connection,
  SyncManager,
} from "../../mod.ts";
import { dataToMessage } from "../../ipc/connections/_connection_values.ts";
import { encode, encodePrimitive, encodePrimitives } from "../../ipc/values/_codec.ts";
import { objectMessageToBytes } from "../../ipc/objects/_object_bytes.ts";
import { joinBytes } from "../support/join_bytes.ts";

const HANG = 30_000;
const KEY = new TextEncoder().encode("secret");
const LOCAL: Address = ["127.0.0.1", 0];

/** A manager's server in this process: what it can't bear ends the test. */
class Served implements AsyncDisposable {
  readonly #stop: () => void;
  readonly #serving: Promise<void>;
  readonly address: Address;

  constructor(stop: () => void, serving: Promise<void>, address: Address) {
    this.#stop = stop;
    this.#serving = serving;
    this.address = address;
  }

  static async open(manager: BaseManager = new SyncManager({ address: LOCAL, authkey: KEY })) {
    const server = await manager.get_server();
    return new Served(() => server.stop(), server.serve_forever(), server.address);
  }

  /** Somebody who has the key. */
  peer(): Promise<Connection> {
    return connection.Client(this.address, { authkey: KEY, timeout: HANG });
  }

  /** Uses it as if nothing had happened. */
  async works(): Promise<void> {
    await using client = new SyncManager({ address: this.address, authkey: KEY });
    await client.connect({ timeout: HANG });
    const dict = await client.dict({ a: 1 });
    assertEquals(await dict.get("a"), 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await this.#serving;
  }
}

function bytesOf(message: unknown): Uint8Array {
  return joinBytes(dataToMessage(message));
}

/** Reads what comes until the server hangs up. */
async function untilClosed(peer: Connection): Promise<number> {
  for (let count = 0;; count++) {
    try {
      await peer.recv_bytes();
    } catch {
      return count;
    }
  }
}

const CALL = {
  kind: "call",
  call: 1,
  object: 0,
  method: "dummy",
  args: encode([], []),
  realm: 0,
  task: 0,
};

/** The same, as it is written in few bytes. */
const SMALL_CALL = { ...CALL, kind: "call" } as const;
const SMALL_REPLY = {
  kind: "reply",
  call: 1,
  value: encodePrimitive("x")!,
  error: null,
  abandoned: false,
} as const;

/** An array that takes a few bytes on its way. */
function holes(length: number): unknown[] {
  return Object.assign([], { length });
}

/** An error as it is sent, with such a field. */
function errorWith(slot: unknown): unknown {
  return { kind: "error", records: [{ base: "Error", fields: [["wool", slot, true]] }] };
}

/** What is no message about objects. */
const NO_MESSAGES: Readonly<Record<string, unknown>> = {
  "nothing": undefined,
  "a text": "call",
  "an array": [CALL],
  "an object of no kind": {},
  "a message of another kind": { ...CALL, kind: "run" },
  "a kind that every object has": { ...CALL, kind: "__proto__" },
};

Deno.test("what is no message ends the connection of who sends it, and no other", async () => {
  await using served = await Served.open();
  await using other = await new SyncManager({ address: served.address, authkey: KEY }).connect();
  const list = await other.list([1]);
  for (const [name, message] of Object.entries(NO_MESSAGES)) {
    using peer = await served.peer();
    await peer.send_bytes(bytesOf(message));
    assertEquals([name, await untilClosed(peer)], [name, 0]);
  }
  for (const bytes of [[], [1], [2, 0], [1, 9], [0x80, 4, 0x95], [1, 2, 255, 255, 255, 255]]) {
    using peer = await served.peer();
    await peer.send_bytes(new Uint8Array(bytes));
    assertEquals([bytes, await untilClosed(peer)], [bytes, 0]);
  }
  assertEquals(await list.len(), 1);
  await served.works();
});

/** Calls that are answered by an error, each by its own. */
const WRONG_CALLS: Readonly<Record<string, object>> = {
  "of no such object": { object: 77 },
  "of an object that is none": { object: "0" },
  "of nothing": { object: undefined },
  "of no such method": { method: "listen" },
  "of what every object has": { method: "constructor" },
  "of its prototype": { method: "__proto__" },
  "of a method that is an object": { method: { toString: 1 } },
  "with arguments that are none": { args: 5 },
  "with arguments that are no list": { method: "create", args: ["tag", { length: 1 }] },
  "with more arguments than there can be": { args: ["T", holes(4e9)] },
  "that creates of more arguments than there can be": {
    method: "create",
    args: ["T", ["list", holes(4e9)]],
  },
  "that creates of what only says that it is long": {
    method: "create",
    args: ["T", ["list", [holes(4e9)]]],
  },
  "with an error that only says that it is long": {
    args: ["T", [{ T: "error", data: { kind: "error", records: holes(4e9) } }]],
    method: "create",
  },
  "with a list in an error that does": {
    args: ["T", ["x", {
      T: "error",
      data: errorWith({ kind: "list", items: holes(4e9) }),
    }, { T: "error", data: errorWith({ kind: "entries", items: holes(4e9) }) }]],
    method: "create",
  },
  "for somebody who is no number": { realm: {} },
  "for a task that is no number": { task: 10n },
  "that creates nothing": { method: "create", args: encode([], []) },
  "that creates by what every object has": {
    method: "create",
    args: encode(["hasOwnProperty", []], []),
  },
  "with a function's text": {
    method: "create",
    args: ["T", ["list", [[{ T: "function", data: { name: "x", text: "() => Deno.exit(99)" } }]]]],
  },
  "with an object that is there already": {
    method: "create",
    args: ["T", ["list", [[{ T: "remote", data: ["here", 5] }]]]],
  },
  "with a function of a module that is not known": {
    method: "create",
    args: ["T", ["list", [5, {
      T: "reference",
      data: { url: "data:,", name: "x", text: null },
    }]]],
  },
  "with a stream": {
    method: "create",
    args: ["T", ["list", [[{ T: "remote", data: ["relay", "ReadableStream", 5, null] }]]]],
  },
  "with shared memory": {
    method: "create",
    args: ["T", ["list", [[{ T: "shared", data: ["Lock", 5, {}] }]]]],
  },
  "with an object of no known class": {
    method: "create",
    args: ["T", ["list", [[{ T: "remote", data: ["there", "Wolf", 5, []] }]]]],
  },
  "with an object without facts": {
    method: "create",
    args: ["T", ["list", [[{ T: "remote", data: ["there", "Queue", 5] }]]]],
  },
  "with a proxy without facts": {
    method: "create",
    args: ["T", ["list", [[{ T: "remote", data: ["there", "proxy", 5, [1, 2, 3]] }]]]],
  },
};

Deno.test("a call that can't be done is answered by an error, and does no harm", async () => {
  await using served = await Served.open();
  using peer = await served.peer();
  for (const [name, change] of Object.entries(WRONG_CALLS)) {
    await peer.send_bytes(bytesOf({ ...CALL, ...change }));
    assert(await peer.poll(HANG), name);
    const reply = joinBytes([await peer.recv_bytes()]);
    const text = new TextDecoder("latin1").decode(reply);
    assert(text.includes("reply") && /Error/.test(text), `${name}: ${text}`);
  }
  await served.works();
});

Deno.test("what a peer says that it has is not asked, and its end fails nothing here", async () => {
  await using served = await Served.open();
  const peer = await served.peer();
  const own = { T: "remote", data: ["there", "proxy", 5, ["x", ["items"]]] };
  await peer.send_bytes(bytesOf({ ...CALL, method: "create", args: ["T", ["dict", [own]]] }));
  const reply = new TextDecoder("latin1").decode(await peer.recv_bytes());
  assert(reply.includes("TypeError"), reply);
  peer.close();
  // A call that nobody had waited for would fail now, and end the program.
  await served.works();
});

Deno.test("a call of a number that is in use is refused", async () => {
  await using served = await Served.open();
  using peer = await served.peer();
  await peer.send_bytes(bytesOf({ ...CALL, method: "create", args: ["T", ["Event", []]] }));
  await peer.recv_bytes();
  const wait = { ...CALL, call: 7, object: 1, method: "wait", args: encode([], []) };
  await peer.send_bytes(bytesOf(wait));
  await peer.send_bytes(bytesOf(wait));
  const reply = new TextDecoder("latin1").decode(await peer.recv_bytes());
  assert(reply.includes("TypeError"), reply);
  await served.works();
});

Deno.test("a peer whose calls all wait is refused more, and the others wait as before", async () => {
  await using served = await Served.open();
  using peer = await served.peer();
  await peer.send_bytes(bytesOf({ ...CALL, method: "create", args: ["T", ["Event", []]] }));
  await peer.recv_bytes();
  const wait = { ...SMALL_CALL, object: 1, method: "wait", args: encodePrimitives([])! };
  for (let call = 2; call < 2 + 32_768 + 1; call++) {
    await peer.send_bytes(joinBytes(objectMessageToBytes({ ...wait, call })));
  }
  const reply = new TextDecoder("latin1").decode(await peer.recv_bytes());
  assert(reply.includes("which is the most"), reply);
  await using client = await new SyncManager({ address: served.address, authkey: KEY }).connect();
  const event = await client.Event();
  assertEquals(await event.wait({ timeout: 1 }), false);
});

Deno.test("answers, aborts, drops and ends that nobody has asked for do nothing", async () => {
  await using served = await Served.open();
  using peer = await served.peer();
  for (
    const message of [
      { kind: "reply", call: 5, value: encode(1, []), error: null, abandoned: false },
      { kind: "reply", call: "x", value: null, error: 5, abandoned: 5 },
      { kind: "abort", call: 5 },
      { kind: "abort" },
      { kind: "drop", object: 5, times: 5 },
      { kind: "drop", object: 0, times: 1e9 },
      { kind: "drop", object: {}, times: "x" },
      { kind: "ended", realm: 5 },
      { kind: "ended", realm: {} },
    ]
  ) await peer.send_bytes(bytesOf(message));
  await peer.send_bytes(bytesOf(CALL));
  assert(await peer.poll(HANG));
  await served.works();
});

Deno.test("half a frame, a huge length, and silence cost one connection", async () => {
  await using served = await Served.open();
  const silent = await served.peer();
  using half = await served.peer();
  await half.send_bytes(bytesOf(CALL).subarray(0, 20));
  assertEquals(await untilClosed(half), 0);
  const [hostname, port] = served.address as [string, number];
  for (const bytes of [[0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xfe], [0, 0, 0, 50, 1, 2]]) {
    using raw = await Deno.connect({ hostname, port });
    await raw.write(new Uint8Array(bytes));
  }
  await served.works();
  silent.close();
});

Deno.test("a peer that names more callers than there can be is refused those, not the others", async () => {
  await using served = await Served.open();
  using peer = await served.peer();
  for (let realm = 0; realm < 400; realm++) {
    await peer.send_bytes(bytesOf({ ...CALL, call: realm, realm }));
  }
  for (let i = 0; i < 400; i++) await peer.recv_bytes();
  await served.works();
});

Deno.test("peers that name as many together leave places to the others", async () => {
  await using served = await Served.open();
  const peers: Connection[] = [];
  for (let i = 0; i < 4; i++) {
    const peer = await served.peer();
    peers.push(peer);
    for (let realm = 0; realm < 256; realm++) {
      await peer.send_bytes(bytesOf({ ...CALL, call: realm, realm }));
    }
    for (let realm = 0; realm < 256; realm++) await peer.recv_bytes();
  }
  await served.works();
  for (const peer of peers) peer.close();
  await served.works();
});

Deno.test("a peer that reads no answers is not read any more, and the others are served", async () => {
  await using served = await Served.open();
  using peer = await served.peer();
  await using client = await new SyncManager({ address: served.address, authkey: KEY }).connect();
  const large = await client.list([new Uint8Array(1_000_000)]);
  assertEquals(await large.len(), 1);
  await peer.send_bytes(bytesOf({
    ...CALL,
    method: "create",
    args: encode(["list", [[new Uint8Array(1_000_000)]]], []),
  }));
  await peer.recv_bytes();
  const memory = Deno.memoryUsage().rss;
  // The list is object 2: many more copies are asked for than fit into anybody's memory.
  let sent = 0;
  const sending = (async () => {
    for (; sent < 2000; sent++) {
      await peer.send_bytes(bytesOf({ ...CALL, call: sent, object: 2, method: "copy" }));
    }
  })();
  await served.works();
  await served.works();
  const grown = Deno.memoryUsage().rss - memory;
  peer.close();
  await sending.catch(() => {});
  assert(grown < 500_000_000, `${grown} bytes for ${sent} calls`);
  await served.works();
});

Deno.test("a message with any of its bytes changed does no harm", async () => {
  await using served = await Served.open();
  const args = encode(["list", [[1, "text", new Map([["a", null]])]]], []);
  const peers = [await served.peer()];
  for (
    const message of [
      bytesOf({ ...CALL, method: "create", args }),
      joinBytes(objectMessageToBytes({ ...SMALL_CALL, args: encodePrimitives([1, "x", null])! })),
      joinBytes(objectMessageToBytes(SMALL_REPLY)),
    ]
  ) {
    for (let at = 0; at < message.length; at++) {
      const changed = message.slice();
      changed[at]! ^= 1 << at % 8;
      try {
        await peers.at(-1)!.send_bytes(changed);
      } catch {
        // It has hung up.
      }
      if (await peers.at(-1)!.poll(at % 10)) {
        await peers.at(-1)!.recv_bytes().catch(async () => peers.push(await served.peer()));
      }
    }
  }
  for (const peer of peers) peer.close();
  await served.works();
});

Deno.test("a server that does not behave fails the calls of its client, and nothing else", async () => {
  using listener = new connection.Listener({ address: LOCAL, authkey: KEY });
  const client = new SyncManager({ address: listener.address, authkey: KEY });
  const accepting = listener.accept();
  const connecting = client.connect();
  using server = await accepting;
  const first = await server.recv_bytes();
  assert(first.length > 0);
  await server.send_bytes(
    bytesOf({ kind: "reply", call: 1, value: encode(null, []), error: null, abandoned: false }),
  );
  await connecting;
  const creating = assertRejects(() => client.list(), TypeError);
  await server.recv_bytes();
  await server.send_bytes(
    bytesOf({ kind: "reply", call: 2, value: 5, error: null, abandoned: false }),
  );
  await creating;
  const again = assertRejects(() => client.list(), Error, "the manager at");
  await server.recv_bytes();
  await server.send_bytes(new Uint8Array([1, 0, 255, 255]));
  await again;
  await client.shutdown();
});
