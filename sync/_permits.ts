/**
 * The permits of a semaphore: how many are free, who waits for one, and who has which.
 *
 * | word       | meaning                                                   | written by                              |
 * | ---------- | --------------------------------------------------------- | --------------------------------------- |
 * | `VALUE`    | free permits, shifted by one; bit 0 is `AWAITED`          | compare-and-swap; with `AWAITED` set, under the guard alone |
 * | `LOOSE`    | permits that were released, for those that wait           | under the guard, where it ends as 0     |
 * | `ESTATE`   | permits of the dead, before debts                         | under the guard, where it ends as 0     |
 * | `DEBT`     | what the dead gave without having it                      | under the guard                         |
 * | `DEATHS`   | how many deaths of realms have been looked into           | under the guard                         |
 * | `PLACES`   | the end of the ledger, as far as it is used               | under the guard                         |
 * | ledger     | for each realm its number `OWNER`, how many it has `TAKEN` less those it gave, and how many it was `GRANTED` | `TAKEN` by the realm alone; the others under the guard |
 *
 * Transitions, as for a lock (`_ownership.ts`): permits are taken and given back by a compare-and-swap while
 * nobody waits; `AWAITED` is set under the guard before a waiter joins, so that the next release comes to the
 * guard and hands its permit to the waiter that came first. While anybody waits, no permit is free.
 *
 * A dead realm's permits go back, as far as they are its own. A semaphore has no owners: a permit that one
 * realm takes may be given back by another, as when one counts what the other has made. Who gives more than
 * it has is in debt, and what the dead leave goes to those in debt first, since it was theirs that was given.
 * So neither use gains or loses a permit by a death: what is free, loose, in the estate and in the ledger,
 * less the debt, is always what it was when the semaphore was made.
 *
 * A thread may be stopped wherever it calls a function or goes round a loop, and nowhere else. So a change of
 * two words is one atomic operation and plain writes right after it, with no call between: nobody dies in the
 * middle. What is left to do after such a step is seen from the words, and done by the next that enters the
 * guard, `#repair`. Others read the plain words only once their writer is dead, or, to see
 * whether it is in debt, when somebody is.
 */

import { type Deadline, isOver, type Protocol } from "./_drive.ts";
import { checkAlive, thisRealm } from "./_realm.ts";
import { placeOf, REALM_PLACES } from "./_realms.ts";
import { allocate, OWN_WORDS, WaitQueue } from "./_wait_queue.ts";
import { FIELD, NODE } from "./_waiters.ts";
import { AT_ONCE, granted, TOO_LATE } from "./_waiting.ts";

const AWAITED = 1;
const ONE = 2;

const VALUE = OWN_WORDS;
const LOOSE = OWN_WORDS + 1;
const ESTATE = OWN_WORDS + 2;
const DEBT = OWN_WORDS + 3;
const DEATHS = OWN_WORDS + 4;
const PLACES = OWN_WORDS + 5;
const LEDGER = OWN_WORDS + 6;

/** Words of a place of the ledger. */
const OWNER = 0;
const TAKEN = 1;
const GRANTED = 2;
const ENTRY = 3;

/** More than that is not noted for or against a realm, so that no word overflows. */
const NOTED = 2 ** 29;

/** The most permits that there can be. */
export const MOST_PERMITS = 2 ** 30 - 1;

/** See the head of the file. */
export class Permits {
  readonly queue: WaitQueue;
  readonly #words: Int32Array<SharedArrayBuffer>;

  /** Attaches to `buffer`. */
  constructor(readonly buffer: SharedArrayBuffer) {
    this.queue = new WaitQueue(buffer, (granted) => this.#repair(granted));
    this.#words = this.queue.words;
  }

  /** Memory for a semaphore with so many free permits. */
  static allocate(value: number): SharedArrayBuffer {
    const buffer = allocate(LEDGER - OWN_WORDS + ENTRY * REALM_PLACES);
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
    const at = entryOf(realm);
    return this.#isListed(realm) && this.#takeFree(at);
  }

  #takeFree(at: number): boolean {
    const words = this.#words;
    for (;;) {
      const word = Atomics.load(words, VALUE);
      if (word < ONE || (word & AWAITED) !== 0) return false;
      if (Atomics.compareExchange(words, VALUE, word, word - ONE) !== word) continue;
      if ((words[at + TAKEN]! + words[at + GRANTED]! | 0) < NOTED) words[at + TAKEN]! += 1;
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
      left: () => this.#hush(),
    });
  }

  #takeOrJoin(realm: number, deadline: Deadline): number {
    checkAlive(realm);
    this.#enlist(realm);
    this.#collect();
    // Those that are dead and still in the queue keep nobody out.
    if (this.queue.first() === 0) this.#hush();
    for (;;) {
      if (this.#takeFree(entryOf(realm))) return AT_ONCE;
      if (isOver(deadline)) return TOO_LATE;
      const word = Atomics.load(this.#words, VALUE);
      if (word >= ONE && (word & AWAITED) === 0) continue;
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
    const at = entryOf(realm);
    if (this.#isListed(realm)) {
      const isDone = this.#giveFree(at, n, most);
      if (isDone !== undefined) return isDone;
    }
    return this.queue.guarded(() => {
      this.#enlist(realm);
      const isDone = this.#giveFree(at, n, most);
      if (isDone !== undefined) return isDone;
      const words = this.#words;
      Atomics.store(words, LOOSE, n);
      if ((words[at + TAKEN]! + words[at + GRANTED]! | 0) > -NOTED) words[at + TAKEN]! -= n;
      this.#handOut();
      return true;
    });
  }

  /** Gives where nobody waits: whether it may; `undefined` where somebody waits. */
  #giveFree(at: number, n: number, most: number): boolean | undefined {
    const words = this.#words;
    for (;;) {
      const word = Atomics.load(words, VALUE);
      if ((word >> 1) + n > most) return false;
      if ((word & AWAITED) !== 0) return undefined;
      if (Atomics.compareExchange(words, VALUE, word, word + n * ONE) !== word) continue;
      if ((words[at + TAKEN]! + words[at + GRANTED]! | 0) > -NOTED) words[at + TAKEN]! -= n;
      return true;
    }
  }

  /** Gives the loose permits to those that wait, and what is left to whoever comes. Under the guard. */
  #handOut(): void {
    const words = this.#words;
    for (;;) {
      const loose = Atomics.load(words, LOOSE);
      if (loose === 0) break;
      const node = this.queue.first();
      if (node !== 0) {
        this.queue.dismiss(node, NODE.GRANTED);
        this.#charge(node);
      } else {
        Atomics.add(words, VALUE, loose * ONE);
        words[LOOSE] = 0;
      }
    }
    this.#hush();
  }

  /** Where nobody waits, others may change the word, too. Under the guard. */
  #hush(): void {
    if (this.queue.isEmpty) Atomics.and(this.#words, VALUE, ~AWAITED);
  }

  /** Notes whose a loose permit is now. */
  #charge(node: number): void {
    const words = this.#words;
    const at = entryOf(thisRealm().waiters.get(node, FIELD.REALM));
    this.queue.complete(node);
    if ((words[at + TAKEN]! + words[at + GRANTED]! | 0) < NOTED) words[at + GRANTED]! += 1;
    words[LOOSE]! -= 1;
  }

  /** See the head of the file. */
  #repair(granted: readonly number[]): void {
    for (const node of granted) this.#charge(node);
    this.#settleEstate();
    this.#handOut();
  }

  #isListed(realm: number): boolean {
    return Atomics.load(this.#words, entryOf(realm) + OWNER) === realm;
  }

  /** Adds a realm to the ledger. Under the guard. */
  #enlist(realm: number): void {
    if (this.#isListed(realm)) return;
    const at = entryOf(realm);
    // Whose place it was before is dead.
    this.#inheritFrom(at);
    this.#settleEstate();
    this.#handOut();
    const end = at + ENTRY;
    if (Atomics.load(this.#words, PLACES) < end) Atomics.store(this.#words, PLACES, end);
    Atomics.store(this.#words, at + OWNER, realm);
  }

  /** Takes back what the dead have. Under the guard. */
  #collect(): void {
    const { realms } = thisRealm();
    const deaths = realms.deaths;
    if (Atomics.load(this.#words, DEATHS) === deaths) return;
    for (const at of this.#entries()) {
      if (!realms.isAlive(Atomics.load(this.#words, at + OWNER))) this.#inheritFrom(at);
    }
    this.#settleEstate();
    this.#handOut();
    Atomics.store(this.#words, DEATHS, deaths);
  }

  /** Ends a dead realm's entry. */
  #inheritFrom(at: number): void {
    const words = this.#words;
    const balance = this.#balanceOf(at);
    const debt = Atomics.load(words, DEBT);
    const paid = Math.min(Math.max(balance, 0), debt);
    Atomics.store(words, DEBT, debt - paid + Math.max(-balance, 0));
    words[ESTATE]! += Math.max(balance, 0) - paid;
    words[at + OWNER] = words[at + TAKEN] = words[at + GRANTED] = 0;
  }

  /** Lets those in debt have what the dead left; the rest is loose. */
  #settleEstate(): void {
    const words = this.#words;
    for (const at of this.#entries()) {
      const left = Atomics.load(words, ESTATE);
      if (left === 0) return;
      const paid = Math.min(left, Math.max(-this.#balanceOf(at), 0));
      if (paid === 0) continue;
      Atomics.store(words, ESTATE, left - paid);
      words[at + GRANTED]! += paid;
    }
    const left = Atomics.load(words, ESTATE);
    Atomics.store(words, ESTATE, 0);
    words[LOOSE]! += left;
  }

  #balanceOf(at: number): number {
    return Atomics.load(this.#words, at + TAKEN) + Atomics.load(this.#words, at + GRANTED) | 0;
  }

  /** Where the entries of the ledger are that belong to realms. */
  *#entries(): Generator<number> {
    const end = Atomics.load(this.#words, PLACES);
    for (let at = LEDGER; at < end; at += ENTRY) {
      if (Atomics.load(this.#words, at + OWNER) !== 0) yield at;
    }
  }
}

function entryOf(realm: number): number {
  return LEDGER + ENTRY * placeOf(realm);
}
