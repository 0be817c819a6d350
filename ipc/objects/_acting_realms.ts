/**
 * As whom the other side of a way acts here: as itself, and as those whose calls it passes on.
 *
 * A child that got a lock from its parent may pass it on, to a thread or a child of its own. Whoever calls
 * from there is an owner by itself, all the way: each side gives a realm of its own to each number that the
 * side before it names. When one of them ends, everybody who has named it is told.
 */

import { RuntimeError } from "../../sync/errors.ts";
import { endRealm, passForChild } from "../../sync/_realm.ts";

/** In place of a number: the other side itself. */
export const ITSELF = 0;

/**
 * How many may act at a time. The other side may name whatever it likes, and each takes a place that the
 * threads of this process share; no process has use for more workers.
 */
const MOST = 256;

/**
 * The same of all other sides together, themselves not counted: half of the places, so that who names many takes none
 * from those who only come.
 */
const MOST_IN_ALL = 512;

/** How many of those there are. */
let inAll = 0;

/** Those who have named realms to others. */
const told = new Set<(realm: number) => void>();

/** Has `tell` called for every realm that has acted here for another side and has ended; until stopped. */
export function whenActingEnds(tell: (realm: number) => void): () => void {
  told.add(tell);
  return () => void told.delete(tell);
}

/** See the head of the file. */
export class ActingRealms {
  /** By the numbers that the other side names. */
  readonly #realms = new Map<number, number>();

  /**
   * The realm as which a number acts.
   *
   * @throws {RuntimeError} When there are too many.
   */
  of(number: number): number {
    let realm = this.#realms.get(number);
    if (realm === undefined) {
      const most = this.#realms.size === MOST ? MOST : MOST_IN_ALL;
      if (number !== ITSELF && (most === MOST || inAll === MOST_IN_ALL)) {
        throw new RuntimeError(
          `Cannot pass on a call: ${most} threads and processes have calls passed on, which is the most`,
        );
      }
      realm = placeForAnother();
      if (number !== ITSELF) inAll++;
      this.#realms.set(number, realm);
    }
    return realm;
  }

  /** A number acts no more: what it holds goes to others. */
  end(number: number): void {
    const realm = this.#realms.get(number);
    if (realm === undefined) return;
    this.#realms.delete(number);
    if (number !== ITSELF) inAll--;
    endRealm(realm);
    for (const tell of [...told]) tell(realm);
  }

  /** None acts any more. */
  close(): void {
    for (const number of [...this.#realms.keys()]) this.end(number);
  }
}

function placeForAnother(): number {
  try {
    return passForChild("another process").id;
  } catch (cause) {
    throw new RuntimeError(
      "Cannot serve another: as many threads, processes and clients use this process as it has places for: " +
        "close some of them",
      { cause },
    );
  }
}
