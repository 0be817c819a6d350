/** Hand-overs by nothing but Atomics, for the threads of `contenders/atomics.ts`. */
import { together, TURN, type Words } from "./together.ts";

const ARRIVED = 2;

/** Ping-pong: whoever's turn it is gives it to the other, and sleeps until it comes back. */
export function turnsSync(words: Words, me: number, count: number): Promise<number> {
  return together(words, () => {
    const other = 1 - me;
    for (let i = 0; i < count / 2; i++) {
      while (Atomics.load(words, TURN) !== me) Atomics.wait(words, TURN, other);
      Atomics.store(words, TURN, other);
      Atomics.notify(words, TURN);
    }
  });
}

/** The same, by promises. */
export function turnsAsync(words: Words, me: number, count: number): Promise<number> {
  return together(words, async () => {
    const other = 1 - me;
    for (let i = 0; i < count / 2; i++) {
      while (Atomics.load(words, TURN) !== me) await Atomics.waitAsync(words, TURN, other).value;
      Atomics.store(words, TURN, other);
      Atomics.notify(words, TURN);
    }
  });
}

/** A barrier of two parties: who comes last lets the other go on. */
export function roundsSync(words: Words, _me: number, count: number): Promise<number> {
  return together(words, () => {
    for (let i = 0; i < count; i++) {
      if (Atomics.add(words, ARRIVED, 1) % 2 === 1) nextRound(words);
      else while (Atomics.load(words, TURN) === i) Atomics.wait(words, TURN, i);
    }
  });
}

/** The same, by promises. */
export function roundsAsync(words: Words, _me: number, count: number): Promise<number> {
  return together(words, async () => {
    for (let i = 0; i < count; i++) {
      if (Atomics.add(words, ARRIVED, 1) % 2 === 1) nextRound(words);
      else while (Atomics.load(words, TURN) === i) await Atomics.waitAsync(words, TURN, i).value;
    }
  });
}

function nextRound(words: Words): void {
  Atomics.add(words, TURN, 1);
  Atomics.notify(words, TURN);
}
