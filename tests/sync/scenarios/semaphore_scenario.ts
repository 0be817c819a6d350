/**
 * Threads that hold the permits of a semaphore for a moment, or count with it what some make and others take.
 *
 * The faulty variants exist to show that the stepper finds such faults.
 */

import type { Actor } from "../../support/stepper.ts";
import { Permits } from "../../../sync/_permits.ts";
import type { SharedRecord } from "../../../sync/_shareable.ts";
import { OWN_WORDS } from "../../../sync/_wait_queue.ts";
import { CancelledError } from "../../../sync/errors.ts";
import { BoundedSemaphore, Semaphore } from "../../../sync/semaphore.ts";
import { announce, join, joinsAs, makeProcess, note, type Process } from "./process.ts";
import { receive, record } from "./process.ts";

export { launcher } from "./process.ts";

/** How a permit is acquired. */
export type Way =
  | "sync"
  | "sync timed"
  | "sync poll"
  | "async"
  | "async timed"
  | "async poll"
  | "async aborted";

/** What is wrong on purpose. */
export type Fault = "none" | "give unseen" | "look and take";

/** The memory of one schedule. */
export interface Shared {
  readonly process: Process;
  readonly semaphore: SharedRecord;
  readonly permits: number;
  /** For each actor its tasks, which run at the same time, and each of whose ways in turn. */
  readonly plans: { readonly [actor: string]: readonly (readonly Way[])[] };
  readonly fault: Fault;
  /** For each realm's place how many permits it has to its knowledge. */
  readonly inside: Int32Array<SharedArrayBuffer>;
}

/** Fresh memory. */
export function share(
  kind: "Semaphore" | "BoundedSemaphore",
  permits: number,
  plans: Shared["plans"],
  others: readonly string[] = [],
  fault: Fault = "none",
): Shared {
  const semaphore = record(
    kind === "Semaphore" ? new Semaphore(permits) : new BoundedSemaphore(permits),
  );
  const [memory] = semaphore[2] as [SharedArrayBuffer];
  return {
    process: makeProcess([...Object.keys(plans), ...others], [memory]),
    semaphore,
    permits,
    plans,
    fault,
    inside: new Int32Array(new SharedArrayBuffer(64)),
  };
}

const { give, tryTake } = Permits.prototype;

function attach({ semaphore, fault }: Shared): Semaphore {
  Object.assign(Permits.prototype, { give, tryTake });
  if (fault === "give unseen") {
    Permits.prototype.give = function (this: Permits, realm: number, n: number, most: number) {
      // Wrong: whoever joins the queue after the look is not seen.
      const { words } = this.queue;
      if ((Atomics.load(words, OWN_WORDS) & 1) !== 0) {
        return Reflect.apply(give, this, [realm, n, most]);
      }
      Atomics.add(words, OWN_WORDS, 2 * n);
      return true;
    };
  }
  if (fault === "look and take") {
    Permits.prototype.tryTake = function (this: Permits) {
      // Wrong: another may take it after the look.
      const { words } = this.queue;
      const word = Atomics.load(words, OWN_WORDS);
      if (word < 2 || (word & 1) !== 0) return false;
      Atomics.sub(words, OWN_WORDS, 2);
      return true;
    };
  }
  return receive(semaphore);
}

/** An actor: holds a permit for a moment in each of its ways; returns how long that took by the stepped clock. */
export async function holder(actor: Actor<Shared>): Promise<number> {
  const { name, shared } = actor;
  const start = performance.now();
  const me = join(actor, shared.process);
  const semaphore = attach(shared);
  const { inside, permits } = shared;
  let last = 0;
  const enter = () => {
    inside[me & 15]!++;
    const all = inside.reduce((sum, permits) => sum + permits, 0);
    if (all > permits) throw new Error(`${all} are inside`);
  };
  await Promise.all(shared.plans[name]!.map(async (ways) => {
    for (const way of ways) {
      joinsAs(++last);
      const isSync = way.startsWith("sync");
      if (isSync ? !acquireSync(semaphore, way) : !await acquire(semaphore, way)) continue;
      enter();
      if (isSync) Atomics.pause();
      else await (way === "async" ? null : new Promise((resolve) => setTimeout(resolve, 0)));
      inside[me & 15]!--;
      await semaphore.release();
    }
  }));
  return performance.now() - start;
}

/** An actor: makes one for each of its ways, by ones and twos. */
export async function maker(actor: Actor<Shared>): Promise<number> {
  const { name, shared } = actor;
  join(actor, shared.process);
  const semaphore = attach(shared);
  let made = 0;
  for (const [at] of shared.plans[name]![0]!.entries()) {
    const n = 1 + at % 2;
    await semaphore.release(n);
    made += n;
  }
  return made;
}

/** An actor: takes what is made in each of its ways, and counts that. */
export async function taker(actor: Actor<Shared>): Promise<void> {
  const { name, shared } = actor;
  const me = join(actor, shared.process);
  const semaphore = attach(shared);
  for (const [number, way] of shared.plans[name]![0]!.entries()) {
    joinsAs(number);
    const isSync = way.startsWith("sync");
    if (isSync ? acquireSync(semaphore, way) : await acquire(semaphore, way)) {
      shared.inside[me & 15]!++;
      note(me, "gets", number);
    }
  }
}

function acquireSync(semaphore: Semaphore, way: Way): boolean {
  if (way === "sync") return semaphore.acquireSync();
  return semaphore.acquireSync(way === "sync timed" ? { timeout: 5 } : { block: false });
}

function acquire(semaphore: Semaphore, way: Way): Promise<boolean> {
  if (way === "async") return semaphore.acquire();
  if (way === "async timed") return semaphore.acquire({ timeout: 5 });
  if (way === "async poll") return semaphore.acquire({ block: false });
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 5);
  return semaphore.acquire({ signal: controller.signal }).catch((error) => {
    if (error instanceof CancelledError) return false;
    throw error;
  }).finally(() => clearTimeout(timer));
}

/** An actor, called "heir of" another: when that one has died, it says so, and frees its place inside. */
export function heir(actor: Actor<Shared>): void {
  announce(actor, actor.name.slice("heir of ".length), (id) => {
    actor.shared.inside[id & 15] = 0;
  });
}

/** An actor: counts what is free when all others have ended. */
export function auditor(actor: Actor<Shared>): number {
  const { shared } = actor;
  join(actor, shared.process);
  for (const name of Object.keys(shared.process.passes)) {
    if (name !== actor.name) actor.join(name);
  }
  return attach(shared).get_valueSync();
}
