/**
 * The manager of dicts, lists, locks and queues.
 *
 * @module
 */

import type { BarrierOptions } from "../sync/barrier.ts";
import type { Typecode, TypecodeInit } from "../sync/_typecodes.ts";
import type {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RLock,
  Semaphore,
} from "../sync/mod.ts";
import { BaseManager } from "./manager.ts";
import type {
  ArrayProxy,
  DictInit,
  DictProxy,
  ListInit,
  ListProxy,
  ManagedPoolOptions,
  NamespaceProxy,
  PoolProxy,
  SetProxy,
  ValueProxy,
} from "./proxies.ts";
import type { JoinableQueue, Queue } from "./queue.ts";

/** How a barrier in a manager is made: there is no action, which would be code of the client's. */
export type ManagedBarrierOptions = Omit<BarrierOptions, "action">;

/**
 * A manager of what programs share: Python's `multiprocessing.managers.SyncManager`.
 *
 * - Containers (`dict`, `list`, `set`, `Namespace`, `Value`, `Array`) are proxies. Locks and queues are of their
 *   own classes, with the same asynchronous methods as everywhere; their `…Sync` methods are refused.
 * - All of them can be passed to threads and processes, and put into one another: what is put is the object itself,
 *   so a list in a dict is shared, too.
 * - A client that dies while it holds a lock has given it back: see `lock.abandoned`.
 *
 * Semantics: CPython's `multiprocessing.managers.SyncManager`.
 *
 * @example
 * ```ts
 * import { Process, SyncManager } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 * import type { DictProxy, Lock } from "@herd/concurrent";
 *
 * async function count(counts: DictProxy<string, number>, lock: Lock) {
 *   for (let i = 0; i < 10; i++) {
 *     await using _held = await lock.hold();
 *     await counts.set("sheep", (await counts.get("sheep", 0)) + 1);
 *   }
 * }
 *
 * await using manager = await new SyncManager().start();
 * const counts = await manager.dict<string, number>();
 * const lock = await manager.Lock();
 * const processes = [1, 2].map(() => new Process({ target: count, args: [counts, lock] }));
 * for (const process of processes) process.start();
 * for (const process of processes) await process.join();
 * assertEquals(await counts.get("sheep"), 20);
 * ```
 */
export class SyncManager extends BaseManager {
  /** For the server. */
  protected static override readonly hasOwnTypes: boolean = true;

  /** Makes a dict of an object's names and values. */
  dict<V>(init: Readonly<Record<string, V>>): Promise<DictProxy<string, V>>;
  /** Makes a dict; of keys and values, where they are given. */
  dict<K = string, V = unknown>(init?: DictInit<K, V>): Promise<DictProxy<K, V>>;
  async dict(init?: unknown): Promise<unknown> {
    return await this._create("dict", given(init));
  }

  /** Makes a list; of items, where they are given. */
  async list<T = unknown>(init?: ListInit<T>): Promise<ListProxy<T>> {
    return await this._create("list", given(init)) as ListProxy<T>;
  }

  /** Makes a set; of items, where they are given. */
  async set<T = unknown>(init?: ListInit<T>): Promise<SetProxy<T>> {
    return await this._create("set", given(init)) as SetProxy<T>;
  }

  /** Makes a namespace; with names and values, where they are given. */
  async Namespace<T extends object = Record<string, unknown>>(
    init?: Partial<T>,
  ): Promise<NamespaceProxy<T>> {
    return await this._create("Namespace", given(init)) as NamespaceProxy<T>;
  }

  /** Makes a value of a type code, which is 0 at first unless it is said. */
  async Value<C extends Typecode>(typecode: C, init?: TypecodeInit<C>): Promise<ValueProxy<C>> {
    return await this._create("Value", [typecode, ...given(init)]) as ValueProxy<C>;
  }

  /** Makes an array of a type code: of so many elements, all 0, or of those that are given. */
  async Array<C extends Typecode>(
    typecode: C,
    size_or_init: number | readonly TypecodeInit<C>[],
  ): Promise<ArrayProxy<C>> {
    return await this._create("Array", [typecode, size_or_init]) as ArrayProxy<C>;
  }

  /** Makes a pool of so many workers at most, by default as many as there are processors. */
  async Pool(processes?: number | ManagedPoolOptions): Promise<PoolProxy> {
    return await this._create("Pool", given(processes)) as PoolProxy;
  }

  /** Makes a queue of so many items at most; without a limit, of as many as come. */
  async Queue<T = unknown>(maxsize?: number): Promise<Queue<T>> {
    return await this._create("Queue", given(maxsize)) as Queue<T>;
  }

  /** The same, of items that are waited for until they are done with. */
  async JoinableQueue<T = unknown>(maxsize?: number): Promise<JoinableQueue<T>> {
    return await this._create("JoinableQueue", given(maxsize)) as JoinableQueue<T>;
  }

  /** Makes a lock. */
  async Lock(): Promise<Lock> {
    return await this._create("Lock") as Lock;
  }

  /** Makes a lock that its owner can acquire again. */
  async RLock(): Promise<RLock> {
    return await this._create("RLock") as RLock;
  }

  /** Makes a semaphore of so many permits, by default one. */
  async Semaphore(value?: number): Promise<Semaphore> {
    return await this._create("Semaphore", given(value)) as Semaphore;
  }

  /** Makes a semaphore of so many permits, by default one, and never more. */
  async BoundedSemaphore(value?: number): Promise<BoundedSemaphore> {
    return await this._create("BoundedSemaphore", given(value)) as BoundedSemaphore;
  }

  /** Makes a condition; with a lock of this manager, where one is given. */
  async Condition(lock?: Lock | RLock): Promise<Condition> {
    return await this._create("Condition", given(lock)) as Condition;
  }

  /** Makes an event, which is not set. */
  async Event(): Promise<Event> {
    return await this._create("Event") as Event;
  }

  /** Makes a barrier for so many. */
  async Barrier(parties: number, options?: ManagedBarrierOptions): Promise<Barrier> {
    return await this._create("Barrier", [parties, ...given(options)]) as Barrier;
  }
}

function given(argument: unknown): unknown[] {
  return argument === undefined ? [] : [argument];
}

/**
 * Starts a manager of dicts, lists, locks and queues: Python's `multiprocessing.Manager`.
 *
 * @returns The manager, whose process runs.
 * @throws {ProcessError} When its process ends before it has come up.
 * @throws {RuntimeError} When this process may have no children.
 * @throws {Deno.errors.NotCapable} When the program may not run Deno, or not use a Unix socket; it names the flags.
 *
 * @example
 * ```ts
 * import { Manager } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using manager = await Manager();
 * const flock = await manager.dict({ sheep: await manager.list(["Dolly"]) });
 * await (await flock.get("sheep"))!.append("Molly");
 * assertEquals(await (await flock.get("sheep"))!.copy(), ["Dolly", "Molly"]);
 * ```
 */
export async function Manager(): Promise<SyncManager> {
  return await new SyncManager().start();
}
