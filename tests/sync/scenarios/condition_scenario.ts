/**
 * Threads that put into a store and take out of it under a condition, and threads that wait once and are
 * notified by number.
 *
 * The faulty variants exist to show that the stepper finds such faults.
 */

import type { Actor } from "../../support/stepper.ts";
import { driveAsync, driveSync, forever, type Protocol } from "../../../sync/_drive.ts";
import { ownershipOf } from "../../../sync/_lockable.ts";
import { thisRealm } from "../../../sync/_realm.ts";
import type { SharedRecord } from "../../../sync/_shareable.ts";
import { WaitQueue } from "../../../sync/_wait_queue.ts";
import { NODE } from "../../../sync/_waiters.ts";
import { untilDismissed } from "../../../sync/_waiting.ts";
import { Condition } from "../../../sync/condition.ts";
import { CancelledError } from "../../../sync/errors.ts";
import { Lock } from "../../../sync/lock.ts";
import { RLock } from "../../../sync/rlock.ts";
import {
  announce,
  join,
  makeProcess,
  note,
  type Process,
  receive,
  record,
  until,
} from "./process.ts";

/** How somebody takes from the store, or puts into it. */
export type Way = "sync" | "sync timed" | "async" | "async timed" | "async aborted";

/** What is wrong on purpose. */
export type Fault = "none" | "release first" | "times out notified";

/** The memory of one schedule. */
export interface Shared {
  readonly process: Process;
  readonly lock: SharedRecord;
  readonly condition: SharedRecord;
  readonly plans: { readonly [actor: string]: readonly Way[] };
  readonly fault: Fault;
  /** How much there is, and how much was taken. */
  readonly stock: Int32Array<SharedArrayBuffer>;
}

/** Fresh memory. */
export function share(
  kind: "Lock" | "RLock",
  plans: Shared["plans"],
  others: readonly string[] = [],
  fault: Fault = "none",
): Shared {
  const inner = kind === "Lock" ? new Lock() : new RLock();
  const lock = record(inner);
  const [name, id, data] = record(new Condition(inner));
  const { buffer } = data as { buffer: SharedArrayBuffer };
  return {
    process: makeProcess([...Object.keys(plans), ...others], [
      lock[2] as SharedArrayBuffer,
      buffer,
    ]),
    lock,
    condition: [name, id, buffer],
    plans,
    fault,
    stock: new Int32Array(new SharedArrayBuffer(8)),
  };
}

const { wait, waitSync } = Condition.prototype;
const { settle } = WaitQueue.prototype;

function attach({ lock, condition: [name, id, buffer], fault }: Shared): Condition {
  const inner = receive<Lock | RLock>(lock);
  const condition = receive<Condition>([name, id, { lock: inner, buffer }]);
  Object.assign(Condition.prototype, { wait, waitSync });
  WaitQueue.prototype.settle = settle;
  if (fault === "release first") {
    const queue = new WaitQueue(buffer as SharedArrayBuffer);
    // Wrong: whoever notifies between the release and the joining finds nobody.
    Condition.prototype.wait = () => driveAsync(releaseFirst(inner, queue));
    Condition.prototype.waitSync = () => driveSync(releaseFirst(inner, queue));
  }
  if (fault === "times out notified") {
    WaitQueue.prototype.settle = function (this: WaitQueue, node: number, leaves: boolean) {
      // Wrong: it was notified, and keeps that to itself.
      const state = Reflect.apply(settle, this, [node, leaves]);
      return leaves && this.id === id ? NODE.WAITING : state;
    };
  }
  return condition;
}

function* releaseFirst(lock: Lock | RLock, queue: WaitQueue): Protocol<boolean> {
  const { id } = thisRealm();
  ownershipOf(lock).free();
  const node = queue.guarded(() => queue.join(id, 0));
  yield* untilDismissed(queue, node, forever("wait"));
  yield* ownershipOf(lock).take(id, 0, forever("wait"));
  return true;
}

/** Under the lock: one more or less; whoever is not kept out is seen by the count. */
function change(stock: Int32Array<SharedArrayBuffer>, by: number): void {
  const before = stock[0]!;
  Atomics.pause();
  stock[0] = before + by;
}

/** An actor: takes one for each of its ways, and waits until there is one. */
export async function consumer(actor: Actor<Shared>): Promise<void> {
  const { name, shared: { process, plans, stock } } = actor;
  join(actor, process);
  const condition = attach(actor.shared);
  const isThere = () => stock[0]! > 0;
  for (const way of plans[name]!) {
    if (way === "sync") {
      condition.acquireSync();
      condition.wait_forSync(isThere);
    } else {
      await condition.acquire();
      await condition.wait_for(isThere);
    }
    change(stock, -1);
    stock[1]!++;
    await condition.release();
  }
}

/**
 * An actor: waits for each of its ways, until it is notified or the time is up; returns how often it was
 * notified. Then it takes one, if there is one, and puts it back: it does what whoever is notified has to do.
 */
export async function visitor(actor: Actor<Shared>): Promise<number> {
  const { name, shared: { process, plans, stock } } = actor;
  join(actor, process);
  const condition = attach(actor.shared);
  let notified = 0;
  for (const way of plans[name]!) {
    const limit = way.endsWith("timed") ? { timeout: 5 } : undefined;
    const isSync = way.startsWith("sync");
    if (isSync) condition.acquireSync();
    else await condition.acquire();
    if (isSync ? condition.waitSync(limit) : await waitAsync(condition, way, limit)) {
      notified++;
      if (stock[0]! > 0) {
        change(stock, -1);
        change(stock, 1);
        await condition.notify();
      }
    }
    await condition.release();
  }
  return notified;
}

function waitAsync(
  condition: Condition,
  way: Way,
  limit: { timeout: number } | undefined,
): Promise<boolean> {
  if (way !== "async aborted") return condition.wait(limit);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 5);
  return condition.wait({ signal: controller.signal }).catch((error) => {
    if (error instanceof CancelledError) return false;
    throw error;
  }).finally(() => clearTimeout(timer));
}

/** An actor: puts one in for each of its ways. */
export async function producer(actor: Actor<Shared>): Promise<void> {
  const { name, shared } = actor;
  join(actor, shared.process);
  const condition = attach(shared);
  for (const way of shared.plans[name]!) {
    if (way.startsWith("sync")) condition.acquireSync();
    else await condition.acquire();
    change(shared.stock, 1);
    await condition.notify();
    await condition.release();
  }
}

/**
 * An actor: when the visitor has died, it puts in what that one may have taken, and tells those that it may
 * have been notified instead of.
 */
export async function heir(actor: Actor<Shared>): Promise<void> {
  if (!announce(actor, "third")) return;
  const condition = attach(actor.shared);
  await condition.acquire();
  change(actor.shared.stock, 1);
  await condition.notify_all();
  await condition.release();
}

/** An actor: waits once for each of its ways, and notes that it goes on. */
export async function waiter(actor: Actor<Shared>): Promise<boolean[]> {
  const { name, shared } = actor;
  const me = join(actor, shared.process);
  const condition = attach(shared);
  const outcomes: boolean[] = [];
  for (const way of shared.plans[name]!) {
    if (way === "sync") {
      condition.acquireSync();
      outcomes.push(condition.waitSync());
    } else {
      await condition.acquire();
      outcomes.push(await condition.wait());
    }
    note(me, "gets");
    await condition.release();
  }
  return outcomes;
}

/** An actor: notifies two of three that wait, then the third; returns how many waited before and after each. */
export async function notifier(actor: Actor<Shared>): Promise<number[]> {
  const { shared } = actor;
  const { process } = shared;
  join(actor, process);
  const condition = attach(shared);
  const queue = new WaitQueue(shared.condition[2] as SharedArrayBuffer);
  const count = () => queue.guarded(() => [...queue.each()].length);
  const counts: number[] = [];
  const notify = async (n: number) => {
    await condition.acquire();
    counts.push(count());
    await condition.notify(n);
    counts.push(count());
    await condition.release();
  };
  until(process, () => count() === 3);
  await notify(2);
  until(process, (entries) => entries.filter(({ happening }) => happening === "gets").length === 2);
  await notify(5);
  return counts;
}
