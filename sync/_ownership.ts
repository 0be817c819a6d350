/**
 * The word of a lock: who holds it, if anybody, and whether anybody waits.
 *
 * | bits  | meaning                                                                                   |
 * | ----- | ----------------------------------------------------------------------------------------- |
 * | 0     | `HELD`                                                                                      |
 * | 1     | `AWAITED`: the queue may have waiters; while it is set, the word changes under the guard alone |
 * | 2     | `ABANDONED`: the holder got it because the holder before it had died                       |
 * | 3–26  | the holder's realm                                                                         |
 *
 * Transitions:
 * - free → held: by compare-and-swap from 0, {@linkcode Ownership.tryTake}, or under the guard.
 * - held → free: by compare-and-swap from a word without `AWAITED`, {@linkcode Ownership.tryFree}.
 * - held → `AWAITED`: by compare-and-swap, under the guard, before the waiter joins.
 * - `AWAITED` → held by the first in the queue, or free: under the guard, {@linkcode Ownership.free}.
 * - held by a dead realm → held by the first in the queue, or by who comes next, `ABANDONED`: under the
 *   guard, {@linkcode Ownership.inherit}.
 *
 * A hand-over that a thread began and did not live to complete is completed by the next that enters the
 * guard. Whether the dead one had released the lock is not known then; the lock is `ABANDONED`.
 *
 * The race that `AWAITED` prevents: one looks, sees the lock held, and joins the queue; before it has
 * joined, the holder frees the lock with a compare-and-swap and sees no waiter; nobody wakes the one that
 * joined. With the bit set before it joins, that compare-and-swap fails, and the holder goes to the guard.
 *
 * Fairness: the lock is handed to the waiter that came first, never left free for whoever is quickest, so
 * that a holder that releases and acquires in a loop waits in the queue like everybody. It costs a change of
 * threads a hand-over, where a barging lock would let the one that runs take it again.
 */

import { DEBUG, NOTE_BYTES, noteOf, readNote, reportWait, writeNote } from "./_debug.ts";
import { type Deadline, isOver, type Protocol } from "./_drive.ts";
import { nameOfOther } from "./_identity.ts";
import { checkAlive, thisRealm } from "./_realm.ts";
import { allocate, OWN_WORDS, WaitQueue } from "./_wait_queue.ts";
import { FIELD, NODE } from "./_waiters.ts";
import { AT_ONCE, TOO_LATE, untilDismissed, type WaitHooks } from "./_waiting.ts";

const HELD = 1;
const AWAITED = 2;
const ABANDONED = 4;
const REALM_SHIFT = 3;

const WORD = OWN_WORDS;
/** The task in its realm that holds it. */
const TASK = OWN_WORDS + 1;
/** How often that task has acquired it; 1 from whoever hands it over, then its own to write. */
const COUNT = OWN_WORDS + 2;

/** Words of a lock's own. */
const WORDS = 3 + (DEBUG === undefined ? 0 : NOTE_BYTES / 4);

/** See the head of the file. */
export class Ownership {
  readonly queue: WaitQueue;
  readonly #words: Int32Array<SharedArrayBuffer>;
  /** Where whoever holds it says so, for people; nowhere unless asked for. */
  readonly #note: Uint8Array<SharedArrayBuffer> | undefined;
  /** One for all that wait: thousands may. */
  readonly #hooks: WaitHooks = {
    died: () => this.inherit(),
    left: () => {
      if (this.queue.isEmpty) Atomics.and(this.#words, WORD, ~AWAITED);
    },
    isLate: (what) => reportWait(what, this.#note ? readNote(this.#note) : "somebody"),
  };
  /** The word as this realm holds it, uncontended. */
  readonly #mine: number;

  constructor(readonly buffer: SharedArrayBuffer = allocate(WORDS)) {
    this.queue = new WaitQueue(buffer, (granted) => this.#repair(granted));
    this.#words = this.queue.words;
    const note = (OWN_WORDS + 3) * 4;
    this.#note = buffer.byteLength > note ? new Uint8Array(buffer, note) : undefined;
    this.#mine = HELD | thisRealm().id << REALM_SHIFT;
  }

  /** Takes it where it is free. */
  tryTake(): boolean {
    if (Atomics.compareExchange(this.#words, WORD, 0, this.#mine) !== 0) return false;
    if (this.#note !== undefined) writeNote(this.#note, noteOf(undefined));
    return true;
  }

  /** Takes it for a realm where it is free. */
  tryTakeFor(realm: number): boolean {
    if (Atomics.compareExchange(this.#words, WORD, 0, HELD | realm << REALM_SHIFT) !== 0) {
      return false;
    }
    if (this.#note !== undefined) writeNote(this.#note, noteOf(nameOfOther()));
    return true;
  }

  /** Frees it where this realm holds it and nobody waits. */
  tryFree(): boolean {
    return Atomics.compareExchange(this.#words, WORD, this.#mine, 0) === this.#mine;
  }

  get isHeld(): boolean {
    const word = Atomics.load(this.#words, WORD);
    return (word & HELD) !== 0 && thisRealm().realms.isAlive(word >> REALM_SHIFT);
  }

  get isAbandoned(): boolean {
    return (Atomics.load(this.#words, WORD) & (HELD | ABANDONED)) === (HELD | ABANDONED);
  }

  /** The realm that holds it, 0 for none. */
  get realm(): number {
    return Atomics.load(this.#words, WORD) >> REALM_SHIFT;
  }

  get task(): number {
    return Atomics.load(this.#words, TASK);
  }

  set task(task: number) {
    Atomics.store(this.#words, TASK, task);
  }

  get count(): number {
    return Atomics.load(this.#words, COUNT);
  }

  set count(count: number) {
    Atomics.store(this.#words, COUNT, count);
  }

  /** A task has it from now on. */
  begin(task: number): void {
    this.task = task;
    this.count = 1;
  }

  /**
   * Takes it for a realm and a task, in its turn.
   *
   * @returns Whether it was taken in time.
   */
  *take(realm: number, task: number, deadline: Deadline): Protocol<boolean> {
    const note = this.#note && noteOf(nameOfOther());
    const node = this.queue.guarded(() => this.#takeOrJoin(realm, task, deadline));
    const isTaken = node > 0
      ? (yield* untilDismissed(this.queue, node, deadline, this.#hooks)) === "granted"
      : node === AT_ONCE;
    if (isTaken && this.#note !== undefined) writeNote(this.#note, note!);
    return isTaken;
  }

  /**
   * Lets in, once more each, whoever waits and is the owner, which would wait for itself. For the owner: what
   * its death leaves in the middle is its own.
   */
  admitOwner(): void {
    if (this.queue.isEmpty) return;
    const { realm, task } = this;
    const { waiters } = thisRealm();
    this.queue.guarded(() => {
      for (const node of this.queue.each()) {
        const isOwner = waiters.get(node, FIELD.REALM) === realm &&
          waiters.get(node, FIELD.NOTE) === task;
        if (!isOwner) continue;
        this.count++;
        this.queue.dismiss(node, NODE.GRANTED);
        this.queue.complete(node);
      }
      if (this.queue.isEmpty) Atomics.and(this.#words, WORD, ~AWAITED);
    });
  }

  #takeOrJoin(realm: number, task: number, deadline: Deadline): number {
    checkAlive(realm);
    const mine = HELD | realm << REALM_SHIFT;
    for (;;) {
      const word = Atomics.load(this.#words, WORD);
      if (word === 0) {
        if (Atomics.compareExchange(this.#words, WORD, 0, mine) !== 0) continue;
        this.begin(task);
        return AT_ONCE;
      }
      if (!thisRealm().realms.isAlive(word >> REALM_SHIFT)) {
        // Those that wait come first.
        this.inherit();
        if (Atomics.compareExchange(this.#words, WORD, word, mine | ABANDONED) !== word) continue;
        this.begin(task);
        return AT_ONCE;
      }
      if (isOver(deadline)) return TOO_LATE;
      if (Atomics.compareExchange(this.#words, WORD, word, word | AWAITED) === word) {
        return this.queue.join(realm, task);
      }
    }
  }

  /**
   * Frees it, or hands it to the waiter that came first, whoever holds it.
   *
   * @returns Whether it was held.
   */
  free(): boolean {
    return this.queue.guarded(() => {
      for (;;) {
        const word = Atomics.load(this.#words, WORD);
        if ((word & HELD) === 0) return false;
        const next = (word & AWAITED) === 0 ? 0 : this.queue.first();
        if (next !== 0) this.#handTo(next, 0);
        else if (Atomics.compareExchange(this.#words, WORD, word, 0) !== word) continue;
        return true;
      }
    });
  }

  /** If its holder is dead, hands it to the waiter that came first. Under the guard. */
  inherit(): void {
    const word = Atomics.load(this.#words, WORD);
    if ((word & HELD) === 0 || thisRealm().realms.isAlive(word >> REALM_SHIFT)) return;
    const next = this.queue.first();
    if (next !== 0) this.#handTo(next, ABANDONED);
  }

  #handTo(node: number, flags: number): void {
    this.queue.dismiss(node, NODE.GRANTED);
    this.#assign(node, flags);
  }

  /** Lets a node that was granted have the lock. */
  #assign(node: number, flags: number): void {
    const { waiters } = thisRealm();
    this.begin(waiters.get(node, FIELD.NOTE));
    const realm = waiters.get(node, FIELD.REALM);
    const awaited = this.queue.isEmpty ? 0 : AWAITED;
    Atomics.store(this.#words, WORD, HELD | awaited | flags | realm << REALM_SHIFT);
    this.queue.complete(node);
  }

  /** See the head of the file; one hand-over at most was in the middle. */
  #repair([node]: readonly number[]): void {
    if (node === undefined) return;
    const word = Atomics.load(this.#words, WORD);
    const isDead = !thisRealm().realms.isAlive(word >> REALM_SHIFT);
    this.#assign(node, isDead ? ABANDONED : word & ABANDONED);
  }
}
