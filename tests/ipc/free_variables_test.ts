import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { analyseFunction } from "../../ipc/values/_free_variables.ts";

type AnyFunction = (...args: never[]) => unknown;

interface Call {
  /** The `this` of the call. */
  readonly on?: unknown;
  readonly args?: readonly unknown[];
}

/** One function and what the analysis has to say about it. */
interface Row {
  /** The function itself, or its source text where no checked module can hold it. */
  readonly given: AnyFunction | string;
  /** Names from outside; none if omitted. */
  readonly free?: readonly string[];
  /** Forms that cannot travel; none if omitted. */
  readonly unsendable?: readonly string[];
  /** The sent function must answer these calls as the original does. */
  readonly calls?: readonly Call[];
}

const isGlobal = (name: string) => name in globalThis;

function evaluate(expression: string): AnyFunction {
  // An indirect call sees globals only, as another realm does.
  // deno-lint-ignore no-eval
  return (0, eval)(`"use strict"; (${expression})`);
}

/** What a call came to, in a form that can be compared: iterators are drained, promises awaited. */
async function outcome(fn: AnyFunction, { on, args = [] }: Call): Promise<unknown> {
  try {
    const result: unknown = await Reflect.apply(fn, on, structuredClone(args));
    if (!(result instanceof Object)) return { result };
    if (Symbol.asyncIterator in result) {
      return { items: await Array.fromAsync(result as AsyncIterable<unknown>) };
    }
    return { result };
  } catch (error) {
    return { error: String(error) };
  }
}

async function check({ given, free = [], unsendable = [], calls = [] }: Row): Promise<void> {
  const source = String(given);
  const original = typeof given === "string" ? undefined : given;
  const analysis = analyseFunction(source, isGlobal, original?.name);
  assertEquals([...analysis.free], free);
  assertEquals([...analysis.unsendable].sort(), [...unsendable].sort());
  if (free.length > 0 || unsendable.length > 0) return;

  const sent = evaluate(analysis.expression);
  assertEquals(typeof sent, "function");
  const again = analyseFunction(String(sent), isGlobal, sent.name);
  assertEquals(again.expression, analysis.expression, "sending it on changes it");
  if (original === undefined) return;
  assertEquals(sent.name, original.name);
  assertEquals(sent.length, original.length);
  assertEquals(Object.hasOwn(sent, "prototype"), Object.hasOwn(original, "prototype"));
  for (const call of calls) {
    assertEquals(await outcome(sent, call), await outcome(original, call));
  }
}

function table(rows: Readonly<Record<string, Row>>): void {
  for (const [sentence, row] of Object.entries(rows)) {
    Deno.test(`analyseFunction: ${sentence}`, () => check(row));
  }
}

function method(object: object, key: PropertyKey): AnyFunction {
  const value: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
  assert(typeof value === "function");
  return value as AnyFunction;
}

function getter(object: object, key: PropertyKey): AnyFunction {
  const get = Object.getOwnPropertyDescriptor(object, key)?.get;
  assert(get);
  return get;
}

function setter(object: object, key: PropertyKey): AnyFunction {
  const set = Object.getOwnPropertyDescriptor(object, key)?.set;
  assert(set);
  return set;
}

const outer: { x: number; list: number[]; tag: (parts: TemplateStringsArray) => string } = {
  x: 1,
  list: [2],
  tag: (parts) => parts.join(),
};
const outerKey = "key";
let counter = 0;
class Base {}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

async function later(value: number) {
  return await Promise.resolve(value + 1);
}

table({
  "a declaration uses nothing when it has only parameters": {
    given: function add(a: number, b: number) {
      return a + b;
    },
    calls: [{ args: [1, 2] }, { args: ["a", "b"] }],
  },
  "a declaration that calls itself has its own name": {
    given: factorial,
    calls: [{ args: [1] }, { args: [6] }],
  },
  "an async declaration is sent as async": { given: later, calls: [{ args: [1] }] },
  "a named function expression that calls itself has its own name": {
    given: function down(n: number): number {
      return n === 0 ? 0 : down(n - 1);
    },
    calls: [{ args: [3] }],
  },
  "an anonymous function expression is sent without a name": {
    given: (() =>
      function () {
        return 1;
      })(),
    calls: [{}],
  },
  "an anonymous function expression keeps the name of its variable": {
    given: (() => {
      const named = function (a: number) {
        return a;
      };
      return named;
    })(),
    calls: [{ args: [1] }],
  },
  "an async function expression is sent as async": {
    given: async function (ms: number) {
      return await Promise.resolve(ms);
    },
    calls: [{ args: [4] }],
  },
  "an arrow with an expression body is sent": {
    given: (a: number, b: number) => a * b,
    calls: [{ args: [3, 4] }],
  },
  "an arrow without parentheses around its parameter is sent": { given: "x => x" },
  "an arrow that returns an object literal is sent": {
    given: (a: number) => ({ a }),
    calls: [{ args: [1] }],
  },
  "an arrow with a block body is sent": {
    given: (list: number[]) => {
      let sum = 0;
      for (const item of list) sum += item;
      return sum;
    },
    calls: [{ args: [[1, 2, 3]] }],
  },
  "an async arrow is sent as async": {
    given: async (a: Promise<number> | number) => (await a) + 1,
    calls: [{ args: [1] }],
  },
  "a variable outside is used when it is read": { given: () => outer, free: ["outer"] },
  "names are listed once and in order": {
    given: () => [outerKey, outer, outerKey, Base],
    free: ["Base", "outer", "outerKey"],
  },
  "an arrow that calls itself by its variable uses that variable": {
    given: "(n) => n < 2 ? n : fib(n - 1) + fib(n - 2)",
    free: ["fib"],
  },
  "globals are not free": {
    given: () => [undefined, NaN, Infinity, Math.max(1, 2), typeof Deno, typeof globalThis],
    calls: [{}],
  },
  "eval is a global, and the names beside it stay resolvable": {
    given: '() => { const own = 1; eval("own"); return own; }',
  },
  "isGlobal decides what a global is": {
    given: "() => notDefinedHere(console)",
    free: [
      "notDefinedHere",
    ],
  },
});

table({
  "assigning to a variable outside uses it": { given: () => (counter = 1), free: ["counter"] },
  "a compound assignment uses the variable": { given: () => (counter += 1), free: ["counter"] },
  "a logical assignment uses the variable": { given: "() => { cache ??= 1; }", free: ["cache"] },
  "an increment uses the variable": { given: () => counter++, free: ["counter"] },
  "a destructuring assignment uses its targets": {
    given: "() => { [a, { b, c: d.e, ...f }] = []; }",
    free: ["a", "b", "d", "f"],
  },
  "deleting a member of a variable outside uses it": {
    given: "() => delete table.entry",
    free: ["table"],
  },
  "typeof uses the variable": { given: () => typeof outer, free: ["outer"] },
  "a shorthand property uses the variable": { given: () => ({ outer }), free: ["outer"] },
  "a property key is not a variable": {
    given: () => ({
      outer: 1,
      outerKey() {},
      get Base() {
        return 1;
      },
    }.outer),
    calls: [{}],
  },
  "a computed property key uses the variable": {
    given: () => ({ [outerKey]: 1 }),
    free: ["outerKey"],
  },
  "a member name is not a variable": {
    given: (o: { outer: { counter: number } }) => o.outer.counter,
    calls: [{ args: [{ outer: { counter: 5 } }] }, { args: [{}] }],
  },
  "a computed member name uses the variable": {
    given: (o: Record<string, number>) => o[outerKey],
    free: ["outerKey"],
  },
  "an optional chain uses its head and its arguments only": {
    given: "() => head?.a?.[index]?.(argument).b",
    free: ["argument", "head", "index"],
  },
  "a template literal uses what it substitutes": {
    given: () => `outer ${outerKey}`,
    free: ["outerKey"],
  },
  "a tagged template uses its tag": { given: () => outer.tag`counter`, free: ["outer"] },
  "labels are not variables": {
    given: () => {
      let rounds = 0;
      outer: for (let i = 0; i < 3; i++) {
        for (;;) {
          rounds++;
          if (i === 1) break outer;
          continue outer;
        }
      }
      return rounds;
    },
    calls: [{}],
  },
  "spread and new use their operands": {
    given: "() => new Thing(...items, { ...rest })",
    free: ["Thing", "items", "rest"],
  },
  "the options of a dynamic import are used": {
    given: '() => import("npm:x", { with: options })',
    free: ["options"],
  },
  "in and instanceof use both sides": {
    given: "() => key in box || box instanceof Kind",
    free: ["Kind", "box", "key"],
  },
});

table({
  "a default parameter refers to an earlier one": {
    given: (a: number, b = a * 2, c = a + b) => [a, b, c],
    calls: [{ args: [1] }, { args: [1, 1] }, { args: [1, 1, 1] }],
  },
  "a default parameter that names an outer variable uses it": {
    given: (a = outer) => a,
    free: ["outer"],
  },
  "a default parameter does not see the variables of the body": {
    given: "function f(a = hidden) { var hidden = 1; return a; }",
    free: ["hidden"],
  },
  "a function in a default parameter does not see the variables of the body": {
    given: "(a = () => hidden) => { const hidden = 1; return a() + hidden; }",
    free: ["hidden"],
  },
  "a default parameter may use the function's own name and arguments": {
    given: "function f(a = f.length, b = arguments.length) { return [a, b]; }",
  },
  "a rest parameter is its own": {
    given: (first: number, ...rest: number[]) => [rest, first],
    calls: [{ args: [1, 2, 3] }],
  },
  "destructured parameters are its own": {
    given: (
      { a, b: { c = 3, ...d } = {}, ...e }: {
        a: number;
        b?: { c?: number; x?: number };
        y?: number;
      },
      [f, , g = a]: number[],
    ) => [a, c, d, e, f, g],
    calls: [{ args: [{ a: 1, b: { x: 9 }, y: 8 }, [7]] }, { args: [{ a: 1 }, [1, 2, 3]] }, {}],
  },
  "a default inside a pattern uses the outer variable": {
    given: ({ a = outerKey }: { a?: string }) => a,
    free: ["outerKey"],
  },
  "a computed key inside a pattern uses the outer variable": {
    given: ({ [outerKey]: a }: Record<string, string>) => a,
    free: ["outerKey"],
  },
  "a pattern in the body declares its names and uses its defaults": {
    given: (o: { a: number; x?: { x: number } }) => {
      const { a, x: { x } = outer } = o;
      return [a, x];
    },
    free: ["outer"],
  },
  "var is hoisted out of blocks and loops": {
    given:
      "function f(n) { if (n) { for (var i = 0; i < n; i++) { var last = i; } } return [i, last]; }",
  },
  "let and const are not": {
    given: "() => { { let hidden = 1; const fixed = 2; } return [hidden, fixed]; }",
    free: ["fixed", "hidden"],
  },
  "a function in a block stays in the block": {
    given: "() => { { inner(); function inner() {} } inner(); }",
    free: ["inner"],
  },
  "a function declared later in the body is its own": {
    given: (n: number) => {
      return twice(n);
      function twice(m: number) {
        return m * 2;
      }
    },
    calls: [{ args: [4] }],
  },
  "the variable of a for loop ends with the loop": {
    given: "() => { for (let i = 0; i < 1; i++); return i; }",
    free: ["i"],
  },
  "for of and for in declare their variables": {
    given: (o: Record<string, number[]>) => {
      const found = [];
      for (const key in o) {
        for (const [i, value] of o[key]?.entries() ?? []) {
          found.push([key, i, value]);
        }
      }
      return found;
    },
    calls: [{ args: [{ a: [1, 2], b: [] }] }],
  },
  "for of uses what it iterates, and an undeclared target": {
    given: "() => { for (target of source) ; for (target.x in source) ; }",
    free: ["source", "target"],
  },
  "a switch is one scope": {
    given: "(a) => { switch (a) { case 1: let b = 1; break; default: b = 2; } return b; }",
    free: ["b"],
  },
  "catch declares its parameter for its block only": {
    given:
      "() => { try { risky(); } catch ({ message, cause = none }) { message; } return message; }",
    free: ["message", "none", "risky"],
  },
  "catch may have no parameter": {
    given: () => {
      try {
        return JSON.parse("{");
      } catch {
        return "no";
      }
    },
    calls: [{}],
  },
  "catch may hide an outer variable": {
    given: () => {
      try {
        throw new RangeError("outer");
      } catch (outer) {
        return String(outer);
      }
    },
    calls: [{}],
  },
});

table({
  "nested functions see the variables around them": {
    given: (a: number) => {
      const b = 1;
      return [1, 2].map((c) =>
        [3].map(function each(d): number {
          return d > 3 ? each(d) : a + b + c + d;
        })
      );
    },
    calls: [{ args: [10] }],
  },
  "a nested function's own name is not seen outside it": {
    given: "() => { (function inner() {}); return inner; }",
    free: ["inner"],
  },
  "generators inside are sent": {
    given: (n: number) => {
      function* count(to: number) {
        for (let i = 0; i < to; i++) yield i;
      }
      return [...count(n), ...{
        *[Symbol.iterator]() {
          yield* count(2);
        },
      }];
    },
    calls: [{ args: [3] }],
  },
  "async generators inside are sent": {
    given: (n: number) => {
      return (async function* () {
        for await (const item of [Promise.resolve(1), n]) yield item;
      })();
    },
    calls: [{ args: [3] }],
  },
  "a class inside is sent with all its members": {
    given: (start: number) => {
      class Counter {
        #count = start;
        static made = 0;
        static {
          const first = 1;
          Counter.made += first;
        }
        static #secret() {
          return "secret";
        }
        get count() {
          return this.#count;
        }
        set count(value) {
          this.#count = value;
        }
        add = (by: number) => this.#count += by;
        is(other: object) {
          return #count in other;
        }
        static reveal() {
          return Counter.#secret() + this.made;
        }
      }
      class Doubled extends Counter {
        override get count() {
          return super.count * 2;
        }
        constructor() {
          super();
          assertNew(new.target === Doubled);
        }
      }
      function assertNew(value: boolean) {
        if (!value) throw new Error("not new");
      }
      const counter = new Doubled();
      counter.add(2);
      return [counter.count, counter.is({}), counter.is(counter), Counter.reveal()];
    },
    calls: [{ args: [5] }],
  },
  "a class inside that extends an outer class uses it": {
    given: () => class Derived extends Base {},
    free: ["Base"],
  },
  "the members of a class inside use outer variables": {
    given:
      "() => class { [k1] = v1; static s = v2; #p = v3; get [k2]() { return v4; } static { v5; } }",
    free: ["k1", "k2", "v1", "v2", "v3", "v4", "v5"],
  },
  "a variable of a static block stays in it": {
    given: "() => { class A { static { var hidden = 1; } } return hidden; }",
    free: ["hidden"],
  },
  "a class expression's own name is seen inside only": {
    given: "() => { (class Own { self() { return Own; } }); return Own; }",
    free: ["Own"],
  },
  "arguments and new.target of a normal function are its own": {
    given: function () {
      return [new.target === undefined, ...arguments];
    },
    calls: [{ args: [1, 2] }],
  },
  "arguments in an arrow inside a normal function are its own": {
    given: "function f() { return ((a = arguments.length) => a + arguments[0])(); }",
  },
  "arguments in the default of a function inside an arrow are that function's": {
    given: "() => function (a = arguments.length, b = () => arguments) { return a; }",
  },
  "this of a normal function is its own, in nested arrows too": {
    given: function (this: { x: number }, y: number) {
      return [y].map((z) => (() => this.x + z)());
    },
    calls: [{ on: { x: 1 }, args: [2] }, { args: [2] }],
  },
  "a function that assigns to its own name uses the variable outside": {
    given: "function once() { once = () => {}; }",
    free: ["once"],
  },
  "a function whose body hides its own name may assign to it": {
    given: "function once() { let once = 1; once = 2; return once; }",
  },
});

const symbol = Symbol("tag");
const side = { effects: 0 };
const members = {
  method(a: number) {
    return a + 1;
  },
  async waiting() {
    return await Promise.resolve(1);
  },
  get size() {
    return 4;
  },
  set size(value: number) {
    Object.assign(this, { got: value });
  },
  get(a: number) {
    return a;
  },
  set(a: number) {
    return a;
  },
  async(a: number) {
    return a;
  },
  static(a: number) {
    return a;
  },
  function(a: number) {
    return a;
  },
  new(a: number) {
    return a;
  },
  if(a: number) {
    return a;
  },
  __proto__(a: number) {
    return a;
  },
  constructor(a: number) {
    return a;
  },
  "a-b"(a: number) {
    return a;
  },
  'a "quoted" b'(a: number) {
    return a;
  },
  12(a: number) {
    return a;
  },
  1e3(a: number) {
    return a;
  },
  async "a b"() {
    return await Promise.resolve(2);
  },
  ["computed"](a: number) {
    return a;
  },
  [`${outerKey}${side.effects++}`](a: number) {
    return a;
  },
  [symbol](a: number) {
    return a;
  },
  get [Symbol.toStringTag]() {
    return "tag";
  },
  *[Symbol.iterator]() {
    yield 1;
  },
  calls(): unknown {
    return members.method(1);
  },
  delegates(): unknown {
    return super.delegates();
  },
};

class Holder {
  static make(a: number) {
    return [a, this === undefined];
  }
  static async load() {
    return await Promise.resolve(3);
  }
  #secret(a: number) {
    return a;
  }
  #other(): unknown {
    return this.#other;
  }
  static leak(holder: Holder) {
    return [holder.#secret, holder.#other] as const;
  }
  read() {
    return this.#secret(1);
  }
  get value() {
    return 5;
  }
}
const [secret, otherSecret] = Holder.leak(new Holder());
const one = [{ args: [1] }];

table({
  "a method is sent": { given: members.method, calls: one },
  "an async method is sent as async": { given: members.waiting, calls: [{}] },
  "a getter is sent": { given: getter(members, "size"), calls: [{}] },
  "a setter is sent": {
    given: setter(members, "size"),
    calls: [{ on: {}, args: [1] }],
  },
  "a method called get is a method": { given: members.get, calls: one },
  "a method called set is a method": { given: members.set, calls: one },
  "a method called async is a method": { given: members.async, calls: one },
  "a method called static is a method": { given: members.static, calls: one },
  "a method called new is a method": { given: members.new, calls: one },
  "a method called if is a method": { given: members.if, calls: one },
  "a method called constructor is a method": { given: members.constructor, calls: one },
  "a method called __proto__ is a method": {
    given: method(members, "__proto__"),
    calls: one,
  },
  "a method with a string key keeps its name": { given: members["a-b"], calls: one },
  "a method with quotes in its key keeps its name": {
    given: members['a "quoted" b'],
    calls: one,
  },
  "a method with a number as its key keeps its name": { given: members[12], calls: one },
  "a method with an exponent in its key keeps its name": { given: members[1e3], calls: one },
  "an async method with a string key is sent as async": { given: members["a b"], calls: [{}] },
  "a method with a computed literal key keeps its name": { given: members.computed, calls: one },
  "a method's computed key is neither used nor evaluated again": {
    given: method(members, "key0"),
    calls: one,
  },
  "a method under a symbol keeps its name": { given: members[symbol], calls: one },
  "a getter under a symbol keeps its name": {
    given: getter(members, Symbol.toStringTag),
    calls: [{}],
  },
  "a generator method keeps being one": { given: members[Symbol.iterator] },
  "a static method is sent": { given: Holder.make, calls: one },
  "a static async method is sent": { given: Holder.load, calls: [{}] },
  "a getter of a class is sent": { given: getter(Holder.prototype, "value"), calls: [{}] },
  "a private method that needs nothing private is sent": { given: secret, calls: one },
  "a method that names its object uses it": { given: members.calls, free: ["members"] },
  "a method that calls a function of its own name uses that": {
    given: "helper() { return helper(); }",
    free: ["helper"],
  },
  "a computed key with await, yield, this and new.target is dropped": {
    given: "[(await a, yield, this, new.target, super.b, arguments)]() { return 1; }",
  },
});

table({
  "this of an arrow belongs to what is around it": {
    given: "(a) => a + this.b",
    unsendable: ["this"],
  },
  "this in an arrow inside an arrow does too": {
    given: "() => () => this",
    unsendable: ["this"],
  },
  "this in a computed key of a class inside an arrow does too": {
    given: "() => class { [this.key]() { return this; } field = this; static { this; } }",
    unsendable: ["this"],
  },
  "this in functions inside an arrow is theirs": {
    given: () =>
      [
        function (this: unknown) {
          return this;
        },
        {
          method() {
            return this;
          },
        },
        class {
          field = this;
          arrow = () => this;
        },
      ].length,
    calls: [{}],
  },
  "arguments of an arrow belong to what is around it": {
    given: "(a = arguments) => arguments.length",
    unsendable: ["arguments"],
  },
  "new.target of an arrow belongs to what is around it": {
    given: "() => new.target",
    unsendable: ["new.target"],
  },
  "super in an arrow belongs to what is around it": {
    given: "() => { super(); return super.x; }",
    unsendable: ["super"],
  },
  "super in a method does not travel": { given: members.delegates, unsendable: ["super"] },
  "super in an arrow inside a method does not travel": {
    given: "method() { return () => super.method(); }",
    unsendable: ["super"],
  },
  "super in a method called function does not travel": {
    given: "function() { return super.function(); }",
    unsendable: ["super"],
  },
  "super in methods inside is theirs": {
    given: () => ({
      toString() {
        return super.toString();
      },
    }.toString()),
    calls: [{}],
  },
  "a private name of the class around it does not travel": {
    given: Holder.prototype.read,
    unsendable: ["#secret"],
  },
  "a private method that uses a private name does not travel": {
    given: otherSecret,
    unsendable: ["#other"],
  },
  "a private name in a pattern and a brand check do not travel": {
    given: "(o) => { [o.#a] = [1]; return #b in o; }",
    unsendable: ["#a", "#b"],
  },
  "a private name in the heritage of a class inside is not that class's": {
    given: "(o) => class extends o.#a { #a = 1; }",
    unsendable: ["#a"],
  },
  "import.meta does not travel": {
    given: () => import.meta.url,
    unsendable: ["import.meta"],
  },
  "import.meta in a nested method does not travel": {
    given: "function f() { return { m() { return import.meta.dirname; } }; }",
    unsendable: ["import.meta"],
  },
  "a relative import does not travel": {
    given: '() => import("./x.js")',
    unsendable: ['import("./x.js")'],
  },
  "a relative import of a parent does not travel": {
    given: "async () => (await import('../x.js', { with: { type: 'json' } })).default",
    unsendable: ["import('../x.js')"],
  },
  "an import of a path does not travel": {
    given: "() => import(`/x.js`)",
    unsendable: ["import(`/x.js`)"],
  },
  "an import of a package, a builtin, a URL or a variable travels": {
    given:
      '(v) => [import("npm:x"), import("node:fs"), import("https://x/"), import("bare"), import(v), import(`./${v}`)]',
  },
  "each form is listed once": {
    given: "() => [this, this, import.meta, import.meta, import('./a'), import('./a')]",
    unsendable: ["this", "import.meta", "import('./a')"],
  },
  "free names and forms are found together": {
    given: "() => [this, missing]",
    free: ["missing"],
    unsendable: ["this"],
  },
});

Deno.test("analyseFunction: evaluating a computed key happens only where the method is made", () => {
  const { expression } = analyseFunction("[effect()](a) { return a; }", isGlobal, "made");
  assertEquals(expression, '({ ["made"](a) { return a; } })["made"]');
});

Deno.test("analyseFunction: a computed key stands for a name that is not given", () => {
  const { expression } = analyseFunction("[Symbol.iterator]() {}", isGlobal);
  assertEquals(evaluate(expression).name, "[Symbol.iterator]");
});

Deno.test("analyseFunction: the expression of a function with a name is its source", () => {
  const source = "function f() {}";
  assertEquals(analyseFunction(source, isGlobal, "renamed").expression, source);
});

Deno.test("analyseFunction: source that does not parse is a TypeError that says why", () => {
  const cases = [
    ["function f(o) { with (o) {} }", "'with' in strict mode at 1:17"],
    ["method(o) {\n  with (o) {}\n}", "'with' in strict mode at 2:3"],
    ["#method(o) { with (o) {} }", "'with' in strict mode at 1:14"],
    ["function f() { [native code] }", "Unexpected token at 1:24"],
    ["function f() { return 1", "Unexpected token at 1:24"],
  ] as const;
  for (const [source, problem] of cases) {
    const error = assertThrows(() => analyseFunction(source, isGlobal), TypeError);
    assertEquals(error.message, `Cannot send a function by source: ${problem}: ${source}`);
    assertInstanceOf(error.cause, SyntaxError);
  }
});

Deno.test("analyseFunction: source of anything but one function is a TypeError", () => {
  const sources = ["class A {}", "1", "a, () => {}", "() => {}) (() => {}", "a() {}, b() {}", ""];
  for (const source of [...sources, "a: () => {}", "a", "static a() {}", "() => {}; b() {}"]) {
    assertThrows(
      () => analyseFunction(source, isGlobal),
      TypeError,
      "Cannot send a function by source: ",
    );
  }
});

Deno.test("analyseFunction: an error shows the beginning of a long source", () => {
  const error = assertThrows(
    () => analyseFunction(`${"a".repeat(1_000)}!`, isGlobal),
    TypeError,
  );
  assert(error.message.endsWith(`: ${"a".repeat(80)}…`));
});
