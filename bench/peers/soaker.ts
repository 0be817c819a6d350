/**
 * One of those that use all primitives at random in a soak, each use with a check of what it guarantees.
 */
import {
  type Acquirable,
  type Barrier,
  BrokenBarrierError,
  CancelledError,
  type Condition,
  type Event,
  type Lock,
  type RLock,
  type Semaphore,
  type Value,
} from "@herd/concurrent";
import type { Style } from "../contenders/contender.ts";

/** What all share. */
export interface Shared {
  readonly lock: Lock;
  readonly rlock: RLock;
  readonly semaphore: Semaphore;
  readonly event: Event;
  readonly condition: Condition;
  readonly barrier: Barrier;
  readonly value: Value<"i">;
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** Permits of the semaphore. */
export const PERMITS = 3;

/** Words of all. */
export const WORD = {
  /** Whether the soak is over. */
  STOP: 0,
  /** Soakers that were killed and whose permits were not yet taken out of `INSIDE`. */
  DYING: 1,
  /** Permits in use. One that is killed may leave it too small, which finds less, and never too large. */
  INSIDE: 2,
  /** Who is between acquire and release of a lock: the number of its soaker plus 1. */
  LOCK: 3,
  RLOCK: 4,
  CONDITION: 5,
  /** What the condition is about. */
  ITEMS: 6,
  SLOTS: 16,
} as const;

/** Words of a soaker, from `WORD.SLOTS` on. */
export const SLOT = {
  /** How many operations it has begun. */
  OPERATIONS: 0,
  /** Which is the last of them: an index of {@linkcode OPERATIONS}. */
  DOING: 1,
  /** Whether it may have a permit. */
  INSIDE: 2,
  /** What it has added to the value, at least. */
  ADDED: 3,
  /** Whether it has come to its end. */
  DONE: 4,
  /** Whether another has inherited a lock from it. */
  BURIED: 5,
  WORDS: 8,
} as const;

/** The index of a soaker's word. */
export function slotWord(soaker: number, word: number): number {
  return WORD.SLOTS + soaker * SLOT.WORDS + word;
}

type Limit = { timeout?: number; signal?: AbortSignal };

/** How it waits: by blocking its thread or not. */
interface Manner {
  acquire(object: Acquirable, limit: Limit): Promise<boolean> | boolean;
  waitEvent(event: Event, limit: Limit): Promise<boolean> | boolean;
  waitCondition(of: Condition, until: () => boolean, limit: Limit): Promise<boolean> | boolean;
  waitBarrier(barrier: Barrier, limit: Limit): Promise<number> | number;
}

const MANNERS: Readonly<Record<Style, Manner>> = {
  sync: {
    acquire: (object, limit) => object.acquireSync(limit),
    waitEvent: (event, limit) => event.waitSync(limit),
    waitCondition: (condition, until, limit) => condition.wait_forSync(until, limit),
    waitBarrier: (barrier, limit) => barrier.waitSync(limit),
  },
  async: {
    acquire: (object, limit) => object.acquire(limit),
    waitEvent: (event, limit) => event.wait(limit),
    waitCondition: (condition, until, limit) => condition.wait_for(until, limit),
    waitBarrier: (barrier, limit) => barrier.wait(limit),
  },
};

/** A soaker with its luck. */
class Soaker {
  readonly #shared: Shared;
  readonly #number: number;
  readonly #style: Style;
  readonly #manner: Manner;
  #luck: number;

  constructor(shared: Shared, number: number, style: Style) {
    this.#shared = shared;
    this.#number = number;
    this.#style = style;
    this.#manner = MANNERS[style];
    this.#luck = number * 2_654_435_761 + 1;
  }

  /** A number from 0 to before `n`. */
  draw(n: number): number {
    let x = this.#luck;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#luck = x;
    return (x >>> 0) % n;
  }

  /** No limit, none that matters, a short one, or a signal. */
  #limit(): Limit {
    switch (this.draw(this.#style === "async" ? 5 : 4)) {
      case 0:
        return {};
      case 1:
        return { timeout: 0 };
      case 4:
        return { signal: AbortSignal.timeout(this.draw(5)) };
      default:
        return { timeout: this.draw(10) };
    }
  }

  /** A limit for waits that need not ever end. */
  #shortLimit(): Limit {
    const limit = this.#limit();
    return limit.timeout === undefined && limit.signal === undefined ? { timeout: 5 } : limit;
  }

  /** Whether it was acquired; an abort is as good as a time-out. */
  async #acquire(object: Acquirable, limit = this.#limit()): Promise<boolean> {
    try {
      return await this.#manner.acquire(object, limit);
    } catch (error) {
      if (error instanceof CancelledError) return false;
      throw error;
    }
  }

  /** Checks that it is alone, for as long as this is not disposed of. */
  #alone(word: number, lock: { readonly abandoned: boolean }): Disposable {
    const { words } = this.#shared;
    const before = Atomics.exchange(words, word, this.#number + 1);
    if (before !== 0) {
      if (!lock.abandoned) throw this.#wrong(`soaker ${before - 1} has the same lock`);
      Atomics.store(words, slotWord(before - 1, SLOT.BURIED), 1);
    }
    return {
      [Symbol.dispose]: () => {
        const own = Atomics.exchange(words, word, 0);
        if (own !== this.#number + 1) throw this.#wrong(`soaker ${own - 1} took its lock`);
      },
    };
  }

  #wrong(what: string): Error {
    return new Error(`Cannot go on: ${this.#style} soaker ${this.#number}: ${what}`);
  }

  /** Lets others run meanwhile, now and then. */
  async #dawdle(): Promise<void> {
    if (this.draw(5) > 0) return;
    if (this.#style === "sync") Atomics.wait(this.#shared.words, WORD.STOP, 0, 0.5);
    else await new Promise((resolve) => setTimeout(resolve, 0));
  }

  async lock(): Promise<void> {
    const { lock } = this.#shared;
    if (!await this.#acquire(lock)) return;
    {
      using _alone = this.#alone(WORD.LOCK, lock);
      await this.#dawdle();
    }
    await lock.release();
  }

  async rlock(): Promise<void> {
    const { rlock } = this.#shared;
    if (!await this.#acquire(rlock)) return;
    {
      using _alone = this.#alone(WORD.RLOCK, rlock);
      if (!await this.#acquire(rlock, { timeout: 0 })) throw this.#wrong("an RLock is no RLock");
      await this.#dawdle();
      await rlock.release();
    }
    await rlock.release();
  }

  async semaphore(): Promise<void> {
    const { semaphore, words } = this.#shared;
    if (!await this.#acquire(semaphore)) return;
    Atomics.store(words, slotWord(this.#number, SLOT.INSIDE), 1);
    // Before and after: what a dead one had may be counted out in between.
    const isExact = () => Atomics.load(words, WORD.DYING) === 0;
    const wasExact = isExact();
    const inside = Atomics.add(words, WORD.INSIDE, 1) + 1;
    if (inside > PERMITS && wasExact && isExact()) {
      throw this.#wrong(`${inside} of ${PERMITS} permits are in use`);
    }
    await this.#dawdle();
    Atomics.sub(words, WORD.INSIDE, 1);
    Atomics.store(words, slotWord(this.#number, SLOT.INSIDE), 0);
    await semaphore.release();
  }

  async event(): Promise<void> {
    const { event } = this.#shared;
    const turn = this.draw(4);
    if (turn === 0) await event.set();
    else if (turn === 1) await event.clear();
    else await this.#manner.waitEvent(event, this.#shortLimit());
  }

  async condition(): Promise<void> {
    const { condition, words } = this.#shared;
    if (!await this.#acquire(condition)) return;
    try {
      if (this.draw(2) === 0) {
        using _alone = this.#alone(WORD.CONDITION, condition);
        words[WORD.ITEMS]!++;
        if (this.draw(4) > 0) await condition.notify();
        else await condition.notify_all();
      } else {
        const isThere = () => words[WORD.ITEMS]! > 0;
        const limit = this.#shortLimit();
        if (await this.#manner.waitCondition(condition, isThere, limit)) {
          using _alone = this.#alone(WORD.CONDITION, condition);
          if (--words[WORD.ITEMS]! < 0) throw this.#wrong("there is less than no item");
        }
      }
    } finally {
      await condition.release();
    }
  }

  async barrier(): Promise<void> {
    const { barrier } = this.#shared;
    try {
      const index = await this.#manner.waitBarrier(barrier, this.#shortLimit());
      if (index < 0 || index >= barrier.parties) throw this.#wrong(`it is party ${index}`);
    } catch (error) {
      if (!(error instanceof BrokenBarrierError)) throw error;
      await barrier.reset();
    }
  }

  add(): Promise<void> {
    const { value, words } = this.#shared;
    value.add(1);
    Atomics.add(words, slotWord(this.#number, SLOT.ADDED), 1);
    return Promise.resolve();
  }
}

/** What a soaker does, by the name of its method. */
export const OPERATIONS = [
  "lock",
  "rlock",
  "semaphore",
  "event",
  "condition",
  "barrier",
  "add",
] as const;

/** Does anything at random until it is told to stop. */
export async function soaker(shared: Shared, number: number, style: Style): Promise<void> {
  const { words } = shared;
  const self = new Soaker(shared, number, style);
  while (Atomics.load(words, WORD.STOP) === 0) {
    const operation = self.draw(OPERATIONS.length);
    Atomics.store(words, slotWord(number, SLOT.DOING), operation);
    Atomics.add(words, slotWord(number, SLOT.OPERATIONS), 1);
    try {
      await self[OPERATIONS[operation]!]();
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
    }
    // Else a soaker that never has to wait would keep its event loop from turning.
    if (style === "async" && self.draw(50) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  Atomics.store(words, slotWord(number, SLOT.DONE), 1);
}
