import { assert, assertEquals, assertMatch, assertNotStrictEquals } from "@std/assert";
import { assertStrictEquals, assertStringIncludes } from "@std/assert";
import { decodeError, encodeError } from "../../ipc/values/_error_codec.ts";
import type { DecodeErrorOptions, TaskModule } from "../../ipc/values/_error_codec.ts";
import { registerErrorClass } from "../../ipc/values/_known_errors.ts";
import {
  BrokenBarrierError,
  CancelledError,
  RuntimeError,
  TimeoutError,
  ValueError,
} from "../../sync/errors.ts";

/** Sends `thrown` as a message would carry it. */
function send(thrown: unknown, module?: TaskModule, options?: DecodeErrorOptions): unknown {
  return decodeError(structuredClone(encodeError(thrown, { module })), options);
}

/** As {@linkcode send}, for what must come back as a real error; anything may hang on it. */
// deno-lint-ignore no-explicit-any
function sendError(thrown: unknown, module?: TaskModule, options?: DecodeErrorOptions): any {
  const error = send(thrown, module, options);
  assert(Error.isError(error), "a real error");
  assert(error instanceof Error);
  // Whatever has come back can be posted again, by our means and by the platform's.
  structuredClone(encodeError(error));
  structuredClone(error);
  return error;
}

/** The own enumerable string keys. */
const shown = (error: object) => Object.keys(error);

function moduleOf(exports: Record<string, unknown>): [TaskModule, DecodeErrorOptions] {
  const url = "file:///task.ts";
  return [{ url, exports }, {
    classes: (module, name) => module === url ? exports[name] as typeof Error : undefined,
  }];
}

// ---- Classes -----------------------------------------------------------------------------------

Deno.test("built-in errors keep class, name, message and stack", () => {
  const builtIn = [
    Error,
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    EvalError,
    URIError,
    WebAssembly.CompileError,
    WebAssembly.LinkError,
    WebAssembly.RuntimeError,
  ];
  for (const Class of builtIn) {
    const sent = new Class("boom");
    const got = sendError(sent);
    assertStrictEquals(Object.getPrototypeOf(got), Class.prototype);
    assertStrictEquals(got.constructor, Class);
    assertEquals(Object.prototype.toString.call(got), "[object Error]");
    assertEquals([got.name, got.message, got.stack], [sent.name, "boom", sent.stack]);
    assertEquals(Object.getOwnPropertyNames(got).sort(), ["message", "stack"]);
    assertEquals(shown(got), []);
  }
});

Deno.test("every class of Deno.errors keeps class, name and message", () => {
  const names = Object.getOwnPropertyNames(Deno.errors) as (keyof typeof Deno.errors)[];
  assert(names.length > 20);
  for (const name of names) {
    const sent = new Deno.errors[name]("boom");
    const got = sendError(sent);
    assertStrictEquals(Object.getPrototypeOf(got), Deno.errors[name].prototype);
    assertEquals([got.name, got.message, got.stack], [sent.name, "boom", sent.stack]);
    assertEquals(shown(got), shown(sent));
  }
});

Deno.test("an error of the operating system keeps its class and its code", () => {
  let sent: unknown;
  try {
    Deno.readTextFileSync("/there/is/no/such/file");
  } catch (error) {
    sent = error;
  }
  const got = sendError(sent);
  assert(got instanceof Deno.errors.NotFound);
  assertEquals(Reflect.get(got, "code"), "ENOENT");
});

Deno.test("AggregateError keeps its errors, with their classes and their order", () => {
  const sent = new AggregateError([new TypeError("a"), "b", new ValueError("c"), 4], "all", {
    cause: 5,
  });
  const got = sendError(sent);
  assert(got instanceof AggregateError);
  assertEquals(got.errors.length, 4);
  assert(got.errors[0] instanceof TypeError);
  assert(got.errors[2] instanceof ValueError);
  assertEquals([got.errors[1], got.errors[3], got.cause], ["b", 4, 5]);
  assertEquals(shown(got), []);
});

Deno.test("AggregateError keeps a list without errors, an empty one, and one that cannot be cloned", () => {
  assertEquals(sendError(new AggregateError([])).errors, []);
  assertEquals(sendError(new AggregateError([1, { a: 1 }])).errors, [1, { a: 1 }]);
  function work() {}
  assertEquals(sendError(new AggregateError([1, work, Symbol("s")])).errors, [
    1,
    "function work",
    "Symbol(s)",
  ]);
});

Deno.test("SuppressedError keeps error and suppressed", () => {
  const Class = (globalThis as unknown as Record<string, unknown>).SuppressedError as
    | (new (error: unknown, suppressed: unknown, message: string) => Error & {
      error: unknown;
      suppressed: unknown;
    })
    | undefined;
  if (Class === undefined) return; // A runtime without explicit resource management.
  const got = sendError(new Class(new TypeError("late"), new RangeError("early"), "both"));
  assert(got instanceof Class);
  assert(got.error instanceof TypeError);
  assert(got.suppressed instanceof RangeError);
  assertEquals([got.message, shown(got)], ["both", []]);
});

Deno.test("DOMException keeps name, message, code and cause", () => {
  const sent = Object.assign(new DOMException("gone", "AbortError"), { cause: new URIError("u") });
  const got = sendError(sent);
  assertStrictEquals(Object.getPrototypeOf(got), DOMException.prototype);
  assertEquals([got.name, got.message, got.code], ["AbortError", "gone", 20]);
  assertEquals([got.stack, shown(got)], [sent.stack, ["cause"]]);
  assert(got.cause instanceof URIError);
  const plain = sendError(new DOMException("m"));
  assertEquals([plain.name, plain.code], ["Error", 0]);
  const reason = sendError(AbortSignal.abort().reason);
  assertEquals([reason.name, reason instanceof DOMException], ["AbortError", true]);
});

Deno.test("QuotaExceededError keeps its class and its numbers", () => {
  const Class = (globalThis as unknown as Record<string, unknown>).QuotaExceededError as
    | (new (message: string, options?: object) => DOMException & {
      quota: number | null;
      requested: number | null;
    })
    | undefined;
  const legacy = sendError(new DOMException("full", "QuotaExceededError"));
  assertEquals([legacy.name, legacy.code], ["QuotaExceededError", 22]);
  if (Class === undefined) return; // A runtime that has it as a mere name.
  const got = sendError(new Class("full", { quota: 5, requested: 6 }));
  assert(got instanceof Class);
  assertEquals([got.message, got.code, got.quota, got.requested], ["full", 22, 5, 6]);
  assertEquals(sendError(new Class("full")).quota, null);
});

Deno.test("Herd's errors keep their class", () => {
  for (
    const Class of [RuntimeError, ValueError, CancelledError, TimeoutError, BrokenBarrierError]
  ) {
    const got = sendError(new Class("boom", { cause: new TypeError("why") }));
    assertStrictEquals(Object.getPrototypeOf(got), Class.prototype);
    assertEquals([got.name, got.message, shown(got)], [Class.name, "boom", ["name"]]);
    assert(got.cause instanceof TypeError);
  }
  assert(!(sendError(new RuntimeError()) instanceof WebAssembly.RuntimeError));
});

Deno.test("a registered class is kept, one that the receiver has not registered is an Error of its name", () => {
  class TestOnlyError extends Error {
    override name = "TestOnlyError";
    value = 7;
  }
  const before = sendError(new TestOnlyError("m"));
  assertStrictEquals(before.constructor, Error);
  registerErrorClass("TestOnlyError", TestOnlyError);
  const wire = structuredClone(encodeError(new TestOnlyError("m")));
  const after = decodeError(wire) as TestOnlyError;
  assert(after instanceof TestOnlyError);
  assertEquals(after.value, 7);
  assert(wire.kind === "error");
  wire.records[0]!.base = "Herd.NotLoaded";
  const other = decodeError(wire) as TestOnlyError;
  assertEquals([other.constructor, other.name, other.value], [Error, "TestOnlyError", 7]);
});

Deno.test("a class that the task's module exports comes back under its export, not its name", () => {
  class Inner extends Error {
    details = { id: 1 };
  }
  const [module, options] = moduleOf({ other: 1, PublicError: Inner });
  const got = sendError(new Inner("m"), module, options);
  assert(got instanceof Inner);
  assertEquals([got.name, got.message, got.details], ["Error", "m", { id: 1 }]);
  assertEquals(shown(got), ["details"]);
});

Deno.test("the constructor of a class does not run, so one that throws or needs arguments works", () => {
  let runs = 0;
  class Needy extends Error {
    constructor(options: { text: string }) {
      super(options.text);
      runs++;
      if (runs > 1) throw new Error("must not run again");
    }
  }
  const [module, options] = moduleOf({ Needy });
  const got = sendError(new Needy({ text: "m" }), module, options);
  assert(got instanceof Needy);
  assertEquals([got.message, runs], ["m", 1]);
});

Deno.test("an exported subclass of DOMException, of AggregateError and of a Herd class works", () => {
  class Dom extends DOMException {
    constructor(readonly extra: number) {
      super("d", "DataError");
    }
  }
  class Many extends AggregateError {}
  class Bad extends ValueError {}
  const [module, options] = moduleOf({ Dom, Many, Bad });
  const dom = sendError(new Dom(3), module, options);
  assert(dom instanceof Dom);
  assertEquals([dom.name, dom.message, dom.extra], ["DataError", "d", 3]);
  const many = sendError(new Many([new Bad("b")], "m"), module, options);
  assert(many instanceof Many);
  assert(many.errors[0] instanceof Bad);
  assert(many.errors[0] instanceof ValueError);
});

Deno.test("a class that the module does not export is its nearest ancestor that it exports", () => {
  class Public extends Error {}
  class Private extends Public {}
  const [module, options] = moduleOf({ Public });
  const got = sendError(new Private("m"), module, options);
  assertStrictEquals(Object.getPrototypeOf(got), Public.prototype);
});

Deno.test("an unknown class becomes an Error, or its nearest known ancestor, of that name", () => {
  class Lost extends Error {}
  class LostToo extends TypeError {}
  class Named extends Error {
    override get name() {
      return "Given";
    }
  }
  const [module, options] = moduleOf({ Named, other: 1 });
  for (const lost of [sendError(new Lost("m")), sendError(new Lost("m"), module, options)]) {
    assertEquals([lost.constructor, lost.name, shown(lost)], [Error, "Lost", []]);
  }
  const too = sendError(new LostToo("m"));
  assertEquals([too.constructor, too.name], [TypeError, "LostToo"]);
  const named = sendError(new Named("m"));
  assertEquals([named.constructor, named.name, shown(named)], [Error, "Given", []]);
  const anonymous = sendError(new (class extends RangeError {})("m"));
  assertEquals([anonymous.constructor, anonymous.name], [RangeError, "RangeError"]);
});

Deno.test("classes() may fail or give nonsense", () => {
  class Lost extends Error {}
  const [module] = moduleOf({ Lost });
  const answers = [
    () => undefined,
    () => {
      throw new Error("not loaded");
    },
    () => 1,
    () => Map,
    () => () => {},
    () => Object.assign(() => {}, { prototype: Error.prototype }),
    () => new Proxy(Lost, { get: () => null }),
  ];
  for (const classes of answers) {
    const got = sendError(new Lost("m"), module, { classes: classes as () => undefined });
    assertEquals([got.message, got.name], ["m", got.constructor === Error ? got.name : "?"]);
  }
});

Deno.test("exports that cannot be read are passed over", () => {
  class Lost extends Error {}
  const exports = Object.defineProperty({} as Record<string, unknown>, "early", {
    enumerable: true,
    get: () => {
      throw new ReferenceError("not initialised");
    },
  });
  exports.Lost = Lost;
  const got = sendError(new Lost("m"), { url: "u", exports }, { classes: () => Lost });
  assert(got instanceof Lost);
});

Deno.test("an error of another realm and one that only inherits from Error become real errors", async () => {
  const { runInNewContext } = await import("node:vm");
  const foreign = runInNewContext("new TypeError('far')");
  assert(!(foreign instanceof Error));
  const got = sendError(foreign);
  assertEquals([got.constructor, got.name, got.message], [TypeError, "TypeError", "far"]);

  function Old(this: Error, message: string) {
    this.message = message;
  }
  Old.prototype = Object.create(Error.prototype);
  Old.prototype.name = "Old";
  const old = sendError(Reflect.construct(Old, ["m"]));
  assertEquals([old.name, old.message, shown(old)], ["Old", "m", ["message"]]);
});

// ---- Properties --------------------------------------------------------------------------------

Deno.test("a name stays where it was: own and enumerable, own and hidden, on the prototype", () => {
  class Field extends Error {
    override name = "X";
  }
  class OnPrototype extends Error {
    static {
      this.prototype.name = "Y";
    }
  }
  const [module, options] = moduleOf({ Field, OnPrototype });
  const field = sendError(new Field(), module, options);
  assertEquals([field.name, shown(field)], ["X", ["name"]]);
  const proto = sendError(new OnPrototype(), module, options);
  assertEquals([proto.name, Object.hasOwn(proto, "name")], ["Y", false]);
  const hidden = sendError(Object.defineProperty(new Error(), "name", { value: "Z" }));
  assertEquals([hidden.name, shown(hidden)], ["Z", []]);
  const assigned = sendError(Object.assign(new TypeError(), { name: "" }));
  assertEquals([assigned.name, shown(assigned)], ["", ["name"]]);
  const misleading = sendError(Object.assign(new Error(), { name: "TypeError" }));
  assertEquals([misleading.constructor, misleading.name], [Error, "TypeError"]);
});

Deno.test("a message comes back exact, also none, an empty, an inherited and one that is no string", () => {
  assertEquals(Object.hasOwn(sendError(new Error()), "message"), false);
  assertEquals(Object.hasOwn(sendError(new Error("")), "message"), true);
  class Inherits extends Error {
    override get message() {
      return "inherited";
    }
  }
  const inherits = sendError(new Inherits());
  assertEquals([inherits.message, shown(inherits)], ["inherited", []]);
  const odd = new Error();
  Object.assign(odd, { message: { code: 1 } });
  assertEquals(sendError(odd).message, { code: 1 });
  assertEquals(
    sendError(Object.assign(new Error(), { message: Symbol("m") })).message,
    "Symbol(m)",
  );
  assertEquals(sendError(Object.assign(new Error(), { message: undefined })).message, undefined);
});

Deno.test("causes come back, recursively; others than errors as they are, or described", () => {
  const got = sendError(
    new Error("a", { cause: new TypeError("b", { cause: new Deno.errors.NotFound("c") }) }),
  );
  assert(got.cause instanceof TypeError);
  assert(got.cause.cause instanceof Deno.errors.NotFound);
  assertEquals(Object.getOwnPropertyDescriptor(got, "cause")?.enumerable, false);
  const causes = [undefined, null, 0, NaN, "", 1n, { a: [1] }, new Map([[1, new Date(0)]])];
  for (const cause of causes) assertEquals(sendError(new Error("", { cause })).cause, cause);
  assert(Object.hasOwn(sendError(new Error("", { cause: undefined })), "cause"));
  assert(!Object.hasOwn(sendError(new Error("")), "cause"));
  assertEquals(sendError(new Error("", { cause: () => 1 })).cause, "function cause");
  assertEquals(sendError(new Error("", { cause: Promise.resolve() })).cause, "[object Promise]");
  assertEquals(sendError(new Error("", { cause: new URL("http://a/b") })).cause, "http://a/b");
});

Deno.test("own enumerable properties come back, errors among them with their class", () => {
  const sent = Object.assign(new Error("m"), {
    code: "E1",
    errno: -2,
    details: { id: 1, inner: new TypeError("t") },
    list: [new RangeError("r"), 2],
    direct: new ValueError("v"),
    when: new Date(5),
    bytes: new Uint8Array([1, 2]),
  });
  const got = sendError(sent);
  assertEquals(shown(got), ["code", "errno", "details", "list", "direct", "when", "bytes"]);
  assertEquals([got.code, got.errno, got.when, got.bytes], ["E1", -2, sent.when, sent.bytes]);
  assertEquals(got.details.id, 1);
  assert(got.details.inner instanceof TypeError);
  assert(got.list[0] instanceof RangeError);
  assert(got.direct instanceof ValueError);
});

Deno.test("own properties that cannot be cloned are described, functions and symbol keys left out", () => {
  class Socket {
    #secret = 1;
    stream = Promise.resolve(this.#secret);
  }
  const got = sendError(Object.assign(new Error("m"), {
    toString: () => "own",
    socket: new Socket(),
    tag: Symbol("t"),
    weak: new WeakMap(),
    mixed: { id: 1, socket: new Socket(), f() {} },
    [Symbol("key")]: 1,
  }));
  assertEquals(String(got), "Error: m");
  assertEquals(shown(got), ["socket", "tag", "weak", "mixed"]);
  assertEquals([got.socket, got.tag, got.weak], [
    "[object Socket]",
    "Symbol(t)",
    "[object WeakMap]",
  ]);
  assertEquals(got.mixed, { id: 1, socket: "[object Socket]", f: "function f" });
  assertEquals(Object.getOwnPropertySymbols(got), []);
});

Deno.test("own hidden properties other than an error's own stay behind", () => {
  const got = sendError(Object.defineProperty(new Error("m"), "secret", { value: 1 }));
  assert(!("secret" in got));
});

Deno.test("cycles and shared references keep identity", () => {
  const self = new Error("self");
  self.cause = self;
  const gotSelf = sendError(self);
  assertStrictEquals(gotSelf.cause, gotSelf);

  const a = new TypeError("a"), b = new RangeError("b", { cause: a });
  a.cause = b;
  const gotA = sendError(a);
  assertStrictEquals(gotA.cause.cause, gotA);

  const all: AggregateError & { first?: unknown } = new AggregateError([a, a, b], "all");
  all.first = a;
  all.errors.push(all);
  const got = sendError(all);
  assertStrictEquals(got.errors[0], got.errors[1]);
  assertStrictEquals(got.errors[0], got.first);
  assertStrictEquals(got.errors[0].cause, got.errors[2]);
  assertStrictEquals(got.errors[3], got);

  const shared = { n: 1 };
  const two = sendError(Object.assign(new Error("", { cause: shared }), { shared }));
  assertStrictEquals(two.cause, two.shared);

  const list: unknown[] = [new Error("in")];
  list.push(list);
  assertEquals(sendError(new AggregateError(list)).errors.length, 2);
});

Deno.test("own keys such as __proto__, constructor and prototype do no harm", () => {
  const sent = new Error("m");
  for (const key of ["__proto__", "constructor", "prototype", "hasOwnProperty"]) {
    Object.defineProperty(sent, key, { value: { polluted: key }, enumerable: true });
  }
  const details = JSON.parse('{"__proto__": {"polluted": 1}}');
  details.inner = new Error("in");
  const got = sendError(Object.assign(sent, { details }));
  assertStrictEquals(Object.getPrototypeOf(got), Error.prototype);
  assertEquals(Object.getOwnPropertyDescriptor(got, "__proto__")?.value, { polluted: "__proto__" });
  assertEquals(got.polluted, undefined);
  assertStrictEquals(Object.getPrototypeOf(got.details), Object.prototype);
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("each decoding makes new errors", () => {
  const wire = encodeError(new Error("m", { cause: new TypeError("c") }));
  const one = decodeError(wire) as Error, two = decodeError(wire) as Error;
  assertNotStrictEquals(one, two);
  assertNotStrictEquals(one.cause, two.cause);
  one.message = "changed";
  assertEquals((decodeError(wire) as Error).message, "m");
});

// ---- Stacks and printing -----------------------------------------------------------------------

Deno.test("the caller's frames follow the worker's, once, on the outermost error only", () => {
  const sent = new TypeError("two\nlines", { cause: new RangeError("inner") });
  const caller = "Error: made for its stack\n    at submit (file:///main.ts:3:4)\n" +
    "    at async file:///main.ts:9:1";
  const got = sendError(sent, undefined, { caller });
  assertEquals(
    got.stack,
    `${sent.stack}\n    at submit (file:///main.ts:3:4)\n    at async file:///main.ts:9:1`,
  );
  assert(got.stack.startsWith("TypeError: two\nlines\n    at "));
  assertEquals(got.cause.stack, (sent.cause as Error).stack);
  assertEquals(Object.getOwnPropertyDescriptor(got, "stack")?.enumerable, false);
  assertEquals(sendError(sent, undefined, { caller: "no frames" }).stack, sent.stack);
});

Deno.test("an error without a readable stack shows its name, its message and the caller", () => {
  for (const stack of [undefined, 5, [], { toString: () => "x" }]) {
    const sent = Object.defineProperty(new TypeError("m"), "stack", { value: stack });
    assertEquals(
      sendError(sent, undefined, { caller: "    at here" }).stack,
      "TypeError: m\n    at here",
    );
    assertEquals(sendError(sent).stack, "TypeError: m");
  }
});

Deno.test("console.log shows a decoded error as it shows the sent one", () => {
  class Custom extends Error {
    override name = "Custom";
    code = 3;
  }
  const [module, options] = moduleOf({ Custom });
  for (
    const sent of [
      new TypeError("m", { cause: new RangeError("c") }),
      new Custom("m"),
      new AggregateError([new Error("a")], "all"),
      new DOMException("d", "AbortError"),
    ]
  ) {
    const got = sendError(sent, module, options);
    assertEquals(Deno.inspect(got), Deno.inspect(sent));
  }
});

Deno.test("an uncaught decoded error is printed with class, message, both stacks and cause", async () => {
  const codec = new URL("../../ipc/values/_error_codec.ts", import.meta.url).href;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const program = `
    import { decodeError, encodeError } from ${JSON.stringify(codec)};
    class Custom extends Error { name = "Custom"; constructor(a) { super(a.b); } }
    const sent = new Custom({ b: "boom" });
    sent.stack = "Error: boom\\n    at work (file:///worker.ts:1:2)";
    sent.cause = Object.assign(new TypeError("why"), { stack: "TypeError: why\\n    at deep (file:///deep.ts:5:6)" });
    const wire = structuredClone(encodeError(sent, { module: { url: "u", exports: { Custom } } }));
    throw decodeError(wire, { classes: () => Custom, caller: "    at main (file:///main.ts:3:4)" });
  `;
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `--config=${config}`, "--no-lock", program],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(output.stderr);
  assertEquals(output.code, 1);
  assertMatch(text, /Uncaught.* Custom: boom/);
  assertMatch(text, /at work \(file:\/\/\/worker.ts:1:2\)\n +at main \(file:\/\/\/main.ts:3:4\)/);
  assertMatch(text, /Caused by: TypeError: why\n +at deep/);
});

Deno.test("an error goes through a real message port", async () => {
  const { port1, port2 } = new MessageChannel();
  try {
    const arrived = new Promise((resolve) => port2.onmessage = (event) => resolve(event.data));
    const sent = Object.assign(new ValueError("m", { cause: new AggregateError([1]) }), {
      code: 4,
    });
    port1.postMessage(encodeError(sent));
    const got = decodeError(await arrived as ReturnType<typeof encodeError>);
    assert(got instanceof ValueError);
    assert(got.cause instanceof AggregateError);
    assertEquals([got.message, Reflect.get(got, "code"), got.stack], ["m", 4, sent.stack]);
  } finally {
    port1.close();
    port2.close();
  }
});

Deno.test("an error that goes on through a second realm gathers the frames of both callers", () => {
  const once = sendError(new Deno.errors.Busy("m"), undefined, { caller: "    at first" });
  const twice = sendError(once, undefined, { caller: "    at second" });
  assert(twice instanceof Deno.errors.Busy);
  assert(twice.stack!.endsWith("\n    at first\n    at second"));
});

// ---- What is no error --------------------------------------------------------------------------

Deno.test("thrown primitives come back as they are", () => {
  for (const value of [undefined, null, 0, -0, "", "text", NaN, true, false, 12n]) {
    assertStrictEquals(send(value), value);
  }
});

Deno.test("a thrown symbol and a thrown function become an Error that describes them", () => {
  assertEquals(sendError(Symbol("s")).message, "Cannot clone what was thrown: Symbol(s)");
  assertEquals(
    sendError(function work() {}).message,
    "Cannot clone what was thrown: function work",
  );
  assertEquals(sendError(class Foo {}).message, "Cannot clone what was thrown: function Foo");
  const got = sendError(Symbol("s"), undefined, { caller: "    at here" });
  assertEquals(got.stack, "Error: Cannot clone what was thrown: Symbol(s)\n    at here");
});

Deno.test("thrown objects that can be cloned come back as clones", () => {
  const values = [{ code: 1, list: [1] }, [1, 2], new Map([[1, 2]]), new Date(1), new Set(["a"])];
  for (const value of values) {
    const got = send(value);
    assertEquals(got, value);
    assertNotStrictEquals(got, value);
  }
  const bare = send(Object.assign(Object.create(null), { a: 1 })) as { a: number };
  assertEquals(bare.a, 1);
  assertEquals(send(Object.create(null)), {});
});

Deno.test("thrown objects that cannot be cloned become an Error that describes them", () => {
  const message = (thrown: unknown) =>
    sendError(thrown).message.slice("Cannot clone what was thrown: ".length);
  assertEquals(message({ f() {} }), "[object Object]");
  assertEquals(message({ message: "boom", f() {} }), "[object Object]: boom");
  assertEquals(message(Promise.resolve()), "[object Promise]");
  assertEquals(message(Object.assign(Object.create(null), { f() {} })), "[object Object]");
  assertEquals(message(new Response("x")), "[object Response]");
});

// ---- Hostile values ----------------------------------------------------------------------------

function thrower(): never {
  throw new Error("hostile");
}

Deno.test("getters that throw are survived, one by one and all together", () => {
  const keys = ["message", "stack", "name", "cause", "errors", "code", "constructor"];
  for (const some of [...keys.map((key) => [key]), keys]) {
    const sent = new TypeError("m");
    for (const key of some) {
      Object.defineProperty(sent, key, { get: thrower, enumerable: true, configurable: true });
    }
    const got = sendError(sent);
    assertStrictEquals(Object.getPrototypeOf(got), TypeError.prototype);
    assertEquals(got.name, "TypeError");
    assertEquals(got.message, some.includes("message") ? "" : "m");
    // Else it is as the sender had it, and there the getters spoilt its first line.
    if (some.includes("stack")) assertStringIncludes(got.stack, "TypeError: ");
  }
  class Hostile extends Error {
    override get name(): string {
      return thrower();
    }
    override get message(): string {
      return thrower();
    }
  }
  assertEquals(sendError(new Hostile()).name, "Hostile");
  const [module, options] = moduleOf({ Hostile });
  const got = send(new Hostile(), module, options);
  assert(got instanceof Hostile);
});

Deno.test("values are read once: a getter that fails later cannot harm the message", () => {
  let reads = 0;
  const details = {
    get value() {
      if (++reads > 2) thrower();
      return 1;
    },
  };
  const wire = encodeError(Object.assign(new Error("m"), { details }));
  const before = reads;
  structuredClone(wire);
  assertEquals(reads, before);
});

Deno.test("proxies are survived: of an error, with traps that throw, revoked", () => {
  const transparent = sendError(new Proxy(new TypeError("m"), {}));
  assertEquals([transparent.constructor, transparent.message], [TypeError, "m"]);

  const traps = Object.fromEntries(
    ["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"]
      .map((trap) => [trap, thrower]),
  );
  for (const [trap, handler] of Object.entries(traps)) {
    sendError(new Proxy(new TypeError("m"), { [trap]: handler }));
  }
  const evil = new Proxy(new TypeError("m"), traps);
  sendError(evil);
  sendError(new Proxy(thrower, traps));
  sendError(new Error("m", { cause: evil }));
  sendError(new AggregateError([evil, 1]));
  sendError(Object.assign(new Error("m"), { details: { evil }, evil }));

  for (const target of [{}, [], thrower, new Error("m")]) {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    sendError(proxy);
    sendError(new Error("m", { cause: proxy }));
    sendError(new AggregateError([proxy]));
  }
});

Deno.test("a chain of prototypes without an end is survived", () => {
  const endless = (): object => new Proxy({}, { getPrototypeOf: endless });
  sendError(endless());
  sendError(new Error("m", { cause: endless() }));
});

Deno.test("errors without a prototype, with a strange one, and frozen ones are survived", () => {
  const bare = Object.setPrototypeOf(new Error("m"), null);
  const gotBare = sendError(bare);
  assertEquals([gotBare.constructor, gotBare.message], [Error, "m"]);
  const strange = sendError(Object.setPrototypeOf(new Error("m"), { constructor: 5 }));
  assertEquals([strange.constructor, strange.message], [Error, "m"]);
  sendError(Object.create(DOMException.prototype));
  send(Error.prototype);
  sendError(DOMException.prototype);
  const frozen = sendError(Object.freeze(new ValueError("m")));
  assert(frozen instanceof ValueError);
  assertEquals([frozen.message, Object.isFrozen(frozen)], ["m", false]);
});

Deno.test("a message of 10 MB is kept, in a description it is cut", () => {
  const message = "x".repeat(10_000_000);
  assertEquals(sendError(new Error(message)).message.length, message.length);
  assert(sendError({ message, f() {} }).message.length < 500);
});

Deno.test("a chain of 100,000 causes does not overflow the stack and ends in a description", () => {
  let sent: Error = new TypeError("root");
  for (let index = 1; index < 100_000; index++) sent = new Error(`${index}`, { cause: sent });
  const wire = encodeError(sent);
  assert(wire.kind === "error");
  assertEquals(wire.records.length, 65);
  let last = sendError(sent);
  for (let depth = 0; depth < 64; depth++) last = last.cause;
  assertEquals([last.message, last.cause], ["99935", "Error: 99934"]);
});

Deno.test("getters that invent errors without end are cut", () => {
  class Hydra extends Error {
    constructor() {
      super("head");
      for (const key of ["left", "right"]) {
        Object.defineProperty(this, key, { enumerable: true, get: () => new Hydra() });
      }
      Object.defineProperty(this, "stack", { value: "" });
    }
  }
  const wire = encodeError(new Hydra());
  assert(wire.kind === "error");
  assertEquals(wire.records.length, 65_536);
});

Deno.test("a huge sparse array and a very deep object as properties are survived", () => {
  const sparse: unknown[] = [];
  sparse.length = 4_000_000_000;
  assertEquals(sendError(Object.assign(new Error("m"), { sparse })).sparse.length, sparse.length);
  let deep: object = {};
  for (let index = 0; index < 100_000; index++) deep = { deep };
  sendError(Object.assign(new Error("m"), { deep }));
  sendError(new Error("m", { cause: deep }));
  sendError(deep);
});

Deno.test("an iterator that never ends does not hold the encoder", () => {
  const list = Object.assign([new Error("in")], {
    *[Symbol.iterator]() {
      while (true) yield 1;
    },
  });
  assert(Array.isArray(sendError(Object.assign(new Error("m"), { list })).list));
});

Deno.test("data that is no encoded error decodes to an Error that says so", () => {
  const nonsense = [undefined, null, 5, {}, { kind: "error" }, { kind: "error", records: [{}] }];
  for (const wire of nonsense) {
    const got = decodeError(wire as unknown as ReturnType<typeof encodeError>);
    assert(got instanceof Error);
    assertEquals(
      got.message,
      "Cannot decode what was thrown: the data is not an encoded error",
    );
  }
});
