/**
 * Messages of a mailbox that were sent ahead to a process which gets one after the other.
 *
 * They stay in the ring, as its oldest, and count as there: the process says how many of them it has taken, and
 * gives back the rest, or dies, and they are what they were. Nobody else gets anything meanwhile, so that the
 * order stays what it is; whoever would recalls them.
 *
 * | word      | meaning                                                 | written by                       |
 * | --------- | ------------------------------------------------------- | -------------------------------- |
 * | `LEASED`  | how many of the oldest messages were sent ahead         | who has the mailbox's guard      |
 * | `HOLDER`  | the realm that acts for that process                    | the same, before `LEASED`        |
 * | `RECALLS` | how often they were wanted back; who lent them watches it | the same                       |
 * | `LAST`    | the realm that got a message last                       | the same                         |
 *
 * Whoever lends dies with the realm that acts for the process, so what it left half done is undone as a whole.
 */

import { wake, watch } from "../../sync/_park.ts";
import { thisRealm } from "../../sync/_realm.ts";

const LEASED = 0;
const HOLDER = 1;
const RECALLS = 2;
const LAST = 3;
/** Words that it needs. */
export const LEASE_WORDS = 4;

/** See the head of the file. All but `watch` under the guard. */
export class Lease {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #offset: number;

  /** @param offset Where its words begin, 0 at first. */
  constructor(words: Int32Array<SharedArrayBuffer>, offset: number) {
    this.#words = words;
    this.#offset = offset;
  }

  /** How many messages there are of it, also where its holder is dead. Needs no guard. */
  get count(): number {
    return this.#words[this.#offset + LEASED]!;
  }

  /** Whether its holder lives. */
  get isAlive(): boolean {
    return thisRealm().realms.isAlive(this.#words[this.#offset + HOLDER]!);
  }

  /** Begins: `count` more than none. */
  begin(realm: number, count: number): void {
    this.#words[this.#offset + HOLDER] = realm;
    Atomics.store(this.#words, this.#offset + LEASED, count);
  }

  /** Whether it is that realm's. */
  isOf(realm: number): boolean {
    return this.count > 0 && this.#words[this.#offset + HOLDER] === realm;
  }

  /** There is none any more; who watches for its recall need not. */
  end(): void {
    this.shrink(0);
    wake(this.#words, this.#offset + RECALLS);
  }

  /** That many are left. */
  shrink(count: number): void {
    Atomics.store(this.#words, this.#offset + LEASED, count);
  }

  /** How often they were wanted back; to be remembered as it begins. */
  get recalls(): number {
    return this.#words[this.#offset + RECALLS]!;
  }

  /** Asks for them. */
  recall(): void {
    Atomics.add(this.#words, this.#offset + RECALLS, 1);
    wake(this.#words, this.#offset + RECALLS);
  }

  /** Calls `wanted` once they may have been asked for more often than `recalls`, or there are none any more. */
  watch(recalls: number, wanted: () => void): void {
    watch(this.#words, this.#offset + RECALLS, recalls, wanted);
  }

  /** Whether the realm got the last message. */
  wasLast(realm: number): boolean {
    return this.#words[this.#offset + LAST] === realm;
  }

  /** It got one. */
  got(realm: number): void {
    this.#words[this.#offset + LAST] = realm;
  }
}
