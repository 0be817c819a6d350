/**
 * Who has an end of a pipe: for each realm, how many copies.
 *
 * An end is there as long as a living realm has a copy, or one is under way; that it is not is for good, since
 * only who has one can make another. The counts of a dead realm count no more, without anybody's doing.
 *
 * | word      | meaning                                                      | written by       |
 * | --------- | ------------------------------------------------------------ | ---------------- |
 * | `CHANGES` | how often something was added; it wraps around               | who adds         |
 * | `USED`    | one more than the highest place that has ever been used      | who adds         |
 * | a place   | of the realm that has it, its generation and its copies; of place 0, those under way to somebody who isn't known | compare-and-swap |
 *
 * A copy passes from A to B like this: B's count goes up; `CHANGES` goes up; A's count goes down, later. Who looks
 * through the places may see B's before the first step and A's after the third, and so find neither: then `CHANGES` is
 * not what it was, and it looks again. That is why `CHANGES` goes up in between, and not before or after.
 *
 * Whoever is stopped in the middle leaves one copy too many, never too few, and in its own name or in that of the
 * realm that it was for; under way to nobody in particular it stays.
 */

import { RuntimeError } from "../../sync/errors.ts";
import { thisRealm } from "../../sync/_realm.ts";
import {
  GENERATION_BITS,
  generationOf,
  placeOf,
  REALM_PLACES,
  realmAt,
} from "../../sync/_realms.ts";

const CHANGES = 0;
const USED = 1;
const PLACES = 2;

const COUNT_BITS = 32 - GENERATION_BITS;
const MOST = 2 ** COUNT_BITS - 1;

/** In place of a realm: whoever it may be. */
export const ANYBODY = 0;

/** Bytes of a ledger. */
export const LEDGER_BYTES: number = (PLACES + REALM_PLACES) * 4;

/** See the head of the file. */
export class EndLedger {
  readonly #words: Int32Array<SharedArrayBuffer>;

  /** Attaches to {@linkcode LEDGER_BYTES}, 0 in the beginning, at `offset`. */
  constructor(buffer: SharedArrayBuffer, offset: number) {
    this.#words = new Int32Array(buffer, offset, LEDGER_BYTES / 4);
  }

  /**
   * One more copy is the realm's, or is going to be.
   *
   * @throws {RuntimeError} When it has too many.
   */
  add(realm: number): void {
    this.#use(placeOf(realm));
    this.#change(realm, (count) => {
      if (count < MOST) return count + 1;
      throw new RuntimeError(
        `Cannot copy an end of a pipe: there are ${MOST} copies in one thread`,
      );
    });
    Atomics.add(this.#words, CHANGES, 1);
  }

  /** One copy less is the realm's. */
  remove(realm: number): void {
    this.#change(realm, (count) => Math.max(count - 1, 0));
  }

  /** Whether anybody who lives has a copy. */
  get isHeld(): boolean {
    for (;;) {
      const changes = Atomics.load(this.#words, CHANGES);
      if (this.#look()) return true;
      if (Atomics.load(this.#words, CHANGES) === changes) return false;
    }
  }

  #look(): boolean {
    const { realms } = thisRealm();
    const used = Atomics.load(this.#words, USED);
    for (let place = 0; place < used; place++) {
      const word = Atomics.load(this.#words, PLACES + place);
      if ((word & MOST) === 0) continue;
      if (realms.isAlive(realmAt(place, word >>> COUNT_BITS))) return true;
    }
    return false;
  }

  #use(place: number): void {
    for (;;) {
      const used = Atomics.load(this.#words, USED);
      if (used > place) return;
      if (Atomics.compareExchange(this.#words, USED, used, place + 1) === used) return;
    }
  }

  /** The counts of those that had the place before are of no interest, nor is who had it before one that lives. */
  #change(realm: number, next: (count: number) => number): void {
    const { realms } = thisRealm();
    const place = placeOf(realm);
    const word = PLACES + place;
    const generation = generationOf(realm);
    for (;;) {
      const before = Atomics.load(this.#words, word);
      const had = before >>> COUNT_BITS;
      const isOwn = had === generation;
      if (!isOwn && (before & MOST) > 0 && realms.isAlive(realmAt(place, had))) return;
      const count = isOwn ? before & MOST : 0;
      const after = generation << COUNT_BITS | next(count);
      if (count === next(count)) return;
      if (Atomics.compareExchange(this.#words, word, before, after) === before) return;
    }
  }
}
