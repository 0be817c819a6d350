/** Hand-overs by Herd's primitives, for the threads of `contenders/herd_primitives.ts`. */
import type { Barrier, Condition, Event, Lock, Semaphore } from "@herd/concurrent";
import { together, TURN, type Words } from "./together.ts";

/** Whether the lock, which is held, was last held by the other side. */
function isHandedOver(words: Words, me: number): boolean {
  const before = words[TURN];
  words[TURN] = me;
  return before !== me;
}

/** Both want the lock all the time; counted is how often it changes hands. */
export function lockSync(words: Words, me: number, count: number, lock: Lock): Promise<number> {
  return together(words, () => {
    for (let changes = 0; changes < count / 2;) {
      lock.acquireSync();
      if (isHandedOver(words, me)) changes++;
      lock.release();
    }
  });
}

/** The same, by promises. */
export function lockAsync(words: Words, me: number, count: number, lock: Lock): Promise<number> {
  return together(words, async () => {
    for (let changes = 0; changes < count / 2;) {
      await lock.acquire();
      if (isHandedOver(words, me)) changes++;
      lock.release();
    }
  });
}

/** Ping-pong: a permit for the other, then one for me. */
export function semaphoreSync(
  words: Words,
  me: number,
  count: number,
  permits: readonly Semaphore[],
): Promise<number> {
  const [mine, others] = [permits[me]!, permits[1 - me]!];
  return together(words, () => {
    for (let i = 0; i < count / 2; i++) {
      mine.acquireSync();
      others.release();
    }
  });
}

/** The same, by promises. */
export function semaphoreAsync(
  words: Words,
  me: number,
  count: number,
  permits: readonly Semaphore[],
): Promise<number> {
  const [mine, others] = [permits[me]!, permits[1 - me]!];
  return together(words, async () => {
    for (let i = 0; i < count / 2; i++) {
      await mine.acquire();
      others.release();
    }
  });
}

/** Ping-pong with an event for each. */
export function eventSync(
  words: Words,
  me: number,
  count: number,
  events: readonly Event[],
): Promise<number> {
  const [mine, others] = [events[me]!, events[1 - me]!];
  return together(words, () => {
    for (let i = 0; i < count / 2; i++) {
      mine.waitSync();
      mine.clear();
      others.set();
    }
  });
}

/** The same, by promises. */
export function eventAsync(
  words: Words,
  me: number,
  count: number,
  events: readonly Event[],
): Promise<number> {
  const [mine, others] = [events[me]!, events[1 - me]!];
  return together(words, async () => {
    for (let i = 0; i < count / 2; i++) {
      await mine.wait();
      mine.clear();
      others.set();
    }
  });
}

/** Ping-pong: whoever's turn it is notifies the other. */
export function conditionSync(
  words: Words,
  me: number,
  count: number,
  condition: Condition,
): Promise<number> {
  return together(words, () => {
    condition.acquireSync();
    for (let i = 0; i < count / 2; i++) {
      condition.wait_forSync(() => words[TURN] === me);
      words[TURN] = 1 - me;
      condition.notify();
    }
    condition.release();
  });
}

/** The same, by promises. */
export function conditionAsync(
  words: Words,
  me: number,
  count: number,
  condition: Condition,
): Promise<number> {
  return together(words, async () => {
    await condition.acquire();
    for (let i = 0; i < count / 2; i++) {
      await condition.wait_for(() => words[TURN] === me);
      words[TURN] = 1 - me;
      condition.notify();
    }
    condition.release();
  });
}

/** Rounds of two parties. */
export function barrierSync(
  words: Words,
  _me: number,
  count: number,
  barrier: Barrier,
): Promise<number> {
  return together(words, () => {
    for (let i = 0; i < count; i++) barrier.waitSync();
  });
}

/** The same, by promises. */
export function barrierAsync(
  words: Words,
  _me: number,
  count: number,
  barrier: Barrier,
): Promise<number> {
  return together(words, async () => {
    for (let i = 0; i < count; i++) await barrier.wait();
  });
}
