/**
 * Who waits for an object, in the order of arrival.
 *
 * A queue is a doubly linked list of nodes (`_waiters.ts`) whose ends are words of the object. It is
 * touched only under the object's guard, a lock that is held for a handful of operations and never while
 * anything of the user's runs. Under the guard is decided, too, what becomes of a waiter: it is granted what
 * it waits for, or it leaves because its time is up, and never both.
 *
 * | word      | meaning                                             | written by                        |
 * | --------- | --------------------------------------------------- | --------------------------------- |
 * | `GUARD`   | the number of the realm that has the guard, or 0    | compare-and-swap; its holder to 0 |
 * | `HEAD`    | the node that has waited longest, or 0              | who has the guard                 |
 * | `TAIL`    | the one that came last, or 0                        | who has the guard                 |
 * | `TICKETS` | how many have come                                  | who has the guard                 |
 * | `ID`      | the object's number                                 | who made it, once                 |
 *
 * The steps of a waiter: enter, look whether there is anything to wait for, {@linkcode WaitQueue.join},
 * leave, sleep; woken, or when its time is up: enter, {@linkcode WaitQueue.settle}, leave. Since what it
 * waits for changes only under the guard once somebody waits, nothing can change between the look and the
 * sleep without the node's state changing, too, and that is what it sleeps on.
 *
 * A thread may be stopped by force while it has the guard. The next to enter sees that its holder is dead,
 * and puts the list together again from the nodes, which name their object and their place. A node is
 * granted by one store, before anything else is changed to suit; where the object's own words have to be,
 * that is {@linkcode WaitQueue.complete | completed}, after which the node names no object any more. So a
 * granted node that still names it is a hand-over that was begun, and `repair` ends it. It is called also
 * where there is none, for what else the object may have been in the middle of. A completed node is its own
 * realm's again, which settles it without the guard.
 */

import { spin, wake } from "./_park.ts";
import {
  checkAlive,
  checkThisAlive,
  endedError,
  endRealm,
  isBeingStopped,
  thisRealm,
} from "./_realm.ts";
import { FIELD, isQueued, NODE } from "./_waiters.ts";

/**
 * How often a thread naps before the guard of a dead realm, of a fifth of a millisecond each, until it is taken: a
 * Web Worker that was told to end still goes on to where it gives its guard back.
 */
const PATIENCE = 136;
/**
 * The same where the guard may be held for long, and for one that this realm is having stopped by force, of whose
 * end it would only hear when its event loop turns: about a second. Shorter, and one that copies a large message
 * would be taken for stopped.
 */
const LONG_PATIENCE = 5000;

const GUARD = 0;
const HEAD = 1;
const TAIL = 2;
const TICKETS = 3;
const ID = 4;
/** An object's own words begin here. */
export const OWN_WORDS = 5;

/** Memory for an object with a queue and `words` words of its own. */
export function allocate(words: number): SharedArrayBuffer {
  return new SharedArrayBuffer((OWN_WORDS + words) * 4);
}

/** Nodes of whoever is to be woken: before the guard is left, their threads would run into it. */
const told: number[] = [];

/** Has this realm wake a waiter when it leaves the guard, whosever that is. Under the guard. */
export function wakeWhenLeft(node: number): void {
  told.push(node);
}

/** See the head of the file. */
export class WaitQueue {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #repair: (granted: readonly number[]) => void;

  /**
   * Attaches to `buffer`.
   *
   * @param repair Makes the object's own words fit the queue, and the nodes that were granted and not completed.
   */
  constructor(buffer: SharedArrayBuffer, repair: (granted: readonly number[]) => void = () => {}) {
    this.words = new Int32Array(buffer);
    this.#repair = repair;
    if (Atomics.load(this.words, ID) === 0) {
      Atomics.store(this.words, ID, thisRealm().realms.nextObject());
    }
  }

  /** The object's number. */
  get id(): number {
    return Atomics.load(this.words, ID);
  }

  /**
   * Enters the guard.
   *
   * @param isLong Whether it may well be held for longer than usual.
   * @throws {CancelledError} In a realm that was told to end.
   */
  enter(isLong = false): void {
    const { id, realms } = thisRealm();
    checkThisAlive();
    const patience = isLong ? LONG_PATIENCE : PATIENCE;
    let last = 0;
    let naps = 0;
    for (let round = 0;; round++) {
      const holder = Atomics.compareExchange(this.words, GUARD, 0, id);
      if (holder === 0) return;
      if (holder !== last) [last, naps] = [holder, 0];
      if (naps > LONG_PATIENCE && isBeingStopped(holder)) endRealm(holder);
      if (naps > patience && !realms.isAlive(holder)) {
        if (Atomics.compareExchange(this.words, GUARD, holder, id) !== holder) continue;
        this.rebuild();
        return;
      }
      if (spin(this.words, GUARD, holder, round, isLong)) naps++;
    }
  }

  /**
   * Makes sure that the guard is still this realm's, before a step that only its holder may do: a realm that was
   * told to end and was slow to go on may find that others have it.
   *
   * @throws {CancelledError} When it is not.
   */
  checkHeld(): void {
    if (Atomics.load(this.words, GUARD) !== thisRealm().id) throw endedError();
  }

  /** Leaves the guard, unless this realm was dead to others, who have it now; wakes who was told something. */
  leave(): void {
    const { id, waiters } = thisRealm();
    Atomics.compareExchange(this.words, GUARD, id, 0);
    if (told.length === 0) return;
    // Whoever dies in between is not missed: a death wakes all.
    for (const node of told) wake(waiters.words, waiters.at(node, FIELD.STATE));
    told.length = 0;
  }

  /** Does `work` under the guard. */
  guarded<T>(work: () => T): T {
    this.enter();
    try {
      return work();
    } finally {
      this.leave();
    }
  }

  /** Whether nobody waits; a dead realm's waiters count. */
  get isEmpty(): boolean {
    return Atomics.load(this.words, HEAD) === 0;
  }

  /** Puts a new waiter of this realm at the end. Under the guard. */
  join(realm: number, note: number): number {
    const { waiters } = thisRealm();
    const node = waiters.take();
    const tail = Atomics.load(this.words, TAIL);
    waiters.set(node, FIELD.REALM, realm);
    waiters.set(node, FIELD.NOTE, note);
    waiters.set(node, FIELD.OBJECT, this.id);
    waiters.set(node, FIELD.TICKET, Atomics.add(this.words, TICKETS, 1));
    waiters.set(node, FIELD.PREVIOUS, tail);
    waiters.set(node, FIELD.NEXT, 0);
    waiters.set(node, FIELD.STATE, NODE.WAITING);
    if (tail === 0) Atomics.store(this.words, HEAD, node);
    else waiters.set(tail, FIELD.NEXT, node);
    Atomics.store(this.words, TAIL, node);
    return node;
  }

  /** The living waiter that came first, or 0; the dead before it leave. Under the guard. */
  first(): number {
    const { waiters, realms } = thisRealm();
    for (;;) {
      const node = Atomics.load(this.words, HEAD);
      if (node === 0 || realms.isAlive(waiters.get(node, FIELD.REALM))) return node;
      this.#unlink(node);
      waiters.set(node, FIELD.STATE, NODE.FREE);
    }
  }

  /** Whoever waits, in order; one that leaves while it is looked at is no matter. Under the guard. */
  *each(): Generator<number> {
    const { waiters } = thisRealm();
    for (let node = Atomics.load(this.words, HEAD); node !== 0;) {
      const next = waiters.get(node, FIELD.NEXT);
      yield node;
      node = next;
    }
  }

  /**
   * Takes a waiter out, and tells it that it has got what it waited for, or will not; it is woken when the
   * guard is left. Under the guard.
   */
  dismiss(node: number, state: typeof NODE.GRANTED | typeof NODE.BROKEN): void {
    const { waiters } = thisRealm();
    // A dead realm's node may be another's as soon as it waits no longer.
    const previous = waiters.get(node, FIELD.PREVIOUS);
    const next = waiters.get(node, FIELD.NEXT);
    waiters.set(node, FIELD.STATE, state);
    wakeWhenLeft(node);
    this.#link(previous, next);
  }

  /** The object's own words fit that the node was granted. Under the guard. */
  complete(node: number): void {
    thisRealm().waiters.set(node, FIELD.OBJECT, 0);
  }

  /**
   * What has become of this realm's waiter; if it waits no longer, its node is given back. Under the guard.
   *
   * @param leaves Whether it waits no longer whatever has become of it.
   */
  settle(node: number, leaves: boolean): number {
    const { waiters } = thisRealm();
    const state = waiters.get(node, FIELD.STATE);
    if (isQueued(state)) {
      if (!leaves) return state;
      this.#unlink(node);
    }
    waiters.give(node);
    return state;
  }

  /**
   * Gives back the node of a waiter whose grant is {@linkcode WaitQueue.complete}: who granted it does not
   * look at it again, so this needs no guard.
   *
   * @returns Whether it is; if not, {@linkcode WaitQueue.settle} says what has become of it.
   * @throws {CancelledError} In a realm that was told to end.
   */
  settleCompleted(node: number): boolean {
    const { id, waiters } = thisRealm();
    if (waiters.get(node, FIELD.OBJECT) !== 0) return false;
    checkAlive(id);
    if (waiters.get(node, FIELD.STATE) !== NODE.GRANTED) return false;
    waiters.give(node);
    return true;
  }

  #unlink(node: number): void {
    const { waiters } = thisRealm();
    this.#link(waiters.get(node, FIELD.PREVIOUS), waiters.get(node, FIELD.NEXT));
  }

  /** Makes two nodes neighbours; 0 is the end of the list. */
  #link(previous: number, next: number): void {
    const { waiters } = thisRealm();
    if (previous === 0) Atomics.store(this.words, HEAD, next);
    else waiters.set(previous, FIELD.NEXT, next);
    if (next === 0) Atomics.store(this.words, TAIL, previous);
    else waiters.set(next, FIELD.PREVIOUS, previous);
  }

  /** Puts the list together again, see the head of the file. Under the guard. */
  rebuild(): void {
    const { waiters, realms } = thisRealm();
    const waiting: number[] = [];
    const granted: number[] = [];
    const { id } = this;
    for (const node of waiters.all()) {
      // In this order: a node that waits for another object names that one before it waits.
      const state = waiters.get(node, FIELD.STATE);
      if (!isQueued(state) && state !== NODE.GRANTED) continue;
      if (waiters.get(node, FIELD.OBJECT) !== id) continue;
      if (isQueued(state)) waiting.push(node);
      else if (realms.isAlive(waiters.get(node, FIELD.REALM))) granted.push(node);
    }
    // Tickets wrap around; their differences do not.
    waiting.sort((a, b) => (waiters.get(a, FIELD.TICKET) - waiters.get(b, FIELD.TICKET)) | 0);
    waiting.forEach((node, at) => {
      waiters.set(node, FIELD.PREVIOUS, waiting[at - 1] ?? 0);
      waiters.set(node, FIELD.NEXT, waiting[at + 1] ?? 0);
    });
    Atomics.store(this.words, HEAD, waiting[0] ?? 0);
    Atomics.store(this.words, TAIL, waiting.at(-1) ?? 0);
    this.#repair(granted);
  }
}
