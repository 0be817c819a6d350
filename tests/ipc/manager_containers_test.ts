/**
 * What managers keep: lines G of CPython's suites, and what is Herd's own.
 *
 * | line | why not |
 * | --- | --- |
 * | G03, G07, G24 | there are no abstract base classes; the names are in the types |
 * | G12 | attributes are got by methods here, and no proxy has any of its own |
 * | G13 | who releases too often gets a `ValueError`, as of any lock of Herd's |
 * | G17, G18, G22 | there are no operators; what they do is done by methods |
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  EOFError,
  KeyError,
  type ListProxy,
  Manager,
  RuntimeError,
  SyncManager,
  ValueError,
} from "../../mod.ts";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

Deno.test("G06: a dict has Python's methods, and gives copies", async () => {
  await using manager = await Manager();
  const dict = await manager.dict<string, unknown>({ a: 1 });
  await dict.set("b", [2]);
  assertEquals(await dict.get("a"), 1);
  assertEquals([await dict.get("none"), await dict.get("none", 7)], [null, 7]);
  assertEquals([await dict.has("a"), await dict.has("none"), await dict.len()], [true, false, 2]);
  (await dict.get("b") as number[]).push(3);
  assertEquals(await dict.items(), [["a", 1], ["b", [2]]]);
  assertEquals(await dict.setdefault("c", 3), 3);
  assertEquals(await dict.setdefault("c", 4), 3);
  assertEquals(await dict.keys(), ["a", "b", "c"]);
  assertEquals(await dict.values(), [1, [2], 3]);
  assertEquals(await dict.pop("c"), 3);
  assertEquals(await dict.pop("c", "gone"), "gone");
  assertEquals(await dict.popitem(), ["b", [2]]);
  await dict.update([["x", 1], ["y", 2]]);
  await dict.update(new Map([["y", 3]]));
  await dict.update(await manager.dict({ z: 5 }));
  assertEquals(await dict.copy(), new Map(Object.entries({ a: 1, x: 1, y: 3, z: 5 })));
  assertEquals(await dict._getvalue(), await dict.copy());
  await dict.delete("x");
  await assertRejects(() => dict.delete("x"), KeyError, '"x"');
  await assertRejects(() => dict.pop("x"), KeyError, '"x"');
  await dict.clear();
  await assertRejects(() => dict.popitem(), KeyError, "empty");
  assertEquals(await dict.len(), 0);
});

Deno.test("keys that are copies of objects are refused, and nothing is half done", async () => {
  await using manager = await Manager();
  const dict = await manager.dict<unknown, number>();
  await assertRejects(() => dict.set([1], 2), TypeError, "copy");
  await assertRejects(() => dict.update([["a", 1], [{}, 2]]), TypeError, "copy");
  await assertRejects(() => dict.update([["a", 1], 5] as never), TypeError, "pair");
  await assertRejects(() => dict.update(5 as never), TypeError, "iterated");
  await assertRejects(() => manager.dict(5 as never), TypeError, "iterated");
  for (const key of [NaN, 5n, true, null, undefined, "__proto__", await manager.list()]) {
    await dict.set(key, 1);
    assertEquals(await dict.get(key), 1);
  }
  assertEquals(await dict.len(), 7);
});

Deno.test("G08: iterating a dict gives its keys, and fails when one comes meanwhile", async () => {
  await using manager = await Manager();
  const dict = await manager.dict({ a: 1, b: 2, c: 3 });
  assertEquals(await collect(dict), ["a", "b", "c"]);
  await assertRejects(
    async () => {
      for await (const key of dict) await dict.set(`${key}!`, 0);
    },
    RuntimeError,
    "size has changed",
  );
});

Deno.test("G01: a list has Python's methods, and gives copies", async () => {
  await using manager = await Manager();
  const list = await manager.list<unknown>([3, 1]);
  await list.append(2);
  await list.extend([5, 4]);
  await list.extend(new Set([1]));
  await list.insert(0, 0);
  await list.insert(100, 9);
  await list.insert(-1, 8);
  assertEquals(await list.copy(), [0, 3, 1, 2, 5, 4, 1, 8, 9]);
  assertEquals(await list.slice(1, -1), [3, 1, 2, 5, 4, 1, 8]);
  assertEquals([await list.get(0), await list.get(-1), await list.len()], [0, 9, 9]);
  await list.set(-1, 7);
  assertEquals([await list.pop(), await list.pop(0)], [7, 0]);
  await list.sort();
  assertEquals(await list.copy(), [1, 1, 2, 3, 4, 5, 8]);
  await list.sort({ reverse: true });
  await list.reverse();
  assertEquals(await list._getvalue(), [1, 1, 2, 3, 4, 5, 8]);
  await list.remove(1);
  assertEquals([await list.count(1), await list.index(1), await list.index(8, -1)], [1, 0, 5]);
  assertEquals([await list.has(8), await list.has(9)], [true, false]);
  await assertRejects(() => list.index(8, 0, 5), ValueError, "not in the list");
  await assertRejects(() => list.remove(9), ValueError, "9");
  await assertRejects(() => list.get(6), ValueError, "index 6 is out of range");
  await assertRejects(() => list.set(-7, 0), ValueError, "from -6 to 5");
  await assertRejects(() => list.get("0" as never), TypeError, "integer");
  await list.append("text");
  await assertRejects(() => list.sort(), TypeError, "no order");
  assertEquals(await list.slice(0, 2), [1, 2]);
  await list.clear();
  await assertRejects(() => list.pop(), ValueError, "empty");
});

Deno.test("items of a list are found by what they hold, and arrays are sorted by their items", async () => {
  await using manager = await Manager();
  const wanted = { at: [new Date(5), new Map([["a", new Set([1])]])], bytes: new Uint8Array([1]) };
  const list = await manager.list<unknown>([{}, { at: [] }, wanted, 5]);
  assertEquals(await list.index(structuredClone(wanted)), 2);
  assertEquals(await list.count({ ...wanted, bytes: new Uint8Array([2]) }), 0);
  const pairs = await manager.list([["b", 1], ["a", 2], ["a", 1], ["a"]]);
  await pairs.sort();
  assertEquals(await pairs.copy(), [["a"], ["a", 1], ["a", 2], ["b", 1]]);
});

Deno.test("what is met many times in two values is compared once", async () => {
  await using manager = await Manager();
  let [a, b]: unknown[] = [1, 1];
  for (let i = 0; i < 100; i++) [a, b] = [[a, a], [b, b]];
  const list = await manager.list([a]);
  assertEquals([await list.count(b), await list.count([b, b])], [1, 0]);
  const [ring, other]: unknown[][] = [[], []];
  ring!.push(ring);
  other!.push([other]);
  assertEquals(await (await manager.list([ring])).has(other), true);
});

Deno.test("an array of next to nothing is refused where all of it would be made", async () => {
  await using manager = await Manager();
  const holes = Object.assign([], { length: 4e9 });
  const list = await manager.list<unknown>();
  for (
    const attempt of [
      () => list.extend(holes),
      () => manager.set(holes),
      () => manager.dict(holes),
      () => manager.Array("i", holes),
    ]
  ) await assertRejects(attempt, ValueError, "hole");
  await list.extend(Object.assign([1], { length: 3 }));
  assertEquals(await list.len(), 3);
});

Deno.test("G04: iterating a list goes by index, and sees what is appended", async () => {
  await using manager = await Manager();
  const list = await manager.list([1, 2, 3]);
  const seen: number[] = [];
  for await (const item of list) {
    seen.push(item);
    if (item < 3) await list.append(item + 10);
  }
  assertEquals(seen, [1, 2, 3, 11, 12]);
});

Deno.test("G02, G05: a list in a list stays shared, and may hold itself", async () => {
  await using manager = await Manager();
  const inner = await manager.list(["a"]);
  const outer = await manager.list<unknown>([inner]);
  await inner.append("b");
  const [found] = await outer.copy() as [ListProxy<string>];
  assertEquals(await found.copy(), ["a", "b"]);
  assert(found === inner);
  await found.append("c");
  assertEquals(await inner.copy(), ["a", "b", "c"]);
  await outer.append(outer);
  assert(await outer.get(1) === outer);
  assertEquals([await outer.index(outer), await outer.index(inner)], [1, 0]);
});

Deno.test("G09, G10: a dict keeps what is in it when nobody else does, and gives it back alive", async () => {
  await using manager = await Manager();
  const dict = await manager.dict<string, unknown>();
  {
    using inner = await manager.list([1]);
    await dict.set("inner", inner);
    await dict.set("plain", [1]);
  }
  assertEquals(await manager._number_of_objects(), 1);
  const revived = await dict.get("inner") as ListProxy<number>;
  await revived.append(2);
  assertEquals(await dict.get("plain"), [1]);
  await dict.clear();
  assertEquals(await revived.copy(), [1, 2]);
});

Deno.test("G11: queues, locks and sets can be put into dicts and lists", async () => {
  await using manager = await Manager();
  const [queue, lock] = [await manager.Queue<unknown>(1), await manager.Lock()];
  const dict = await manager.dict<string, unknown>({ queue, lock, list: await manager.list() });
  await (await dict.get("queue") as typeof queue).put(await manager.set([1]));
  assertEquals([await queue.full(), await queue.qsize()], [true, 1]);
  const set = await queue.get() as Awaited<ReturnType<typeof manager.set>>;
  assertEquals(await set.copy(), new Set([1]));
  assert(await dict.get("lock") === lock);
});

Deno.test("G12, G21: a namespace has names", async () => {
  await using manager = await Manager();
  const space = await manager.Namespace<{ x: number; name?: string }>({ x: 10 });
  await space.set("name", "Dolly");
  assertEquals([await space.get("x"), await space.has("name")], [10, true]);
  assertEquals(await collect(space), [["x", 10], ["name", "Dolly"]]);
  await space.delete("name");
  await assertRejects(() => space.get("name"), KeyError, "name");
  await assertRejects(() => space.delete("name"), KeyError, "name");
  assertEquals(await space.copy(), { x: 10 });
});

Deno.test("G19, G20: values and arrays hold what their type codes say", async () => {
  await using manager = await Manager();
  const value = await manager.Value("i", 5);
  await value.set(7);
  assertEquals([await value.add(1), await value.get(), await value._getvalue()], [7, 8, 8]);
  assertEquals([await value.exchange(1), await value.compareExchange(2, 9)], [8, 1]);
  await assertRejects(() => value.set(2 ** 31), ValueError);
  assertEquals(await (await manager.Value("q", 2n ** 40n)).get(), 2n ** 40n);
  const array = await manager.Array("d", [1, 2.5, 3]);
  await array.set(0, -1);
  assertEquals([await array.get(0), await array.len()], [-1, 3]);
  assertEquals(await collect(array), [-1, 2.5, 3]);
  assertEquals(await (await manager.Array("B", 2)).copy(), [0, 0]);
  await assertRejects(() => array.get(5), ValueError);
  await assertRejects(() => manager.Value("?" as "i"), TypeError);
});

Deno.test("G22, G23: a set has Python's methods, and gives copies", async () => {
  await using manager = await Manager();
  const set = await manager.set([1, 2]);
  await set.add(3);
  await set.add(3);
  await set.discard(9);
  await set.remove(1);
  await assertRejects(() => set.remove(1), KeyError, "1");
  assertEquals([await set.has(2), await set.len()], [true, 2]);
  const other = await manager.set([3, 4]);
  assertEquals(await set.union(other, [5]), new Set([2, 3, 4, 5]));
  assertEquals(await set.intersection(other), new Set([3]));
  assertEquals(await set.difference([3]), new Set([2]));
  assertEquals(await set.symmetric_difference(new Set([3, 4])), new Set([2, 4]));
  assertEquals(await set.issubset([1, 2, 3]), true);
  assertEquals([await set.issuperset(other), await set.isdisjoint([9])], [false, true]);
  await set.update([7], other);
  await set.difference_update([7]);
  await set.intersection_update([2, 3]);
  await set.symmetric_difference_update([3, 8]);
  assertEquals(await collect(set), [2, 8]);
  assertEquals([await set.pop(), await set.pop()], [2, 8]);
  await assertRejects(() => set.pop(), KeyError, "empty");
  await set.add(1);
  await set.clear();
  assertEquals(await set.copy(), new Set());
  assertEquals(await (await manager.set(await manager.list("ab" as never))).len(), 2);
  await assertRejects(() => manager.set(5 as never), TypeError, "iterated");
  await assertRejects(() => manager.set([[1]]), TypeError, "copy");
});

Deno.test("G13, G16: a condition may use a lock of the manager, and a queue can be joined", async () => {
  await using manager = await Manager();
  const lock = await manager.RLock();
  const condition = await manager.Condition(lock);
  {
    await using _held = await condition.hold();
    assertEquals(await lock.locked(), true);
  }
  assertEquals(await lock.locked(), false);
  await assertRejects(async () => await (await manager.Lock()).release(), ValueError);
  const barrier = await manager.Barrier(2);
  assertEquals((await Promise.all([barrier.wait(), barrier.wait()])).sort(), [0, 1]);
  assertEquals(barrier.parties, 2);
  const queue = await manager.JoinableQueue<number>(2);
  await queue.put(1);
  const joined = queue.join();
  assertEquals(await queue.get(), 1);
  await queue.task_done();
  await joined;
  const event = await manager.Event();
  const waiting = event.wait();
  await event.set();
  assertEquals(await waiting, true);
});

Deno.test("what a list is told by several at once it does one after another", async () => {
  await using manager = await Manager();
  const list = await manager.list<number>();
  await Promise.all(Array.from({ length: 500 }, (_, i) => list.append(i)));
  assertEquals(await list.copy(), Array.from({ length: 500 }, (_, i) => i));
});

Deno.test("values of all kinds come back as they were", async () => {
  await using manager = await Manager();
  const dict = await manager.dict<string, unknown>();
  const error = new ValueError("too many", { cause: new TypeError("sheep") });
  const values: unknown[] = [
    ...[undefined, null, 1.5, NaN, -0, 2n ** 70n, "ß😀", new Date(5), /a/g, [1, , 3]],
    ...[new Map([[{}, new Set([1])]]), new Uint8Array(200_000).fill(7), new URL("data:,x")],
    JSON.parse(`{ "__proto__": 5, "constructor": 1 }`),
  ];
  for (const value of values) {
    await dict.set("it", value);
    assertEquals(await dict.get("it"), value);
  }
  await dict.set("it", error);
  const back = await dict.get("it") as ValueError;
  assert(back instanceof ValueError && back.cause instanceof TypeError);
  await assertRejects(() => dict.set("it", () => 1), DOMException);
  await assertRejects(() => dict.set("it", new ReadableStream()), DOMException, "its own program");
  assertEquals((await dict.get("it") as Error).message, "too many");
});

Deno.test("after its manager is shut down a proxy fails at once, and says so", async () => {
  const manager = await new SyncManager().start();
  const [dict, lock] = [await manager.dict(), await manager.Lock()];
  await manager.shutdown();
  await manager.shutdown();
  await assertRejects(() => dict.len(), EOFError, "the manager at");
  await assertRejects(() => lock.acquire(), EOFError);
  await assertRejects(() => manager.list(), RuntimeError, "shut down");
});
