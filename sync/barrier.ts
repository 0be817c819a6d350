/**
 * Meeting of a fixed number of parties.
 *
 * All words are touched under the guard of the queue alone.
 *
 * | word      | meaning                                                                            |
 * | --------- | ---------------------------------------------------------------------------------- |
 * | `PHASE`   | `FILLING`: parties arrive; `ACTING`: all are there, the last one runs the action; `BROKEN` |
 * | `ARRIVED` | how many have arrived in this round                                                |
 * | `ROUND`   | changes with every round, reset and abort: an action that outlives its round has no effect |
 * | `ACTOR`   | the realm that runs the action                                                     |
 *
 * Transitions: `FILLING` → `FILLING` by the last arrival where there is no action, which releases all;
 * `FILLING` → `ACTING` by the last arrival where there is one; `ACTING` → `FILLING` when the action has
 * returned, which releases all; `FILLING`, `ACTING` → `BROKEN` by a time-out, an abort, a failing action, or
 * the death of a party that waits or acts, or of a thread that has the guard; any → `FILLING` by a reset,
 * which fails all that wait. A party that gives up breaks the barrier as it leaves the queue, so that nobody
 * can be the last to arrive for one that is gone.
 *
 * Who arrives while an action runs belongs to the next round, and tries again when this one is over. A waiter
 * is told by its own node how it came out, so that a round that follows at once can't confuse it.
 *
 * @module
 */

import { DONE } from "./_acquirable.ts";
import {
  A_TIMEOUT,
  type Deadline,
  deadlineOf,
  deadlineOfSync,
  driveAsync,
  driveSync,
  type Protocol,
  type WaitLimit,
} from "./_drive.ts";
import { whoCalls } from "./_identity.ts";
import { aTypeOf, checkArgument, checkOptions, integerFrom } from "./_options.ts";
import { thisRealm } from "./_realm.ts";
import { registerShareable } from "./_shareable.ts";
import { allocate, OWN_WORDS, WaitQueue } from "./_wait_queue.ts";
import { FIELD, NODE } from "./_waiters.ts";
import { untilDismissed, wakeAll } from "./_waiting.ts";
import { BrokenBarrierError } from "./errors.ts";

const PHASE = OWN_WORDS;
const ARRIVED = OWN_WORDS + 1;
const ROUND = OWN_WORDS + 2;
const ACTOR = OWN_WORDS + 3;

const FILLING = 0;
const ACTING = 1;
const BROKEN = 2;

/** In place of a party's index: it came too early for its round. */
const EARLY = -1;

const MAKE = "make a Barrier";
const WAIT = "wait at a Barrier";
const PARTIES = integerFrom(1, 2 ** 30);
const OPTIONS = {
  action: aTypeOf("a function", (value) => typeof value === "function"),
  timeout: A_TIMEOUT,
};

/** Called once a round by the last party to arrive, before any goes on. */
export type BarrierAction = () => unknown;

/** What a barrier may be given. */
export interface BarrierOptions {
  /**
   * Called once a round, in the thread of the last party to arrive, before any goes on. It travels with the
   * barrier as every function does.
   */
  action?: BarrierAction | undefined;
  /** Milliseconds that `wait` waits where it is not told; `undefined` for no limit. */
  timeout?: number | undefined;
}

/** What an arrival has to do. */
type Arrival =
  /** Sleep on the node; its index, or {@linkcode EARLY}. */
  | { readonly kind: "wait"; readonly node: number; readonly index: number }
  /** Run the action. */
  | { readonly kind: "act"; readonly index: number; readonly round: number }
  /** Go on. */
  | { readonly kind: "pass"; readonly index: number };

/**
 * Python's `multiprocessing.Barrier`: parties wait until all have arrived, and go on together.
 *
 * - One object serves all threads, and child processes that it is passed to.
 * - It can be used again and again. Each round gives its parties different numbers, from 0 in order of arrival.
 * - It breaks when a party gives up: by a time-out, a signal, its death, or `abort`; all that wait, and all that
 *   come, get a `BrokenBarrierError` until `reset`.
 *
 * Semantics: CPython's `threading.Barrier`.
 *
 * @example
 * ```ts
 * import { Barrier, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const barrier = new Barrier(2);
 * await using executor = new ThreadPoolExecutor(2);
 * const indexes = await Promise.all(
 *   [0, 1].map(() => executor.submit((barrier: Barrier) => barrier.wait(), barrier)),
 * );
 * assertEquals(indexes.sort(), [0, 1]);
 * ```
 */
export class Barrier {
  #buffer: SharedArrayBuffer = allocate(4);
  #queue: WaitQueue = this.#attach(this.#buffer);
  readonly #parties: number;
  readonly #timeout: number | undefined;
  readonly #action: BarrierAction | undefined;

  static {
    registerShareable<Barrier>({
      name: "Barrier",
      prototype: Barrier.prototype,
      meets: true,
      facts: ["parties"],
      id: (barrier) => barrier.#queue.id,
      data: (barrier) => ({
        buffer: barrier.#buffer,
        parties: barrier.#parties,
        timeout: barrier.#timeout,
        action: barrier.#action,
      }),
      make(data) {
        const { buffer, parties, timeout, action } = data as {
          buffer: SharedArrayBuffer;
          parties: number;
          timeout: number | undefined;
          action: BarrierAction | undefined;
        };
        const barrier = new Barrier(parties, { action, timeout });
        barrier.#buffer = buffer;
        barrier.#queue = barrier.#attach(buffer);
        return barrier;
      },
    });
  }

  /**
   * Makes a barrier.
   *
   * @param parties How many meet, an integer from 1.
   * @param options An `action`, and a `timeout` in milliseconds.
   * @throws {ValueError} For any other number.
   * @throws {TypeError} For an action that is no function.
   */
  constructor(parties: number, options: BarrierOptions = {}) {
    checkArgument(MAKE, "parties", parties, PARTIES);
    checkOptions(MAKE, options, OPTIONS);
    this.#parties = parties;
    this.#action = options.action;
    this.#timeout = options.timeout;
  }

  #attach(buffer: SharedArrayBuffer): WaitQueue {
    return new WaitQueue(buffer, () => this.#nextRound(BROKEN, NODE.BROKEN));
  }

  /** How many meet. */
  get parties(): number {
    return this.#parties;
  }

  /** How many have arrived and wait. */
  get n_waiting(): number {
    return this.#queue.guarded(() => this.#get(PHASE) === FILLING ? this.#get(ARRIVED) : 0);
  }

  /** Whether it is broken: see `reset`. */
  get broken(): boolean {
    return this.#get(PHASE) === BROKEN;
  }

  /**
   * Waits until all parties have arrived.
   *
   * @param limit How long, in milliseconds, and a signal; a barrier whose wait ends so is broken.
   * @returns The party's number in this round.
   * @throws {BrokenBarrierError} When the barrier is, or gets broken or reset meanwhile.
   * @throws {CancelledError} When the signal was aborted; the barrier is broken.
   *
   * @example
   * ```ts
   * import { Barrier, BrokenBarrierError } from "@herd/concurrent";
   * import { assertEquals, assertRejects } from "@std/assert";
   *
   * assertEquals(await new Barrier(1).wait(), 0);
   * await assertRejects(() => new Barrier(2).wait({ timeout: 5 }), BrokenBarrierError);
   * ```
   */
  async wait(limit?: WaitLimit): Promise<number> {
    const { realm } = whoCalls();
    const deadline = deadlineOf(WAIT, this.#withDefault(limit));
    const arrival = await driveAsync(this.#arrive(realm, deadline));
    if (arrival.kind !== "act") return arrival.index;
    try {
      await this.#action!();
    } catch (error) {
      this.#break(arrival.round);
      throw error;
    }
    return this.#finish(arrival);
  }

  /**
   * Waits until all parties have arrived, and blocks the thread meanwhile.
   *
   * @param limit How long, in milliseconds.
   * @returns The party's number in this round.
   * @throws {BrokenBarrierError} When the barrier is, or gets broken or reset meanwhile.
   * @throws {TypeError} When the action is asynchronous; the barrier is broken.
   *
   * @example
   * ```ts
   * import { Barrier } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(new Barrier(1).waitSync(), 0);
   * ```
   */
  waitSync(limit?: Omit<WaitLimit, "signal">): number {
    const { realm } = whoCalls();
    const deadline = deadlineOfSync(WAIT, this.#withDefault(limit));
    const arrival = driveSync(this.#arrive(realm, deadline));
    if (arrival.kind !== "act") return arrival.index;
    try {
      if (this.#action!() instanceof Promise) {
        throw new TypeError(`Cannot ${WAIT}: its action is asynchronous: wait() is wanted`);
      }
    } catch (error) {
      this.#break(arrival.round);
      throw error;
    }
    return this.#finish(arrival);
  }

  #withDefault(limit: WaitLimit | undefined): WaitLimit | undefined {
    if (limit?.timeout !== undefined || this.#timeout === undefined) return limit;
    return { ...limit, timeout: this.#timeout };
  }

  *#arrive(realm: number, deadline: Deadline): Protocol<Arrival> {
    for (;;) {
      const arrival = this.#queue.guarded(() => this.#enter(realm));
      if (arrival === undefined) throw brokenError("it is broken");
      if (arrival.kind !== "wait") return arrival;
      const { node, index } = arrival;
      const end = yield* untilDismissed(this.#queue, node, deadline, {
        died: () => this.#bury(),
        // Who was early was expected by nobody yet.
        left: () => index === EARLY || this.#nextRound(BROKEN, NODE.BROKEN),
      });
      if (end === "timeout") {
        throw brokenError(`not all parties arrived in time: ${this.#parties} are wanted`);
      }
      if (end === "broken") throw brokenError("it was broken or reset meanwhile");
      if (index !== EARLY) return { kind: "pass", index };
    }
  }

  /** A party comes; `undefined` when the barrier is broken. Under the guard. */
  #enter(realm: number): Arrival | undefined {
    this.#bury();
    const phase = this.#get(PHASE);
    if (phase === BROKEN) return undefined;
    if (phase === ACTING) {
      return { kind: "wait", node: this.#queue.join(realm, EARLY), index: EARLY };
    }
    const index = this.#get(ARRIVED);
    if (index + 1 < this.#parties) {
      const node = this.#queue.join(realm, index);
      this.#set(ARRIVED, index + 1);
      return { kind: "wait", node, index };
    }
    this.#set(ARRIVED, index + 1);
    if (this.#action === undefined) {
      this.#nextRound(FILLING, NODE.GRANTED);
      return { kind: "pass", index };
    }
    this.#set(PHASE, ACTING);
    this.#set(ACTOR, realm);
    return { kind: "act", index, round: this.#get(ROUND) };
  }

  /** The action has returned. */
  #finish({ index, round }: { index: number; round: number }): number {
    const isOver = this.#queue.guarded(() => {
      if (this.#get(ROUND) !== round) return true;
      this.#nextRound(FILLING, NODE.GRANTED);
      return false;
    });
    if (isOver) throw brokenError("it was broken or reset meanwhile");
    return index;
  }

  /** Breaks the barrier; where a round is given, only if it is still that one. */
  #break(round?: number): void {
    this.#queue.guarded(() => {
      if (round !== undefined && this.#get(ROUND) !== round) return;
      this.#nextRound(BROKEN, NODE.BROKEN);
    });
  }

  /** Breaks the barrier if a party has died that waits or acts. Under the guard. */
  #bury(): void {
    if (this.#get(PHASE) === BROKEN) return;
    const { realms, waiters } = thisRealm();
    const isDead = (realm: number) => !realms.isAlive(realm);
    const actor = this.#get(PHASE) === ACTING ? [this.#get(ACTOR)] : [];
    const parties = this.#queue.each().filter((node) => waiters.get(node, FIELD.NOTE) !== EARLY)
      .map((node) => waiters.get(node, FIELD.REALM));
    if (parties.some(isDead) || actor.some(isDead)) this.#nextRound(BROKEN, NODE.BROKEN);
  }

  /** Ends the round for all that wait. Under the guard. */
  #nextRound(phase: number, state: typeof NODE.GRANTED | typeof NODE.BROKEN): void {
    this.#set(PHASE, phase);
    this.#set(ARRIVED, 0);
    this.#set(ROUND, this.#get(ROUND) + 1);
    wakeAll(this.#queue, state);
  }

  /**
   * Makes the barrier as new, at once; all that wait get a `BrokenBarrierError`.
   *
   * @returns A promise of its being so, for the sake of barriers in another process.
   */
  reset(): Promise<void> {
    this.#queue.guarded(() => this.#nextRound(FILLING, NODE.BROKEN));
    return DONE;
  }

  /**
   * Breaks the barrier, at once.
   *
   * @returns A promise of its being so, for the sake of barriers in another process.
   */
  abort(): Promise<void> {
    this.#break();
    return DONE;
  }

  #get(word: number): number {
    return Atomics.load(this.#queue.words, word);
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#queue.words, word, value);
  }

  /** How it is printed. */
  [Symbol.for("Deno.customInspect")](): string {
    const state = this.broken ? "broken" : `waiters=${this.n_waiting}/${this.#parties}`;
    return `Barrier { ${state} }`;
  }
}

function brokenError(reason: string): BrokenBarrierError {
  return new BrokenBarrierError(`Cannot ${WAIT}: ${reason}`);
}
