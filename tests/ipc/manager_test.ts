/** The life of managers: starting, connecting, serving, ending. Names such as R05 are lines of CPython's suites. */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { deadline } from "@std/async";
import {
  active_children,
  type Address,
  AuthenticationError,
  BaseManager,
  CancelledError,
  connection,
  current_process,
  Lock,
  Manager,
  OSError,
  ProcessError,
  ProcessPoolExecutor,
  RuntimeError,
  SyncManager,
  task,
  TimeoutError,
  ValueError,
} from "../../mod.ts";
import { Marked } from "../support/processes.ts";
import { type RunOptions, runProgram } from "../support/program.ts";
import { initialise, lockAt, readInitialised, serveAt, Stores } from "./manager_tasks.ts";

const HERE = import.meta.resolve("./manager_tasks.ts");
const PROGRAMS = new URL("./programs/managers.ts", import.meta.url);
const HANG = 30_000;
const LOCAL: Address = ["127.0.0.1", 0];
const KEY = new TextEncoder().encode("secret");

class Readers extends BaseManager {
  declare read: () => Promise<{ get(key: string): Promise<string> }>;
}
Readers.register("read", task(HERE, readInitialised), { exposed: ["get"] });

Deno.test("R04, R05, R06: a manager starts once, and its process ends with 0 when it is shut down", async () => {
  const manager = new SyncManager();
  assertEquals(manager.address, null);
  await assertRejects(() => manager.dict(), RuntimeError, "has not started");
  await assertRejects(() => manager.join(), RuntimeError, "has started no process");
  assertEquals(await manager.start(), manager);
  const process = active_children().find(({ name }) => name.startsWith("SyncManager-"))!;
  assert(/^SyncManager-\d+$/.test(process.name) && typeof manager.address === "string");
  await assertRejects(() => manager.start(), ProcessError, "it is started");
  await assertRejects(() => manager.connect(), ProcessError, "it is started");
  await assertRejects(() => manager.get_server(), ProcessError, "it is started");
  const [first, second] = [manager.shutdown(), manager.shutdown()];
  await Promise.all([first, second]);
  assertEquals([process.exitcode, process.is_alive()], [0, false]);
  await manager.join();
  await assertRejects(() => manager.start(), ProcessError, "has been shut down");
  await assertRejects(() => manager.list(), RuntimeError, "has been shut down");
  await assertRejects(async () => await Deno.stat(manager.address as string), Deno.errors.NotFound);
});

Deno.test("R07: who has address and key connects, by TCP and by Unix sockets", async () => {
  const places: (Address | undefined)[] = Deno.build.os === "windows"
    ? [LOCAL]
    : [LOCAL, undefined];
  for (const address of places) {
    await using server = await new SyncManager({ address, authkey: KEY }).start();
    await using client = new SyncManager({ address: server.address!, authkey: KEY });
    await client.connect();
    const list = await client.list([1]);
    const dict = await server.dict<string, unknown>();
    await list.append(2);
    assertEquals([await list.len(), await dict.len()], [2, 0]);
    await assertRejects(() => client.join(), RuntimeError, "no process");
    await client.shutdown();
    // The server is not a client's to end.
    assertEquals(await dict.len(), 0);
  }
});

Deno.test("who has another key, or none, is refused, and the server serves on", async () => {
  await using server = await new SyncManager({ address: LOCAL }).start();
  const address = server.address!;
  assertEquals(server.authkey, current_process().authkey);
  for (let i = 0; i < 5; i++) {
    const stranger = new SyncManager({ address, authkey: KEY });
    await assertRejects(() => stranger.connect(), AuthenticationError);
    // With the right one it would have got in.
    assertEquals(stranger.address, address);
  }
  using keyless = await connection.Client(address);
  await keyless.send({ kind: "call", call: 1, object: 0, method: "dummy" });
  await keyless.recv_bytes();
  await assertRejects(() => keyless.recv(), Error);
  assertEquals(await (await server.list([1])).len(), 1);
});

Deno.test("where no manager is, connecting fails and says so, and may be tried again", async () => {
  const listener = new connection.Listener({ address: LOCAL, authkey: KEY });
  const { address } = listener;
  const manager = new SyncManager({ address, authkey: KEY });
  const connecting = assertRejects(() => manager.connect(), OSError, "the manager at 127.0.0.1");
  {
    using peer = await listener.accept();
    await peer.send("hello, I'm no manager");
    await connecting;
  }
  const again = assertRejects(() => manager.connect(), Error, "the manager at 127.0.0.1");
  (await listener.accept()).close();
  await again;
  await assertRejects(() => manager.connect({ timeout: 50 }), TimeoutError);
  await assertRejects(() => manager.connect({ signal: AbortSignal.abort() }), CancelledError);
  await listener[Symbol.asyncDispose]();
  await assertRejects(() => manager.connect(), OSError, "connect to 127.0.0.1");
  await using server = await new SyncManager({ address, authkey: KEY }).start();
  await manager.connect();
  assertEquals(await (await manager.list()).len(), 0);
  assertEquals(server.address, address);
  await manager.shutdown();
});

Deno.test("R08: the same port serves again at once", async () => {
  let address: Address = ["127.0.0.1", 0] as Address;
  for (let i = 0; i < 3; i++) {
    await using manager = await new SyncManager({ address }).start();
    address = manager.address!;
    assertEquals(await (await manager.list([i])).copy(), [i]);
  }
});

Deno.test("an address in use, or one that can't be, fails the start", async () => {
  using listener = new connection.Listener({ address: LOCAL });
  const manager = new SyncManager({ address: listener.address });
  await assertRejects(() => manager.start(), OSError, "the address is in use");
  await assertRejects(() => manager.start(), ProcessError, "shut down");
  assertThrows(() => new SyncManager({ address: ["127.0.0.1", -1] }), ValueError, "port");
  assertThrows(() => new SyncManager({ address: 5 as never }), TypeError, "address");
  assertThrows(() => new SyncManager({ authkey: "secret" as never }), TypeError, "Uint8Array");
  assertThrows(() => new SyncManager({ shutdown_timeout: -1 }), ValueError, "shutdown_timeout");
  assertThrows(() => new SyncManager({ serializer: "pickle" } as never), TypeError, "serializer");
  await assertRejects(() => new SyncManager().connect(), ValueError, "address");
});

Deno.test("R11: the initializer runs in the server, with what it is given, proxies included", async () => {
  await using manager = await new Readers().start({
    initializer: task(HERE, initialise),
    initargs: ["ready"],
  });
  assertEquals(await (await manager.read()).get("text"), "ready");
  await using other = await Manager();
  const queue = await other.Queue<string>();
  const initializer = async (given: typeof queue) => await given.put("from the server");
  await using _second = await new SyncManager().start({ initializer, initargs: [queue] });
  assertEquals(await queue.get({ timeout: HANG }), "from the server");
});

Deno.test("R11: an initializer that is none, throws, or ends the process fails the start", async () => {
  const start = (initializer: unknown, ...initargs: unknown[]) =>
    new Readers().start({ initializer: initializer as () => void, initargs });
  await assertRejects(() => start(5), TypeError, "initializer");
  await assertRejects(() => start(task(HERE, initialise), ""), TypeError, "nothing to say");
  await assertRejects(() => start(() => Deno.exit(5)), ProcessError, "with code 5");
  await assertRejects(() => start(task(HERE, "nothing")), TypeError, "does not export it");
  const unknown = class extends BaseManager {};
  unknown.register("x", () => HERE.length);
  await assertRejects(() => new unknown().start(), TypeError, "HERE");
  assertEquals(active_children(), []);
});

Deno.test("a manager that is shut down while it starts does not start", async () => {
  const early = new SyncManager();
  const starting = assertRejects(() => early.start(), ProcessError);
  await early.shutdown();
  await starting;
  const late = new SyncManager();
  const second = assertRejects(() => late.start(), ProcessError);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await late.shutdown();
  await second;
  await assertRejects(() => late.list(), RuntimeError, "shut down");
  assertEquals(active_children(), []);
});

Deno.test("a manager that is shut down while it connects does not connect", async () => {
  const server = await new SyncManager({ address: LOCAL, authkey: KEY }).get_server();
  const serving = server.serve_forever();
  const manager = new SyncManager({ address: server.address, authkey: KEY });
  const connecting = assertRejects(() => manager.connect(), ProcessError, "shut down");
  await manager.shutdown();
  await connecting;
  await assertRejects(() => manager.list(), RuntimeError, "shut down");
  await assertRejects(() => manager.connect(), ProcessError, "shut down");
  server.stop();
  await serving;
});

Deno.test("a program can serve by itself, and give what it has", async () => {
  class Own extends SyncManager {
    declare mine: () => Promise<{ get(key: string): Promise<number> }>;
  }
  const mine = new Map([["sheep", 1]]);
  Own.register("mine", () => mine, { exposed: ["get"] });
  const server = await new Own().get_server();
  const serving = server.serve_forever();
  await using client = await new Own({ address: server.address }).connect();
  const proxy = await client.mine();
  mine.set("sheep", 2);
  assertEquals([await proxy.get("sheep"), await client.mine() === proxy], [2, true]);
  assertEquals(await (await client.list([1])).len(), 1);
  server.stop();
  await serving;
  await assertRejects(() => proxy.get("sheep"), Error, "the manager at");
});

Deno.test("an object of a client is used by another through the manager", async () => {
  await using manager = await new Stores({ address: LOCAL, authkey: KEY }).start();
  await using children = new ProcessPoolExecutor(1);
  const [lock, store] = [new Lock(), await manager.store()];
  await store.set("lock", lock);
  assert(await store.get("lock") === lock);
  assertEquals(await children.submit(task(HERE, lockAt), manager.address!, KEY), true);
  // Who had it is gone: that comes from the child to the manager, and from there.
  assertEquals(await lock.acquire({ timeout: HANG }), true);
  assertEquals(lock.abandoned, true);
});

Deno.test("a process that serves is a manager's as any", async () => {
  await using children = new ProcessPoolExecutor(1);
  await using manager = await Manager();
  const news = await manager.Queue<Address>();
  const serving = children.submit(task(HERE, serveAt), news, KEY);
  const address = await news.get();
  await using client = await new SyncManager({ address, authkey: KEY }).connect();
  const event = await client._create("end") as { set(): Promise<void> };
  await event.set();
  assertEquals(await serving, "served");
});

function run(name: string, options?: RunOptions) {
  return runProgram([PROGRAMS.pathname, name], options);
}

Deno.test("a manager that nobody shuts down does not keep its program, nor stay behind", async () => {
  const marked = new Marked();
  const { code, stdout, stderr } = await run("a manager is forgotten", { env: marked.env });
  assertEquals([code, stdout, stderr], [0, "1 SyncManager-1\n", ""]);
  await marked.gone();
});

Deno.test("who waits for a manager keeps the program alive", async () => {
  assertEquals(await run("keeps waiting"), { code: 0, signal: null, stdout: "5\n", stderr: "" });
});

Deno.test("a manager's process ends with its program, however that ends", async () => {
  const marked = new Marked();
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    await run("waits and is killed", { signal, env: marked.env });
    await marked.gone();
  }
  assertEquals((await run("exits at once", { env: marked.env })).code, 3);
  await marked.gone();
});

Deno.test("Ctrl-C is not for the manager's process", async () => {
  const { code, stdout, stderr } = await run("Ctrl-C");
  assertEquals([code, stdout, stderr], [0, 'now\n[ "still there" ]\n', ""]);
});

Deno.test("a manager's process may have children", async () => {
  assertEquals((await run("a child of the manager")).stdout, "7\n");
});

Deno.test("R14: objects whose proxies were collected are let go of", async () => {
  const permissions = ["-A", "--v8-flags=--expose-gc"];
  assertEquals((await run("collected", { permissions })).stdout, "1 0\n");
});

Deno.test("a program that may not have a manager is told the flags", async () => {
  const { stdout } = await run("no permissions", { permissions: ["--allow-run"] });
  assertStringIncludes(stdout, "NotCapable");
  assertStringIncludes(stdout, "--allow-read");
});

Deno.test("a server that does not end when it is told to is ended", async () => {
  class Busy extends BaseManager {
    declare busy: () => Promise<{ block(): Promise<void> }>;
  }
  Busy.register("busy", () => ({
    block() {
      for (;;);
    },
  }));
  const manager = await new Busy({ shutdown_timeout: 200 }).start();
  const process = active_children().find(({ name }) => name.startsWith("Busy-"))!;
  const blocked = assertRejects(async () => await (await manager.busy()).block());
  await (await manager.busy());
  await deadline(manager.shutdown(), HANG);
  await blocked;
  assert(process.exitcode! < 0);
});
