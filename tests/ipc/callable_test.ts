/**
 * What may be sent to a worker, through real threads: every row of the table of callables.
 *
 * Modules under test are `data:` URLs where they can be: no file to clean up, and this realm loads them
 * only where a test does. This file is a task's module itself where the types of a reference matter.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { basename } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Callable, current_task, task, ThreadPoolExecutor } from "../../mod.ts";

/** The URL of a module with the given JavaScript. */
function moduleOf(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** Loads such a module here, as a program does that sends its functions. */
async function load<Exports>(url: string): Promise<Exports> {
  return await import(url);
}

/** Runs one call on a pool of its own. */
async function run<A extends unknown[], R>(fn: Callable<A, R>, ...args: A): Promise<Awaited<R>> {
  await using executor = new ThreadPoolExecutor(1);
  return await executor.submit(fn, ...args);
}

/** The `TypeError` by which a call fails, on its future; the pool must live on. */
async function refusal(fn: () => unknown, modules: string[] = []): Promise<TypeError> {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, modules });
  const future = executor.submit(fn);
  const error = await assertRejects(() => future, TypeError);
  assertEquals(await executor.submit((n: number) => n + 1, 1), 2);
  return error;
}

// ---- By reference ------------------------------------------------------------------------------

let offset = 40;

export function addOffset(n: number): number {
  return offset + n;
}

export const nameOfTask = () => current_task().name;

Deno.test("task(url, fn) runs the export in the worker's own copy of the module", async () => {
  offset = 1000;
  assertEquals(addOffset(2), 1002);
  assertEquals(await run(task(import.meta.url, addOffset), 2), 42);
});

Deno.test("task(url, name) takes its types from the module that it names", async () => {
  const byName = task<typeof import("./callable_test.ts").addOffset>(import.meta.url, "addOffset");
  const sum: number = await run(byName, 2);
  assertEquals(sum, 42);
  // @ts-expect-error: a number is wanted
  byName satisfies Callable<[string], number>;
});

Deno.test("task(url, name) does not load the module in the parent", async () => {
  const url = moduleOf(`
    globalThis.loadsOfNamed = (globalThis.loadsOfNamed ?? 0) + 1;
    export const loads = () => globalThis.loadsOfNamed;
    export const fail = () => { throw new Failure("no"); };
    export class Failure extends Error {}
  `);
  await using executor = new ThreadPoolExecutor(1);
  assertEquals(await executor.submit(task<() => number>(url, "loads")), 1);
  assertEquals(await executor.submit(task<() => number>(url, "loads")), 1);
  await assertRejects(() => executor.submit(task<() => void>(url, "fail")).result(), Error, "no");
  assert(!("loadsOfNamed" in globalThis), "the parent has loaded the module");
});

Deno.test("a function is found under whatever name its module exports it", async () => {
  const url = moduleOf(`
    let n = 1;
    function secret() { return "secret" + n; }
    const arrow = async () => "arrow" + n;
    export { secret as open, arrow as "not an identifier" };
  `);
  const exports = await load<Record<string, () => string>>(url);
  assertEquals(await run(task(url, exports.open!)), "secret1");
  assertEquals(await run(task(url, exports["not an identifier"]!)), "arrow1");
  assertEquals(await run(task<() => string>(url, "not an identifier")), "arrow1");
});

Deno.test("functions that are exported under each other's names are not mixed up", async () => {
  const url = moduleOf(`
    let n = 1;
    function left() { return "left" + n; }
    function right() { return "right" + n; }
    export { left as right, right as left };
  `);
  const exports = await load<{ left: () => string; right: () => string }>(url);
  assertEquals(await run(task(url, exports.right)), "left1");
  assertEquals(await run(task(url, exports.left)), "right1");
  assertEquals(await run(task<() => string>(url, "left")), "right1");
});

Deno.test("default exports travel by reference, with a name and without", async () => {
  for (
    const definition of [
      "function named() { return n; }",
      "function () { return n; }",
      "async function () { return n; }",
      "() => n",
      "async () => n",
    ]
  ) {
    const url = moduleOf(`let n = "default"; export default ${definition};`);
    const { default: fn } = await load<{ default: () => string }>(url);
    assertEquals(await run(task(url, fn)), "default", definition);
    assertEquals(await run(task<() => string>(url, "default")), "default", definition);
  }
});

Deno.test("a re-exported function travels by reference to the module that re-exports it", async () => {
  const inner = moduleOf(`let n = 5; export function five() { return n; }`);
  const outer = moduleOf(`export { five as cinq } from ${JSON.stringify(inner)};`);
  const { cinq } = await load<{ cinq: () => number }>(outer);
  assertEquals(await run(task(outer, cinq)), 5);
});

Deno.test("a URL object names a module as its text does", async () => {
  assertEquals(await run(task(new URL(import.meta.url), addOffset), 2), 42);
  const byName = task<typeof addOffset>(new URL(import.meta.url), "addOffset");
  assertEquals(await run(byName, 2), 42);
  assertEquals([byName.url, byName.name], [import.meta.url, "addOffset"]);
});

Deno.test("functions of npm: and node: modules travel by reference", async () => {
  const lineInfo = task<typeof import("acorn").getLineInfo>("npm:acorn@^8.15.0", "getLineInfo");
  const { line, column } = await run(lineInfo, "one\ntwo", 5);
  assertEquals([line, column], [2, 1]);
  assertEquals(await run(task("node:path", basename), "/a/b.txt", ".txt"), "b");
  const join = task<typeof import("node:path").join>("node:path", "join");
  assertEquals(await run(join, "a", "..", "b"), "b");
});

Deno.test("a URL that is not absolute is refused with the remedy", () => {
  for (const url of ["./x.ts", "x.ts", "/x.ts", "../x.ts", "", "acorn"]) {
    for (const target of [addOffset, "addOffset"]) {
      const error = assertThrows(() => task(url, target as typeof addOffset), TypeError);
      assertStringIncludes(error.message, `module ${url}: the URL is not absolute`);
      assertStringIncludes(error.message, `import.meta.resolve("./module.ts")`);
    }
  }
  for (const url of [undefined, null, 1, {}]) {
    assertThrows(() => task(url as unknown as string, addOffset), TypeError, "not absolute");
  }
});

Deno.test("a reference may be made anew for every task", async () => {
  const url = moduleOf(`let calls = 0; export function count() { return ++calls; }`);
  const { count } = await load<{ count: () => number }>(url);
  await using executor = new ThreadPoolExecutor(1);
  const futures = Array.from({ length: 500 }, () => executor.submit(task(url, count)));
  assertEquals(await Promise.all(futures), Array.from({ length: 500 }, (_, i) => i + 1));
});

Deno.test("an export that is not there fails that task, naming URL, name and exports", async () => {
  const url = moduleOf("export const one = 1; export function two() { return 2; }");
  const empty = moduleOf("globalThis.nothing = 0;");
  await using executor = new ThreadPoolExecutor(1);
  const submit = (url: string, name: string) => executor.submit(task<() => number>(url, name));
  for (const name of ["three", "one", "toString", "__proto__", ""]) {
    const error = await assertRejects(() => submit(url, name), TypeError);
    assertStringIncludes(error.message, `Cannot run ${name || "the function"}: `);
    assertStringIncludes(error.message, `module ${url} does not export it: it exports one, two`);
  }
  const error = await assertRejects(() => submit(empty, "f"), TypeError);
  assertStringIncludes(error.message, "it exports nothing");
  assertEquals(await submit(url, "two"), 2);
});

Deno.test("a module that does not load fails that task, naming URL, name and reason", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (
    const [url, reason] of [
      [moduleOf("throw new RangeError('no database');"), "no database"],
      [moduleOf("await Promise.reject(new Error('later'));"), "later"],
      [moduleOf("throw 'a string';"), "a string"],
      [moduleOf("throw null;"), "null"],
      [moduleOf("export const = 1;"), "Expected"],
      [moduleOf("import 'data:text/javascript,throw new Error(`inner`)';"), "inner"],
      [import.meta.resolve("./no_such_module.ts"), "no_such_module.ts"],
      ["gopher://example/x.ts", "gopher"],
    ] as const
  ) {
    const future = executor.submit(task<() => number>(url, "f"));
    const error = await assertRejects(() => future, TypeError);
    assertStringIncludes(error.message, `Cannot run f: its module ${url} does not load: `);
    assertStringIncludes(error.message, reason);
    assert(Object.hasOwn(error, "cause"), "the reason as the cause");
  }
  assertEquals(await executor.submit(() => 1), 1);
});

Deno.test("a module whose export has another text in the worker runs the worker's own", async () => {
  const url = moduleOf(`
    let n = 1;
    export const version = globalThis.knowsTheParent
      ? function version() { return "parent" + n; }
      : function version() { return "worker" + n; };
  `);
  Object.assign(globalThis, { knowsTheParent: true });
  const { version } = await load<{ version: () => string }>(url);
  assertEquals(version(), "parent1");
  assertEquals(await run(task(url, version)), "worker1");
  // In a module that is merely listed, the text is all there is to go by.
  const error = await refusal(version, [url]);
  assertStringIncludes(error.message, "Cannot send version to a worker: it uses n of its module");
});

// ---- Modules -----------------------------------------------------------------------------------

Deno.test("functions that a listed module exports travel as they are", async () => {
  const url = moduleOf(`
    let sum = 0;
    const tenfold = (n) => n * 10;
    export function add(n) { return sum += tenfold(n); }
    export const addLater = async (n) => add(n);
    export default (n) => tenfold(n);
  `);
  type Add = (n: number) => number;
  const exports = await load<{ add: Add; addLater: Add; default: Add }>(url);
  await using executor = new ThreadPoolExecutor({ max_workers: 1, modules: [new URL(url)] });
  assertEquals(await executor.submit(exports.add, 1), 10);
  assertEquals(await executor.submit(exports.addLater, 2), 30);
  assertEquals(await executor.submit(exports.default, 3), 30);
  assertEquals(exports.add(0), 0, "the parent's copy was called");
  assertEquals(await Array.fromAsync(executor.map(exports.add, [1, 1])), [40, 50]);
});

Deno.test("two listed modules may export functions of the same name", async () => {
  const [one, two] = ["one", "two"].map((tag) =>
    moduleOf(`const tag = "${tag}"; export function which() { return "${tag}" + tag; }`)
  ) as [string, string];
  type Which = { which: () => string };
  const [first, second] = [await load<Which>(one), await load<Which>(two)];
  await using executor = new ThreadPoolExecutor({ max_workers: 1, modules: [one, two] });
  assertEquals(await executor.submit(second.which), "twotwo");
  assertEquals(await executor.submit(first.which), "oneone");
});

Deno.test("functions of the same name and text in two listed modules are not mixed up", async () => {
  const [one, two] = ["one", "two"].map((tag) =>
    moduleOf(`const tag = "${tag}"; export function which() { return tag; }`)
  ) as [string, string];
  const { which } = await load<{ which: () => string }>(two);
  assertEquals(which(), "two");
  const error = await refusal(which, [one, two]);
  assertStringIncludes(error.message, "Cannot send which to a worker: ");
  assertStringIncludes(error.message, one);
  assertStringIncludes(error.message, two);
  assertStringIncludes(error.message, "task(");
  assertEquals(await run(task(two, which)), "two");
});

Deno.test("one function that two listed modules export is no conflict", async () => {
  const inner = moduleOf("let n = 6; export function six() { return n; }");
  const outer = moduleOf(`export * from ${JSON.stringify(inner)};`);
  const { six } = await load<{ six: () => number }>(inner);
  await using executor = new ThreadPoolExecutor({ max_workers: 1, modules: [outer, inner] });
  assertEquals(await executor.submit(six), 6);
});

Deno.test("a listed module that does not load fails only the tasks that need it", async () => {
  const good = moduleOf("let n = 7; export function seven() { return n; }");
  const bad = moduleOf(`
    if (!globalThis.knowsTheParent) throw new RangeError("no database");
    let n = 8;
    export function eight() { return n; }
  `);
  Object.assign(globalThis, { knowsTheParent: true });
  const { seven } = await load<{ seven: () => number }>(good);
  const { eight } = await load<{ eight: () => number }>(bad);
  await using executor = new ThreadPoolExecutor({ max_workers: 1, modules: [bad, good] });
  assertEquals(await executor.submit(seven), 7);
  assertEquals(await executor.submit(() => 9), 9);
  const error = await assertRejects(() => executor.submit(eight).result(), TypeError);
  assertStringIncludes(error.message, "Cannot send eight to a worker: it uses n of its module");
  assertStringIncludes(error.message, bad);
  assertStringIncludes(error.message, "no database");
  assertInstanceOf(error.cause, RangeError);
  assertEquals(await executor.submit(seven), 7);
});

Deno.test("the parent never loads the listed modules", async () => {
  const url = moduleOf(`
    globalThis.loadsOfListed = (globalThis.loadsOfListed ?? 0) + 1;
    export const loads = () => globalThis.loadsOfListed;
    export const fail = () => { throw new Failure("no"); };
    export class Failure extends Error {}
  `);
  await using executor = new ThreadPoolExecutor({ max_workers: 1, modules: [url] });
  assertEquals(await executor.submit(task<() => number>(url, "loads")), 1);
  assertEquals(await executor.submit((n: number) => n, 1), 1);
  const future = executor.submit(task<() => void>(url, "fail"));
  const error = await assertRejects(() => future, Error, "no");
  assert(!("loadsOfListed" in globalThis), "the parent has loaded the module");
  assertEquals(error.name, "Failure");
});

// ---- By source ---------------------------------------------------------------------------------

Deno.test("functions of every form travel by source", async () => {
  const key = "computed";
  const object = {
    method(n: number) {
      return n + 1;
    },
    async asyncMethod(n: number) {
      return await n + 1;
    },
    [key](n: number) {
      return n + 1;
    },
    "quoted key"(n: number) {
      return n + 1;
    },
    class(n: number) {
      return n + 1;
    },
    get(n: number) {
      return n + 1;
    },
    static(n: number) {
      return n + 1;
    },
    async(n: number) {
      return n + 1;
    },
    function(n: number) {
      return n + 1;
    },
    property: (n: number) => n + 1,
  };
  class Holder {
    static method(n: number) {
      return n + 1;
    }
    method(n: number) {
      return n + 1;
    }
  }
  const forms: ((n: number) => number | Promise<number>)[] = [
    (n) => n + 1,
    async (n) => await n + 1,
    function (n) {
      return n + 1;
    },
    function named(n) {
      return n + 1;
    },
    async function (n) {
      return await n + 1;
    },
    (n, one = 1) => n + one,
    (...[n = 0]) => n + 1,
    (n) => {
      const inner = (m: number): number => m > 0 ? inner(m - 1) + 1 : 0;
      return inner(n) + 1;
    },
    ...Object.values(object),
    Holder.method,
    new Holder().method,
  ];
  await using executor = new ThreadPoolExecutor(1);
  for (const form of forms) assertEquals(await executor.submit(form, 41), 42, String(form));
});

Deno.test("a function that calls itself by its own name travels by source", async () => {
  function factorial(n: number): number {
    return n < 2 ? 1 : n * factorial(n - 1);
  }
  assertEquals(await run(factorial, 5), 120);
  assertEquals(
    await run(
      async function fibonacci(n: number): Promise<number> {
        return n < 2 ? n : await fibonacci(n - 1) + await fibonacci(n - 2);
      },
      10,
    ),
    55,
  );
});

Deno.test("a function that travels by source keeps its name and runs in strict mode", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const url = moduleOf("export const api = 1;");
  const add = async (resolved: string) => (await import(resolved)).current_task().name as string;
  const api = import.meta.resolve("../../mod.ts");
  assertEquals(await executor.submit(add, api), "add");
  const strict = function (this: unknown) {
    return this ?? "nothing";
  };
  assertEquals(await executor.submit(strict), "nothing");
  // An absolute dynamic import is the function's own.
  assertEquals(await executor.submit(async (url) => (await import(url)).api, url), 1);
});

Deno.test("globals of every realm may be used by source", async () => {
  const result = await run(async () => {
    const bytes = new TextEncoder().encode(structuredClone("herd"));
    const hash = await crypto.subtle.digest("SHA-1", bytes);
    return [typeof Deno.version.deno, hash.byteLength, globalThis.Math.max(1, 2), typeof undefined];
  });
  assertEquals(result, ["string", 20, 2, "undefined"]);
});

Deno.test("a closure is refused, naming the function, its variables and the remedies", async () => {
  const factor = 3;
  let calls = 0;
  const scale = (n = 1) => {
    calls++;
    return n * factor;
  };
  const error = await refusal(scale);
  assertMatch(
    error.message,
    /^Cannot send scale to a worker: it uses calls, factor of its module or closure: /,
  );
  for (const remedy of ["export it", "modules", "task(import.meta.url, ", "as arguments"]) {
    assertStringIncludes(error.message, remedy);
  }
  assertEquals(calls, 0);
});

Deno.test("a closure without a name is refused by the beginning of its text", async () => {
  const factor = 3;
  const error = await refusal(() => factor);
  assertMatch(error.message, /^Cannot send \(\) ?=> ?factor to a worker: it uses factor of its/);
  const long = await refusal(
    () => [factor, "x".repeat(100), "a text that is long enough to be cut"],
  );
  assertMatch(long.message, /^Cannot send \(\).{20,80}… to a worker: it uses factor of its/);
});

Deno.test("what is only looked at, assigned or called counts as used", async () => {
  let outer = 1;
  outer += 1;
  const helper = () => 1;
  for (
    const fn of [
      () => typeof outer,
      () => {
        outer = 2;
      },
      () => (() => outer)(),
      (n = outer) => n,
      () => ({ outer }),
      () => `${outer}`,
      () => class extends (outer as unknown as typeof Object) {},
    ]
  ) {
    assertStringIncludes((await refusal(fn)).message, "it uses outer of", String(fn));
  }
  assertStringIncludes((await refusal(() => helper())).message, "it uses helper of");
  const recursive = (n = 0): number => n === 0 ? 0 : recursive(n - 1);
  assertStringIncludes((await refusal(recursive)).message, "it uses recursive of");
});

Deno.test("import.meta and a relative import() are refused on the future", async () => {
  assertStringIncludes(
    (await refusal(() => import.meta.url)).message,
    "it uses import.meta of its module",
  );
  const relative = () => import("../../mod.ts");
  const error = await refusal(relative);
  assertStringIncludes(error.message, "Cannot send relative to a worker: ");
  assertStringIncludes(error.message, `import("../../mod.ts")`);
});

Deno.test("this, super, arguments and private names of the surroundings are refused", async () => {
  class Base {
    greet() {
      return "base";
    }
  }
  class Derived extends Base {
    #secret = 1;
    override greet() {
      return super.greet();
    }
    arrow = () => this.greet();
    peek(other: Derived = this) {
      return other.#secret;
    }
    static tell() {
      return function (this: unknown) {
        return this ?? "nothing";
      };
    }
  }
  const derived = new Derived();
  for (
    const [fn, form] of [
      [derived.greet, "super"],
      [derived.arrow, "this"],
      [derived.peek, "#secret"],
    ] as const
  ) {
    const error = await refusal(fn);
    assertStringIncludes(error.message, form);
    assertStringIncludes(error.message, fn.name);
  }
  assertEquals(await run(Derived.tell()), "nothing");
});

Deno.test("a refused closure fails every task of a batch and harms no other", async () => {
  const secret = 1;
  const closure = () => secret;
  await using executor = new ThreadPoolExecutor(2);
  const futures = Array.from(
    { length: 100 },
    (_, i) => i % 2 === 0 ? executor.submit(closure) : executor.submit((n: number) => n, i),
  );
  const outcomes = await Promise.allSettled(futures);
  for (const [i, outcome] of outcomes.entries()) {
    if (i % 2 === 1) assertEquals(outcome, { status: "fulfilled", value: i });
    else assertEquals(outcome.status, "rejected");
  }
});

Deno.test("functions of one name and different texts, and of one text and different names", async () => {
  const make = (name: string, body: string) =>
    // deno-lint-ignore no-eval
    (0, eval)(`({ [${JSON.stringify(name)}]: ${body} })[${JSON.stringify(name)}]`) as () => number;
  await using executor = new ThreadPoolExecutor(1);
  assertEquals(await executor.submit(make("one", "() => 1")), 1);
  assertEquals(await executor.submit(make("one", "() => 2")), 2);
  assertEquals(await executor.submit(make("one", "() => 1")), 1);
  const naming = "function () { return new Error().stack.includes('herd:left') }";
  assertEquals(await executor.submit(make("left", naming)), true as unknown as number);
  assertEquals(await executor.submit(make("right", naming)), false as unknown as number);
});

/** Fresh closures of one text that counts how often it was evaluated. */
function freshCounter(): () => number {
  return function count(): number {
    const self = count as unknown as { calls?: number };
    return self.calls = (self.calls ?? 0) + 1;
  };
}

const collectGarbage = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
})();

/** Collects garbage until `done` holds, for a bounded number of turns. */
async function collectUntil(done: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 200; i++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
    if (await done()) return true;
  }
  return false;
}

Deno.test("10,000 fresh closures of one text are compiled once a worker, and let go", async () => {
  const total = 10_000;
  await using executor = new ThreadPoolExecutor(1);
  const closures: WeakRef<() => number>[] = [];
  const results = await Promise.all(Array.from({ length: total }, () => {
    const closure = freshCounter();
    closures.push(new WeakRef(closure));
    return executor.submit(closure);
  }));
  // Every evaluation would start to count anew: the function holds its own count.
  assertEquals(results, Array.from({ length: total }, (_, i) => i + 1));
  assert(await collectUntil(() => closures.every((ref) => ref.deref() === undefined)));
});

Deno.test("a worker lets go of functions that nobody can send again", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const make = (i: number) =>
    // deno-lint-ignore no-eval
    (0, eval)(`(function remember() {
      (globalThis.remembered ??= []).push(new WeakRef(remember));
      return ${i};
    })`) as () => number;
  for (let i = 0; i < 100; i++) assertEquals(await executor.submit(make(i)), i);
  const left = () => {
    const { gc, remembered } = globalThis as unknown as {
      gc: () => void;
      remembered: WeakRef<object>[];
    };
    gc();
    return remembered.filter((ref) => ref.deref() !== undefined).length;
  };
  await executor.submit(async () => {
    const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([
      import("node:v8"),
      import("node:vm"),
    ]);
    setFlagsFromString("--expose-gc");
    (globalThis as unknown as { gc: unknown }).gc = runInNewContext("gc");
  });
  assert(await collectUntil(async () => await executor.submit(left) <= 1));
});

// ---- Refused at the call -----------------------------------------------------------------------

const UNSENDABLE: readonly (readonly [kind: string, fn: unknown])[] = [
  ["native", Math.max],
  ["native", parseInt],
  ["native", Function.prototype],
  ["native", Array.prototype.map],
  ["bound", addOffset.bind(null, 1)],
  ["bound", (() => 1).bind(null)],
  ["bound", addOffset.bind(null).bind(null)],
  ["class", class {}],
  ["class", class Named extends Error {}],
  ["class", URL],
  ["native", Map],
  ["generator", function* () {}],
  ["generator", async function* named() {}],
  ["generator", { *method() {} }.method],
  ["generator", { async *method() {} }.method],
  ["native", new Proxy(addOffset, {})],
  ["native", new Proxy(class {}, {})],
];

Deno.test("native, bound, class and generator functions are refused at the call", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (const [kind, fn] of UNSENDABLE) {
    const callable = fn as () => void;
    for (
      const submit of [
        () => executor.submit(callable),
        () => executor.map(callable),
        () => executor.options({ priority: 1 }).submit(callable),
        () => task(import.meta.url, callable),
        () => new ThreadPoolExecutor({ initializer: callable }),
      ]
    ) {
      const error = assertThrows(submit, TypeError);
      const name = callable.name || "the function";
      assertStringIncludes(error.message, `Cannot send ${name} to a worker: it is a `);
      // A platform's class may be written in JavaScript.
      if (fn !== URL) assertStringIncludes(error.message, `it is a ${kind} function: `);
    }
  }
  assertEquals(executor.stats().workers, 0, "something was sent");
});

Deno.test("what is no function is refused at the call, saying what it is", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const lookalike = { url: import.meta.url, name: "addOffset" };
  for (
    const given of [
      undefined,
      null,
      1,
      1n,
      "addOffset",
      true,
      Symbol("s"),
      {},
      [],
      lookalike,
    ] as const
  ) {
    const callable = given as unknown as () => void;
    const kind = given === null ? "null" : typeof given;
    for (const submit of [() => executor.submit(callable), () => executor.map(callable)]) {
      const error = assertThrows(submit, TypeError);
      assertStringIncludes(error.message, `Cannot send ${kind} to a worker: `);
      assertStringIncludes(error.message, "a function or task(url, function) is wanted");
    }
    if (typeof given === "string") continue;
    assertThrows(() => task(import.meta.url, callable), TypeError, "a function is wanted");
  }
  assertEquals(executor.stats().workers, 0, "something was sent");
});

// ---- Disguises ---------------------------------------------------------------------------------

Deno.test("a function's own toString does not change what is sent", async () => {
  const disguises: object[] = [
    { toString: () => "() => 'another function'" },
    { toString: () => "not a function" },
    { toString: () => 1 },
    { toString: null },
    {
      toString() {
        throw new Error("toString was called");
      },
    },
    { [Symbol.toPrimitive]: () => "() => 'another function'" },
  ];
  const url = moduleOf(`
    let n = 42;
    export function ofModule() { return n; }
    ofModule.toString = () => "one text for all";
    export function another() { return n + 1; }
    another.toString = ofModule.toString;
  `);
  const exports = await load<{ ofModule: () => number; another: () => number }>(url);
  await using executor = new ThreadPoolExecutor({ max_workers: 1, modules: [url] });
  for (const disguise of disguises) {
    const fn = Object.assign(() => 42, disguise);
    assertEquals(await executor.submit(fn), 42);
    const reference = Object.assign((n: number) => offset + n, disguise);
    Object.defineProperty(reference, "name", { value: "addOffset" });
    assertEquals(await executor.submit(task(import.meta.url, reference), 2), 42);
  }
  assertEquals(await executor.submit(exports.ofModule), 42);
  assertEquals(await executor.submit(task(url, exports.another)), 43);
});

Deno.test("a name that was redefined neither breaks the call nor names another function", async () => {
  const url = moduleOf(`
    let n = 1;
    export function first() { return "first" + n; }
    export function second() { return "second" + n; }
    Object.defineProperty(second, "name", { value: "first" });
  `);
  const { second } = await load<{ second: () => string }>(url);
  await using executor = new ThreadPoolExecutor({ max_workers: 1, modules: [url] });
  assertEquals(await executor.submit(second), "second1");
  assertEquals(await executor.submit(task(url, second)), "second1");
  for (const name of ["", "renamed", "\ud800", 'quote"\n', "a ".repeat(100), "π 🐑"]) {
    const fn = Object.defineProperty(() => 42, "name", { value: name });
    assertEquals(await executor.submit(fn), 42, name);
  }
});

Deno.test("a name that is no string, or throws, neither breaks the call nor its refusal", async () => {
  const descriptors: PropertyDescriptor[] = [
    { value: 1 },
    { value: undefined },
    { value: Symbol("s") },
    { value: {} },
    {
      get() {
        throw new Error("name was read");
      },
    },
  ];
  await using executor = new ThreadPoolExecutor(1);
  for (const descriptor of descriptors) {
    const fn = Object.defineProperty((n: number) => n + 1, "name", descriptor);
    assertEquals(await executor.submit(fn, 41), 42);
    const bound = Object.defineProperty((() => 1).bind(null), "name", descriptor);
    assertThrows(() => executor.submit(bound), TypeError, "Cannot send the function to a worker");
  }
});

// ---- The main module ---------------------------------------------------------------------------

/** Runs the given module, and others beside it, as a program of its own; gives what it printed. */
async function runProgram(main: string, others: Record<string, string> = {}): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "herd_callable_" });
  try {
    const api = `import * as herd from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};\n`;
    for (const [name, source] of Object.entries({ ...others, "main.js": api + main })) {
      await Deno.writeTextFile(`${folder}/${name}`, source);
    }
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-R", "--no-prompt", "--no-lock", "--config", config, `${folder}/main.js`],
      env: { NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    assert(success, decoder.decode(stderr));
    return decoder.decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("functions that use variables of the main module travel by reference to it", async () => {
  const printed = await runProgram(
    `
    import { twice } from "./helper.js";
    let base = 40;
    const late = await Promise.resolve(2);
    export function declared(n) { return base + n; }
    export const arrow = (n) => base + n;
    export const later = async (n) => twice(await n + base);
    export const expression = function inner(n) { return n === 0 ? base : inner(n - 1) + 1; };
    function renamed(n) { return base + n + late; }
    export { renamed as other };
    export default (n) => base - n;
    export const { method } = { method(n) { return base * n; } };

    if (import.meta.main) {
      const byDefault = (await Promise.resolve({ default: exported })).default;
      base = 1000;
      await using executor = new herd.ThreadPoolExecutor(1);
      const functions = [declared, arrow, later, expression, renamed, method];
      for (const fn of functions) console.log(fn.name, await executor.submit(fn, 2));
      console.log(await Array.fromAsync(executor.map(declared, [1, 2])));
    }
    function exported() { return base; }
    `,
    { "helper.js": "let factor = 2; export const twice = (n) => n * factor;" },
  );
  assertEquals(printed.trim().split("\n"), [
    "declared 42",
    "arrow 42",
    "later 84",
    "inner 42",
    "renamed 44",
    "method 80",
    "[ 41, 42 ]",
  ]);
});

Deno.test("functions that the main module does not export are refused with the remedies", async () => {
  const printed = await runProgram(`
    let base = 40;
    function hidden(n) { return base + n; }
    export function shown() { return () => base; }
    export const same = (n) => base + n;
    if (import.meta.main) {
      await using executor = new herd.ThreadPoolExecutor(1);
      const report = async (fn) => {
        try {
          console.log(await executor.submit(fn, 1));
        } catch (error) {
          console.log(error.name, error.message);
        }
      };
      await report(hidden);
      await report(() => base);
      await report(shown());
      await report((() => { const same = (n) => base - n; return same; })());
      await report(same);
    }
  `);
  const lines = printed.trim().split("\n");
  assertEquals(lines.length, 5);
  const subjects = ["hidden", "() => base", "() => base", "same"];
  for (const [i, subject] of subjects.entries()) {
    assertStringIncludes(
      lines[i]!,
      `TypeError Cannot send ${subject} to a worker: it uses base of its module or closure: export`,
    );
  }
  assertEquals(lines[4], "41");
});

Deno.test("a main module without its guard fails the task with an error that explains it", async () => {
  const printed = await runProgram(`
    let base = 40;
    export function add(n) { return base + n; }
    const executor = new herd.ThreadPoolExecutor(1);
    const error = await executor.submit(add, 2).exception();
    console.log(error instanceof herd.RuntimeError, error.message);
    await executor.shutdown();
  `);
  assertMatch(printed, /^true .*imports the main module.*import\.meta\.main/);
  assertEquals(printed.trim().split("\n").length, 1, "the program ran again in the worker");
});

Deno.test("a task of the main module may start workers of its own", async () => {
  const printed = await runProgram(`
    let base = 40;
    export function add(n) { return base + n; }
    export async function nested(n) {
      await using executor = new herd.ThreadPoolExecutor(1);
      return await executor.submit(add, n);
    }
    if (import.meta.main) {
      await using executor = new herd.ThreadPoolExecutor(1);
      console.log(await executor.submit(nested, 2));
    }
  `);
  assertEquals(printed, "42\n");
});

Deno.test("a main module that throws in the worker fails the task with that error", async () => {
  const printed = await runProgram(`
    if (!import.meta.main) throw new RangeError("not here");
    let base = 40;
    export function add(n) { return base + n; }
    await using executor = new herd.ThreadPoolExecutor(1);
    const error = await executor.submit(add, 2).exception();
    console.log(error.name, error.message);
    console.log(error.cause.name, error.cause.message);
    console.log(await executor.submit((n) => n, 1));
  `);
  const [error, cause, next] = printed.trim().split("\n");
  assertStringIncludes(error!, "TypeError Cannot send add to a worker: it uses base of its module");
  assertStringIncludes(error!, "main.js");
  assertEquals([cause, next], ["RangeError not here", "1"]);
});
