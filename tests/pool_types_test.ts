/** Tests of the types of pools: the compiler does the testing, as in `types_test.ts`. */

import { assertType, type IsExact } from "@std/testing/types";
import {
  type AsyncResult,
  type BasePool,
  type ImapIterator,
  Pool,
  task,
  ThreadPool,
} from "../mod.ts";

/** Takes a function that is for the compiler only. */
function types(title: string, _body: () => unknown): void {
  Deno.test(title, () => {});
}

declare const pool: BasePool;

const add = (a: number, b: number) => a + b;
const greet = (name: string, greeting?: string) => `${greeting ?? "Hello"}, ${name}`;
const total = (...numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
const load = (path: string) => Promise.resolve(new Uint8Array(path.length));
const nothing = () => {};
const draw = (x: number, { colour }: { colour: string }) => `${x} ${colour}`;

types("apply takes the function's arguments, and gives what it returns", () => {
  assertType<IsExact<ReturnType<typeof applied>, Promise<number>>>(true);
  function applied() {
    return pool.apply(add, [1, 2]);
  }
  assertType<IsExact<ReturnType<typeof later>, AsyncResult<Uint8Array<ArrayBuffer>>>>(true);
  function later() {
    return pool.apply_async(load, ["a"]);
  }
  pool.apply(nothing);
  pool.apply(total);
  pool.apply(total, [1, 2, 3]);
  pool.apply(greet, ["Ada"]);
  pool.apply(greet, ["Ada", "Hi"]);
  pool.apply(task(import.meta.url, add), [1, 2]);
  // @ts-expect-error: arguments are missing
  pool.apply(add);
  // @ts-expect-error: one argument is missing
  pool.apply(add, [1]);
  // @ts-expect-error: of the wrong type
  pool.apply(add, [1, "2"]);
  // @ts-expect-error: too many
  pool.apply_async(greet, ["Ada", "Hi", "there"]);
});

types("inline functions are told the types of their parameters", () => {
  assertType<IsExact<ReturnType<typeof inline>, Promise<string>>>(true);
  function inline() {
    return pool.apply((n, s) => s.repeat(n), [3, "ab"]);
  }
  pool.map((n) => n.toFixed(), [1, 2]);
  pool.imap((s) => s.length, ["a"]);
  pool.starmap((n: number, s: string) => s.repeat(n), [[3, "ab"]]);
  pool.apply_async((s) => s.length, ["a"], { callback: (n) => n.toFixed() });
  // @ts-expect-error: strings have no such method
  pool.apply((s) => s.toFixed(), ["a"]);
});

types("kwds are the last parameter", () => {
  pool.apply(draw, [1], { kwds: { colour: "red" } });
  pool.apply_async(draw, [1], { kwds: { colour: "red" }, callback: (s) => s.toUpperCase() });
  pool.apply(draw, [1, { colour: "red" }]);
  // @ts-expect-error: of the wrong type
  pool.apply(draw, [1], { kwds: { colour: 1 } });
  // @ts-expect-error: missing
  pool.apply(draw, [1]);
});

types("callbacks get the result", () => {
  pool.apply_async(add, [1, 2], { callback: (sum) => sum.toFixed() });
  pool.map_async(load, ["a"], { callback: (all) => all[0]?.byteLength, chunksize: 2 });
  pool.starmap_async(add, [[1, 2]], { error_callback: (error) => String(error) });
  // @ts-expect-error: a number is no string
  pool.apply_async(add, [1, 2], { callback: (sum: string) => sum });
});

types("maps take items of the parameter's type", () => {
  assertType<IsExact<ReturnType<typeof mapped>, Promise<Uint8Array<ArrayBuffer>[]>>>(true);
  function mapped() {
    return pool.map(load, ["a", "b"]);
  }
  assertType<IsExact<ReturnType<typeof read>, ImapIterator<string>>>(true);
  function read() {
    return pool.imap(greet as (name: string) => string, new Set(["Ada"]));
  }
  pool.map(greet, ["Ada"]);
  pool.imap_unordered(
    load,
    (async function* () {
      yield "a";
    })(),
  );
  pool.starmap(add, [[1, 2], [3, 4]]);
  pool.starmap(greet, [["Ada"], ["Ada", "Hi"]]);
  pool.starmap(total, [[], [1, 2, 3]]);
  // @ts-expect-error: of the wrong type
  pool.map(load, [1]);
  // @ts-expect-error: of the wrong type
  pool.starmap(add, [[1, "2"]]);
  // @ts-expect-error: nothing to iterate over
  pool.imap(load, 3);
});

types("pools take a number or options", () => {
  new Pool();
  new Pool(2);
  new Pool({ processes: 2, context: "worker", initializer: greet, initargs: ["Ada"] });
  new ThreadPool({ maxtasksperchild: 3 });
  // @ts-expect-error: threads are what they are
  new ThreadPool({ context: "spawn" });
  // @ts-expect-error: there is no such option
  new Pool({ workers: 2 });
});
