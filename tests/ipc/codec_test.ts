/**
 * Arguments and results through real threads: what structured clone keeps arrives as it left, `URL`
 * objects and errors too, and what cannot be cloned harms nothing but its own future.
 *
 * `structuredClone` is the model: a value comes back as two clones in a row would have it.
 */

import {
  assertEquals,
  assertInstanceOf,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
// deno-lint-ignore no-import-prefix -- only this test needs it
import fc from "npm:fast-check@^4.10.0";
import { Process, Thread, ThreadPoolExecutor, transfer, ValueError } from "../../mod.ts";
import { assertSame as assertSameBut } from "../support/sameness.ts";

const echo = (value: unknown) => value;

/** Sends a value there and back, on a pool of its own. */
async function roundTrip<T>(value: T): Promise<T> {
  await using executor = new ThreadPoolExecutor(1);
  return await executor.submit(echo, value) as T;
}

/** Stacks differ by where the error was made, not by what it is. */
function assertSame(actual: unknown, expected: unknown, of?: string): void {
  assertSameBut(actual, expected, of, { ignoring: ["stack"] });
}

// ---- What structured clone keeps ---------------------------------------------------------------

const bytes = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);

function sharing(): unknown {
  const shared = { n: 1 };
  return [shared, { shared }, new Map([[shared, shared]]), new Set([shared])];
}

function cyclic(): unknown {
  const object: Record<string, unknown> = {};
  object["self"] = object;
  object["list"] = [object, [object]];
  object["map"] = new Map([[object, object]]);
  object["set"] = new Set([object]);
  return object;
}

function sparse(): unknown[] {
  const list: unknown[] = [, 1, , undefined, null];
  list.length = 9;
  return list;
}

const KEPT: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  booleans: [true, false],
  "minus zero": -0,
  NaN: NaN,
  "infinite numbers": [Infinity, -Infinity],
  "extreme numbers": [Number.MAX_VALUE, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER, 5e-324],
  bigints: [0n, -1n, 2n ** 64n, -(2n ** 200n)],
  strings: ["", "\0", "π 🐑", "\ud800 alone", "x".repeat(70_000)],
  "minus zero inside": [-0, { zero: -0 }, new Map([["zero", -0]])],
  "undefined inside": { a: undefined, b: [undefined], c: new Map([[undefined, undefined]]) },
  "a Date": new Date(1e12),
  "an invalid Date": new Date(NaN),
  "a RegExp": /a(?<b>.)/dgimsuy,
  "a boxed number": Object(-0),
  "boxed primitives": [Object("text"), Object(true), Object(7n)],
  "a Map": new Map<unknown, unknown>([["b", 1], ["a", new Map([[NaN, {}]])], [1n, [2]]]),
  "a Set": new Set<unknown>(["b", "a", new Set([NaN]), -0]),
  "empty containers": [{}, [], new Map(), new Set()],
  "typed arrays": [
    new Int8Array([-1]),
    new Uint8ClampedArray([255]),
    new Int16Array([-1]),
    new Uint16Array([1]),
    new Int32Array([-1]),
    new Uint32Array([1]),
    new Float32Array([0.5]),
    new Float64Array([-0, NaN]),
    new BigInt64Array([-1n]),
    new BigUint64Array([1n]),
  ],
  "views of one buffer": [bytes, bytes.subarray(2, 4), new DataView(bytes.buffer, 1, 3)],
  "an ArrayBuffer": bytes.buffer,
  "a resizable ArrayBuffer": new ArrayBuffer(8, { maxByteLength: 16 }),
  "shared references": sharing(),
  cycles: cyclic(),
  "a sparse array": sparse(),
  "a long sparse array": Object.assign([], { 3_000_000_000: "far" }),
  "an array with properties": Object.assign([1, 2], { extra: { of: "an array" } }),
  "a __proto__ key": JSON.parse(`{ "__proto__": { "a": 1 }, "b": { "__proto__": 2 } }`),
  "keys of methods": { constructor: 1, toString: 2, hasOwnProperty: 3, then: 4, length: 5 },
  "the key @herd": { "@herd": "url", data: "not a URL" },
  "the key @herd inside": [{ "@herd": { "@herd": 1 } }, new Map([["@herd", { "@herd": "x" }]])],
  "many keys": Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`key${i}`, i])),
  "integer keys": { 2: "b", 1: "a", z: "c", "-1": "d" },
};

Deno.test("what structured clone keeps comes back as it left", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (const [of, value] of Object.entries(KEPT)) {
    assertSame(structuredClone(value), value, `${of}, by the model`);
    assertSame(await executor.submit(echo, value), value, of);
  }
});

Deno.test("what structured clone keeps comes back as it left beside a URL", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const url = new URL("https://example.com/");
  for (const [of, value] of Object.entries(KEPT)) {
    assertSame(await executor.submit(echo, { url, value }), { url, value }, of);
  }
});

Deno.test("every argument comes back in its place", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const all = (...values: unknown[]) => values;
  for (const values of [[], [undefined], [undefined, 1, undefined], Object.values(KEPT)]) {
    assertSame(await executor.submit(all, ...values), values);
  }
});

Deno.test("what structured clone changes is changed likewise", async () => {
  class Private {
    #secret = 1;
    shown = 2;
    get both() {
      return this.#secret + this.shown;
    }
  }
  class Derived extends Map<string, number> {}
  const values: Record<string, unknown> = {
    "an instance": new Private(),
    "a null prototype": Object.assign(Object.create(null), { a: 1 }),
    "an inherited property": Object.create({ inherited: 1 }, {
      own: { value: 2, enumerable: true },
      hidden: { value: 3 },
    }),
    "a getter": {
      get computed() {
        return 42;
      },
    },
    "a symbol key": { [Symbol("s")]: 1, a: 2 },
    "a frozen object": Object.freeze({ a: 1 }),
    "a subclass of Map": new Derived([["a", 1]]),
    "a subclass of Array": class extends Array {}.of(1, 2),
    "a RegExp in use": Object.assign(/a/g, { lastIndex: 3 }),
  };
  await using executor = new ThreadPoolExecutor(1);
  for (const [of, value] of Object.entries(values)) {
    assertSame(await executor.submit(echo, value), structuredClone(value), of);
  }
  const url = new URL("https://example.com/");
  for (const [of, value] of Object.entries(values)) {
    const [, other] = await executor.submit(echo, [url, value]) as unknown[];
    assertSame(other, structuredClone(value), `${of}, beside a URL`);
  }
});

Deno.test("blobs and files can be read on the other side", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const read = async (blob: Blob) => [await blob.text(), blob.type, blob.size];
  const blob = new Blob(["he", "rd"], { type: "text/plain" });
  assertEquals(await executor.submit(read, blob), ["herd", "text/plain", 4]);
  const file = await executor.submit(() => new File(["x"], "x.txt", { lastModified: 7 }));
  assertInstanceOf(file, File);
  assertEquals([file.name, file.lastModified, await file.text()], ["x.txt", 7, "x"]);
});

Deno.test("keys and WebAssembly modules can be used on the other side", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
  const sign = async (key: CryptoKey) =>
    (await crypto.subtle.sign("HMAC", key, new Uint8Array(1))).byteLength;
  assertEquals(await executor.submit(sign, key), 32);
  const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  const instantiate = (module: WebAssembly.Module) =>
    new WebAssembly.Instance(module) instanceof WebAssembly.Instance;
  assertEquals(await executor.submit(instantiate, module), true);
});

Deno.test("a SharedArrayBuffer stays shared, both ways, nested too", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const add = ({ words }: { words: Int32Array<SharedArrayBuffer> }) => {
    Atomics.add(words, 0, 1);
    return [words];
  };
  const [same] = await executor.submit(add, { words });
  assertEquals(Atomics.load(words, 0), 1);
  Atomics.store(same!, 1, 9);
  assertEquals(Atomics.load(words, 1), 9);
});

Deno.test("a large value comes back whole", async () => {
  const list = Array.from({ length: 100_000 }, (_, i) => ({ i, text: `item ${i}` }));
  assertSame(await roundTrip(list), list);
});

// ---- URL objects -------------------------------------------------------------------------------

Deno.test("URL objects travel, wherever they stand", async () => {
  const url = new URL("https://user:pw@example.com:8080/a%20b?q=1#f");
  const cycle: Record<string, unknown> = { url };
  cycle["self"] = cycle;
  const values: Record<string, unknown> = {
    alone: url,
    "of every scheme": ["file:///a", "data:,x", "node:fs", "about:blank"].map((s) => new URL(s)),
    "in an array": [url],
    "in a sparse array": [, url, ,],
    "in an object": { deep: [{ deeper: { url } }] },
    "in a Map": new Map<unknown, unknown>([[url, url], ["nested", new Map([["url", url]])]]),
    "in a Set": new Set([url, [url]]),
    "in a cycle": cycle,
    "under __proto__": JSON.parse(`{ "__proto__": [] }`, (_, v) => Array.isArray(v) ? [url] : v),
    "as a property of an array": Object.assign([1], { url }),
    "shared by two": [url, url],
    "beside the key @herd": [{ "@herd": "url", data: "https://other/" }, url],
    "under the key @herd": { "@herd": url, data: url },
    "in an instance": [
      new (class Holder {
        url = url;
        list = [url];
      })(),
    ],
    "beside a key @herd of an instance": [
      Object.assign(new (class Spoof {})(), { "@herd": "url", data: "https://other/" }),
      url,
    ],
    "beside a key @herd within an instance": [
      Object.assign(new (class Spoof {})(), { inner: { "@herd": "other", data: 1 } }),
      url,
    ],
  };
  await using executor = new ThreadPoolExecutor(1);
  for (const [of, value] of Object.entries(values)) {
    let expected = value;
    if (of === "in an instance") expected = [{ url, list: [url] }];
    else if (of.includes("instance")) expected = [structuredClone((value as unknown[])[0]), url];
    assertSame(await executor.submit(echo, value), expected, of);
  }
});

Deno.test("a URL is one in the worker too", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const host = (url: URL, { list }: { list: URL[] }) => [url.host, list[0]!.host];
  const [a, b] = [new URL("https://a.example/"), new URL("https://b.example/")];
  assertEquals(await executor.submit(host, a, { list: [b] }), ["a.example", "b.example"]);
  assertEquals(
    (await executor.submit(() => new Set([new URL("https://c.example/")]))).size,
    1,
  );
  assertEquals(await Array.fromAsync(executor.map((url: URL) => url.host, [a, b])), [
    "a.example",
    "b.example",
  ]);
  const made = executor.map((host: string) => new URL(`https://${host}/`), ["a", "b"]);
  assertEquals((await Array.fromAsync(made)).map((url) => url.host), ["a", "b"]);
});

// ---- Errors as values --------------------------------------------------------------------------

Deno.test("errors travel as values, with class, cause and own properties", async () => {
  const cause = new TypeError("cause");
  const withCode = Object.assign(new RangeError("coded", { cause }), { code: "E_CODE" });
  const values: Record<string, Error> = {
    plain: new Error("plain"),
    coded: withCode,
    aggregate: new AggregateError([cause, 1, withCode], "several"),
    system: new Deno.errors.NotFound("no file"),
    aborted: new DOMException("stopped", "AbortError"),
    "of Herd": new ValueError("out of range"),
  };
  await using executor = new ThreadPoolExecutor(1);
  for (const [of, error] of Object.entries(values)) {
    const nested = { error, list: [error], map: new Map([[error, error]]) };
    const result = await executor.submit(echo, nested) as typeof nested;
    assertSame(result, nested, of);
    assertStrictEquals(result.list[0], result.error);
    assertInstanceOf(result.error, error.constructor as ErrorConstructor);
  }
  class Unknown extends RangeError {
    override name = "Unknown";
  }
  const unknown = await executor.submit(echo, new Unknown("who?")) as Error;
  assertInstanceOf(unknown, RangeError);
  assertEquals([unknown.name, unknown.message], ["Unknown", "who?"]);
});

Deno.test("a result that is an error is a result", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const result = await executor.submit(() => new TypeError("not thrown"));
  assertInstanceOf(result, TypeError);
  assertEquals(result.message, "not thrown");
});

Deno.test("errors in cycles travel", async () => {
  const left: Error & { other?: unknown } = new Error("left");
  const right = new Error("right", { cause: left });
  left.other = right;
  const result = await roundTrip([left, right]) as [typeof left, Error];
  assertEquals(result.map(({ message }) => message), ["left", "right"]);
  assertInstanceOf(result[0].other, Error);
  assertStrictEquals((result[0].other as Error).cause, result[0]);
});

// ---- What cannot be cloned ---------------------------------------------------------------------

const uncloneable: Readonly<Record<string, () => unknown>> = {
  "a function": () => () => {},
  "a class": () => class {},
  "a symbol": () => Symbol("s"),
  "a promise inside": () => ({ promise: Promise.resolve() }),
  "a WeakMap": () => new WeakMap(),
  "a WeakRef": () => new WeakRef({}),
  "a generator": () => (function* () {})(),
  "a method inside": () => ({ method() {} }),
  "a proxy": () => new Proxy({}, {}),
  "a port that is not transferred": () => {
    const { port1, port2 } = new MessageChannel();
    port1.close();
    return port2;
  },
  "a request": () => new Request("https://example.com/"),
  headers: () => new Headers(),
  "a pattern": () => new URLPattern("https://example.com/*"),
  "a decoder inside": () => [new TextDecoder()],
  "what is to be disposed of, and hides all that it is": () =>
    new class {
      #open = true;
      [Symbol.dispose]() {
        this.#open = false;
      }
    }(),
  "a nested signal": () => ({ signal: new AbortController().signal }),
  "nested search parameters": () => [new URLSearchParams("a=1")],
  "deep inside": () => [{ a: new Map([["b", new Set([() => {}])]]) }],
  "a function beside a URL": () => [new URL("https://example.com/"), () => {}],
  "a function among errors": () => [new Error("e"), { f: () => {} }],
  "a detached buffer": () => {
    const buffer = new ArrayBuffer(1);
    structuredClone(buffer, { transfer: [buffer] });
    return buffer;
  },
};

async function assertDataCloneError(future: Promise<unknown>, of: string): Promise<void> {
  const error = await assertRejects(() => future, DOMException, undefined, of);
  assertEquals(error.name, "DataCloneError", of);
}

Deno.test("an argument that cannot be cloned fails its own future", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (const [of, make] of Object.entries(uncloneable)) {
    await assertDataCloneError(executor.submit(echo, make()), of);
    await assertDataCloneError(executor.submit((n: number, _: unknown) => n, 1, make()), of);
  }
  const { running, queued } = executor.stats();
  assertEquals([running, queued], [0, 0]);
  assertEquals(await executor.submit(echo, 1), 1);
});

Deno.test("a result that cannot be cloned fails its own future, and the worker lives on", async () => {
  await using executor = new ThreadPoolExecutor(1);
  // deno-lint-ignore no-explicit-any
  const once = () => ((globalThis as any).tasks = ((globalThis as any).tasks ?? 0) + 1) as number;
  assertEquals(await executor.submit(once), 1);
  for (const [of, make] of Object.entries(uncloneable)) {
    await assertDataCloneError(executor.submit(make), of);
    // deno-lint-ignore require-await
    await assertDataCloneError(executor.submit(async () => Symbol("later")), of);
  }
  assertEquals(await executor.submit(once), 2);
});

Deno.test("handles of processes and threads are refused, and what to send is said", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (
    const [handle, remedy] of [
      [new Process({ target: () => {} }), "send its pid or its name"],
      [new Thread({ target: () => {} }), "send its name"],
    ] as const
  ) {
    await assertRejects(() => executor.submit(echo, [handle]), DOMException, remedy);
  }
});

Deno.test("an open file is refused, as what can't be open elsewhere", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using file = Deno.openSync(new URL(import.meta.url));
  const future = executor.submit(echo, { file });
  await assertRejects(() => future, DOMException, "of class FsFile: it is open here");
});

Deno.test("what is to be disposed of and has fields arrives as these, as any object does", async () => {
  await using executor = new ThreadPoolExecutor(1);
  class Visit {
    constructor(readonly guest: string) {}
    [Symbol.dispose]() {}
  }
  assertEquals(await executor.submit(echo, new Visit("ewe")) as unknown, { guest: "ewe" });
});

Deno.test("one of 1,000 tasks with an argument that cannot be cloned harms no other", async () => {
  const total = 1000;
  const count = (counts: Int32Array, i: number, _: unknown) => {
    Atomics.add(counts, i, 1);
    return i;
  };
  for (const max_workers of [1, 2]) {
    await using executor = new ThreadPoolExecutor(max_workers);
    for (const [of, make] of Object.entries(uncloneable)) {
      const counts = new Int32Array(new SharedArrayBuffer(4 * total));
      const futures = Array.from(
        { length: total },
        (_, i) => executor.submit(count, counts, i, i === 500 ? make() : [i]),
      );
      const outcomes = await Promise.allSettled(futures);
      await assertDataCloneError(futures[500]!, of);
      for (const [i, outcome] of outcomes.entries()) {
        if (i !== 500) assertEquals(outcome, { status: "fulfilled", value: i }, of);
        assertEquals(counts[i], i === 500 ? 0 : 1, `${of}: how often task ${i} ran`);
      }
    }
  }
});

Deno.test("one of 1,000 tasks with a result that cannot be cloned harms no other", async () => {
  const total = 1000;
  const count = (counts: Int32Array, i: number) => {
    Atomics.add(counts, i, 1);
    if (i === 500) return () => i;
    return i % 3 === 0 ? [new URL(`https://example.com/${i}`)] : i;
  };
  for (const max_workers of [1, 2]) {
    await using executor = new ThreadPoolExecutor(max_workers);
    for (let round = 0; round < 5; round++) {
      const counts = new Int32Array(new SharedArrayBuffer(4 * total));
      const futures = Array.from({ length: total }, (_, i) => executor.submit(count, counts, i));
      const outcomes = await Promise.allSettled(futures);
      await assertDataCloneError(futures[500]!, "the function");
      for (const [i, outcome] of outcomes.entries()) {
        assertEquals(counts[i], 1, `how often task ${i} ran`);
        if (i === 500) continue;
        const value = i % 3 === 0 ? [new URL(`https://example.com/${i}`)] : i;
        assertSame(outcome, { status: "fulfilled", value });
      }
    }
  }
});

Deno.test("an item of a map that cannot be cloned ends the iterator after what came before", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const items = [1, 2, () => 3, 4];
  const seen: unknown[] = [];
  const error = await assertRejects(async () => {
    for await (const item of executor.options({ chunksize: 1 }).map(echo, items)) seen.push(item);
  }, DOMException);
  assertEquals([error.name, seen], ["DataCloneError", [1, 2]]);
  assertEquals(await executor.submit(echo, 1), 1);
});

Deno.test("a getter that throws fails its own future with its error", async () => {
  const trap = () => ({
    get broken(): never {
      throw new RangeError("getter");
    },
  });
  const url = new URL("https://example.com/");
  await using executor = new ThreadPoolExecutor(1);
  for (const value of [trap(), [trap()], { url, trap: trap() }, new Map([[1, trap()]])]) {
    await assertRejects(() => executor.submit(echo, value).result(), RangeError, "getter");
  }
  const futures = Array.from(
    { length: 300 },
    (_, i) => executor.submit(echo, i % 100 === 50 ? trap() : i),
  );
  for (const [i, outcome] of (await Promise.allSettled(futures)).entries()) {
    assertEquals(outcome.status, i % 100 === 50 ? "rejected" : "fulfilled");
  }
  const inResult = (i: number) =>
    i % 100 === 50
      ? {
        get broken(): never {
          throw new RangeError("getter of the result");
        },
      }
      : i;
  const results = Array.from({ length: 300 }, (_, i) => executor.submit(inResult, i));
  for (const [i, outcome] of (await Promise.allSettled(results)).entries()) {
    if (i % 100 !== 50) assertEquals(outcome, { status: "fulfilled", value: i });
    else assertInstanceOf((outcome as PromiseRejectedResult).reason, RangeError);
  }
});

Deno.test("a value that is nested too deeply for structured clone fails its own future", async () => {
  const nest = (depth: number, leaf: unknown) => {
    let value = leaf;
    for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { value };
    return value;
  };
  await using executor = new ThreadPoolExecutor(1);
  for (const leaf of [1, new URL("https://example.com/"), new Error("e")]) {
    const value = nest(500, leaf);
    assertSame(await executor.submit(echo, value), value);
    const futures = [1, nest(10_000, leaf), 2, nest(100_000, leaf), 3]
      .map((value) => executor.submit(echo, value));
    const [first, deep, second, deeper, third] = await Promise.allSettled(futures);
    assertEquals(
      [first, second, third],
      [1, 2, 3].map((value) => ({
        status: "fulfilled",
        value,
      })),
    );
    for (const outcome of [deep, deeper] as PromiseRejectedResult[]) {
      assertEquals(outcome.status, "rejected");
      assertInstanceOf(outcome.reason, RangeError);
    }
  }
  const build = (depth: number) => {
    let value: unknown = 1;
    for (let i = 0; i < depth; i++) value = [value];
    return value;
  };
  await assertRejects(() => executor.submit(build, 10_000).result(), RangeError);
  assertEquals(await executor.submit(echo, 1), 1);
});

// ---- Copies ------------------------------------------------------------------------------------

/** Lets the pool find out that its tasks are tiny, so that many travel in one message. */
async function warmUp(executor: ThreadPoolExecutor, fn: (value: { n: number }) => unknown) {
  for (let i = 0; i < 50; i++) await executor.submit(fn, { n: 0 });
}

Deno.test("tasks that are given the same object get a copy each", async () => {
  const increment = (value: { n: number }) => ++value.n;
  await using executor = new ThreadPoolExecutor(1);
  await warmUp(executor, increment);
  const shared = { n: 0 };
  const futures = Array.from({ length: 200 }, () => executor.submit(increment, shared));
  assertEquals(new Set(await Promise.all(futures)), new Set([1]));
  assertEquals(shared, { n: 0 });
});

Deno.test("tasks that are given objects with a common part get a copy each", async () => {
  const increment = ({ part }: { part: { n: number } }) => ++part.n;
  await using executor = new ThreadPoolExecutor(1);
  await warmUp(executor, (part) => ({ part }));
  for (let i = 0; i < 50; i++) await executor.submit(increment, { part: { n: 0 } });
  const part = { n: 0 };
  const futures = Array.from({ length: 200 }, () => executor.submit(increment, { part }));
  assertEquals(new Set(await Promise.all(futures)), new Set([1]));
});

Deno.test("tasks that are given instances with a common part get a copy each", async () => {
  class Job {
    readonly part: { n: number };
    constructor(part: { n: number }) {
      this.part = part;
    }
  }
  const increment = ({ part }: Job) => ++part.n;
  await using executor = new ThreadPoolExecutor(1);
  for (let i = 0; i < 50; i++) await executor.submit(increment, new Job({ n: 0 }));
  const part = { n: 0 };
  const futures = Array.from({ length: 200 }, () => executor.submit(increment, new Job(part)));
  assertEquals(new Set(await Promise.all(futures)), new Set([1]));
});

Deno.test("calls of a map that are given the same object get a copy each", async () => {
  const increment = (value: { n: number }) => ++value.n;
  const shared = { n: 0 };
  const items = Array.from({ length: 200 }, () => shared);
  for (const options of [{}, { chunksize: 1 }, { chunksize: 50 }]) {
    await using executor = new ThreadPoolExecutor(1);
    const results = await Array.fromAsync(executor.options(options).map(increment, items));
    assertEquals(new Set(results), new Set([1]));
    const [first, second] = [items, items];
    const add = (a: { n: number }, b: { n: number }) => ++a.n + ++b.n;
    const sums = await Array.fromAsync(executor.options(options).map(add, first, second));
    // Two arguments of one call are one object, as in a call at home.
    assertEquals(new Set(sums), new Set([3]));
  }
});

Deno.test("results of a map that are the same object are a copy each", async () => {
  // deno-lint-ignore no-explicit-any
  const cached = (_: unknown) => (globalThis as any).cache ??= { n: 0 };
  const items = Array.from({ length: 200 }, (_, i) => i);
  for (const options of [{}, { chunksize: 1 }, { chunksize: 50 }]) {
    await using executor = new ThreadPoolExecutor(1);
    const results = await Array.fromAsync(executor.options(options).map(cached, items));
    assertEquals(new Set(results).size, 200);
  }
});

Deno.test("futures of tasks that return the same object have a copy each", async () => {
  // deno-lint-ignore no-explicit-any
  const cached = (_: unknown) => (globalThis as any).cache ??= { n: 0 };
  await using executor = new ThreadPoolExecutor(1);
  await warmUp(executor, cached);
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, i) => executor.submit(cached, i)),
  );
  assertEquals(new Set(results).size, 200);
});

Deno.test("one task's arguments keep what they share", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const same = (a: unknown, [b]: unknown[]) => a === b;
  const object = {};
  assertEquals(await executor.submit(same, object, [object]), true);
  const url = new URL("https://example.com/");
  assertEquals(await executor.submit(same, url, [url]), true);
  const result = await executor.submit(echo, [object, url, url]) as unknown[];
  assertStrictEquals(result[1], result[2]);
  assertNotStrictEquals(result[0], object);
});

Deno.test("sending a value leaves it as it was", async () => {
  const url = new URL("https://example.com/");
  const error = Object.assign(new Error("e"), { url });
  const make = () => ({
    list: Object.freeze([url, , error]),
    map: new Map<unknown, unknown>([[url, [error]]]),
    frozen: Object.freeze({ url }),
    tagged: { "@herd": "url", data: url },
  });
  const value = make();
  await roundTrip(value);
  assertSame(value, make());
  assertStrictEquals(value.list[0], url);
  assertStrictEquals(value.list[2], error);
});

Deno.test("an object that was marked for transfer elsewhere does not disturb others", async () => {
  const marked = transfer(new Uint8Array(8));
  await using executor = new ThreadPoolExecutor(1);
  const value = { "@herd": "error", data: [1, new Map([[1, { a: -0 }]])] };
  assertSame(await executor.submit(echo, value), value);
  assertEquals(marked.length, 8);
});

// ---- The model ---------------------------------------------------------------------------------

/** One node of a graph of values: what it is, and by which keys it holds which other nodes. */
interface NodeRecipe {
  readonly kind: "primitive" | "list" | "object" | "map" | "set" | "url" | "leaf";
  readonly primitive: unknown;
  readonly leaf: number;
  readonly edges: readonly (readonly [key: string, node: number])[];
}

const LEAVES: readonly (() => unknown)[] = [
  () => new Date(0),
  () => /x/g,
  () => new Uint8Array([1, 2]),
  () => new ArrayBuffer(3),
  () => Object(1n),
  () => new Float64Array([-0]),
  () =>
    new (class Instance {
      a = 1;
    })(),
];

const keys = fc.oneof(
  fc.constantFrom("@herd", "data", "__proto__", "kind", "length", "0", "7", "a", ""),
  fc.string(),
);

const recipes: fc.Arbitrary<NodeRecipe[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("primitive", "list", "object", "map", "set", "url", "leaf"),
    primitive: fc.oneof(
      fc.constantFrom(undefined, null, -0, NaN, "url", "error", "object"),
      fc.double(),
      fc.bigInt(),
      fc.string({ unit: "binary" }),
      fc.boolean(),
    ),
    leaf: fc.nat(LEAVES.length - 1),
    edges: fc.array(fc.tuple(keys, fc.nat(15)), { maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 16 },
);

/** Makes the graph; edges lead anywhere, so parts are shared and cyclic. */
function build(recipe: readonly NodeRecipe[], url: (node: number) => unknown): unknown {
  const nodes = recipe.map(({ kind, primitive, leaf }, node): unknown => {
    switch (kind) {
      case "primitive":
        return primitive;
      case "list":
        return [];
      case "object":
        return {};
      case "map":
        return new Map();
      case "set":
        return new Set();
      case "url":
        return url(node);
      case "leaf":
        return LEAVES[leaf]!();
    }
  });
  for (const [i, { kind, edges }] of recipe.entries()) {
    for (const [key, to] of edges) {
      const [node, item] = [nodes[i], nodes[to % nodes.length]];
      if (kind === "list") (node as unknown[])[key.length * 2] = item;
      else if (kind === "map") {
        (node as Map<unknown, unknown>).set(edges.length % 2 ? key : item, item);
      } else if (kind === "set") (node as Set<unknown>).add(item);
      else if (kind === "object") {
        Object.defineProperty(node, key, {
          value: item,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
    }
  }
  return nodes[0];
}

Deno.test("any graph of values comes back as structuredClone would make it", async () => {
  await using executor = new ThreadPoolExecutor(1);
  await fc.assert(
    fc.asyncProperty(recipes, async (recipe) => {
      // The model knows no URL: a RegExp stands for each, and is put back into what it made.
      const modelled = structuredClone(build(recipe, (node) => new RegExp(`url${node}`)));
      const received = await executor.submit(echo, build(recipe, (node) => new URL(`url:${node}`)));
      assertSame(withUrls(modelled), received);
    }),
    { seed: 20_260, numRuns: 500 },
  );
});

/** Puts a URL in the place of each RegExp that stands for one. */
function withUrls(root: unknown): unknown {
  const done = new Map<unknown, unknown>();
  const visit = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (done.has(value)) return done.get(value);
    const [, node] = value instanceof RegExp ? /^url(\d+)$/.exec(value.source) ?? [] : [];
    const result = node === undefined ? value : new URL(`url:${node}`);
    done.set(value, result);
    if (value instanceof Map) {
      const entries = [...value];
      value.clear();
      for (const [key, item] of entries) value.set(visit(key), visit(item));
    } else if (value instanceof Set) {
      const items = [...value];
      value.clear();
      for (const item of items) value.add(visit(item));
    } else if (!ArrayBuffer.isView(value) && result === value) {
      for (const key of Object.keys(value)) {
        const item = Object.getOwnPropertyDescriptor(value, key)!.value;
        Object.defineProperty(value, key, { value: visit(item) });
      }
    }
    return result;
  };
  return visit(root);
}
