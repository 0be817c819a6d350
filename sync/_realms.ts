/**
 * The threads of a process, and which of them are alive.
 *
 * A table in memory that all threads of a process have in common gives every thread, here called a realm, a
 * number. Locks and waiters name their realm by it, so that what a dead one held, or waited for, can be
 * told from what a living one does. The first realm makes the table; each one that starts another takes a
 * number for it, passes the table on, and says when it has ended.
 *
 * | word            | meaning                                          | written by                            |
 * | --------------- | ------------------------------------------------ | ------------------------------------- |
 * | `DEATHS`        | how many realms have ended; who waits looks at it | whoever ends a realm                  |
 * | `CURSOR`        | where the search for a free place goes on        | whoever takes a number                |
 * | `OBJECTS`       | how many shared objects were given a number      | whoever makes one                     |
 * | state of a place | generation, and `FREE`, `TAKEN` or `ALIVE`      | compare-and-swap; `TAKEN` → `ALIVE` by who took it |
 * | parent of a place | the number of the realm that started it        | who took the place, while it is `TAKEN` |
 *
 * A number is a place and the generation of that place, so that the number of a dead realm is not mistaken
 * for that of a later one; 16 million realms come and go before one comes again. A realm is dead, too, when
 * one that started it is: it went along with it. Nobody has to say so: its place is as good as free.
 */

import { RuntimeError } from "./errors.ts";

const DEATHS = 0;
const CURSOR = 1;
const OBJECTS = 2;
/** From here, two words a place: state and parent. Place 0 is nobody's, so that no number is 0. */
const PLACES = 8;
const STATE = 0;
const PARENT = 1;

const FREE = 0;
const TAKEN = 1;
const ALIVE = 2;
const PHASES = 3;
const PHASE_BITS = 2;

const PLACE_BITS = 10;
const GENERATIONS = 2 ** 14;
/** Realms that may be alive at a time; each takes megabytes. */
const CAPACITY = 2 ** PLACE_BITS;
/** Bits of a realm's number. */
export const REALM_BITS = 24;

/** See the head of the file. */
export class Realms {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array<SharedArrayBuffer>;

  /** Attaches to `buffer`; makes a table where there is none. */
  constructor(buffer = new SharedArrayBuffer((PLACES + 2 * CAPACITY) * 4)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
  }

  /** The word that changes whenever a realm ends. */
  get deathsWord(): number {
    return DEATHS;
  }

  /** How many realms have ended. */
  get deaths(): number {
    return Atomics.load(this.words, DEATHS);
  }

  /** The number of a new shared object, of its own in this process. */
  nextObject(): number {
    return Atomics.add(this.words, OBJECTS, 1) + 1;
  }

  /**
   * Takes a number for a realm that `parent`, 0 for none, is about to start.
   *
   * @throws {RuntimeError} When there are as many as there can be.
   */
  begin(parent: number): number {
    for (let tries = 0; tries < CAPACITY; tries++) {
      const place = Atomics.add(this.words, CURSOR, 1) & (CAPACITY - 1);
      if (place === 0) continue;
      const word = stateOf(place);
      const before = Atomics.load(this.words, word);
      if (!this.#isVacant(place, before)) continue;
      const generation = ((before >> PHASE_BITS) + 1) % GENERATIONS;
      const taken = generation << PHASE_BITS | TAKEN;
      if (Atomics.compareExchange(this.words, word, before, taken) !== before) continue;
      Atomics.store(this.words, word - STATE + PARENT, parent);
      Atomics.store(this.words, word, generation << PHASE_BITS | ALIVE);
      return realmAt(place, generation);
    }
    throw new RuntimeError(`Cannot start a thread: ${CAPACITY - 1} are alive, which is the most`);
  }

  #isVacant(place: number, state: number): boolean {
    const phase = state & PHASES;
    if (phase !== ALIVE) return phase === FREE;
    return !this.isAlive(realmAt(place, state >> PHASE_BITS));
  }

  /** Marks a realm dead; `false` when it was. Who waits has to be told then. */
  end(id: number): boolean {
    const generation = generationOf(id) << PHASE_BITS;
    const alive = generation | ALIVE;
    if (Atomics.compareExchange(this.words, stateOf(placeOf(id)), alive, generation) !== alive) {
      return false;
    }
    Atomics.add(this.words, DEATHS, 1);
    return true;
  }

  /** Whether the realm, and each that it came from, is alive. */
  isAlive(id: number): boolean {
    for (let realm = id; realm !== 0;) {
      const word = stateOf(placeOf(realm));
      const parent = Atomics.load(this.words, word - STATE + PARENT);
      // In this order: the parent that was read is this generation's if the state still is.
      const alive = generationOf(realm) << PHASE_BITS | ALIVE;
      if (Atomics.load(this.words, word) !== alive) return false;
      realm = parent;
    }
    return true;
  }
}

/** A small number that no other living realm has, for tables with a place for each. */
export function placeOf(id: number): number {
  return id & (CAPACITY - 1);
}

/** How many there are of those. */
export const REALM_PLACES = CAPACITY;

/** Tells the realms apart that have a place one after the other. */
export function generationOf(id: number): number {
  return id >> PLACE_BITS;
}

/** The number of a realm. */
export function realmAt(place: number, generation: number): number {
  return generation << PLACE_BITS | place;
}

/** Bits of a generation. */
export const GENERATION_BITS = REALM_BITS - PLACE_BITS;

function stateOf(place: number): number {
  return PLACES + 2 * place + STATE;
}
