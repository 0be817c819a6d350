/**
 * Sleeping and waking: the only file that does either.
 *
 * A sleeper waits for a word of shared memory to lose a value. Who changes the word wakes; a wake-up without
 * a change is spurious, and the sleeper looks and sleeps on. Whether it sleeps by blocking its thread or by
 * a promise makes no difference to the waker.
 *
 * - No wake-up is lost: the engine compares the word and goes to sleep as one step, and the waker changes
 *   the word before it wakes.
 * - A promise of the engine's does not keep a program alive, so a timer does while any is pending.
 * - A blocked thread can't be stopped from outside, so blocking sleep comes in slices.
 */

type Words = Int32Array<SharedArrayBuffer>;

/**
 * The longest that a thread is blocked without a look at whether it should go on, in milliseconds. Smaller
 * costs processor time, larger delays what a blocked thread has to do about another's death or its own end.
 */
const SLICE = 50;
/** Looks at a guard before its thread sleeps. A guard is held for less than a microsecond. */
const SPINS = 64;
/** Milliseconds of that sleep: only when the thread that has the guard does not get to run. */
const NAP = 0.2;

/** Wakes who sleeps on the word. */
export function wake(words: Words, index: number, count = Infinity): void {
  Atomics.notify(words, index, count);
}

/** Waits a moment for a word that another thread is about to change. */
export function spin(words: Words, index: number, value: number, round: number): void {
  if (round < SPINS) Atomics.pause();
  else Atomics.wait(words, index, value, NAP);
}

/** Blocks this thread while the word has the value, for at most `ms` milliseconds or one slice. */
export function sleepSync(words: Words, index: number, value: number, ms: number): void {
  Atomics.wait(words, index, value, Math.min(Math.max(ms, 0), SLICE));
}

/**
 * Waits while the word has the value, for at most `ms` milliseconds.
 *
 * @param keepsAlive Whether the program goes on meanwhile.
 * @returns `undefined` when the word has another value; else what calls `woken` once, at the end of the
 * wait, unless it is stopped.
 */
export function sleepAsync(
  words: Words,
  index: number,
  value: number,
  ms: number,
  keepsAlive: boolean,
  woken: () => void,
): (() => void) | undefined {
  const { async, value: outcome } = Atomics.waitAsync(words, index, value, ms);
  if (!async) return undefined;
  let isOver = false;
  if (keepsAlive) keepAlive();
  const end = () => {
    if (isOver) return false;
    isOver = true;
    if (keepsAlive) letGo();
    return true;
  };
  outcome.then(() => end() && woken());
  return () => {
    if (end()) wake(words, index);
  };
}

/** Calls `changed` once when somebody wakes who sleeps on the word; keeps no program alive. */
export function watch(words: Words, index: number, value: number, changed: () => void): void {
  const { async, value: outcome } = Atomics.waitAsync(words, index, value);
  if (async) outcome.then(changed);
  else queueMicrotask(changed);
}

let sleepers = 0;
let heartbeat: ReturnType<typeof setInterval> | undefined;

function keepAlive(): void {
  if (sleepers++ === 0) heartbeat = setInterval(() => {}, 2 ** 30);
}

function letGo(): void {
  if (--sleepers === 0) clearInterval(heartbeat);
}
