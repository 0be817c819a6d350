/**
 * The waiters of a process: a table of nodes in memory that all its threads have in common.
 *
 * Who waits has a node, sleeps on the node's state, and stands in the queue of what it waits for
 * (`_wait_queue.ts`). Nodes come in chunks, each of which belongs to one realm, so that to take and to give
 * back a node is that realm's own affair, without a lock.
 *
 * | state     | meaning                                            | written by                                   |
 * | --------- | -------------------------------------------------- | -------------------------------------------- |
 * | `FREE`    | in no queue                                        | its realm, under the guard of the queue it left |
 * | `WAITING` | in a queue                                         | its realm, under that queue's guard          |
 * | `GRANTED` | out of the queue: it has got what it waited for    | any realm, under that queue's guard          |
 * | `BROKEN`  | out of the queue: it will not get it               | any realm, under that queue's guard          |
 * | `NUDGED`  | in a queue, and told to look for itself            | any realm, under that queue's guard; back by its realm |
 *
 * A dead realm's nodes stay in their queues until somebody comes past them. When there are no more new
 * chunks, one of a dead realm goes to the next that needs one, if none of its nodes is left in a queue.
 */

import { RuntimeError } from "./errors.ts";
import type { Realms } from "./_realms.ts";

/** States of a node. */
export const NODE = { FREE: 0, WAITING: 1, GRANTED: 2, BROKEN: 3, NUDGED: 4 } as const;

/** Whether a node of that state is in a queue. */
export function isQueued(state: number): boolean {
  return state === NODE.WAITING || state === NODE.NUDGED;
}

/** Words of a node. */
export const FIELD = {
  STATE: 0,
  /** The number of the realm that waits. */
  REALM: 1,
  /** What the primitive keeps of the waiter: the task that waits, or how much it wants. */
  NOTE: 2,
  /** Neighbours in the queue, 0 for none. */
  NEXT: 3,
  PREVIOUS: 4,
  /** The object in whose queue it is, or was; 0 once a grant is completed, see `_wait_queue.ts`. */
  OBJECT: 5,
  /** Its place in the order of arrival, by which a queue can be put together again. */
  TICKET: 6,
} as const;

const WORDS = 8;
/** Nodes in a chunk: a realm that ever waits takes one. */
const CHUNK = 64;
const CHUNKS = 4096;
/** Words before the nodes: how many chunks were taken, and whose each is. */
const TAKEN = 0;
const OWNERS = 8;
/** Node 0 would stand here; it is none. */
const NODES = OWNERS + CHUNKS - WORDS;

/** The table, as one realm sees it. */
export class Waiters {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #realms: Realms;
  readonly #realm: number;
  readonly #free: number[] = [];
  /** How many chunks there are. */
  readonly #chunks: number;

  /**
   * Attaches to `buffer`, which may be smaller than the one that is made where there is none. Memory that is
   * not used is not occupied.
   */
  constructor(
    realms: Realms,
    realm: number,
    buffer = new SharedArrayBuffer((NODES + (CHUNK * CHUNKS + 1) * WORDS) * 4),
  ) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    this.#chunks = Math.floor((this.words.length / WORDS - NODES / WORDS - 1) / CHUNK);
    this.#realms = realms;
    this.#realm = realm;
  }

  /** The index of a word of a node. */
  at(node: number, field: number): number {
    return NODES + node * WORDS + field;
  }

  get(node: number, field: number): number {
    return Atomics.load(this.words, this.at(node, field));
  }

  set(node: number, field: number, value: number): void {
    Atomics.store(this.words, this.at(node, field), value);
  }

  /**
   * A free node of this realm.
   *
   * @throws {RuntimeError} When too many wait.
   */
  take(): number {
    if (this.#free.length === 0) this.#takeChunk();
    return this.#free.pop()!;
  }

  /** Gives back a node that is in no queue. */
  give(node: number): void {
    this.set(node, FIELD.STATE, NODE.FREE);
    this.#free.push(node);
  }

  /** All nodes that ever were in use. */
  *all(): Generator<number> {
    const end = Atomics.load(this.words, TAKEN) * CHUNK;
    for (let node = 1; node <= end; node++) yield node;
  }

  #takeChunk(): void {
    const chunk = this.#newChunk() ?? this.#cleanChunk();
    if (chunk === undefined) {
      throw new RuntimeError(
        `Cannot wait: ${CHUNK * this.#chunks} waits are pending in this process, which is the most`,
      );
    }
    const first = chunk * CHUNK + 1;
    for (let node = first + CHUNK - 1; node >= first; node--) this.#free.push(node);
  }

  #newChunk(): number | undefined {
    for (;;) {
      const taken = Atomics.load(this.words, TAKEN);
      if (taken === this.#chunks) return undefined;
      if (Atomics.compareExchange(this.words, TAKEN, taken, taken + 1) !== taken) continue;
      Atomics.store(this.words, OWNERS + taken, this.#realm);
      return taken;
    }
  }

  /** A chunk of a dead realm, as if it were new. */
  #cleanChunk(): number | undefined {
    const chunk = this.#deadChunk();
    if (chunk === undefined) return undefined;
    for (let node = chunk * CHUNK + 1; node <= (chunk + 1) * CHUNK; node++) {
      this.set(node, FIELD.STATE, NODE.FREE);
    }
    return chunk;
  }

  #deadChunk(): number | undefined {
    const taken = Atomics.load(this.words, TAKEN);
    for (let chunk = 0; chunk < taken; chunk++) {
      const owner = Atomics.load(this.words, OWNERS + chunk);
      if (owner === 0 || this.#realms.isAlive(owner) || !this.#isIdle(chunk)) continue;
      if (Atomics.compareExchange(this.words, OWNERS + chunk, owner, this.#realm) === owner) {
        return chunk;
      }
    }
    return undefined;
  }

  #isIdle(chunk: number): boolean {
    for (let node = chunk * CHUNK + 1; node <= (chunk + 1) * CHUNK; node++) {
      if (isQueued(this.get(node, FIELD.STATE))) return false;
    }
    return true;
  }
}
