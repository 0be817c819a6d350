/**
 * The permits of a semaphore: how many are free, who waits for one, and who has which.
 *
 * | word       | meaning                                                   | written by                              |
 * | ---------- | --------------------------------------------------------- | --------------------------------------- |
 * | `VALUE`    | free permits, shifted by one; bit 0 is `AWAITED`          | compare-and-swap; with `AWAITED` set, under the guard alone |
 * | `FOREIGN`  | releases by realms that had acquired nothing              | atomic additions                        |
 * | `DEATHS`   | how many deaths of realms have been looked into           | under the guard                         |
 * | ledger     | for each realm its number, and how many permits it has    | the realm itself, who grants it one, who collects from it when it is dead; additions |
 *
 * Transitions, as for a lock (`_ownership.ts`): permits are taken and given back by a compare-and-swap while
 * nobody waits; `AWAITED` is set under the guard before a waiter joins, so that the next release comes to the
 * guard and hands its permit to the waiter that came first. While anybody waits, no permit is free.
 *
 * A dead realm's permits go back, as far as they are its own. A semaphore has no owners: a permit that one
 * realm takes may be given back by another, as when one counts what the other has made. A release by a realm
 * that has none counts as foreign and is set off against what the dead have not released. So neither use
 * gains or loses a permit by a death.
 */

import type { Deadline, Protocol } from "./_drive.ts";
import { thisRealm } from "./_realm.ts";
import { placeOf, REALM_PLACES } from "./_realms.ts";
import { allocate, OWN_WORDS, WaitQueue } from "./_wait_queue.ts";
import { FIELD, NODE } from "./_waiters.ts";
import { AT_ONCE, granted, TOO_LATE, wakeOne } from "./_waiting.ts";

const AWAITED = 1;
const ONE = 2;

const VALUE = OWN_WORDS;
const FOREIGN = OWN_WORDS + 1;
const DEATHS = OWN_WORDS + 2;
/** From here, two words a place: the realm and its permits. */
const LEDGER = OWN_WORDS + 3;

/** The most permits that there can be. */
export const MOST_PERMITS = 2 ** 30 - 1;

/** See the head of the file. */
export class Permits {
  readonly queue: WaitQueue;
  readonly #words: Int32Array<SharedArrayBuffer>;

  /** Attaches to `buffer`. */
  constructor(readonly buffer: SharedArrayBuffer) {
    this.queue = new WaitQueue(buffer);
    this.#words = this.queue.words;
  }

  /** Memory for a semaphore with so many free permits. */
  static allocate(value: number): SharedArrayBuffer {
    const buffer = allocate(3 + 2 * REALM_PLACES);
    new Int32Array(buffer)[VALUE] = value * ONE;
    return buffer;
  }

  /** How many permits are free, those of the dead included. */
  get value(): number {
    if (Atomics.load(this.#words, DEATHS) !== thisRealm().realms.deaths) {
      this.queue.guarded(() => this.#collect());
    }
    return Atomics.load(this.#words, VALUE) >> 1;
  }

  /** Takes a permit where one is free, for a realm that is known to the ledger. */
  tryTake(realm: number): boolean {
    if (!this.#isListed(realm)) return false;
    for (;;) {
      const word = Atomics.load(this.#words, VALUE);
      if (word < ONE || (word & AWAITED) !== 0) return false;
      if (Atomics.compareExchange(this.#words, VALUE, word, word - ONE) !== word) continue;
      this.#count(realm, 1);
      return true;
    }
  }

  /**
   * Takes a permit, in turn.
   *
   * @returns Whether there was one in time.
   */
  *take(realm: number, deadline: Deadline): Protocol<boolean> {
    const node = this.queue.guarded(() => this.#takeOrJoin(realm, deadline));
    return yield* granted(this.queue, node, deadline, {
      died: () => this.#collect(),
      left: () => {
        if (this.queue.isEmpty) Atomics.and(this.#words, VALUE, ~AWAITED);
      },
    });
  }

  #takeOrJoin(realm: number, deadline: Deadline): number {
    this.#enlist(realm);
    this.#collect();
    for (;;) {
      const word = Atomics.load(this.#words, VALUE);
      if (word >= ONE) {
        if (Atomics.compareExchange(this.#words, VALUE, word, word - ONE) !== word) continue;
        this.#count(realm, 1);
        return AT_ONCE;
      }
      if (deadline.until <= performance.now()) return TOO_LATE;
      if (Atomics.compareExchange(this.#words, VALUE, word, word | AWAITED) === word) {
        return this.queue.join(realm, 0);
      }
    }
  }

  /**
   * Gives back `n` permits.
   *
   * @param most How many may be free then.
   * @returns Whether as many may be.
   */
  give(realm: number, n: number, most: number): boolean {
    for (;;) {
      const word = Atomics.load(this.#words, VALUE);
      if ((word >> 1) + n > most) return false;
      if ((word & AWAITED) !== 0) break;
      if (Atomics.compareExchange(this.#words, VALUE, word, word + n * ONE) !== word) continue;
      this.#paid(realm, n);
      return true;
    }
    this.queue.guarded(() => {
      this.#paid(realm, n);
      this.#handOut(n);
    });
    return true;
  }

  /** Gives permits to those that wait, and what is left to whoever comes. Under the guard. */
  #handOut(n: number): void {
    const { waiters } = thisRealm();
    for (let left = n; left > 0; left--) {
      const node = this.queue.first();
      if (node === 0) {
        // Nobody waits, so others may change the word, too.
        Atomics.and(this.#words, VALUE, ~AWAITED);
        Atomics.add(this.#words, VALUE, left * ONE);
        return;
      }
      this.#count(waiters.get(node, FIELD.REALM), 1);
      wakeOne(this.queue, node, NODE.GRANTED);
    }
    if (this.queue.isEmpty) Atomics.and(this.#words, VALUE, ~AWAITED);
  }

  #isListed(realm: number): boolean {
    return Atomics.load(this.#words, LEDGER + 2 * placeOf(realm)) === realm;
  }

  /** Adds a realm to the ledger. Under the guard. */
  #enlist(realm: number): void {
    if (this.#isListed(realm)) return;
    const at = LEDGER + 2 * placeOf(realm);
    // Whose place it was before is dead.
    this.#collectFrom(at);
    Atomics.store(this.#words, at, realm);
  }

  #count(realm: number, n: number): void {
    Atomics.add(this.#words, LEDGER + 2 * placeOf(realm) + 1, n);
  }

  /** Notes what was given back: who has none gives back another's. */
  #paid(realm: number, n: number): void {
    const at = LEDGER + 2 * placeOf(realm) + 1;
    const own = this.#isListed(realm) ? Math.min(n, Math.max(Atomics.load(this.#words, at), 0)) : 0;
    if (own > 0) Atomics.sub(this.#words, at, own);
    if (n > own) Atomics.add(this.#words, FOREIGN, n - own);
  }

  /** Takes back what the dead have. Under the guard. */
  #collect(): void {
    const { realms } = thisRealm();
    const deaths = realms.deaths;
    if (Atomics.load(this.#words, DEATHS) === deaths) return;
    for (let at = LEDGER; at < LEDGER + 2 * REALM_PLACES; at += 2) {
      const realm = Atomics.load(this.#words, at);
      if (realm !== 0 && !realms.isAlive(realm)) this.#collectFrom(at);
    }
    Atomics.store(this.#words, DEATHS, deaths);
  }

  #collectFrom(at: number): void {
    const owed = Math.max(Atomics.exchange(this.#words, at + 1, 0), 0);
    Atomics.store(this.#words, at, 0);
    const paid = Math.min(owed, Math.max(Atomics.load(this.#words, FOREIGN), 0));
    if (paid > 0) Atomics.sub(this.#words, FOREIGN, paid);
    if (owed > paid) this.#handOut(owed - paid);
  }
}
