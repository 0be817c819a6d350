/**
 * Parties that meet at a barrier again and again, in all ways, and those that abort or reset it.
 *
 * Each party counts its rounds in a word of its own when it comes, so that whoever goes on can see that all
 * had come. The faulty variants exist to show that the stepper finds such faults.
 */

import type { Actor } from "../../support/stepper.ts";
import { endRealm, thisRealm } from "../../../sync/_realm.ts";
import type { SharedRecord } from "../../../sync/_shareable.ts";
import { OWN_WORDS, WaitQueue } from "../../../sync/_wait_queue.ts";
import { FIELD } from "../../../sync/_waiters.ts";
import { Barrier } from "../../../sync/barrier.ts";
import { BrokenBarrierError, CancelledError } from "../../../sync/errors.ts";
import { announce, join, joinsAs, makeProcess, type Process, receive, record } from "./process.ts";

/** How a party waits. */
export type Way = "sync" | "sync timed" | "async" | "async timed" | "async aborted";

/** What another does meanwhile. */
export type Trouble = "none" | "abort" | "reset";

/** What is wrong on purpose. */
export type Fault = "none" | "no guard";

/** The memory of one schedule. */
export interface Shared {
  readonly process: Process;
  readonly barrier: SharedRecord;
  readonly withAction: boolean;
  /** For each party the ways in turn, one for each round. */
  readonly plans: { readonly [party: string]: readonly Way[] };
  readonly trouble: Trouble;
  readonly fault: Fault;
  /** How often the action was run, and for each party how often it came. */
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** What came of a party: its numbers, and what ended it, if anything did. */
export interface Course {
  readonly indexes: number[];
  readonly end: "done" | "broken";
}

/** Fresh memory. */
export function share(
  plans: Shared["plans"],
  withAction: boolean,
  trouble: Trouble = "none",
  others: readonly string[] = [],
  fault: Fault = "none",
): Shared {
  const barrier = record(new Barrier(Object.keys(plans).length));
  const { buffer } = barrier[2] as { buffer: SharedArrayBuffer };
  return {
    process: makeProcess([...Object.keys(plans), ...others], [buffer]),
    barrier,
    withAction,
    plans,
    trouble,
    fault,
    words: new Int32Array(new SharedArrayBuffer(64)),
  };
}

const { enter } = WaitQueue.prototype;

function attach({ barrier: [name, id, data], withAction, words, fault }: Shared): Barrier {
  // Wrong: nobody is kept out.
  WaitQueue.prototype.enter = fault === "no guard" ? () => {} : enter;
  const action = withAction ? () => void Atomics.add(words, 0, 1) : undefined;
  return receive([name, id, { ...data as object, action }]);
}

/** An actor. */
export async function party(actor: Actor<Shared>): Promise<Course> {
  const { name, shared } = actor;
  join(actor, shared.process);
  const barrier = attach(shared);
  const parties = Object.keys(shared.plans);
  const me = 1 + parties.indexOf(name);
  const { words } = shared;
  const indexes: number[] = [];
  for (const way of shared.plans[name]!) {
    words[me] = indexes.length + 1;
    for (let isOver = false; !isOver;) {
      joinsAs(indexes.length);
      try {
        const limit = way.endsWith("timed") ? { timeout: 5 } : undefined;
        const index = way.startsWith("sync")
          ? barrier.waitSync(limit)
          : await waitAsync(barrier, way, limit);
        indexes.push(index);
        isOver = true;
      } catch (error) {
        if (!(error instanceof BrokenBarrierError || error instanceof CancelledError)) throw error;
        if (shared.trouble !== "reset") return { indexes, end: "broken" };
      }
    }
    parties.forEach((party, at) => {
      if (words[1 + at]! < indexes.length) throw new Error(`gone on without ${party}`);
    });
    if (shared.withAction && shared.trouble === "none") {
      const acted = Atomics.load(words, 0);
      // The next round's may have come meanwhile.
      if (acted !== indexes.length && acted !== indexes.length + 1) {
        throw new Error(`the action was run ${acted} times in ${indexes.length} rounds`);
      }
    }
  }
  return { indexes, end: "done" };
}

function waitAsync(
  barrier: Barrier,
  way: Way,
  limit: { timeout: number } | undefined,
): Promise<number> {
  if (way !== "async aborted") return barrier.wait(limit);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 5);
  return barrier.wait({ signal: controller.signal }).finally(() => clearTimeout(timer));
}

/** An actor: makes trouble. */
export async function other(actor: Actor<Shared>): Promise<void> {
  const { shared } = actor;
  join(actor, shared.process);
  const barrier = attach(shared);
  if (shared.trouble === "abort") await barrier.abort();
  if (shared.trouble === "reset") {
    for (let times = 0; times < 3; times++) await barrier.reset();
  }
}

/** An actor: when the first party has died elsewhere than at the barrier, nobody shall wait for it. */
export async function heir(actor: Actor<Shared>): Promise<void> {
  const { buffer } = actor.shared.barrier[2] as { buffer: SharedArrayBuffer };
  let isThere = false;
  const isDead = announce(actor, "first", (id) => {
    const queue = new WaitQueue(buffer);
    isThere = queue.words[0] === id;
    if (isThere) return;
    // No round is over between the look and the news.
    queue.guarded(() => {
      const { waiters } = thisRealm();
      // While the action runs, all have come: the dead one, too.
      isThere = queue.words[OWN_WORDS] === 0 &&
        [...queue.each()].some((node) => waiters.get(node, FIELD.REALM) === id);
      if (isThere) endRealm(id);
    });
  });
  if (isDead && !isThere) await attach(actor.shared).abort();
}
