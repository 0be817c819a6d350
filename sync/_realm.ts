/**
 * This realm: its number, and the tables that it has in common with the other threads of the process.
 */

import { CancelledError } from "./errors.ts";
import { Lookout } from "./_lookout.ts";
import { wake } from "./_park.ts";
import { beforeRealmEnds, givenPass, type RealmPass } from "./_realm_pass.ts";
import { Realms } from "./_realms.ts";
import { Waiters } from "./_waiters.ts";

/** A realm, with what it needs to wait and to be waited for. */
export interface Realm {
  readonly id: number;
  readonly realms: Realms;
  readonly waiters: Waiters;
  readonly lookout: Lookout;
}

let current: Realm | undefined;

/** This realm. One that no other has started is the first of its process. */
export function thisRealm(): Realm {
  return current ??= joinProcess(givenPass());
}

/** Makes this thread one of another process, in which it begins anew. */
export function moveTo(pass: RealmPass): void {
  current = joinProcess(pass);
}

function joinProcess(pass: RealmPass | undefined): Realm {
  const realms = new Realms(pass?.table);
  const id = pass?.id ?? realms.begin(0);
  beforeRealmEnds(() => endRealm(id));
  const waiters = new Waiters(realms, id, pass?.waiters);
  return { id, realms, waiters, lookout: new Lookout(realms) };
}

/** What a realm of that name has to adopt that this one is about to start. */
export function passForChild(name: string): RealmPass {
  const { id, realms, waiters } = thisRealm();
  return { table: realms.buffer, waiters: waiters.buffer, id: realms.begin(id), name };
}

/** A realm has ended, or is going to and gets no more to do: what it holds goes to others. */
export function endRealm(id: number): void {
  const { realms } = thisRealm();
  stopping.delete(id);
  if (realms.end(id)) wake(realms.words, realms.deathsWord);
}

/**
 * Checks that a realm has not ended, before anything is done for it that only its end would undo.
 *
 * @throws {CancelledError} When it has.
 */
export function checkAlive(realm: number): void {
  if (!thisRealm().realms.isAlive(realm)) throw endedError();
}

/** How many realms had died when this one was last seen alive. */
let deathsSeen: { readonly realms: Realms; readonly deaths: number } | undefined;

/**
 * The same of this realm, for whoever asks often: that looks again only when some realm has died.
 *
 * @throws {CancelledError} When it has ended.
 */
export function checkThisAlive(): void {
  const { id, realms } = thisRealm();
  // Before the look: one that dies after it shows next time.
  const { deaths } = realms;
  if (deathsSeen !== undefined && deathsSeen.realms === realms && deathsSeen.deaths === deaths) {
    return;
  }
  checkAlive(id);
  deathsSeen = { realms, deaths };
}

/** The realms that this one is having stopped by force. */
const stopping = new Set<number>();

/** A realm that this one has started is being stopped by force; {@linkcode endRealm} is to follow. */
export function stopRealm(id: number): void {
  stopping.add(id);
}

/**
 * Whether this realm is having the other stopped: for who waits for it without letting its own event loop turn,
 * and so would never hear of the end.
 */
export function isBeingStopped(id: number): boolean {
  return stopping.has(id);
}

/** The error of a realm that was told to end, and goes on. */
export function endedError(): CancelledError {
  return new CancelledError("Cannot go on: this thread was told to end");
}
