/** Tests of the types of managers and proxies, by the compiler alone: see `types_test.ts`. */

import { assertType, type IsExact } from "@std/testing/types";
import {
  type AsyncResultProxy,
  type BaseManager,
  BaseProxy,
  type DictProxy,
  type ListProxy,
  type Lock,
  type Proxied,
  type Queue,
  SyncManager,
} from "../mod.ts";

/** Takes a function that is for the compiler only. */
function types(name: string, _body: (manager: SyncManager) => unknown): void {
  Deno.test(name, () => {});
}

interface Thing extends Iterable<number> {
  count(by?: number): number;
  later(): Promise<string>;
  all(): Generator<Date>;
  _secret(): void;
  label: string;
  then(): void;
}

types("a proxy's methods give promises, and only public ones are there", () => {
  const proxy = undefined as unknown as Proxied<Thing>;
  assertType<IsExact<ReturnType<typeof proxy.count>, Promise<number>>>(true);
  assertType<IsExact<Parameters<typeof proxy.count>, [by?: number | undefined]>>(true);
  assertType<IsExact<ReturnType<typeof proxy.later>, Promise<string>>>(true);
  assertType<IsExact<ReturnType<typeof proxy.all>, Promise<BaseProxy & AsyncIterable<Date>>>>(true);
  const iterable: AsyncIterable<number> = proxy;
  const base: BaseProxy = proxy;
  // @ts-expect-error: It is private.
  proxy._secret;
  // @ts-expect-error: Fields are not for others.
  proxy.label;
  // @ts-expect-error: A proxy is no promise.
  proxy.then;
  return [iterable, base];
});

types("what a manager makes has the types of what it is made of", async (manager) => {
  assertType<IsExact<Awaited<ReturnType<typeof manager.Lock>>, Lock>>(true);
  const dict = await manager.dict({ a: 1 });
  assertType<IsExact<typeof dict, DictProxy<string, number>>>(true);
  const list = await manager.list([1, 2]);
  assertType<IsExact<typeof list, ListProxy<number>>>(true);
  const queue = await manager.Queue<Date>(3);
  assertType<IsExact<typeof queue, Queue<Date>>>(true);
  const value = await (await manager.Value("q")).get();
  assertType<IsExact<typeof value, bigint>>(true);
  const nested = await manager.dict({ list });
  assertType<IsExact<typeof nested, DictProxy<string, ListProxy<number>>>>(true);
  const [found, or] = [await dict.get("a"), await dict.get("a", "none")];
  assertType<IsExact<typeof found, number | null>>(true);
  assertType<IsExact<typeof or, string | number>>(true);
  // @ts-expect-error: Its values are numbers.
  await dict.set("a", "text");
  const space = await manager.Namespace<{ x: number; y?: string }>({ x: 1 });
  const x = await space.get("x");
  assertType<IsExact<typeof x, number>>(true);
  // @ts-expect-error: There is no such name.
  await space.get("z");
});

types("the result of a manager's pool is a proxy of a result", async (manager) => {
  const pool = await manager.Pool(2);
  const result = await pool.apply_async((a: number, b: string) => a + b, [1, "x"]);
  assertType<IsExact<typeof result, AsyncResultProxy<string>>>(true);
  // @ts-expect-error: It takes a text, too.
  await pool.apply((a: number, b: string) => a + b, [1]);
});

types("a subclass declares what is registered with it", (manager) => {
  class Own extends SyncManager {
    declare Thing: () => Promise<Proxied<Thing>>;
  }
  Own.register("Thing", () => ({}), { exposed: ["count"] });
  // @ts-expect-error: There is no such option.
  Own.register("Thing", () => ({}), { exposes: ["count"] });
  const base: BaseManager = new Own();
  return [base, manager, BaseProxy];
});
