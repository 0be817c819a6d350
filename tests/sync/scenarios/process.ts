/**
 * What the scenarios of the primitives have in common: a process whose threads are the actors, objects that
 * they share, and a diary of what they did.
 */

import type { Actor } from "../../support/stepper.ts";
import { endRealm, moveTo, thisRealm } from "../../../sync/_realm.ts";
import type { RealmPass } from "../../../sync/_realm_pass.ts";
import { Realms } from "../../../sync/_realms.ts";
import { kindOf, objectOf, recordOf, type SharedRecord } from "../../../sync/_shareable.ts";
import { WaitQueue } from "../../../sync/_wait_queue.ts";
import { FIELD, NODE } from "../../../sync/_waiters.ts";

/** A process that is made anew for each schedule. */
export interface Process {
  readonly passes: { readonly [actor: string]: RealmPass };
  /** The memory of the objects, whose guards somebody may die in. */
  readonly objects: readonly SharedArrayBuffer[];
  /** Word 0 counts the entries; each has two words: the actor's realm and an event with its number. */
  readonly diary: Int32Array<SharedArrayBuffer>;
}

/** What is written into the diary. */
export type Happening =
  /** An operation begins, has joined the queue, is taken out of it by another, has what it wanted, has not. */
  | "begins"
  | "joins"
  | "is granted"
  | "gets"
  | "misses"
  | "leaves"
  | "dies"
  | "dies in the guard";

const HAPPENINGS: readonly Happening[] = [
  ...["begins", "joins", "is granted", "gets", "misses", "leaves"] as const,
  ...["dies", "dies in the guard"] as const,
];

/** An entry of the diary. */
export interface Entry {
  readonly actor: string;
  readonly happening: Happening;
  /** Tells the operations of an actor apart. */
  readonly number: number;
}

/** The words of a process's waiters. Small: a schedule's waiters are few. */
const WAITERS_BYTES = 2 ** 15;

/** Memory for the threads `actors`, which share `objects`. */
export function makeProcess(
  actors: readonly string[],
  objects: readonly SharedArrayBuffer[],
): Process {
  const realms = new Realms();
  const waiters = new SharedArrayBuffer(WAITERS_BYTES);
  const passes = Object.fromEntries(
    actors.map((name) => [name, { table: realms.buffer, waiters, id: realms.begin(0), name }]),
  );
  return { passes, objects, diary: new Int32Array(new SharedArrayBuffer(4096)) };
}

/** Makes the actor a thread of the process; returns its realm's number. */
export function join({ name }: { name: string }, process: Process): number {
  const pass = process.passes[name]!;
  moveTo(pass);
  diary = process.diary;
  return pass.id;
}

/** Whether somebody died in the guard of an object. */
export function diedInGuard(process: Process): boolean {
  return read(process).some(({ happening }) => happening === "dies in the guard");
}

/** An actor, called "launcher of" another: says so when that one has died. */
export function launcher(actor: Actor<{ process: Process }>): void {
  announce(actor, actor.name.slice("launcher of ".length));
}

/**
 * Waits for the end of another actor, and tells the process of it if it died; whether it did.
 *
 * @param look Called before anybody is told.
 */
export function announce(
  actor: Actor<{ process: Process }>,
  mortal: string,
  look: (id: number) => void = () => {},
): boolean {
  const { process } = actor.shared;
  join(actor, process);
  if (actor.join(mortal) !== "dead") return false;
  const { id } = process.passes[mortal]!;
  look(id);
  const isInside = process.objects.some((object) => new Int32Array(object)[0] === id);
  note(id, isInside ? "dies in the guard" : "dies");
  endRealm(id);
  return true;
}

let diary: Int32Array<SharedArrayBuffer>;

/** Writes into the diary. Plain writes: they belong to the atomic operation before. */
export function note(realm: number, happening: Happening, number = 0): void {
  const at = 1 + 2 * diary[0]!++;
  diary[at] = realm;
  diary[at + 1] = HAPPENINGS.indexOf(happening) + 16 * number;
  Atomics.notify(diary, 0);
}

/** Blocks this actor until what the diary says is right. */
export function until(process: Process, isRight: (entries: readonly Entry[]) => boolean): void {
  for (;;) {
    const entries = Atomics.load(process.diary, 0);
    if (isRight(read(process))) return;
    Atomics.wait(process.diary, 0, entries);
  }
}

/** Reads a diary. */
export function read({ passes, diary }: Process): Entry[] {
  const names = new Map(Object.entries(passes).map(([name, { id }]) => [id, name]));
  return Array.from({ length: diary[0]! }, (_, entry) => {
    const word = diary[2 + 2 * entry]!;
    return {
      actor: names.get(diary[1 + 2 * entry]!)!,
      happening: HAPPENINGS[word & 15]!,
      number: word >> 4,
    };
  });
}

/** What is sent of a new object. */
export function record(object: object): SharedRecord {
  return recordOf(object, kindOf(object)!);
}

/** The object that a record is of. */
export function receive<T extends object>(record: SharedRecord): T {
  return objectOf(record) as T;
}

/** The numbers that operations of this actor are known by while they join. */
let joining = 0;
const { join: joinQueue, dismiss } = WaitQueue.prototype;
/** A word of a node that nobody uses. */
const UNUSED = 7;

/** From now on, joining is noted under this number. */
export function joinsAs(number: number): void {
  joining = number;
}

WaitQueue.prototype.join = function (realm: number, mark: number): number {
  const node = Reflect.apply(joinQueue, this, [realm, mark]);
  const { waiters } = thisRealm();
  waiters.words[waiters.at(node, UNUSED)] = joining;
  note(realm, "joins", joining);
  return node;
};

WaitQueue.prototype.dismiss = function (node: number, state: 2 | 3): void {
  Reflect.apply(dismiss, this, [node, state]);
  const { waiters } = thisRealm();
  if (state !== NODE.GRANTED) return;
  note(
    waiters.words[waiters.at(node, FIELD.REALM)]!,
    "is granted",
    waiters.words[waiters.at(node, UNUSED)],
  );
};

/** Random numbers below a limit, the same for each run of a schedule. */
export function dice(schedule: number): (limit: number) => number {
  let state = Math.imul(schedule + 1, 0x9e3779b1);
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
