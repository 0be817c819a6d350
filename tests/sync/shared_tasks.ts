/** What the tests of shared objects have done in other realms. */

import v8 from "node:v8";
import vm from "node:vm";
import * as herd from "../../mod.ts";
import { perform } from "../suites/sync_tasks.ts";

/** A wrong call. */
export type Wrong = readonly [method: string, args: readonly unknown[]];

/** What the calls rejected with. */
export async function misuse(object: object, wrongs: readonly Wrong[]): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const [method, args] of wrongs) {
    try {
      const fn = Reflect.get(object, method) as (...args: unknown[]) => Promise<unknown>;
      const value = await fn.apply(object, args as unknown[]);
      errors.push(`nothing: it resolved to ${value}`);
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

/** What of a message that holds one object in many places has arrived as it was sent. */
export function looksAt(message: Message, kind: string): string[] {
  const { plain, list, map, set, deep } = message;
  const [object] = list;
  const inMap = [...map.keys(), ...map.values()];
  const all = [plain.object, ...list, ...inMap, ...set, deep[0]!.deeper.get("deepest")![0]];
  const type = (herd as Record<string, unknown>)[kind] as new () => object;
  const wrong: string[] = [];
  if (!(object instanceof type)) wrong.push(`no ${kind}`);
  if (object!.constructor !== type) wrong.push(`made by ${object!.constructor.name}`);
  if (all.length !== 7) wrong.push(`${all.length} places`);
  for (const [i, other] of all.entries()) if (other !== object) wrong.push(`another at ${i}`);
  return wrong;
}

/** One object, in many places. */
export interface Message {
  readonly plain: { readonly object: object };
  readonly list: readonly object[];
  readonly map: ReadonlyMap<object, object>;
  readonly set: ReadonlySet<object>;
  readonly deep: readonly { readonly deeper: ReadonlyMap<string, readonly object[]> }[];
}

/** A message with an object in all its places. */
export function messageWith(object: object): Message {
  return {
    plain: { object },
    list: [object, object],
    map: new Map([[object, object]]),
    set: new Set([object]),
    deep: [{ deeper: new Map([["deepest", [object]]]) }],
  };
}

let remembered: unknown;

/** Keeps what it is given; also as an initializer. */
export function remember(value: unknown): void {
  remembered = value;
}

/** Whether it is what was kept. */
export function isRemembered(value: unknown): boolean {
  return value === remembered;
}

/** What was kept. */
export function recall(): unknown {
  return remembered;
}

/** Gives its argument back. */
export function echo<T>(value: T): T {
  return value;
}

/** Makes an object of a class, keeps it, and gives it back. */
export function make(kind: string, ...args: unknown[]): object {
  const type = (herd as Record<string, unknown>)[kind] as new (...args: unknown[]) => object;
  const object = new type(...args);
  remembered = object;
  return object;
}

let below: herd.PoolExecutor | undefined;

/** Has an object made by a worker of its own, which it keeps; gives it back, the same each time. */
export async function makeBelow(kind: Kind, what: string): Promise<unknown> {
  const isFirst = below === undefined;
  below ??= pool(kind);
  return await below.submit(isFirst ? herd.task(HERE, make) : herd.task(HERE, recall), what);
}

/** A worker of some kind. */
export type Kind = "thread" | "killable thread" | "child";

/** A pool of one such worker. */
export function pool(kind: Kind, options: herd.ThreadPoolOptions = {}): herd.PoolExecutor {
  const all = { max_workers: 1, concurrency: 8, ...options };
  if (kind === "child") return new herd.ProcessPoolExecutor(all);
  return new herd.ThreadPoolExecutor({ ...all, killable: kind === "killable thread" });
}

const HERE = import.meta.url;

/** Has the task done at the end of a way through workers of its kinds, each started by the one before and kept. */
export async function atEndOf(
  way: readonly Kind[],
  name: "echo" | "perform" | "looksAt",
  ...args: unknown[]
): Promise<unknown> {
  const [kind, ...rest] = way;
  if (kind === undefined) {
    if (name === "perform") return await perform(...args as Parameters<typeof perform>);
    return name === "echo" ? args[0] : looksAt(...args as Parameters<typeof looksAt>);
  }
  below ??= pool(kind);
  return await below.submit(herd.task(HERE, atEndOf), rest, name, ...args);
}

/** Holds a lock while a worker of its own tries, and is done with it when that one has it. */
export async function contend(kind: Kind, lock: herd.RLock): Promise<unknown[]> {
  await using executor = pool(kind);
  const act = herd.task(import.meta.resolve("../suites/sync_tasks.ts"), perform);
  await lock.acquire();
  const tried = await executor.submit(act, false, [[lock, "acquire", { block: false }]]);
  const released = await executor.submit(misuse, lock, [["release", []]]);
  const waits = executor.submit(act, false, [[lock, "acquire"], [lock, "acquire"]]);
  await lock.release();
  return [tried, (released[0] as Error).name, await waits];
}

/** Has a worker of its own take what is to be taken, and die with it when it is told to. */
export async function loseHolder(
  kind: Kind,
  lock: herd.Lock,
  taken: herd.Event,
  die: herd.Event,
  over: herd.Event,
): Promise<void> {
  await using executor = pool(kind);
  const dying = executor.submit(
    herd.task(HERE, takeAndDie),
    [lock],
    taken,
    die,
    kind === "child" ? "kill" : "exit",
  );
  await dying.exception();
  await over.wait();
}

/** How a worker ends. */
export type End = "exit" | "close" | "uncaught" | "rejection" | "kill" | "spin" | "block";

/** Takes all there is to be taken, says so, and ends when it is told to. */
export async function takeAndDie(
  objects: readonly (herd.Lock | herd.RLock | herd.Semaphore)[],
  taken: herd.Event,
  die: herd.Event,
  how: End,
): Promise<void> {
  for (const object of objects) await object.acquire();
  await taken.set();
  await die.wait();
  switch (how) {
    case "exit":
      return Deno.exit(3);
    case "close":
      return self.close();
    case "uncaught":
      setTimeout(() => {
        throw new Error("uncaught");
      });
      return await new Promise(() => {});
    case "rejection":
      Promise.reject(new Error("unhandled"));
      return await new Promise(() => {});
    case "kill":
      Deno.kill(Deno.pid, "SIGKILL");
      return await new Promise(() => {});
    case "spin":
      for (;;);
    case "block":
      new herd.Event().waitSync();
  }
}

/** Ends the worker. */
export async function die(how: End): Promise<void> {
  await takeAndDie([], new herd.Event(), alreadySet(), how);
}

function alreadySet(): herd.Event {
  const event = new herd.Event();
  event.set();
  return event;
}

/** Enters and leaves a lock, so many times; sets `clash` should it find another within. */
export async function enterAndLeave(
  lock: herd.Lock,
  inside: herd.Semaphore,
  clash: herd.Event,
  done: herd.Semaphore,
  times: number,
): Promise<void> {
  for (let n = 0; n < times; n++) {
    await using _held = await lock.hold();
    if (!await inside.acquire({ block: false })) await clash.set();
    await inside.release();
  }
  await done.release();
}

/** Takes and leaves a lock without a break, until it is told to stop; how often. */
export async function grab(lock: herd.Lock, begun: herd.Event, stop: herd.Event, blocks: boolean) {
  let times = 0;
  while (!await stop.is_set()) {
    if (blocks) lock.acquireSync();
    else await lock.acquire();
    await lock.release();
    if (times++ === 0) await begun.set();
  }
  return times;
}

/** What of a lock of another process can't be made a condition of, nor be asked at once. */
export function makeCondition(lock: herd.Lock): void {
  new herd.Condition(lock);
}

/** The names of what an object refuses to be asked, with the reasons. */
export function refusals(object: object, names: readonly string[]): string[] {
  return names.map((name) => {
    try {
      return `${name}: ${Reflect.get(object, name)}`;
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  });
}

/** Whether an initializer of a worker of its own gets what its tasks get. */
export async function initializeBelow(kind: Kind, value: unknown): Promise<unknown[]> {
  const initializer = herd.task(HERE, remember) as never;
  await using executor = pool(kind, { initializer, initargs: [value] });
  const isSame = await executor.submit(herd.task(HERE, isRemembered), value);
  return [isSame, await executor.submit(herd.task(HERE, recall)) === value];
}

let held: WeakRef<object> | undefined;

/** Holds on to an object, but not strongly. */
export function holdWeakly(object: object): void {
  held = new WeakRef(object);
}

/** Resolves when garbage was collected, what was held weakly too. */
export async function collected(ref: WeakRef<object> | undefined = held): Promise<boolean> {
  v8.setFlagsFromString("--expose-gc");
  const collect: () => void = vm.runInNewContext("gc");
  const end = performance.now() + 20_000;
  do {
    // A WeakRef that was looked at stays until the turn of the event loop is over.
    await new Promise((resolve) => setTimeout(resolve, 1));
    collect();
  } while (ref?.deref() !== undefined && performance.now() < end);
  return ref?.deref() === undefined;
}

/** A process with a lock in a field of its own. */
export class LockProcess extends herd.Process {
  static override readonly module: string = import.meta.url;
  readonly lock: herd.Lock;
  readonly said: herd.Event;

  constructor(lock: herd.Lock, said: herd.Event) {
    super();
    this.lock = lock;
    this.said = said;
  }

  override async run(): Promise<void> {
    if (await this.lock.acquire({ block: false })) return;
    await this.said.set();
    await this.lock.acquire();
    await this.lock.release();
  }
}

/** Uses a lock that is given by name. */
export async function useNamed(first: herd.Event, { lock }: { lock: herd.Lock }): Promise<void> {
  await lock.acquire();
  await first.set();
  await lock.release();
}
