/**
 * A ring of messages, and those that wait for one, or for room.
 *
 * Everything is done under one guard, that of `#getters`: both lists, the count of what is unfinished and the
 * ring (`_ring.ts`). A message is there for whoever comes first; a getter that waits is nudged for each that
 * comes, and where another was quicker it waits on in its place. A putter goes behind those that wait already,
 * and one that waits behind those of its own thread, so that what one thread puts stays in order.
 *
 * | word         | meaning                                            |
 * | ------------ | -------------------------------------------------- |
 * | `STATE`      | `OPEN`; `SHUT`: nothing comes any more; `DROPPING`: that, and what is there is about to go; `DOOMED`: the same, once it is known what was taken of a lease |
 * | `DONE`       | of the messages that were ever put, how many are done; it wraps around |
 * | `DROPPED`    | `DONE` as it will be once all that is there is dropped |
 * | lease        | see `_lease.ts`                                    |
 * | ring         | see `_ring.ts`                                     |
 *
 * Whoever dies in the middle: a getter has the message, or it is still there; a putter's is there, or is not,
 * and is unfinished or is not, by one store. What is `DROPPING` is dropped by the next to enter the guard.
 * What a nudged one did not live to do, the others look for, since all look when somebody has died.
 *
 * While messages are leased, none is taken: a getter recalls them and waits, also one that has no time, for as
 * long as {@linkcode PATIENCE}, since there are some.
 */

import { callingRealm } from "../../sync/_identity.ts";
import { type Deadline, isOver, type Protocol } from "../../sync/_drive.ts";
import { linger } from "../../sync/_park.ts";
import { thisRealm } from "../../sync/_realm.ts";
import { allocate, OWN_WORDS, WaitQueue } from "../../sync/_wait_queue.ts";
import { FIELD, NODE } from "../../sync/_waiters.ts";
import { AT_ONCE, nudge, nudgeAll, TOO_LATE, untilDone } from "../../sync/_waiting.ts";
import type { Message } from "../bytes/_frame.ts";
import { Lease, LEASE_WORDS } from "./_lease.ts";
import { allocateBytes, Ring, RING_COUNT, RING_WORDS, type Suits } from "./_ring.ts";
import { Slip } from "./_slip.ts";

const STATE = OWN_WORDS;
const DONE = OWN_WORDS + 1;
const DROPPED = OWN_WORDS + 2;
const LEASE = OWN_WORDS + 3;
const RING = LEASE + LEASE_WORDS;

const OPEN = 0;
const SHUT = 1;
const DROPPING = 2;
const DOOMED = 3;

/**
 * Milliseconds that a getter without time waits for leased messages: a process that goes on answers in less
 * than one; longer holds up the getter for one that does not.
 */
const PATIENCE = 200;

/** The memory of a mailbox. */
export interface MailboxMemory {
  readonly getters: SharedArrayBuffer;
  readonly putters: SharedArrayBuffer;
  readonly joiners: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
  /** How many messages there may be; 0 for any number. */
  readonly maxsize: number;
  /** How many bytes there may be before one more message; 0 for any number. */
  readonly maxbytes: number;
}

/** How a put ended. */
export type PutEnd = "put" | "full" | "shut";
/** How a get ended: with the message, or without. */
export type GetEnd = Uint8Array<ArrayBuffer>[] | "empty" | "shut";
/** How one ended that may not want the message: `unsuited` is one that stays. */
export type ChoosyEnd = GetEnd | "unsuited";

/** Memory for a mailbox. */
export function allocateMailbox(maxsize: number, maxbytes = 0): MailboxMemory {
  return {
    getters: allocate(RING - OWN_WORDS + RING_WORDS),
    putters: allocate(0),
    joiners: allocate(0),
    bytes: allocateBytes(),
    maxsize,
    maxbytes,
  };
}

/** See the head of the file. */
export class Mailbox {
  readonly memory: MailboxMemory;
  readonly #getters: WaitQueue;
  readonly #putters: WaitQueue;
  readonly #joiners: WaitQueue;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #lease: Lease;
  readonly #ring: Ring;
  readonly #maxsize: number;
  readonly #maxbytes: number;
  readonly #isDeserted: (() => boolean) | undefined;
  /** Whether the message that this thread put or got last was large: the next one may well be. */
  #hasLarge = false;

  /**
   * Attaches to its memory.
   *
   * @param isDeserted Whether nobody is left at its other end, for this thread: then it is as good as shut.
   */
  constructor(memory: MailboxMemory, isDeserted?: () => boolean) {
    this.memory = memory;
    this.#maxsize = memory.maxsize;
    this.#maxbytes = memory.maxbytes;
    this.#isDeserted = isDeserted;
    this.#getters = new WaitQueue(memory.getters, () => this.#repair());
    this.#putters = new WaitQueue(memory.putters);
    this.#joiners = new WaitQueue(memory.joiners);
    this.#words = this.#getters.words;
    this.#lease = new Lease(this.#words, LEASE);
    const words = this.#words.subarray(RING, RING + RING_WORDS);
    this.#ring = new Ring(words, memory.bytes, () => this.#getters.checkHeld());
  }

  #repair(): void {
    this.#putters.rebuild();
    this.#joiners.rebuild();
    this.#ring.repair();
    if (Atomics.load(this.#words, STATE) === DROPPING) this.#drop();
  }

  /** Its number in this process. */
  get id(): number {
    return this.#getters.id;
  }

  /** How many messages there are. */
  get count(): number {
    return Atomics.load(this.#words, STATE) === DOOMED ? 0 : this.#ring.count;
  }

  /** Whether there are messages that nobody else can take for now. */
  get isLeased(): boolean {
    return this.#lease.count > 0;
  }

  get isFull(): boolean {
    return (this.#maxsize > 0 && this.count >= this.#maxsize) ||
      (this.#maxbytes > 0 && this.#ring.used >= this.#maxbytes);
  }

  /** Whether nothing more comes. */
  get isShut(): boolean {
    return Atomics.load(this.#words, STATE) !== OPEN || (this.#isDeserted?.() ?? false);
  }

  /** Whether they are with that realm. */
  isLeasedTo(realm: number): boolean {
    return this.#lease.isOf(realm);
  }

  /**
   * Puts a message if that is possible at once.
   *
   * @throws {ValueError} When it is too long.
   */
  tryPut(message: Message | Slip): PutEnd {
    this.#getters.enter(this.#hasLarge);
    try {
      return this.#putFirst(message);
    } finally {
      this.#getters.leave();
    }
  }

  #putFirst(message: Message | Slip): PutEnd {
    if (this.isShut) return "shut";
    // Others came before.
    if (this.isFull || (!this.#putters.isEmpty && this.#putters.first() !== 0)) return "full";
    this.#write(message);
    return "put";
  }

  /** Puts a message, once there is room. */
  *put(message: Message | Slip, realm: number, deadline: Deadline): Protocol<PutEnd> {
    const now = this.#getters.guarded(() => {
      const end = this.#putFirst(message);
      if (end !== "full" || isOver(deadline)) return end;
      return this.#putters.join(realm, 0);
    });
    if (typeof now !== "number") return now;
    return (yield* untilDone(this.#putters, now, deadline, {
      guard: this.#getters,
      attempt: (node) => this.#putNow(message, node),
      left: () => this.#tellPutters(),
    })) ?? "full";
  }

  #putNow(message: Message | Slip, node: number): PutEnd | undefined {
    if (this.isShut) return "shut";
    if (this.isFull || this.#isBehind(node)) return undefined;
    this.#write(message);
    this.#tellPutters(node);
    return "put";
  }

  /** Whether another of the same realm has waited longer. */
  #isBehind(node: number): boolean {
    const { waiters } = thisRealm();
    const realm = waiters.get(node, FIELD.REALM);
    for (const other of this.#putters.each()) {
      if (other === node) return false;
      if (waiters.get(other, FIELD.REALM) === realm) return true;
    }
    return false;
  }

  /** There may be room for one that waits; for another than `node`, which is about to leave. */
  #tellPutters(node = 0): void {
    if (this.isFull || this.#putters.isEmpty) return;
    if (node !== 0) thisRealm().waiters.set(node, FIELD.STATE, NODE.NUDGED);
    nudge(this.#putters);
  }

  #write(message: Message | Slip): void {
    if (message instanceof Slip) this.#ring.writeSlip(message);
    else this.#ring.write(message);
    this.#hasLarge = isLarge(message);
    if (!this.#getters.isEmpty) nudge(this.#getters);
  }

  /** Has a thread that may block look a moment whether a message goes, or the last one has been taken. */
  linger(): void {
    linger(this.#words, RING + RING_COUNT, this.count);
  }

  /**
   * Takes the oldest message if there is one.
   *
   * @param slip Where it goes if it is short enough.
   * @param suits Whether it is wanted; else it stays.
   */
  tryGet(): GetEnd;
  tryGet<S extends Slip>(slip: S): GetEnd | S;
  tryGet<S extends Slip>(slip: S, suits: Suits): ChoosyEnd | S;
  tryGet<S extends Slip>(slip?: S, suits?: Suits): ChoosyEnd | S {
    if (this.#hasLarge) this.#ring.prepare();
    this.#getters.enter(this.#hasLarge);
    try {
      return this.#getNow(callingRealm(), slip, suits) ?? "empty";
    } finally {
      this.#getters.leave();
    }
  }

  /** Takes the oldest message, once there is one. */
  get(realm: number, deadline: Deadline): Protocol<GetEnd>;
  get(realm: number, deadline: Deadline, suits: Suits): Protocol<ChoosyEnd>;
  *get(realm: number, deadline: Deadline, suits?: Suits): Protocol<ChoosyEnd> {
    let limit = deadline;
    const now = this.#getters.guarded(() => {
      const now = this.#getNow<never>(realm, undefined, suits);
      if (now !== undefined) return now;
      if (isOver(deadline)) {
        if (!this.#isHeld()) return "empty";
        limit = { ...deadline, until: performance.now() + PATIENCE };
      }
      return this.#getters.join(realm, 0);
    });
    if (typeof now !== "number") return now;
    return (yield* untilDone<ChoosyEnd>(this.#getters, now, limit, {
      guard: this.#getters,
      attempt: () => {
        const now = this.#getNow<never>(realm, undefined, suits);
        // It is for another, who may wait.
        if (now === "unsuited") this.#tellGetters();
        return now === undefined && limit !== deadline && !this.#isHeld() ? "empty" : now;
      },
      left: () => this.#tellGetters(),
    })) ?? "empty";
  }

  #getNow<S extends Slip>(
    realm: number,
    slip?: S,
    suits?: Suits,
  ): Exclude<ChoosyEnd, "empty"> | S | undefined {
    if (this.#isHeld()) {
      this.#lease.recall();
      return Atomics.load(this.#words, STATE) === DOOMED ? "shut" : undefined;
    }
    const message = this.#ring.read(slip, suits);
    if (message === undefined) return this.isShut ? "shut" : undefined;
    if (message === null) return "unsuited";
    this.#lease.got(realm);
    this.#hasLarge = isLarge(message);
    if (this.#maxsize > 0 || this.#maxbytes > 0) this.#tellPutters();
    return message;
  }

  /** Whether messages are leased to one that lives; what the dead had is there as before. Under the guard. */
  #isHeld(): boolean {
    if (this.#lease.count === 0) return false;
    if (this.#lease.isAlive) return true;
    this.#endLease();
    return false;
  }

  #endLease(): void {
    this.#lease.end();
    if (Atomics.load(this.#words, STATE) === DOOMED) {
      this.#shutAtOnce();
      nudgeAll(this.#joiners);
    }
    nudgeAll(this.#getters);
  }

  /**
   * Takes the oldest message, and leases those after it to the same realm: if it got the last one, too, and
   * nobody waits.
   *
   * @param into Gets all of them, see {@linkcode Ring.pack}.
   * @param most How many there may be.
   * @returns How many there are, in how many words; 0 where the oldest can't be had so. And, for
   * {@linkcode watchLease}, how often messages were recalled.
   */
  getSeveral(
    realm: number,
    into: Int32Array,
    most: number,
    mayGo: (first: number) => boolean,
  ): { count: number; words: number; recalls: number } {
    return this.#getters.guarded(() => {
      const { recalls } = this.#lease;
      if (this.#isHeld()) return { count: 0, words: 0, recalls };
      const isAlone = this.#lease.wasLast(realm) && this.#getters.first() === 0;
      const packed = this.#ring.pack(into, isAlone ? most : 1, mayGo);
      if (packed.count > 0) {
        this.#ring.drop();
        this.#lease.got(realm);
        this.#lease.begin(realm, packed.count - 1);
        if (this.#maxsize > 0) this.#tellPutters();
      }
      return { ...packed, recalls };
    });
  }

  /** How often messages that are leased were wanted back. */
  get recalls(): number {
    return this.#lease.recalls;
  }

  /** Calls `wanted` once they may have been wanted back more often than that, or none is leased any more. */
  watchLease(recalls: number, wanted: () => void): void {
    this.#lease.watch(recalls, wanted);
  }

  /** A realm has taken some of the messages that are leased to it, and keeps the others or does not. */
  settleLease(realm: number, taken: number, keeps: boolean): void {
    this.#getters.guarded(() => {
      if (!this.#lease.isOf(realm)) return;
      const count = Math.min(this.#lease.count, taken);
      for (let i = 0; i < count; i++) {
        this.#lease.shrink(this.#lease.count - 1);
        this.#ring.drop();
      }
      if (!keeps || this.#lease.count === 0) this.#endLease();
      if (this.#maxsize > 0 && count > 0) this.#tellPutters();
    });
  }

  #tellGetters(): void {
    if (this.count > 0) nudge(this.#getters);
  }

  /**
   * Waits until there is a message, which stays there.
   *
   * @returns Whether there is one, or none will come.
   */
  *poll(realm: number, deadline: Deadline): Protocol<boolean> {
    const isReady = () => {
      // Who polls is about to take what there is.
      if (this.#isHeld()) return void this.#lease.recall();
      return this.count > 0 || this.isShut ? true : undefined;
    };
    const now = this.#getters.guarded(() => {
      if (isReady()) return AT_ONCE;
      return isOver(deadline) ? TOO_LATE : this.#getters.join(realm, 0);
    });
    if (now <= 0) return now === AT_ONCE;
    const end = yield* untilDone(this.#getters, now, deadline, {
      guard: this.#getters,
      attempt: () => {
        if (!isReady()) return undefined;
        // The message is for one that takes it.
        this.#tellGetters();
        return true;
      },
      left: () => this.#tellGetters(),
    });
    return end ?? false;
  }

  /**
   * Nothing can be put any more; what is there can be taken, unless `immediate`.
   */
  shut(immediate: boolean): void {
    this.#getters.guarded(() => {
      if (immediate && this.#isHeld()) {
        Atomics.store(this.#words, STATE, DOOMED);
        this.#lease.recall();
      } else if (immediate) this.#shutAtOnce();
      else if (!this.isShut) Atomics.store(this.#words, STATE, SHUT);
      nudgeAll(this.#getters);
      nudgeAll(this.#putters);
      nudgeAll(this.#joiners);
    });
  }

  #shutAtOnce(): void {
    const left = Math.max(this.unfinished - this.#ring.count, 0);
    Atomics.store(this.#words, DROPPED, this.#ring.written - left);
    Atomics.store(this.#words, STATE, DROPPING);
    this.#drop();
  }

  /** To do it once more, or to do the rest, comes to the same. */
  #drop(): void {
    this.#ring.clear();
    Atomics.store(this.#words, DONE, Atomics.load(this.#words, DROPPED));
    Atomics.store(this.#words, STATE, SHUT);
  }

  /** How many messages were put and not called done. Under the guard. */
  get unfinished(): number {
    return this.#ring.written - Atomics.load(this.#words, DONE) | 0;
  }

  /** A message that was taken is done; `false` when there is none. */
  done(): boolean {
    return this.#getters.guarded(() => {
      if (this.unfinished === 0) return false;
      Atomics.add(this.#words, DONE, 1);
      if (this.unfinished === 0) nudgeAll(this.#joiners);
      return true;
    });
  }

  /** Waits until all messages are done; whether they were in time. */
  *join(realm: number, deadline: Deadline): Protocol<boolean> {
    const node = this.#getters.guarded(() => {
      this.#isHeld();
      if (this.unfinished === 0) return AT_ONCE;
      return isOver(deadline) ? TOO_LATE : this.#joiners.join(realm, 0);
    });
    if (node <= 0) return node === AT_ONCE;
    const end = yield* untilDone(this.#joiners, node, deadline, {
      guard: this.#getters,
      attempt: () => {
        this.#isHeld();
        return this.unfinished === 0 ? true : undefined;
      },
    });
    return end ?? false;
  }
}

/** Whether a message has large buffers, which are parts of their own. */
function isLarge(message: Message | Slip): boolean {
  return !(message instanceof Slip) && message.length > 1;
}
