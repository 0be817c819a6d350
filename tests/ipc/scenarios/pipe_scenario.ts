/**
 * Threads that have the ends of one pipe: one that reads, and writers, of which one passes its end on.
 *
 * The faulty variants exist to show that the stepper finds such faults.
 */

import type { Actor } from "../../support/stepper.ts";
import { ANYBODY, EndLedger, LEDGER_BYTES } from "../../../ipc/connections/_end_ledger.ts";
import { allocateMailbox } from "../../../ipc/queues/_mailbox.ts";
import { PipeEnd, type PipeMemory } from "../../../ipc/connections/_pipe_end.ts";
import { driveAsync, driveSync, forever } from "../../../sync/_drive.ts";
import { announce, join, makeProcess, note, type Process } from "../../sync/scenarios/process.ts";
import { endRealm, thisRealm } from "../../../sync/_realm.ts";

/** How who reads and writes waits. */
export type Way = "sync" | "async";

/** What is wrong on purpose. */
export type Fault = "none" | "nobody tells of changes" | "passed on without a count";

/** The memory of one schedule. */
export interface Shared {
  readonly process: Process;
  readonly memory: PipeMemory;
  /** Word 0: what has been passed on to the taker. */
  readonly hand: Int32Array<SharedArrayBuffer>;
  readonly ways: { readonly [actor: string]: Way };
  /** How many messages the reader wants. */
  readonly wanted: number;
  /** Whether what is passed on is for whoever gets it. */
  readonly isForAnybody: boolean;
  readonly fault: Fault;
}

/** In the hand: nothing yet, an end, or nothing any more. */
const NOTHING = 0;
const AN_END = 1;
const GONE = 2;

const READS = 0;
const WRITES = 1;

/** What the actors are in a process; the taker before the giver, so that who looks finds its place first. */
const NAMES = ["taker", "reader", "giver", "closer"] as const;

/** Fresh memory. */
export function share(
  ways: Shared["ways"],
  { wanted, isForAnybody, fault = "none", room = 0, others = [] }: {
    wanted: number;
    isForAnybody: boolean;
    fault?: Fault;
    room?: number;
    others?: readonly string[];
  },
): Shared {
  const { realms } = thisRealm();
  const inbox = allocateMailbox(0, room);
  const ledgers = new SharedArrayBuffer(2 * LEDGER_BYTES);
  const ids = [realms.nextObject(), realms.nextObject()] as const;
  const process = makeProcess([...NAMES, ...others], [inbox.getters]);
  const { reader, giver, closer } = process.passes;
  new EndLedger(ledgers, READS).add(reader!.id);
  const writers = new EndLedger(ledgers, LEDGER_BYTES);
  for (const { id } of [giver!, closer!]) writers.add(id);
  const hand = new Int32Array(new SharedArrayBuffer(4));
  const memory: PipeMemory = { inboxes: [inbox, null], ledgers, ids };
  return { process, memory, hand, ways, wanted, isForAnybody, fault };
}

const { add } = Atomics;
/** The ledgers of whose changes nobody is told. */
let untold: SharedArrayBuffer | undefined;

/** Wrong, where that is planted: a count goes up, and who is looking does not hear of it. */
function plantedAdd(array: Int32Array<SharedArrayBuffer>, index: number, value: number): number {
  if (array.buffer === untold) return Atomics.load(array, index);
  return Reflect.apply(add, Atomics, [array, index, value]);
}

function enter(actor: Actor<Shared>, side: 0 | 1): { me: number; end: PipeEnd } {
  const { memory, process, fault } = actor.shared;
  untold = fault === "nobody tells of changes" ? memory.ledgers : undefined;
  Atomics.add = plantedAdd as typeof add;
  const me = join(actor, process);
  return { me, end: PipeEnd.of(memory, side) };
}

/** Reads as much as is wanted, or until the end, and closes; returns how long that took by the stepped clock. */
export async function reader(actor: Actor<Shared>): Promise<number> {
  const start = performance.now();
  const { me, end } = enter(actor, READS);
  const { wanted, ways } = actor.shared;
  for (let count = 0; count < wanted; count++) {
    const get = () => end.inbox!.get(me, forever("get"));
    let message = end.inbox!.tryGet();
    if (message === "empty") {
      message = ways.reader === "sync" ? driveSync(get()) : await driveAsync(get());
    }
    if (typeof message === "string") break;
    note(me, "gets", new Int32Array(message[0]!.buffer)[0]!);
  }
  end.remove(me);
  return performance.now() - start;
}

async function write(end: PipeEnd, me: number, way: Way, number: number): Promise<void> {
  note(me, "begins", number);
  const message = [new Uint8Array(new Int32Array([number, 0]).buffer)];
  let result = end.outbox!.tryPut(message);
  if (result === "full") {
    const put = end.outbox!.put(message, me, forever("put"));
    result = way === "sync" ? driveSync(put) : await driveAsync(put);
  }
  note(me, result === "put" ? "leaves" : "misses", number);
}

/** Writes, passes its end on, writes, and closes it. */
export async function giver(actor: Actor<Shared>): Promise<number> {
  const start = performance.now();
  const { me, end } = enter(actor, WRITES);
  const { process, hand, ways, isForAnybody, fault } = actor.shared;
  await write(end, me, ways.giver!, 100);
  if (fault !== "passed on without a count") {
    end.add(isForAnybody ? ANYBODY : process.passes.taker!.id);
  }
  Atomics.store(hand, 0, AN_END);
  Atomics.notify(hand, 0);
  await write(end, me, ways.giver!, 101);
  end.remove(me);
  return performance.now() - start;
}

/** Takes the end over, writes, and closes it. */
export async function taker(actor: Actor<Shared>): Promise<number> {
  const start = performance.now();
  const { me, end } = enter(actor, WRITES);
  const { hand, ways, isForAnybody } = actor.shared;
  Atomics.wait(hand, 0, NOTHING);
  if (Atomics.load(hand, 0) === AN_END) {
    end.arrived(isForAnybody ? ANYBODY : me);
    await write(end, me, ways.taker!, 200);
    await write(end, me, ways.taker!, 201);
    end.remove(me);
  } // What else is in its name goes with it.
  else endRealm(me);
  return performance.now() - start;
}

/** Has an end from the beginning, and closes it. */
export function closer(actor: Actor<Shared>): number {
  const start = performance.now();
  const { me, end } = enter(actor, WRITES);
  end.remove(me);
  return performance.now() - start;
}

/** Says that the giver has died, and that nothing will be passed on. */
export function undertaker(actor: Actor<Shared>): void {
  const mortal = actor.name.slice("launcher of ".length);
  const { hand } = actor.shared;
  if (!announce(actor, mortal) || mortal !== "giver") return;
  Atomics.compareExchange(hand, 0, NOTHING, GONE);
  Atomics.notify(hand, 0);
}
