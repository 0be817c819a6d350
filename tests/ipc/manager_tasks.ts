/** What managers of tests make, and what processes and threads do with it. */

import {
  type Address,
  BaseManager,
  BaseProxy,
  type DictProxy,
  Event,
  type ListProxy,
  type Lock,
  Process,
  type Proxied,
  type Queue,
  SyncManager,
  task,
  ThreadPoolExecutor,
} from "../../mod.ts";

/** Counts; its secrets are nobody's. */
export class Counter implements Iterable<number> {
  #count: number;
  label = "sheep";

  constructor(start = 0) {
    if (start < 0) throw new RangeError(`no flock has ${start}`);
    this.#count = start;
  }

  increment(by = 1): number {
    return this.#count += by;
  }

  async later(): Promise<number> {
    await Promise.resolve();
    return this.#count;
  }

  fail(): never {
    throw new SyntaxError("the counter is upset", { cause: new TypeError("by the wolf") });
  }

  _secret(): string {
    return "wool";
  }

  *upTo(n: number): Generator<number, void, void> {
    for (let i = 0; i < n; i++) yield i;
  }

  *[Symbol.iterator](): Iterator<number> {
    yield this.#count;
    yield this.#count + 1;
  }

  /** Another counter, which is a copy unless it is offered. */
  child(): Counter {
    return new Counter(this.#count * 10);
  }

  self(): this {
    return this;
  }

  give(): unknown {
    return () => "a function";
  }

  giveBoth(): unknown {
    return [this, () => "a function"];
  }

  isSame(other: unknown): boolean {
    return other === this;
  }

  throwMemory(): never {
    throw Object.assign(new Error("with memory"), { memory: new SharedArrayBuffer(8) });
  }

  never(): Promise<never> {
    return new Promise(() => {});
  }

  block(ms: number): void {
    for (const end = performance.now() + ms; performance.now() < end;);
  }
}

/** A proxy of its own. */
export class CounterProxy extends BaseProxy {
  async twice(): Promise<number> {
    await this._callmethod("increment");
    return await this._callmethod("increment") as number;
  }
}

export function two(): number {
  return 2;
}

/** A manager of counters. */
export class Counters extends BaseManager {
  declare Counter: (start?: number) => Promise<Proxied<Counter>>;
  declare Limited: () => Promise<Proxied<Counter>>;
  declare Special: () => Promise<CounterProxy>;
  declare Parent: () => Promise<{ child(): Promise<Proxied<Counter>> }>;
  declare two: () => Promise<unknown>;
}

export let initialised = "";

export function initialise(text: string): void {
  if (text === "") throw new TypeError("nothing to say");
  initialised = text;
}

export function readInitialised(): Map<string, string> {
  return new Map([["text", initialised]]);
}

/** What a child does with a dict of a list: it sees what others do, and they what it does. */
export async function appendTo(dict: DictProxy<string, ListProxy<string>>): Promise<void> {
  const list = await dict.get("list");
  await list!.append(`from ${Deno.pid}`);
}

/** Increments under a lock, as often as that. */
export async function countUp(
  counts: DictProxy<string, number>,
  lock: Lock,
  times: number,
): Promise<number> {
  for (let i = 0; i < times; i++) {
    await using _held = await lock.hold();
    await counts.set("n", await counts.get("n", 0) + 1);
  }
  return times;
}

/** Gives back what it got. */
export function giveBack<T>(value: T): T {
  return value;
}

/** Says what the text of a proxy is, where it arrives. */
export function textOf(value: unknown): string {
  return String(value);
}

/** Holds a lock until it is killed, having said so. */
export async function holdForEver(lock: Lock, held: Queue<number>): Promise<void> {
  await lock.acquire();
  await held.put(Deno.pid);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

/** Puts a list that it makes nothing of but an item. */
export async function putInto(queue: Queue<unknown>, list: ListProxy<number>): Promise<void> {
  await queue.put({ list });
}

const store = new Map<string, unknown>();

/** The same map for all clients. */
export function theStore(): Map<string, unknown> {
  return store;
}

/** A manager of that. */
export class Stores extends SyncManager {
  declare store: () => Promise<{
    get(key: string): Promise<unknown>;
    set(key: string, value: unknown): Promise<void>;
  }>;
}
Stores.register("store", task(import.meta.url, theStore), { exposed: ["get", "set"] });

/** As a client of its own, acquires the lock that another has put there. */
export async function lockAt(address: Address, authkey: Uint8Array): Promise<boolean> {
  const manager = await new Stores({ address, authkey }).connect();
  const lock = await (await manager.store()).get("lock") as Lock;
  const isAcquired = await lock.acquire();
  await manager.shutdown();
  return isAcquired;
}

/** Serves until its event is set. */
export async function serveAt(news: Queue<Address>, authkey: Uint8Array): Promise<string> {
  const end = new Event();
  class Own extends SyncManager {}
  Own.register("end", () => end);
  const server = await new Own({ authkey }).get_server();
  const serving = server.serve_forever();
  await news.put(server.address);
  await end.wait();
  server.stop();
  await serving;
  return "served";
}

/** Holds the lock that is there, as a client of its own. */
export async function holdAt(address: Address, authkey: Uint8Array): Promise<void> {
  const store = await (await new Stores({ address, authkey }).connect()).store();
  const [lock, news] = await Promise.all([store.get("lock"), store.get("news")]);
  await holdForEver(lock as Lock, news as Queue<number>);
}

/** Waits for an item of the queue that is there until it is killed, having said so. */
export async function waitAt(address: Address, authkey: Uint8Array): Promise<void> {
  const store = await (await new Stores({ address, authkey }).connect()).store();
  const [queue, news] = await Promise.all([store.get("queue"), store.get("news")]);
  const got = (queue as Queue<unknown>).get();
  await (news as Queue<number>).put(Deno.pid);
  await got;
}

/** Has a process do it that a process has started, and so on, and the last a thread. */
export async function appendDeep(
  dict: DictProxy<string, unknown>,
  list: ListProxy<number>,
  depth: number,
): Promise<void> {
  await list.append(depth);
  // Back in the manager it is the list itself.
  await dict.set(`list of ${depth}`, list);
  if (depth === 0) return;
  if (depth === 1) {
    await using threads = new ThreadPoolExecutor(1);
    return await threads.submit(task(import.meta.url, appendDeep), dict, list, 0);
  }
  const process = new Process({
    target: task(import.meta.url, appendDeep),
    args: [dict, list, depth - 1],
  });
  process.start();
  await process.join();
  if (process.exitcode !== 0) throw new Error(`the process ended with ${process.exitcode}`);
}
