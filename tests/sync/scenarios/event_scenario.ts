/**
 * Threads that wait for an event, and one that sets it and clears it again at once, whenever all that are
 * patient wait; at last it sets it without a look at who waits. The impatient come and go.
 */

import type { Actor } from "../../support/stepper.ts";
import type { SharedRecord } from "../../../sync/_shareable.ts";
import { OWN_WORDS } from "../../../sync/_wait_queue.ts";
import { CancelledError } from "../../../sync/errors.ts";
import { SharedEvent } from "../../../sync/event.ts";
import { announce, type Entry, join, joinsAs, makeProcess, note, type Process } from "./process.ts";
import { receive, record, until } from "./process.ts";

export { launcher } from "./process.ts";

/** How an event is waited for. */
export type Way = "sync" | "sync timed" | "async" | "async timed" | "async aborted";

/** What is wrong on purpose. */
export type Fault = "none" | "set unseen" | "look again";

/** The memory of one schedule. */
export interface Shared {
  readonly process: Process;
  readonly event: SharedRecord;
  /** How often the event is set and cleared. */
  readonly rounds: number;
  /** For each actor that waits the ways in turn: the patient have one for each round, and one more. */
  readonly plans: { readonly [actor: string]: readonly Way[] };
  readonly patient: readonly string[];
  readonly fault: Fault;
}

/** Fresh memory. */
export function share(
  plans: Shared["plans"],
  rounds: number,
  patient: readonly string[],
  others: readonly string[] = [],
  fault: Fault = "none",
): Shared {
  const event = record(new SharedEvent());
  const memory = event[2] as SharedArrayBuffer;
  const process = makeProcess([...Object.keys(plans), "setter", ...others], [memory]);
  return { process, event, rounds, plans, patient, fault };
}

const { set, wait, waitSync } = SharedEvent.prototype;

function plant(fault: Fault, memory: SharedArrayBuffer): void {
  Object.assign(SharedEvent.prototype, { set, wait, waitSync });
  if (fault === "set unseen") {
    SharedEvent.prototype.set = function () {
      // Wrong: whoever joins the queue after the look is not seen.
      const words = new Int32Array(memory);
      if ((Atomics.load(words, OWN_WORDS) & 2) !== 0) return Reflect.apply(set, this, []);
      Atomics.store(words, OWN_WORDS, 1);
      return Promise.resolve();
    };
  }
  if (fault === "look again") {
    // Wrong: whoever is woken asks the flag, which may be clear again.
    SharedEvent.prototype.wait = async function (limit) {
      await Reflect.apply(wait, this, [limit]);
      return this.is_setSync();
    };
    SharedEvent.prototype.waitSync = function (limit) {
      Reflect.apply(waitSync, this, [limit]);
      return this.is_setSync();
    };
  }
}

/** An actor; returns how its waits came out. */
export async function waiter(actor: Actor<Shared>): Promise<boolean[]> {
  const { name, shared } = actor;
  plant(shared.fault, shared.event[2] as SharedArrayBuffer);
  const me = join(actor, shared.process);
  const event = receive<SharedEvent>(shared.event);
  const outcomes: boolean[] = [];
  for (const [number, way] of shared.plans[name]!.entries()) {
    joinsAs(number);
    const isSync = way.startsWith("sync");
    const limit = way.endsWith("timed") ? { timeout: 5 } : undefined;
    const outcome = isSync ? event.waitSync(limit) : await waitAsync(event, way, limit);
    note(me, outcome ? "gets" : "misses", number);
    outcomes.push(outcome);
  }
  return outcomes;
}

function waitAsync(
  event: SharedEvent,
  way: Way,
  limit: { timeout: number } | undefined,
): Promise<boolean> {
  if (way !== "async aborted") return event.wait(limit);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 5);
  return event.wait({ signal: controller.signal }).catch((error) => {
    if (error instanceof CancelledError) return false;
    throw error;
  }).finally(() => clearTimeout(timer));
}

/** An actor: sets and clears the event when all that are patient have joined the queue. */
export async function setter(actor: Actor<Shared>): Promise<void> {
  const { shared } = actor;
  plant(shared.fault, shared.event[2] as SharedArrayBuffer);
  join(actor, shared.process);
  const event = receive<SharedEvent>(shared.event);
  for (let round = 0; round < shared.rounds; round++) {
    untilAwaited(shared, round);
    const isSet = event.set();
    const isClear = event.clear();
    await isSet;
    await isClear;
  }
  await event.set();
}

/** All that are patient wait for the round, or saw the event set before it was cleared, or are dead. */
function untilAwaited({ process, patient }: Shared, round: number): void {
  const isThere = ({ happening, number }: Entry) =>
    happening.startsWith("dies") || number === round && ["joins", "gets"].includes(happening);
  until(
    process,
    (entries) =>
      patient.every((name) => entries.some((entry) => entry.actor === name && isThere(entry))),
  );
}

/** An actor: when the setter has died it sets the event for good. */
export async function heir(actor: Actor<Shared>): Promise<void> {
  plant("none", actor.shared.event[2] as SharedArrayBuffer);
  if (!announce(actor, "setter")) return;
  await receive<SharedEvent>(actor.shared.event).set();
}
