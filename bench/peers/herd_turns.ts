/** Hand-overs by Herd's primitives, for the threads of `contenders/herd_primitives.ts`. */
import type { Barrier, Condition, Event, Lock, Semaphore } from "@herd/concurrent";
import { together, TURN, type Words } from "./together.ts";

/**
 * Lockstep by three locks: each side holds one, acquires the next, which the other holds, and releases its
 * own, which the other waits for. With one lock, whoever runs would take it again and again while the other
 * does not get to run.
 */
export async function lockSync(
  words: Words,
  me: number,
  count: number,
  locks: readonly Lock[],
): Promise<number> {
  let at = me;
  locks[at]!.acquireSync();
  const ms = await together(words, () => {
    for (let i = 0; i < count / 2; i++) {
      const next = (at + 1) % 3;
      locks[next]!.acquireSync();
      locks[at]!.release();
      at = next;
    }
  });
  locks[at]!.release();
  return ms;
}

/** The same, by promises. */
export async function lockAsync(
  words: Words,
  me: number,
  count: number,
  locks: readonly Lock[],
): Promise<number> {
  let at = me;
  await locks[at]!.acquire();
  const ms = await together(words, async () => {
    for (let i = 0; i < count / 2; i++) {
      const next = (at + 1) % 3;
      await locks[next]!.acquire();
      locks[at]!.release();
      at = next;
    }
  });
  locks[at]!.release();
  return ms;
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
