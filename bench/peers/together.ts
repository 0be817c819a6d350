/** What two threads need to begin together. */

/** Words that both attach to: the gate, and whose turn it is, or was last. */
export type Words = Int32Array<SharedArrayBuffer>;

const GATE = 0;
/** See {@linkcode Words}; here for the loops to use. */
export const TURN = 1;

/** New ones. */
export function newWords(): Words {
  return new Int32Array(new SharedArrayBuffer(16));
}

/** Waits for the other of two threads; then gives the milliseconds that `loop` takes. */
export async function together(words: Words, loop: () => Promise<void> | void): Promise<number> {
  if (Atomics.add(words, GATE, 1) === 0) Atomics.wait(words, GATE, 1);
  else Atomics.notify(words, GATE);
  const start = performance.now();
  const pending = loop();
  if (pending !== undefined) await pending;
  return performance.now() - start;
}
