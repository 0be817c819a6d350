/** Tests of lists that are longer than what a function call takes as arguments. */

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  CancelledError,
  Event,
  Lock,
  ThreadPool,
  ThreadPoolExecutor,
  transfer,
} from "../../mod.ts";
import { until } from "../support/hang_guards.ts";

const LONG = 300_000;
/** Milliseconds after which a wait is a hang. */
const HANG = 60_000;

Deno.test("a chunk may be long whose items all fail", async () => {
  await using pool = new ThreadPool(1);
  const fail = (n: number) => {
    throw n;
  };
  const result = pool.map_async(fail, Array(LONG).keys(), { chunksize: LONG });
  assertEquals(await result.get(HANG).catch((error) => error), 0);
});

Deno.test("transfer finds what can be moved in long lists, sets, maps and objects", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const size = (value: { list: unknown[] }) => value.list.length;
  for (const wrap of [Object, toSet, toMap, toObject]) {
    const buffer = new ArrayBuffer(8);
    const list: unknown[] = Array.from({ length: LONG }, (_, n) => n);
    list[LONG - 1] = buffer;
    const sent = transfer({ list, wrapped: wrap(list) });
    assertEquals(await executor.submit(size, sent).result(HANG), LONG);
    assertEquals(buffer.detached, true);
  }
});

Deno.test("a long result that comes too late is dropped, with the objects in it", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const controller = new AbortController();
  const go = new Event();
  const make = async (go: Event, lock: Lock, length: number) => {
    await go.wait();
    const list = Array.from({ length }, (_, n) => n);
    return { lock, list, set: new Set(list), map: new Map(list.entries()), object: { ...list } };
  };
  const submitter = executor.options({ signal: controller.signal });
  const late = submitter.submit(make, go, new Lock(), LONG);
  await until(() => late.running(), "the task runs");
  controller.abort();
  assertInstanceOf(await assertRejects(() => late.result(HANG)), CancelledError);
  go.set();
  assertEquals(await executor.submit(() => 1).result(HANG), 1);
});

function toSet(list: unknown[]): Set<unknown> {
  return new Set(list);
}

function toMap(list: unknown[]): Map<unknown, unknown> {
  return new Map(list.entries());
}

function toObject(list: unknown[]): Record<number, unknown> {
  return { ...list };
}
