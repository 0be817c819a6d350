/**
 * Threads that put into a mailbox and get from it in all ways, until it is shut.
 *
 * The faulty variant exists to show that the stepper finds such a fault.
 */

import type { Actor } from "../../support/stepper.ts";
import { allocateMailbox, Mailbox, type MailboxMemory } from "../../../ipc/queues/_mailbox.ts";
import { Slip } from "../../../ipc/queues/_slip.ts";
import { deadlineOf, driveAsync, driveSync } from "../../../sync/_drive.ts";
import { FIELD, NODE, Waiters } from "../../../sync/_waiters.ts";
import { CancelledError } from "../../../sync/errors.ts";
import { announce, join, makeProcess, note, type Process } from "../../sync/scenarios/process.ts";

export { launcher } from "../../sync/scenarios/process.ts";

/** How a message is put or got. Only getters poll, which takes nothing. */
export type Way =
  | "sync"
  | "sync timed"
  | "sync try"
  | "sync poll"
  | "async"
  | "async timed"
  | "async poll"
  | "async aborted";

/** What is wrong on purpose. */
export type Fault = "none" | "nudge without a change";

/** The memory of one schedule. */
export interface Shared {
  readonly process: Process;
  readonly memory: MailboxMemory;
  /** For each actor its ways: a putter uses each once, a getter in turn until the mailbox is shut. */
  readonly plans: { readonly [actor: string]: readonly Way[] };
  readonly putters: readonly string[];
  readonly immediate: boolean;
  readonly joins: boolean;
  readonly fault: Fault;
}

/** Fresh memory. */
export function share(
  maxsize: number,
  plans: Shared["plans"],
  options: Partial<Pick<Shared, "immediate" | "joins" | "fault">> & { others?: string[] } = {},
): Shared {
  const memory = allocateMailbox(maxsize);
  const { immediate = false, joins = false, fault = "none", others = [] } = options;
  const actors = [...Object.keys(plans), "closer", ...others];
  const putters = Object.keys(plans).filter((name) => name.startsWith("putter"));
  const process = makeProcess(actors, [memory.getters]);
  return { process, memory, plans, putters, immediate, joins, fault };
}

const { set } = Waiters.prototype;

function plant(fault: Fault): void {
  Waiters.prototype.set = fault === "none" ? set : function (this: Waiters, node, field, value) {
    // Wrong: who has looked, and is about to sleep, sees no change.
    if (field === FIELD.STATE && value === NODE.NUDGED) return;
    Reflect.apply(set, this, [node, field, value]);
  };
}

function enter(actor: Actor<Shared>): { me: number; mailbox: Mailbox } {
  plant(actor.shared.fault);
  const me = join(actor, actor.shared.process);
  return { me, mailbox: new Mailbox(actor.shared.memory) };
}

function limitOf(way: Way): { timeout: number } | undefined {
  if (way.endsWith("timed")) return { timeout: 5 };
  return way === "sync try" ? { timeout: 0 } : undefined;
}

/** Calls `wait` with a signal that is soon aborted; `undefined` when it was. */
async function aborted<T>(wait: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 5);
  try {
    return await wait(controller.signal);
  } catch (error) {
    if (error instanceof CancelledError) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Puts a message each way; returns how long it took by the stepped clock. */
export async function putter(actor: Actor<Shared>): Promise<number> {
  const start = performance.now();
  const { me, mailbox } = enter(actor);
  const first = 100 * (1 + actor.shared.putters.indexOf(actor.name));
  const pending: Promise<void>[] = [];
  const ends = (number: number, end: string | undefined) =>
    note(me, end === "put" ? "leaves" : "misses", number);
  for (const [i, way] of actor.shared.plans[actor.name]!.entries()) {
    // Who blocks its thread would wait behind its own, which can't go on then.
    if (way.startsWith("sync")) await Promise.all(pending);
    const number = first + i;
    note(me, "begins", number);
    const slip = new Slip();
    slip.words[0] = number;
    slip.length = 4;
    const now = mailbox.tryPut(slip);
    if (now !== "full") ends(number, now);
    else {
      const put = (limit?: { timeout?: number; signal?: AbortSignal }) =>
        mailbox.put([slip.copy()], me, deadlineOf("put", limit));
      if (way.startsWith("sync")) ends(number, driveSync(put(limitOf(way))));
      else if (way === "async aborted") {
        const end = aborted((signal) => driveAsync(put({ signal })));
        pending.push(end.then((end) => ends(number, end)));
      } else {
        // Those that wait do so together.
        pending.push(driveAsync(put(limitOf(way))).then((end) => ends(number, end)));
      }
    }
  }
  await Promise.all(pending);
  return performance.now() - start;
}

/** Gets messages until there will be none; returns how long it took by the stepped clock. */
export async function getter(actor: Actor<Shared>): Promise<number> {
  const start = performance.now();
  const { me, mailbox } = enter(actor);
  const slip = new Slip();
  const ways = actor.shared.plans[actor.name]!;
  for (let i = 0;; i++) {
    const way = ways[i % ways.length]!;
    const get = (limit?: { timeout?: number; signal?: AbortSignal }) =>
      mailbox.get(me, deadlineOf("get", limit));
    if (way.endsWith("poll")) {
      const poll = mailbox.poll(me, deadlineOf("poll", undefined));
      if (!(way === "sync poll" ? driveSync(poll) : await driveAsync(poll))) {
        throw new Error("there is nothing, and time");
      }
    }
    let end: Slip | Uint8Array[] | "shut" | "empty" | undefined = mailbox.tryGet(slip);
    if (end === "empty" && !way.endsWith("poll")) {
      if (way.startsWith("sync")) end = driveSync(get(limitOf(way)));
      else if (way === "async aborted") {
        end = await aborted((signal) => driveAsync(get({ signal })));
      } else end = await driveAsync(get(limitOf(way)));
    }
    if (end === "shut") break;
    if (end === undefined || end === "empty") continue;
    const words = end === slip
      ? slip.words
      : new Int32Array((end as Uint8Array[])[0]!.buffer as ArrayBuffer);
    note(me, "gets", words[0]!);
    if (!mailbox.done()) throw new Error("more was done than was put");
  }
  return performance.now() - start;
}

/** Milliseconds for which one keeps what nobody calls back. */
const KEEPS = 200;

/** Gets several at a time, takes some of them, and gives the others back when they are called back. */
export async function child(actor: Actor<Shared>): Promise<number> {
  const { me, mailbox } = enter(actor);
  const into = new Int32Array(64);
  const done = () => {
    if (!mailbox.done()) throw new Error("more was done than was put");
  };
  for (let round = 1;; round++) {
    const { count, recalls } = mailbox.getSeveral(me, into, 4, () => true);
    if (count === 0) {
      const end = await driveAsync(mailbox.get(me, deadlineOf("get", undefined)));
      if (end === "shut" || end === "empty") return 0;
      note(me, "gets", new Int32Array((end as Uint8Array[])[0]!.buffer as ArrayBuffer)[0]!);
      done();
      continue;
    }
    // Each is a length and a number.
    note(me, "gets", into[1]!);
    done();
    if (count === 1) continue;
    const recalled = Promise.withResolvers<void>();
    mailbox.watchLease(recalls, () => recalled.resolve());
    const most = Math.min(round % 4, count - 1);
    for (let i = 1; i <= most; i++) note(me, "gets", into[2 * i + 1]!);
    // What is not said to be taken may come again, so it is not done before.
    mailbox.settleLease(me, most, true);
    for (let i = 1; i <= most; i++) done();
    if (most === count - 1) continue;
    const timer = setTimeout(() => recalled.resolve(), KEEPS);
    await recalled.promise;
    clearTimeout(timer);
    mailbox.settleLease(me, 0, false);
  }
}

/** Shuts the mailbox once all that put have ended, and waits for what is unfinished. */
export function closer(actor: Actor<Shared>): number {
  const start = performance.now();
  const { putters, immediate, joins } = actor.shared;
  for (const name of putters) announce(actor, name);
  const { me, mailbox } = enter(actor);
  mailbox.shut(immediate);
  if (joins && !driveSync(mailbox.join(me, deadlineOf("join", undefined)))) {
    throw new Error("not joined in time");
  }
  return performance.now() - start;
}
