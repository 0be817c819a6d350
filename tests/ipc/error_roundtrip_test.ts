/**
 * What a task throws, as its future gives it, through real threads: class, message, cause and own
 * properties, and a stack that leads from the worker to the line that submitted the task.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import {
  type Callable,
  CancelledError,
  RuntimeError,
  task,
  ThreadPoolExecutor,
  TimeoutError,
  ValueError,
} from "../../mod.ts";

/** What the call throws, as its future gives it. */
async function thrownBy<A extends unknown[]>(
  fn: Callable<A, unknown>,
  ...args: A
): Promise<unknown> {
  await using executor = new ThreadPoolExecutor(1);
  const [outcome] = await Promise.allSettled([executor.submit(fn, ...args)]);
  assertEquals(outcome.status, "rejected");
  return (outcome as PromiseRejectedResult).reason;
}

/** As {@linkcode thrownBy}, for what must be an error. */
async function errorBy<A extends unknown[]>(fn: Callable<A, unknown>, ...args: A): Promise<Error> {
  const error = await thrownBy(fn, ...args);
  assert(Error.isError(error) && error instanceof Error, "a real error");
  return error;
}

/** The URL of a module with the given JavaScript. */
function moduleOf(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

// ---- Classes -----------------------------------------------------------------------------------

Deno.test("built-in errors keep their class", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const classes = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];
  for (const { name } of classes) {
    const fail = (name: string) => {
      throw new (globalThis as unknown as Record<string, ErrorConstructor>)[name]!("boom");
    };
    const error = await assertRejects(() => executor.submit(fail, name).result(), Error);
    assertStrictEquals(error.constructor, classes.find((type) => type.name === name));
    assertEquals([error.name, error.message], [name, "boom"]);
  }
});

Deno.test("errors of the language itself keep their class", async () => {
  const failures: [() => unknown, ErrorConstructor][] = [
    [() => (null as unknown as { x: number }).x, TypeError],
    [() => JSON.parse("{"), SyntaxError],
    [() => "x".repeat(-1), RangeError],
    [() => decodeURIComponent("%"), URIError],
    [() => new URL("relative"), TypeError],
    [
      function overflow(): unknown {
        return [overflow()];
      },
      RangeError,
    ],
    [() => structuredClone(() => {}), Error],
    [() => new WebAssembly.Module(new Uint8Array(4)), WebAssembly.CompileError as never],
  ];
  await using executor = new ThreadPoolExecutor(1);
  for (const [fail, type] of failures) {
    const error = await assertRejects(() => executor.submit(fail).result());
    assertInstanceOf(error, type, String(fail));
  }
});

Deno.test("an AggregateError keeps its errors", async () => {
  const error = await errorBy(async () => {
    await Promise.any([Promise.reject(new TypeError("one")), Promise.reject("two")]);
  });
  assert(error instanceof AggregateError);
  const [first, second] = error.errors;
  assertInstanceOf(first, TypeError);
  assertEquals([first.message, second, error.errors.length], ["one", "two", 2]);
});

Deno.test("causes keep their class, down the chain", async () => {
  const error = await errorBy(() => {
    const root = Object.assign(new RangeError("root"), { code: "E_ROOT" });
    const middle = new TypeError("middle", { cause: root });
    throw new Error("top", { cause: middle });
  });
  const middle = error.cause as Error;
  const root = middle.cause as RangeError & { code: string };
  assertInstanceOf(middle, TypeError);
  assertInstanceOf(root, RangeError);
  assertEquals([error.message, middle.message, root.message], ["top", "middle", "root"]);
  assertEquals(root.code, "E_ROOT");
  const odd = await errorBy(() => {
    throw new Error("odd", { cause: { list: [1, new Map([["a", 1]])] } });
  });
  assertEquals(odd.cause, { list: [1, new Map([["a", 1]])] });
  const circular = await errorBy(() => {
    const error = new Error("circular");
    throw Object.assign(error, { cause: error });
  });
  assertStrictEquals(circular.cause, circular);
});

Deno.test("own properties come along", async () => {
  const error = await errorBy(() => {
    throw Object.assign(new Error("own"), {
      code: "E_OWN",
      status: 404,
      details: { path: ["a", 1n], when: new Date(0) },
      inner: new TypeError("inner"),
      retry: () => {},
    });
  }) as Error & Record<string, unknown>;
  assertEquals([error["code"], error["status"]], ["E_OWN", 404]);
  assertEquals(error["details"], { path: ["a", 1n], when: new Date(0) });
  assertInstanceOf(error["inner"], TypeError);
  assert(!("retry" in error));
});

Deno.test("an error of the operating system keeps class, code and path", async () => {
  const path = "/there/is/no/such/file";
  const error = await errorBy(async (path: string) => await Deno.readTextFile(path), path);
  assertStrictEquals(error.constructor, Deno.errors.NotFound);
  assertEquals([error.name, (error as { code?: string }).code], ["NotFound", "ENOENT"]);
  assertStringIncludes(error.message, path);
});

Deno.test("an abort keeps class, name and code", async () => {
  const error = await errorBy(() => AbortSignal.abort().throwIfAborted());
  assert(error instanceof DOMException);
  assertEquals([error.name, error.code], ["AbortError", DOMException.ABORT_ERR]);
  const timeout = await errorBy(async () => {
    const signal = AbortSignal.timeout(0);
    await new Promise((_, reject) => signal.onabort = () => reject(signal.reason));
  });
  assert(timeout instanceof DOMException);
  assertEquals(timeout.name, "TimeoutError");
});

Deno.test("Herd's own errors keep their class", async () => {
  const url = moduleOf(`
    import * as herd from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
    export const fail = (name) => { throw new herd[name]("thrown by a task"); };
  `);
  const fail = task<(name: string) => never>(url, "fail");
  for (const type of [RuntimeError, ValueError, CancelledError, TimeoutError]) {
    const error = await errorBy(fail, type.name);
    assertStrictEquals(error.constructor, type);
    assertEquals([error.name, error.message], [type.name, "thrown by a task"]);
  }
});

// ---- Classes of the task's module --------------------------------------------------------------

/** A module of its own for each test, since a module is loaded for good. */
function failingModule(id: string): string {
  return moduleOf(`
    // ${id}
    globalThis.loadedFailures = [...globalThis.loadedFailures ?? [], "${id}"];
    const reason = "out of paper";
    export class PrinterError extends Error {
      #secret = 1;
      constructor(page) {
        if (typeof page !== "number") throw new Error("the constructor ran again");
        super(reason);
        this.page = page;
      }
      get name() { return "PrinterError"; }
      advice() { return "page " + this.page; }
    }
    class Jam extends PrinterError {}
    export { Jam as PaperJam };
    class Hidden extends PrinterError {}
    class Stranger extends RangeError {}
    export function print(kind) {
      const types = { PrinterError, Jam, Hidden, Stranger };
      throw new types[kind](7);
    }
    export const printLater = async (kind) => print(await kind);
    export function nest() {
      throw new Error("nested", { cause: new AggregateError([new Jam(8)]) });
    }
  `);
}

interface Failing {
  PrinterError: new (page: number) => Error & { page: number; advice(): string };
  PaperJam: Failing["PrinterError"];
  print(kind: string): never;
  printLater(kind: string): Promise<never>;
  nest(): never;
}

function loadedHere(id: string): boolean {
  return (globalThis as { loadedFailures?: string[] }).loadedFailures?.includes(id) ?? false;
}

Deno.test("a class that the task's module exports is the same here, by task(url, fn)", async () => {
  const url = failingModule("by reference");
  const { PrinterError, PaperJam, print, printLater, nest }: Failing = await import(url);
  for (const fn of [print, printLater] as const) {
    const error = await errorBy(task(url, fn), "PrinterError");
    assert(error instanceof PrinterError);
    assertStrictEquals(error.constructor, PrinterError);
    assertEquals([error.name, error.message, error.page], ["PrinterError", "out of paper", 7]);
    assertEquals(error.advice(), "page 7");
  }
  const jam = await errorBy(task(url, print), "Jam");
  assertStrictEquals(jam.constructor, PaperJam);
  const nested = await errorBy(task(url, nest));
  assertStrictEquals((nested.cause as AggregateError).errors[0].constructor, PaperJam);
});

Deno.test("a class that a listed module exports is the same here, where it was loaded", async () => {
  const url = failingModule("listed");
  const { PrinterError, print }: Failing = await import(url);
  await using executor = new ThreadPoolExecutor({ max_workers: 1, modules: [url] });
  const error = await assertRejects(() => executor.submit(print, "PrinterError").result(), Error);
  assertStrictEquals(error.constructor, PrinterError);
  const results = executor.map(print, ["PrinterError"]);
  assertInstanceOf(await results.next().catch((error) => error), PrinterError);
});

Deno.test("a class that only the worker has comes back as an Error of its name", async () => {
  const url = failingModule("not loaded");
  const print = task<Failing["print"]>(url, "print");
  for (
    const [kind, name] of [["PrinterError", "PrinterError"], ["Stranger", "Stranger"]] as const
  ) {
    const error = await errorBy(print, kind);
    assertStrictEquals(error.constructor, kind === "Stranger" ? RangeError : Error);
    assertEquals(error.name, name);
  }
  assert(!loadedHere("not loaded"));
});

Deno.test("the module of an error is not loaded here for the error's sake", async () => {
  const url = failingModule("listed only");
  await using executor = new ThreadPoolExecutor({ max_workers: 1, modules: [url] });
  const print = task<Failing["print"]>(url, "print");
  const error = await assertRejects(() => executor.submit(print, "PrinterError").result(), Error);
  assert(!loadedHere("listed only"), "the parent has loaded the module");
  assertEquals([error.constructor, error.name], [Error, "PrinterError"]);
});

Deno.test("a class that is not exported comes back as its nearest exported ancestor", async () => {
  const url = failingModule("hidden");
  const { PrinterError, print }: Failing = await import(url);
  const error = await errorBy(task(url, print), "Hidden");
  assertStrictEquals(error.constructor, PrinterError);
  const stranger = await errorBy(task(url, print), "Stranger");
  assertEquals([stranger.constructor, stranger.name], [RangeError, "Stranger"]);
});

Deno.test("a class by source comes back as an Error of its name", async () => {
  const error = await errorBy(() => {
    class Local extends TypeError {
      extra = 1;
    }
    throw new Local("local");
  });
  assertStrictEquals(error.constructor, TypeError);
  assertEquals([error.name, error.message], ["Local", "local"]);
  assertEquals((error as { extra?: number }).extra, 1);
});

Deno.test("a class that the main module exports is the same in the program", async () => {
  const folder = await Deno.makeTempDir({ prefix: "herd_errors_" });
  try {
    await Deno.writeTextFile(
      `${folder}/main.js`,
      `
      import { ThreadPoolExecutor } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
      export class Refused extends Error {
        name = "Refused";
        code = 7;
      }
      export function refuse() { throw new Refused("by the main module"); }
      async function main(label) {
        await using executor = new ThreadPoolExecutor(1);
        const error = await executor.submit(refuse).exception();
        console.log(label, error instanceof Refused, error instanceof Error, String(error), error.code);
      }
      if (import.meta.main) {
        // The module is loaded when its top level has ended, and not before.
        if (Deno.args[0] === "await") await main("awaited");
        else main("loaded");
      }
      `,
    );
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const run = async (mode: string) => {
      const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-R", "--no-lock", "--config", config, `${folder}/main.js`, mode],
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout).trim();
    };
    const [loaded, awaited] = await Promise.all([run("load"), run("await")]);
    assertMatch(awaited!, /^awaited (true|false) true Refused: by the main module 7$/);
    assertEquals(loaded, "loaded true true Refused: by the main module 7");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

// ---- What is no error --------------------------------------------------------------------------

Deno.test("primitives that are thrown arrive as they are", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const fail = (value: unknown) => {
    throw value;
  };
  const reject = (value: unknown) => Promise.reject(value);
  for (const value of [undefined, null, 0, -0, NaN, "", "text", 7n, true, false]) {
    for (const fn of [fail, reject]) {
      const [outcome] = await Promise.allSettled([executor.submit(fn, value)]);
      assertEquals(outcome.status, "rejected");
      assert(Object.is((outcome as PromiseRejectedResult).reason, value), String(value));
    }
  }
});

Deno.test("objects that are thrown arrive as structured clone has them", async () => {
  const plain = await thrownBy(() => {
    throw { code: 1, list: [new Map([["a", undefined]])] };
  });
  assertEquals(plain, { code: 1, list: [new Map([["a", undefined]])] });
  assertEquals(await thrownBy(() => Promise.reject([1, 2])), [1, 2]);
});

Deno.test("what cannot be cloned is thrown as an error that describes it", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const failures: (() => never)[] = [
    () => {
      throw Symbol("sign");
    },
    () => {
      throw function thrown() {};
    },
    () => {
      throw { method() {} };
    },
    () => {
      throw new Proxy({}, {
        get() {
          throw new Error("trap");
        },
        getPrototypeOf() {
          throw new Error("trap");
        },
      });
    },
  ];
  for (const fail of failures) {
    const error = await assertRejects(() => executor.submit(fail).result(), Error);
    assertStringIncludes(error.message, "Cannot clone what was thrown: ");
  }
  assertEquals(await executor.submit(() => 1), 1);
});

Deno.test("an error that cannot be read harms nothing", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const hostile = () => {
    const error = new Error("hostile");
    for (const key of ["name", "stack", "cause", "code"]) {
      Object.defineProperty(error, key, {
        enumerable: true,
        get() {
          throw new Error("trap");
        },
      });
    }
    throw error;
  };
  const error = await assertRejects(() => executor.submit(hostile).result(), Error);
  assertEquals(error.message, "hostile");
  assertEquals(await executor.submit(() => 1), 1);
});

Deno.test("each future has an error of its own", async () => {
  const url = moduleOf(`
    const error = Object.assign(new TypeError("always the same"), { list: [] });
    export const fail = () => { throw error; };
  `);
  await using executor = new ThreadPoolExecutor(1);
  const fail = task<() => never>(url, "fail");
  const outcomes = await Promise.allSettled(
    Array.from({ length: 300 }, () => executor.submit(fail)),
  );
  const errors = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason);
  assertEquals(new Set(errors).size, 300);
  assertEquals(new Set(errors.map(({ list }) => list)).size, 300);
  for (const error of errors) assertInstanceOf(error, TypeError);
  assertNotStrictEquals(errors[0], errors[1]);
});

// ---- Stacks ------------------------------------------------------------------------------------

const STACKS = moduleOf(`
  const limit = 5;
  function inner() { throw new TypeError("deep", { cause: new RangeError("why") }); }
  export function failNow() { if (limit) inner(); }
  export async function failLater() {
    await new Promise((resolve) => setTimeout(resolve));
    inner();
  }
  export function failInCallback() { [1].map(() => inner()); }
  export function failTwice() {
    try { inner(); } catch (cause) { throw new Error("wrapped", { cause }); }
  }
  export function failDeep(n) { return n > 0 ? [failDeep(n - 1)] : inner(); }
`);

/** The line that called this, as stacks show it. */
function here(): string {
  const frame = new Error().stack!.split("\n")[2]!;
  return /error_roundtrip_test\.ts:\d+/.exec(frame)![0];
}

const frames = (error: Error) =>
  error.stack!.split("\n").filter((line) => line.startsWith("    at "));

/** Frames of Herd, and of what calls on its behalf. */
const isInternal = (frame: string) =>
  /\/(executors|ipc|sync)\/[_a-z]+\.ts/.test(frame.replaceAll("/tests/ipc/", "/tests/")) ||
  /AsyncLocalStorage|async_hooks|ext:deno_web|ext:core/.test(frame);

/** Checks that the stack leads from `fn` in the worker to the line that submitted it, and no farther in. */
function assertLeads(error: Error, fn: string, line: string): void {
  const all = frames(error);
  const task = all.findIndex((frame) => frame.includes(` ${fn} (`));
  const submit = all.findIndex((frame) => frame.includes(line));
  assert(task >= 0, `the frame of ${fn} in ${error.stack}`);
  assert(submit > task, `the line ${line} below it in ${error.stack}`);
  assertEquals(all.slice(0, submit).filter(isInternal), [], error.stack);
}

Deno.test("a stack shows the worker's frames and then the line that submitted the task", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (const name of ["failNow", "failLater", "failInCallback"]) {
    const [future, line] = [executor.submit(task<() => never>(STACKS, name)), here()];
    const error = await assertRejects(() => future, TypeError);
    assertMatch(error.stack!, /^TypeError: deep\n {4}at inner \(data:/);
    assertLeads(error, name, line);
  }
});

Deno.test("a stack by source shows the task's function, too", async () => {
  await using executor = new ThreadPoolExecutor(1);
  function explode(): never {
    throw new TypeError("by source");
  }
  const [future, line] = [executor.submit(explode), here()];
  const error = await assertRejects(() => future, TypeError);
  assertMatch(error.stack!, /^TypeError: by source\n {4}at explode \(/);
  assertLeads(error, "explode", line);
  async function explodeLater(): Promise<never> {
    await null;
    throw new TypeError("by source");
  }
  const [later, laterLine] = [executor.submit(explodeLater), here()];
  assertLeads(await assertRejects(() => later, TypeError), "explodeLater", laterLine);
});

Deno.test("the stacks of causes show no frames of Herd's either", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const [future, line] = [executor.submit(task<() => never>(STACKS, "failTwice")), here()];
  const error = await assertRejects(() => future, Error, "wrapped");
  assertLeads(error, "failTwice", line);
  const cause = error.cause as Error;
  assertMatch(cause.stack!, /^TypeError: deep\n {4}at inner \(/);
  assertEquals(frames(cause).filter(isInternal), []);
  assertEquals(frames(cause.cause as Error).filter(isInternal), []);
});

Deno.test("a stack leads to options().submit, to map, and to a call after an await", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const failNow = task<() => never>(STACKS, "failNow");
  const submitter = executor.options({ priority: 1 });
  const [future, line] = [submitter.submit(failNow), here()];
  assertLeads(await assertRejects(() => future, TypeError), "failNow", line);
  const failDeep = task<(n: number) => unknown>(STACKS, "failDeep");
  const [results, mapLine] = [executor.map(failDeep, [1]), here()];
  assertLeads(await assertRejects(() => results.next(), TypeError), "failDeep", mapLine);
  await new Promise((resolve) => setTimeout(resolve));
  const [late, lateLine] = [executor.submit(failNow), here()];
  assertLeads(await assertRejects(() => late, TypeError), "failNow", lateLine);
});

Deno.test("each of the tasks that one loop submits has a stack that leads to it", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const failNow = task<() => never>(STACKS, "failNow");
  const futures: Promise<never>[] = [];
  let line = "";
  for (let i = 0; i < 100; i++) [line] = [here(), futures.push(executor.submit(failNow))];
  for (const future of futures) {
    assertLeads(await assertRejects(() => future, TypeError), "failNow", line);
  }
});

Deno.test("a deep stack keeps its innermost frames and the line that submitted the task", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const failDeep = task<(n: number) => unknown>(STACKS, "failDeep");
  const [future, line] = [executor.submit(failDeep, 1000), here()];
  const error = await assertRejects(() => future, TypeError);
  assertMatch(frames(error)[0]!, /at inner \(/);
  assertLeads(error, "failDeep", line);
});

Deno.test("a refusal's stack leads to the line that submitted the task", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const missing = 1;
  const [future, line] = [executor.submit(() => missing), here()];
  const error = await assertRejects(() => future, TypeError, "Cannot send");
  assertEquals(frames(error).findIndex((frame) => frame.includes(line)), 0, error.stack);
});

Deno.test("an error that has no stack, or no text for one, gets the caller's", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (const stack of [undefined, "", 1, {}, "no frames at all"]) {
    const fail = (stack: unknown) => {
      throw Object.assign(new Error("odd"), { stack });
    };
    const [future, line] = [executor.submit(fail, stack), here()];
    const error = await assertRejects(() => future, Error, "odd");
    assertStringIncludes(error.stack!, line);
  }
});

Deno.test("an error passes through a pool within a task, with its class and its path", async () => {
  const url = moduleOf(`
    import { task, ThreadPoolExecutor } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
    export class Inner extends RangeError {}
    export function innermost() { throw new Inner("from two pools away"); }
    export async function outer(url) {
      await using executor = new ThreadPoolExecutor(1);
      await executor.submit(task(url, innermost));
    }
  `);
  const { outer, Inner }: { outer: (url: string) => Promise<void>; Inner: ErrorConstructor } =
    await import(url);
  await using executor = new ThreadPoolExecutor(1);
  const [future, line] = [executor.submit(task(url, outer), url), here()];
  const error = await assertRejects(() => future, RangeError, "from two pools away");
  assertStrictEquals(error.constructor, Inner);
  assertLeads(error, "innermost", line);
  assertLeads(error, "outer", line);
});
