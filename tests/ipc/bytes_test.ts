/**
 * Values as bytes and back. `structuredClone` is the model: what it keeps, changes and refuses, so do
 * bytes, and the exceptions are tested by name.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import vm from "node:vm";
import { fromBytes, toBytes } from "../../ipc/bytes/_bytes.ts";
import { below, pick, randomFrom, RandomValues } from "../support/random_values.ts";
import { assertSame } from "../support/sameness.ts";

function roundTrip<T>(value: T, transfer: readonly Transferable[] = []): T {
  return fromBytes(toBytes(value, transfer)) as T;
}

/** The error that a value is refused with. */
function refusal(value: unknown, transfer?: readonly Transferable[]): DOMException {
  const error = assertThrows(() => toBytes(value, transfer), DOMException);
  assertEquals(error.name, "DataCloneError");
  return error;
}

/** Runs `make` and returns it with its name set, so that a table can hold functions as values. */
function accessor(get: () => unknown): PropertyDescriptor {
  return { get, enumerable: true, configurable: true };
}

// ---- What structured clone keeps and changes -----------------------------------------------------

const bytes = Uint8Array.from({ length: 64 }, (_, i) => i * 5);

function tracking(): unknown {
  const buffer = new ArrayBuffer(20, { maxByteLength: 64 });
  return [
    new Uint8Array(buffer),
    new Int32Array(buffer, 4),
    new DataView(buffer, 2),
    new Uint8Array(buffer, 4, 16),
    buffer,
  ];
}

function cyclic(): unknown {
  const object: Record<string, unknown> = {};
  const error = new Error("cyclic");
  error.cause = [error, object];
  return Object.assign(object, {
    object,
    list: [object, [object]],
    map: new Map<unknown, unknown>([[object, object]]),
    set: new Set([object]),
    error,
  });
}

function sharing(): unknown {
  const [date, shared, boxed] = [new Date(0), { n: 1 }, Object(1)];
  return [shared, { shared }, new Map([[shared, shared]]), date, [date], boxed, boxed, /a/];
}

class Point {
  #hidden = 1;
  x = 1;
  y = 2;
  get sum() {
    return this.#hidden + this.x + this.y;
  }
}

const VALUES: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  "booleans and null": () => [true, false, null],
  "small integers": () => [0, 1, 127, 128, 32767, 32768, -1, -128, -32768, -32769],
  "integers at the edge of 32 bits":
    () => [2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32],
  "other numbers": () => [-0, NaN, Infinity, -Infinity, 0.1, 5e-324, Number.MAX_VALUE, 2 ** 53],
  "minus zero alone": () => -0,
  bigints: () => [0n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 7n ** 999n],
  "short texts": () => ["", "\0", "é", "ÿ", "Ā", "π🐑", "x".repeat(47), "x".repeat(48)],
  "long texts":
    () => ["x".repeat(100_000), "é".repeat(50_000), "🐑".repeat(50_000), "xπ".repeat(99)],
  "texts that are no Unicode": () => ["\ud800", "\udc00 \ud83d", `${"long ".repeat(50)}\udead`],
  "texts with a byte order mark": () => ["\ufeff", `\ufeff${"x".repeat(99)}`],
  "boxed primitives": () => [Object(-0), Object(""), Object("text"), Object(false), Object(7n)],
  "a boxed text with a property": () => Object.assign(Object("text"), { extra: 1 }),
  dates: () => [new Date(1e12), new Date(NaN), Object.assign(new Date(5), { extra: 1 })],
  "a RegExp": () => /a(?<b>.)\/[é]/dgimsuy,
  "a RegExp in use": () => Object.assign(/a/g, { lastIndex: 3, extra: 1 }),
  "nested arrays": () => [[], [[]], [1, [2, [3]]]],
  "an array of integers": () => Array.from({ length: 100 }, (_, i) => i - 50),
  "an array of doubles": () => Array.from({ length: 100 }, (_, i) => i / 3),
  "an array of integers with one -0": () => [...Array(20).keys(), -0],
  "an array of numbers with something else in the end": () => [...Array(20).keys(), "x"],
  "an array of undefined": () => Array(20).fill(undefined),
  "an array with holes": () => [, 1, , undefined, ,],
  "nothing but holes": () => new Array(5),
  "a sparse array": () => Object.assign([], { 4_000_000_000: "far", 7: "near" }),
  "the longest array": () => Object.assign([], { length: 2 ** 32 - 1 }),
  "an array with properties": () => Object.assign([1, 2], { extra: [3], "-1": 4, "01": 5, "": 6 }),
  "as many holes as properties": () => Object.assign([0, , 2], { extra: 1 }),
  "an array with the key after the last index": () => Object.assign([1], { "4294967295": 2 }),
  "what match() gives": () => "key=value".match(/(?<key>.+)=(.+)/),
  "an array with __proto__": () => Object.defineProperty([], "__proto__", accessor(() => 1)),
  "a frozen array": () => Object.freeze([1, "a"]),
  "an array of a subclass": () => class extends Array {}.of(1, 2),
  "an array with a hidden element": () =>
    Object.defineProperty([1, 2, 3], 1, { enumerable: false }),
  "plain objects": () => ({ a: 1, b: { c: [] }, "": 2, "a b": 3, "é": 4 }),
  "integer keys": () => ({ 2: "b", 1: "a", z: "c", "-1": "d", "01": "e" }),
  "a __proto__ key": () => JSON.parse(`{"__proto__":{"a":1},"b":{"__proto__":2}}`),
  "keys of methods": () => ({ constructor: 1, toString: 2, hasOwnProperty: 3, then: 4, length: 5 }),
  "many objects of one shape": () =>
    Array.from({ length: 300 }, (_, i) => ({ id: i, tag: `t${i}` })),
  "many shapes with a first key in common": () =>
    Array.from({ length: 60 }, (_, i) => ({ id: i, [`k${i % 20}`]: i })),
  "objects whose keys differ in order": () => [{ a: 1, b: 2 }, { b: 1, a: 2 }, { a: 3, b: 4 }],
  "many keys": () => Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`key${i}`, i])),
  "a null prototype": () => Object.assign(Object.create(null), { a: 1 }),
  "an instance": () => [new Point(), new Point()],
  "inherited and hidden properties": () =>
    Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true }, hidden: { value: 3 } }),
  "a symbol key": () => ({ [Symbol("s")]: 1, a: 2 }),
  "an own toStringTag":
    () => [{ [Symbol.toStringTag]: "Promise" }, { [Symbol.toStringTag]: "Map" }],
  "a class with a toStringTag": () =>
    new (class {
      a = 1;
      get [Symbol.toStringTag]() {
        return "Map";
      }
    })(),
  "an object that only inherits from a builtin": () =>
    [Map, Date, Error, RegExp, ArrayBuffer, Number].map((Class) => Object.create(Class.prototype)),
  "objects of namespaces": () => [Math, JSON, Atomics, Intl],
  "a Map": () => new Map<unknown, unknown>([["b", 1], ["a", new Map([[NaN, {}]])], [-0, [2]]]),
  "a Set": () => new Set<unknown>(["b", "a", new Set([NaN]), -0]),
  "a Map and a Set of subclasses": () => [
    new (class extends Map<number, number> {
      override forEach() {}
    })([[1, 2]]),
    new (class extends Set {
      override get size() {
        return 9;
      }
    })([1]),
  ],
  "a Map with a property": () => Object.assign(new Map(), { extra: 1 }),
  "an ArrayBuffer": () => bytes.buffer.slice(0, 9),
  "buffers that can grow": () => [
    new ArrayBuffer(8, { maxByteLength: 16 }),
    new ArrayBuffer(0, { maxByteLength: 0 }),
    new ArrayBuffer(40_000, { maxByteLength: 2 ** 30 }),
  ],
  "every kind of view": () =>
    [
      ...[
        Int8Array,
        Uint8Array,
        Uint8ClampedArray,
        Int16Array,
        Uint16Array,
        Int32Array,
        Uint32Array,
      ],
      ...[Float16Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array],
    ].map((Class) => new Class(bytes.slice().buffer, 8, 3)).concat(
      new DataView(bytes.buffer, 3, 9) as never,
    ),
  "views of one buffer":
    () => [bytes, bytes.subarray(2, 4), new DataView(bytes.buffer), bytes.buffer],
  "views that follow their buffer": tracking,
  "empty views": () => [new Uint8Array(0), bytes.subarray(64), new DataView(bytes.buffer, 64)],
  "a view of a subclass": () =>
    new (class extends Uint8Array {
      override get buffer(): never {
        throw new Error("not asked");
      }
    })(3),
  "a view with a property": () => Object.assign(new Uint8Array(2), { extra: 1 }),
  "a buffer at the edge of a part of its own": () =>
    [32_767, 32_768, 32_769].map((length) => new Uint8Array(length).fill(7)),
  "the memory of a WebAssembly.Memory": () =>
    new WebAssembly.Memory({ initial: 1 }).buffer.slice(0, 9),
  errors: () =>
    [
      ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
    ].map((Class) => new Class("message")),
  "errors with causes": () => [
    new Error("a", { cause: new TypeError("b", { cause: "c" }) }),
    new Error("a", { cause: undefined }),
    new Error(),
    new Error(""),
  ],
  "errors of classes that are lost": () => [
    new AggregateError([1], "many"),
    new Deno.errors.NotFound("file"),
    new (class Mine extends RangeError {
      code = 1;
      override name = "Mine";
    })("mine"),
    new (class extends RangeError {})("unnamed"),
  ],
  "errors that were tampered with": () => [
    Object.assign(new Error("m"), { name: "TypeError" }),
    Object.assign(new Error("m"), { name: 5, message: 6, stack: 7, cause: 8 }),
    Object.assign(new Error("m"), { message: { toString: () => "made" }, stack: undefined }),
    Object.defineProperty(new Error("m"), "message", { get: () => "accessor" }),
    Object.defineProperty(new Error("m"), "stack", { get: () => "accessor" }),
    Object.defineProperty(new Error("m"), "cause", { get: () => "accessor" }),
    Object.setPrototypeOf(new TypeError("m"), null),
    { __proto__: Error.prototype, message: "no error" },
  ],
  "a DOMException": () => [
    new DOMException("message", "AbortError"),
    new (class extends DOMException {})("message", "none"),
  ],
  sharing,
  cyclic,
};

Deno.test("what structured clone keeps arrives, and what it changes is changed likewise", () => {
  for (const [name, make] of Object.entries(VALUES)) {
    const value = make();
    assertSame(roundTrip(value), structuredClone(value), name);
  }
});

Deno.test("the same holds within another value, beside its like", () => {
  for (const [name, make] of Object.entries(VALUES)) {
    const value = make();
    const beside = { first: [value, make()], again: new Map([[value, make()]]) };
    assertSame(roundTrip(beside), structuredClone(beside), name);
  }
  const all = Object.values(VALUES).map((make) => make());
  assertSame(roundTrip(all), structuredClone(all));
});

Deno.test("thousands of random values arrive as structured clone would have them", () => {
  for (let seed = 1; seed <= 6000; seed++) {
    const value = new RandomValues(randomFrom(seed), seed % 50 === 0 ? 2000 : 60).next();
    assertSame(roundTrip(value), structuredClone(value), `seed ${seed}`);
  }
});

Deno.test("a view follows the length of its buffer on the other side if it did here", () => {
  const [ours, model] = [roundTrip(tracking()), structuredClone(tracking())] as unknown[][];
  for (const clone of [ours!, model!]) (clone[4] as ArrayBuffer).resize(40);
  assertSame(ours, model);
  for (const clone of [ours!, model!]) (clone[4] as ArrayBuffer).resize(4);
  assertEquals((ours![0] as Uint8Array).length, 4);
  assertEquals((ours![3] as Uint8Array).length, (model![3] as Uint8Array).length);
});

Deno.test("a view of a full buffer follows it as well", () => {
  const make = () => new Uint8Array(new ArrayBuffer(16, { maxByteLength: 16 }));
  const [ours, model] = [roundTrip(make()), structuredClone(make())];
  for (const { buffer } of [ours, model]) buffer.resize(8);
  assertEquals([ours.length, model.length], [8, 8]);
});

Deno.test("asking whether a view follows its buffer leaves the buffer as it was", () => {
  const buffer = new ArrayBuffer(20, { maxByteLength: 64 });
  const views = [new Uint8Array(buffer).fill(3), new Uint32Array(buffer, 4)];
  toBytes(views);
  assertEquals([buffer.byteLength, views[0]!.length, views[1]!.length], [20, 20, 4]);
  assert(views[0]!.every((byte) => byte === 3));
});

Deno.test("values of another realm arrive as what they are", () => {
  const value = vm.runInNewContext(`
    [new Date(5), new Map([[1, 2]]), new Set([1]), /a/g, { a: 1 }, [1, , 2], new Uint8Array(3),
     Object(1), Object("text"), new RangeError("foreign")]
  `);
  assertSame(roundTrip(value), structuredClone(value), undefined, { ignoring: ["stack"] });
});

Deno.test("a proxy is taken for what it stands for, since nothing tells them apart", () => {
  const asked: PropertyKey[] = [];
  const proxy = new Proxy({ a: 1, b: [2] }, {
    get: (target, key) => {
      asked.push(key);
      return Reflect.get(target, key);
    },
  });
  assertSame(roundTrip(proxy), { a: 1, b: [2] });
  assertEquals(asked, ["a", "b"]);
  assertSame(roundTrip(new Proxy([1, 2], {})), [1, 2]);
  const lying = new Proxy([1, 2], {
    get: (list, key) => key === "length" ? -5 : Reflect.get(list, key),
  });
  assertSame(roundTrip(lying).slice(0, 3), [1, 2, ,]);
  const endless: object = new Proxy({}, { getPrototypeOf: () => endless });
  assertSame(roundTrip(Object.create(endless)), {});
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  assertThrows(() => toBytes(revoked), TypeError);
});

Deno.test("a property arrives as the object's own, whatever its prototype would do with it", () => {
  const given: unknown[] = [];
  const set = (value: unknown) => void given.push(value);
  Object.defineProperty(Object.prototype, "trap", { set, configurable: true });
  try {
    const read = roundTrip({ a: 1, trap: 2 });
    assertEquals([Object.entries(read), given], [[["a", 1], ["trap", 2]], []]);
  } finally {
    Reflect.deleteProperty(Object.prototype, "trap");
  }
});

// ---- What is refused -----------------------------------------------------------------------------

Deno.test("functions and symbols are refused in V8's words, wherever they are", () => {
  const refused = [() => 1, class A {}, Symbol("s"), Math.max, async function named() {}];
  for (const value of refused) {
    for (const holder of [value, [value], { value }, new Map([[1, value]]), new Set([value])]) {
      const model = assertThrows(() => structuredClone(holder), DOMException);
      assertEquals(refusal(holder).message, model.message);
    }
  }
  assertThrows(() => toBytes(new Error("m", { cause: () => 1 })), DOMException);
});

Deno.test("what structured clone refuses is refused", async () => {
  const detached = new ArrayBuffer(8);
  const view = new Uint8Array(detached);
  detached.transfer();
  const shrunk = new ArrayBuffer(8, { maxByteLength: 8 });
  const outside = [
    new Uint8Array(shrunk, 4, 4),
    new Uint8Array(shrunk, 4),
    new DataView(shrunk, 4),
  ];
  shrunk.resize(2);
  const values: Record<string, unknown> = {
    promise: Promise.resolve(),
    "promise of a subclass": new (class extends Promise<void> {})((resolve) => resolve()),
    "weak map": new WeakMap(),
    "weak set": new WeakSet(),
    "weak reference": new WeakRef({}),
    registry: new FinalizationRegistry(() => {}),
    "boxed symbol": Object(Symbol("s")),
    generator: (function* () {})(),
    "async generator": (async function* () {})(),
    "array iterator": [1].values(),
    "map iterator": new Map().entries(),
    "text iterator": "text"[Symbol.iterator](),
    "iterator helper": [1].values().map((x) => x),
    arguments: (function () {
      return arguments;
    })(),
    "arguments with values": (function (..._: number[]) {
      return arguments;
    })(1, 2),
    "number format": new Intl.NumberFormat("en"),
    memory: new WebAssembly.Memory({ initial: 1 }),
    "module namespace": await import("../support/random_values.ts"),
    "disposable stack": new DisposableStack(),
    "detached buffer": detached,
    "view of a detached buffer": view,
    "views outside of their buffer": outside[0],
    "following views outside of their buffer": outside[1],
    "DataViews outside of their buffer": outside[2],
    "error with a symbol for a name": Object.assign(new Error("m"), { name: Symbol("s") }),
  };
  for (const [name, value] of Object.entries(values)) {
    assertThrows(() => structuredClone({ value }), DOMException, undefined, name);
    assertThrows(() => toBytes({ value }), DOMException, "could not be cloned", name);
  }
});

Deno.test("what can't leave the process is refused with what to send instead", async () => {
  const { port1, port2 } = new MessageChannel();
  const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
  const values: [value: unknown, words: string][] = [
    [new SharedArrayBuffer(8), "A SharedArrayBuffer could not be sent to another process: memory"],
    [new Int32Array(new SharedArrayBuffer(8)), "send a copy of what it holds"],
    [new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)), "compile them there"],
    [key, "A CryptoKey could not be sent to another process: export it"],
    [new Blob(["text"]), "send what its bytes() resolves to"],
    [new File(["text"], "name"), "A File could not be sent to another process: its data is read"],
    [new ReadableStream(), "a stream can't leave the process: send what was read from it"],
    [new WritableStream(), "a stream can't leave the process"],
    [new TransformStream(), "a stream can't leave the process"],
    [port1, "a port can't leave the process"],
  ];
  for (const [value, words] of values) {
    for (const holder of [value, { deep: [value] }]) {
      const { message } = refusal(holder);
      assertMatch(message, /^An? [A-Z][\w.]+ could not be sent to another process: /);
      assertStringIncludes(message, words);
    }
  }
  for (const item of [port1, new ReadableStream(), new WritableStream()]) {
    assert(refusal(item, [item]).message.includes("can't leave the process"));
  }
  port1.close();
  port2.close();
});

Deno.test("a buffer that reserves too much, or is too long to be told, is refused", () => {
  const large = new ArrayBuffer(8, { maxByteLength: 2 ** 33 });
  assert(refusal(large).message.includes("they may grow too large"));
  const half = () => new ArrayBuffer(0, { maxByteLength: 2 ** 31 });
  assertSame(roundTrip([half(), half()]), [half(), half()]);
  assert(refusal([half(), half(), half()]).message.includes("they may grow too large"));
});

Deno.test("what is longer than a message may be is refused, and nothing of it is moved", () => {
  const half = () => new ArrayBuffer(2 ** 30);
  const halves = [half(), half()];
  const error = assertThrows(() => toBytes(halves, halves), RangeError);
  assert(error.message.includes("it is too long"));
  assertEquals(halves.map(({ detached }) => detached), [false, false]);
});

// ---- User code in the middle of it ---------------------------------------------------------------

Deno.test("every getter runs once", () => {
  const runs: string[] = [];
  const get = (name: string) =>
    accessor(() => {
      runs.push(name);
      return name === "undefined" ? undefined : 1;
    });
  const list = Object.defineProperties([0, 1, 2], { 1: get("element"), extra: get("extra") });
  const long = Object.defineProperty(Array(100).fill(1), 50, get("in a long array"));
  const holes = Object.defineProperty([, 1, ,], 3, get("beside holes"));
  const inner = Object.defineProperty({}, "inner", get("inner"));
  const value = Object.defineProperties({ list, long, holes, twice: [inner, inner] }, {
    a: get("own"),
    nothing: get("undefined"),
  });
  assertSame(roundTrip(value), {
    list: Object.assign([0, 1, 2], { extra: 1 }),
    long: Array(100).fill(1),
    holes: [, 1, , 1],
    twice: Array(2).fill({ inner: 1 }),
    a: 1,
    nothing: undefined,
  });
  assertEquals(runs.sort(), [
    ...["beside holes", "element", "extra", "in a long array", "inner", "own", "undefined"],
  ]);
});

Deno.test("getters that change their object have the effect that they have on structured clone", () => {
  const makers: Record<string, () => object> = {
    "one that deletes what comes later": () => {
      const object = {
        get a() {
          return Reflect.deleteProperty(object, "b");
        },
        b: 2,
        c: 3,
      };
      return object;
    },
    "one that adds a property": () => {
      const object = {
        get a() {
          return Reflect.set(object, "d", 4);
        },
        b: 2,
      };
      return object;
    },
    "one that hides a property": () => {
      const object = {
        get a() {
          return Reflect.defineProperty(object, "b", { value: 5, enumerable: false });
        },
        b: 2,
        c: 3,
      };
      return object;
    },
    "one within that grows the map around it": () => {
      const map = new Map<unknown, unknown>();
      return map.set("a", {
        get x() {
          return map.set("b", 1).size;
        },
      });
    },
    "one that deletes itself": () => {
      const object = {
        get a() {
          return Reflect.deleteProperty(object, "a");
        },
      };
      return [object, object];
    },
  };
  for (const [name, make] of Object.entries(makers)) {
    assertSame(roundTrip(make()), structuredClone(make()), name);
  }
});

Deno.test("an array is sent as it was before what it holds was read", () => {
  const list: unknown[] = [{
    get a() {
      list.push("late");
      list[1] = "changed";
      return 1;
    },
  }, "kept"];
  assertSame(roundTrip(list), [{ a: 1 }, "kept"]);
});

Deno.test("an array that its own getters change is sent as they leave it, or refused", () => {
  const shrinking: unknown[] = [0, 1, 2];
  Object.defineProperty(shrinking, 0, accessor(() => shrinking.length = 1));
  assertSame(roundTrip(shrinking), [1]);
  const growing: unknown[] = [0, 1];
  Object.defineProperty(growing, 0, accessor(() => growing.push("late")));
  assertSame(roundTrip(growing), [3, 1]);
  const naming: unknown[] = [, 1];
  Object.defineProperty(naming, 1, accessor(() => Object.assign(naming, { extra: 1 }).length));
  assert(refusal(naming).message.includes("its own getters change"));
});

Deno.test("what a getter throws is thrown as it is, and the next message is whole", () => {
  const thrown = { not: "an error" };
  const value = [..."text", {
    deep: {
      get a() {
        throw thrown;
      },
    },
  }];
  for (let i = 0; i < 100; i++) {
    let caught: unknown;
    try {
      toBytes(value);
    } catch (error) {
      caught = error;
    }
    assertStrictEquals(caught, thrown);
    assertSame(roundTrip({ i, text: "after an error" }), { i, text: "after an error" });
  }
});

Deno.test("a getter may make messages of its own, of any size, and fail at it", () => {
  const inner: Uint8Array[][] = [];
  const nested = (depth: number): object => ({
    before: "b".repeat(depth * 1000),
    get message() {
      if (depth > 0) inner.push(toBytes(nested(depth - 1)));
      assertThrows(() => toBytes([new Uint8Array(9), () => {}]), DOMException);
      return depth;
    },
    after: new Uint8Array(depth * 10_000).fill(depth),
  });
  const plain = (depth: number) => ({
    before: "b".repeat(depth * 1000),
    message: depth,
    after: new Uint8Array(depth * 10_000).fill(depth),
  });
  const outer = toBytes(nested(8));
  assertSame(fromBytes(outer), plain(8));
  assertEquals(inner.length, 8);
  for (const [depth, parts] of inner.entries()) {
    assertSame(fromBytes(parts), plain(depth));
  }
});

// ---- Memory --------------------------------------------------------------------------------------

Deno.test("bytes that were handed out are never written again", () => {
  const messages = Array.from({ length: 500 }, (_, i) => {
    const value = {
      i,
      text: "x".repeat(i),
      list: Array(i).fill(i),
      buffer: new Uint8Array(i * 90),
    };
    if (i % 7 === 0) assertThrows(() => toBytes([value, () => {}]), DOMException);
    return { value, parts: toBytes(value) };
  });
  for (const { value, parts } of messages) assertSame(fromBytes(parts), value);
});

Deno.test("a message is what the value was at the call", () => {
  const value = { small: new Uint8Array(9).fill(1), large: new Uint8Array(1e6).fill(1), list: [1] };
  const parts = toBytes(value);
  value.small.fill(2);
  value.large.fill(2);
  value.list.push(2);
  const { small, large, list } = fromBytes(parts) as typeof value;
  assertEquals([small.every((n) => n === 1), large.every((n) => n === 1), list], [true, true, [1]]);
});

Deno.test("what was read has its own memory, wherever its bytes were", () => {
  const value = {
    views: [new Uint8Array([1, 2, 3]), new Float64Array([1.5]), new Uint8Array(50_000).fill(4)],
    texts: ["short", "long ".repeat(100), "π".repeat(10)],
  };
  for (let offset = 0; offset < 9; offset++) {
    const frames = toBytes(value).map((part) => {
      const frame = new Uint8Array(part.length + 20);
      frame.set(part, offset);
      return frame.subarray(offset, offset + part.length);
    });
    const read = fromBytes(frames) as typeof value;
    for (const frame of frames) new Uint8Array(frame.buffer).fill(0xee);
    assertSame(read, value);
  }
});

Deno.test("large buffers are parts of their own, and are read without a copy", () => {
  const large = new Uint8Array(1e6).fill(7);
  const parts = toBytes(["before", large, "between", large.slice(1), "after", large.subarray(9)]);
  assertEquals(parts.map((part) => part.length), [parts[0]!.length, 1e6, 999_999]);
  const read = fromBytes(parts) as Uint8Array[];
  assertStrictEquals(read[1]!.buffer, parts[1]!.buffer);
  assertStrictEquals(read[3]!.buffer, parts[2]!.buffer);
  assertSame(read, ["before", large, "between", large.slice(1), "after", large.subarray(9)]);
});

Deno.test("a transferred buffer goes without a copy and is detached, whether in the value or not", () => {
  const [inside, outside, small] = [
    new Uint8Array(1e6).fill(5),
    new ArrayBuffer(8),
    new ArrayBuffer(9),
  ];
  const growing = new ArrayBuffer(8, { maxByteLength: 16 });
  const value = { view: inside.subarray(10), small, growing };
  const expected = structuredClone(value);
  const memory = inside.buffer;
  const parts = toBytes(value, [memory, outside, small, small, growing]);
  assertEquals(
    [memory, outside, small, growing].map((buffer) => buffer.detached),
    Array(4).fill(true),
  );
  assertEquals(parts[1]!.buffer.byteLength, 1e6);
  assertSame(fromBytes(parts), expected);
});

Deno.test("buffers of all lengths arrive, shared by views, some of them moved", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomFrom(seed);
    const buffers = Array.from({ length: 5 }, () => {
      const length = pick(random, [0, 9, 32_767, 32_768, 40_000, 70_000]);
      const options = random() < 0.3 ? { maxByteLength: length + 99 } : undefined;
      const buffer = new ArrayBuffer(length, options);
      new Uint8Array(buffer).fill(seed);
      return buffer;
    });
    const value = Array.from({ length: 12 }, () => {
      const buffer = pick(random, buffers);
      return random() < 0.5 ? buffer : new Uint8Array(buffer, below(random, buffer.byteLength + 1));
    });
    const expected = structuredClone(value);
    const moved = buffers.filter(() => random() < 0.4);
    assertSame(roundTrip(value, moved), expected, `seed ${seed}`);
    assertEquals(buffers.map((buffer) => buffer.detached), buffers.map((b) => moved.includes(b)));
  }
});

Deno.test("after an error nothing is detached", () => {
  const gone = new ArrayBuffer(8);
  gone.transfer();
  const cases: [value: unknown, transfer: unknown[], words: string][] = [
    [() => 1, [], "could not be cloned"],
    [1, [gone], "already detached"],
    [1, [new Uint8Array(8)], "an ArrayBuffer is wanted"],
    [1, [{}], "an ArrayBuffer is wanted"],
    [1, [null], "an ArrayBuffer is wanted"],
    [1, [new SharedArrayBuffer(8)], "SharedArrayBuffer"],
  ];
  for (const [value, transfer, words] of cases) {
    const buffers = [new ArrayBuffer(8), new ArrayBuffer(1e6), new ArrayBuffer(8)];
    const list = [buffers[0], buffers[1], ...transfer, buffers[2]] as Transferable[];
    const { message } = refusal([buffers, value], list);
    assert(message.includes(words), message);
    assertEquals(buffers.map((buffer) => buffer.detached), [false, false, false]);
  }
});

Deno.test("what can't be detached is copied, though it is in the list", () => {
  const memory = new WebAssembly.Memory({ initial: 1 }).buffer as ArrayBuffer;
  new Uint8Array(memory).fill(6);
  const other = new ArrayBuffer(8);
  const copy = roundTrip(memory, [other, memory]);
  assertEquals([other.detached, memory.detached, copy.byteLength], [true, false, 65_536]);
  assert(new Uint8Array(copy).every((byte) => byte === 6));
});

Deno.test("a buffer that a getter detaches or resizes under way is not sent half", () => {
  const before = (b: ArrayBuffer) => ({
    get a() {
      return b.resize(99);
    },
  });
  const twice = new ArrayBuffer(50, { maxByteLength: 99 });
  const again = {
    get a() {
      return twice.resize(50);
    },
  };
  assert(refusal([before(twice), twice, again], [twice]).message.includes("detached or resized"));
  for (const tamper of [(b: ArrayBuffer) => void b.transfer(), (b: ArrayBuffer) => b.resize(99)]) {
    const buffer = new ArrayBuffer(50_000, { maxByteLength: 60_000 });
    const other = new ArrayBuffer(8);
    const value = [buffer, other, {
      get a() {
        return tamper(buffer);
      },
    }];
    assert(refusal(value, [other, buffer]).message.includes("detached or resized"));
    assert(!other.detached);
  }
});

// ---- Depth and size ------------------------------------------------------------------------------

/** How deep a value is, walked without a stack. */
function depthOf(value: unknown, inner: (value: never) => unknown): number {
  let depth = 0;
  for (let next = value; typeof next === "object" && next !== null; depth++) {
    next = inner(next as never);
  }
  return depth;
}

Deno.test("nesting has no limit", () => {
  const LEVELS = 100_000;
  const kinds: [wrap: (value: unknown) => unknown, inner: (value: never) => unknown][] = [
    [(value) => [value], (value: unknown[]) => value[0]],
    [(value) => ({ next: value }), (value: { next: unknown }) => value.next],
    [(value) => new Map([["k", value]]), (value: Map<string, unknown>) => value.get("k")],
    [(value) => new Set([value]), (value: Set<unknown>) => [...value][0]],
    [(value) => Object.assign([], { 3: value }), (value: unknown[]) => value[3]],
  ];
  for (const [wrap, inner] of kinds) {
    let value: unknown = 1;
    for (let i = 0; i < LEVELS; i++) value = wrap(value);
    assertEquals(depthOf(roundTrip(value), inner), LEVELS);
  }
  let error = new Error("the first");
  for (let i = 0; i < 2000; i++) error = new Error("m", { cause: error });
  assertEquals(depthOf(roundTrip(error), (error: Error) => error.cause), 2001);
});

Deno.test("a deep value keeps its kinds, sharing and cycles", () => {
  const shared = { shared: true };
  const root: unknown[] = [];
  let value: unknown = [shared, root, Array.from({ length: 30 }, (_, i) => i), [, 1]];
  for (let i = 0; i < 1000; i++) {
    value = [
      { value, shared },
      [value],
      new Map([[value, new Set([value])]]),
      new Error("m", {
        cause: value,
      }),
    ][i % 4];
  }
  root.push(value, shared);
  assertSame(roundTrip(root), structuredClone(root));
});

Deno.test("a list of a million, and texts of many megabytes, arrive", () => {
  const numbers = Array.from({ length: 1e6 }, (_, i) => i * 3000);
  const text = `${"x".repeat(5e6)}é${"🐑".repeat(1e6)}`;
  assertSame(roundTrip([text, text.length]), [text, text.length]);
  const read = roundTrip(numbers);
  assert(read.length === 1e6 && read.every((number, i) => number === i * 3000));
});

Deno.test("64 MB arrive", () => {
  const large = new Uint8Array(64 * 2 ** 20);
  for (let i = 0; i < large.length; i += 4096) large[i] = i >>> 12;
  const read = roundTrip(large);
  assertInstanceOf(read, Uint8Array);
  assertEquals(read.buffer.byteLength, large.length);
  for (let i = 0; i < large.length; i += 4096) {
    if (read[i] !== large[i]) assertEquals(read[i], large[i]);
  }
});
