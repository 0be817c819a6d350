/** Proxies of objects of any class: lines R of CPython's suites, and what is Herd's own. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BaseManager,
  BaseProxy,
  connection,
  Manager,
  Process,
  ProcessPoolExecutor,
  Queue,
  RemoteError,
  RuntimeError,
  SyncManager,
  task,
  ThreadPoolExecutor,
  ValueError,
} from "../../mod.ts";
import {
  appendDeep,
  appendTo,
  CounterProxy,
  Counters,
  countUp,
  giveBack,
  putInto,
  textOf,
  two,
} from "./manager_tasks.ts";

const HERE = import.meta.resolve("./manager_tasks.ts");

Counters.register("Counter", task(HERE, "Counter"));
Counters.register("Limited", task(HERE, "Counter"), { exposed: ["increment", "_secret", "gone"] });
Counters.register("Special", task(HERE, "Counter"), { proxytype: CounterProxy });
Counters.register("Parent", task(HERE, "Counter"), { method_to_typeid: { child: "Counter" } });
Counters.register("two", task(HERE, two));

class Flocks extends SyncManager {
  declare Hidden: () => Promise<never>;
  declare Open: () => Promise<never>;
}
Flocks.register("Hidden", () => new Map([["secret", "wool"]]), { exposed: ["has"] });
Flocks.register("Open", () => new Map([["secret", "wool"]]));

/** Calls what the proxy's type does not have. */
function call(proxy: BaseProxy, method: string, ...args: unknown[]): Promise<unknown> {
  return proxy._callmethod(method, args);
}

Deno.test("R01: public methods are exposed, or those that are named, underscores included", async () => {
  await using manager = await new Counters().start();
  const counter = await manager.Counter(5);
  assertEquals([await counter.increment(), await counter.increment(10)], [6, 16]);
  assertEquals(await counter.later(), 16);
  assert(!("_secret" in counter) && !("label" in counter));
  const limited = await manager.Limited();
  assertEquals([await limited.increment(2), await call(limited, "_secret")], [2, "wool"]);
  assertEquals(["later" in limited, Symbol.asyncIterator in limited], [false, false]);
  await assertRejects(() => limited._getvalue(), RemoteError, "no such method");
  assertEquals(
    [String(counter), Deno.inspect(limited)],
    ["<CounterProxy object, typeid 'Counter'>", "<LimitedProxy object, typeid 'Limited'>"],
  );
});

Deno.test("R02: a method that is not exposed can't be called by any name", async () => {
  await using manager = await new Counters().start();
  const [counter, limited] = [await manager.Counter(), await manager.Limited()];
  for (
    const name of [
      ...["_secret", "label", "nothing", "constructor", "__proto__", "hasOwnProperty", "then", ""],
      ...["toString", "valueOf", "__defineGetter__", "prototype", "#count", "#nothing"],
    ]
  ) {
    await assertRejects(() => call(counter, name), RemoteError, "no such method");
  }
  await assertRejects(() => call(limited, "later"), RemoteError, "no such method");
  await assertRejects(() => call(limited, "gone"), RemoteError, "no such method");
  await assertRejects(() => call(counter, 5 as never), RemoteError, "no such method");
  assertEquals(await counter.increment(), 1);
});

Deno.test("R02: what a method throws arrives with its class, cause and the manager's stack", async () => {
  await using manager = await new Counters().start();
  const counter = await manager.Counter();
  const error = await assertRejects(() => counter.fail(), SyntaxError, "the counter is upset");
  assert(error.cause instanceof TypeError);
  assert(error.stack!.includes("manager_tasks.ts"), error.stack);
  await assertRejects(() => manager.Counter(-1), RangeError, "no flock has -1");
  const unsent = await assertRejects(() => call(counter, "give"), RemoteError, "Cannot send");
  assert(unsent.cause instanceof DOMException);
  await assertRejects(() => counter.increment((() => 1) as never), DOMException);
  await assertRejects(() => call(counter, "throwMemory"), Error);
  assertEquals(await counter.increment(), 1);
});

Deno.test("an object is copied and iterated where that is exposed, without what is private", async () => {
  class Own extends BaseManager {
    declare open: () => Promise<BaseProxy>;
    declare closed: () => Promise<BaseProxy>;
    declare named: () => Promise<BaseProxy & AsyncIterable<unknown>>;
  }
  Own.register("open", () => ({ a: 1, _b: 2 }));
  Own.register("closed", () => new Map([["a", 1]]), { exposed: ["get"] });
  Own.register("named", () => new Map([["a", 1]]), { exposed: ["_getvalue", "Symbol.iterator"] });
  await using manager = await new Own().start();
  assertEquals(await (await manager.open())._getvalue(), { a: 1 });
  const closed = await manager.closed();
  await assertRejects(() => closed._getvalue(), RemoteError);
  await assertRejects(() => call(closed, "#iterate"), RemoteError);
  await assertRejects(() => call(closed, "#value"), RemoteError);
  const named = await manager.named();
  assertEquals(await named._getvalue(), new Map([["a", 1]]));
  for await (const entry of named) assertEquals(entry, ["a", 1]);
  await assertRejects(() => call(named, "get", "a"), RemoteError);
});

Deno.test("what an object does not expose no container takes from it", async () => {
  await using manager = await new Flocks().start();
  const hidden = await manager.Hidden();
  for (const make of [() => manager.list(hidden), () => manager.set(hidden)]) {
    const error = await assertRejects(make, TypeError, "does not expose");
    assert(!error.message.includes("wool"));
  }
  await assertRejects(() => manager.dict(hidden), TypeError, "does not expose");
  const open = await manager.Open();
  assertEquals(await (await manager.dict(open)).copy(), new Map([["secret", "wool"]]));
});

Deno.test("what was not sent, since something beside it can't be, is not kept", async () => {
  await using manager = await new Counters().start();
  const counter = await manager.Counter();
  await assertRejects(() => call(counter, "giveBoth"), RemoteError, "could not be cloned");
  counter[Symbol.dispose]();
  assertEquals(await manager._number_of_objects(), 0);
});

Deno.test("what no object is made of, or what is not registered, is refused", async () => {
  await using manager = await new Counters().start();
  await assertRejects(() => manager.two(), RemoteError, "gave number");
  for (const name of ["nothing", "__proto__", "constructor", "dict", ""]) {
    await assertRejects(() => manager._create(name), RemoteError, "no type of this manager");
  }
  await assertRejects(() => manager._create("Counter", 5 as never), TypeError);
  assert(await manager.Counter() instanceof BaseProxy);
});

Deno.test("R03: iterators that methods return, and objects that can be iterated, are so", async () => {
  await using manager = await new Counters().start();
  const counter = await manager.Counter(7);
  const all: number[] = [];
  for await (const n of counter) all.push(n);
  for await (const n of await counter.upTo(3)) all.push(n);
  for await (const n of await counter.upTo(1000)) {
    all.push(n);
    if (n === 1) break;
  }
  assertEquals(all, [7, 8, 0, 1, 2, 0, 1]);
  // Those that are done with are let go of; the others with their proxies.
  assert(await manager._number_of_objects() <= 3);
});

Deno.test("results of methods are offered as registered types, where that was asked for", async () => {
  await using manager = await new Counters().start();
  const parent = await manager.Parent();
  const child = await parent.child();
  assertEquals([await child.increment(), await child.increment()], [1, 2]);
  const counter = await manager.Counter(3);
  assertEquals(await counter.child() as unknown, { label: "sheep" });
  assert(await counter.self() as unknown === counter);
});

Deno.test("a class of proxies of one's own is what arrives", async () => {
  await using manager = await new Counters().start();
  const special = await manager.Special();
  assert(special instanceof CounterProxy);
  assertEquals(await special.twice(), 2);
});

Deno.test("a proxy that comes back is the object itself", async () => {
  await using manager = await new Counters().start();
  const [counter, other] = [await manager.Counter(), await manager.Counter()];
  assertEquals([await counter.isSame(counter), await counter.isSame(other)], [true, false]);
  assertEquals(await counter.isSame([counter]), false);
});

Deno.test("processes and threads use what a manager has, and one another's changes", async () => {
  await using manager = await Manager();
  await using processes = new ProcessPoolExecutor(2);
  await using threads = new ThreadPoolExecutor(2);
  const [counts, lock] = [await manager.dict<string, number>(), await manager.Lock()];
  const count = task(HERE, countUp);
  const done = [processes, processes, threads, threads].map((it) =>
    it.submit(count, counts, lock, 20)
  );
  await Promise.all([...done, countUp(counts, lock, 20)]);
  assertEquals(await counts.get("n"), 100);
});

Deno.test("what a child puts into a dict is there when the child has ended", async () => {
  await using manager = await Manager();
  const dict = await manager.dict({ list: await manager.list<string>() });
  const process = new Process({ target: task(HERE, appendTo), args: [dict] });
  process.start();
  await process.join();
  assertEquals(process.exitcode, 0);
  assertEquals(await (await dict.get("list"))!.copy(), [`from ${process.pid}`]);
});

Deno.test("a proxy comes back from threads and processes as itself, in containers too", async () => {
  await using manager = await Manager();
  await using processes = new ProcessPoolExecutor(1);
  await using threads = new ThreadPoolExecutor(1);
  const [list, queue] = [await manager.list([1]), await manager.Queue()];
  for (const executor of [processes, threads]) {
    const [back, [again]] = await executor.submit(
      task(HERE, giveBack<[typeof list, [typeof queue]]>),
      [list, [queue]],
    );
    assert(back === list && again === queue);
    assertEquals(await executor.submit(task(HERE, textOf), list), String(list));
  }
});

Deno.test("a thread of a process of a process uses what it was given, and gives it back", async () => {
  await using manager = await Manager();
  const [dict, list] = [await manager.dict<string, unknown>(), await manager.list<number>()];
  await appendDeep(dict, list, 3);
  assertEquals(await list.copy(), [3, 2, 1, 0]);
  assertEquals(await dict.len(), 4);
  for (const value of await dict.values()) assert(value === list);
});

Deno.test("a proxy is not sent to a program that was started elsewhere, which is told what to do", async () => {
  await using manager = await Manager();
  using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
  using client = await connection.Client(listener.address);
  const list = await manager.list();
  await assertRejects(() => client.send(list), TypeError, "connect to the manager");
});

Deno.test("proxies are items of queues: of the manager's, and of this process's", async () => {
  await using manager = await Manager();
  await using processes = new ProcessPoolExecutor(1);
  await using threads = new ThreadPoolExecutor(1);
  const list = await manager.list([5]);
  for (const queue of [await manager.Queue<unknown>(), new Queue<unknown>()]) {
    await queue.put([list]);
    assert((await queue.get() as unknown[])[0] === list);
    for (const executor of [processes, threads]) {
      await executor.submit(task(HERE, putInto), queue, list);
      assert((await queue.get() as { list: unknown }).list === list);
    }
  }
});

Deno.test("an object that only a disposed proxy had is let go of, others are kept", async () => {
  await using manager = await Manager();
  const list = await manager.list();
  const [lock, dict] = [await manager.Lock(), await manager.dict()];
  assertEquals(await manager._number_of_objects(), 3);
  {
    using same = list;
    assertEquals(await same.len(), 0);
  }
  assertEquals(await manager._number_of_objects(), 2);
  const error = await assertRejects(() => list.len(), RuntimeError, "has been disposed of");
  assert(!(error instanceof RemoteError));
  list[Symbol.dispose]();
  assertEquals([await lock.locked(), await dict.len()], [false, 0]);
  assertThrows(() => new BaseProxy({ typeid: "x", exposed: [] }).toString.call(1));
});

Deno.test("what a client had is let go of when its connection ends", async () => {
  await using manager = await Manager();
  const other = await new SyncManager({ address: manager.address! }).connect();
  const lists = await Promise.all([1, 2, 3].map((n) => other.list([n])));
  assertEquals(await manager._number_of_objects(), 3);
  const kept = await manager.list<unknown>();
  assertEquals(await lists[0]!.len(), 1);
  await other.shutdown();
  while (await manager._number_of_objects() > 1);
  await assertRejects(() => lists[0]!.len(), Error, "the manager at");
  assertEquals(await kept.len(), 0);
});

Deno.test("what can't be registered is refused where it is tried", () => {
  class Own extends BaseManager {}
  const register = (...args: unknown[]) => () =>
    (Own.register as (...args: unknown[]) => void).call(Own, ...args);
  assertThrows(register(5), TypeError, "text");
  for (const name of ["start", "shutdown", "address", "constructor", "__proto__", "then", ""]) {
    assertThrows(register(name), ValueError, "has that name already");
  }
  assertThrows(register("a", parseInt), TypeError, "native");
  assertThrows(register("a", class {}), TypeError, "class");
  assertThrows(register("a", () => 1, { exposed: ["__proto__"] }), TypeError, "exposed");
  assertThrows(register("a", () => 1, { exposed: [5] }), TypeError, "exposed");
  assertThrows(register("a", () => 1, { proxytype: class {} }), TypeError, "BaseProxy");
  assertThrows(register("a", () => 1, { method_to_typeid: { a: 1 } }), TypeError);
  assertThrows(register("a", () => 1, { shown: true }), TypeError, "no option shown");
  assertEquals("a" in Own.prototype, false);
});

Deno.test("what a class registers its subclasses have, and others have not", async () => {
  class Base extends BaseManager {
    declare Thing: () => Promise<BaseProxy>;
  }
  class Derived extends Base {
    declare Other: () => Promise<BaseProxy>;
  }
  Base.register("Thing", () => ({ a: 1 }));
  Derived.register("Other", () => ({ b: 2 }), { create_method: false });
  await using manager = await new Derived().start();
  assertEquals(await (await manager.Thing())._getvalue(), { a: 1 });
  assertEquals("Other" in manager, false);
  assertEquals(await (await manager._create("Other") as BaseProxy)._getvalue(), { b: 2 });
  assertEquals("Thing" in BaseManager.prototype, false);
});

Deno.test("a type of SyncManager may be replaced", async () => {
  class Own extends SyncManager {}
  Own.register("dict", () => new Map([["mine", 1]]));
  await using manager = await new Own().start();
  const dict = await manager._create("dict") as BaseProxy;
  assertEquals(await dict._getvalue(), new Map([["mine", 1]]));
  assertEquals(await (await manager.list([1])).len(), 1);
});
