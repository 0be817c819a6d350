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
/** Looks at a word before its thread goes to sleep for it: some microseconds, lost where nothing comes. */
const LOOKS = 100;
/** Looks at a guard before its thread sleeps. A guard is held for less than a microsecond. */
const SPINS = 64;
/** The same where a guard may be held for as long as a large message is copied: tens of microseconds. */
const LONG_SPINS = 1500;
/** Milliseconds of that sleep: only when the thread that has the guard does not get to run. */
const NAP = 0.2;

/** Wakes who sleeps on the word. */
export function wake(words: Words, index: number, count = Infinity): void {
  Atomics.notify(words, index, count);
}

/** Waits a moment for a word that another thread is about to change; whether it was a nap. */
export function spin(
  words: Words,
  index: number,
  value: number,
  round: number,
  isLong: boolean,
): boolean {
  const isNap = round >= (isLong ? LONG_SPINS : SPINS);
  if (isNap) Atomics.wait(words, index, value, NAP);
  else Atomics.pause();
  return isNap;
}

/**
 * Looks for a moment whether another thread changes the word: where it mostly does at once, since to sleep and
 * to be woken takes both threads a multiple of the time.
 */
export function linger(words: Words, index: number, value: number): void {
  for (let look = 0; look < LOOKS && Atomics.load(words, index) === value; look++) Atomics.pause();
}

/** Blocks this thread while the word has the value, for at most `ms` milliseconds or one slice. */
export function sleepSync(words: Words, index: number, value: number, ms: number): void {
  Atomics.wait(words, index, value, Math.min(Math.max(ms, 0), SLICE));
}

/** Who is told when its sleep is over. */
export interface Sleeping {
  woken(): void;
}

/** A sleep that blocks no thread. */
export class AsyncSleep {
  readonly #words: Words;
  readonly #index: number;
  readonly #keepsAlive: boolean;
  /** Until the sleep is over. */
  #sleeper: Sleeping | undefined;

  private constructor(words: Words, index: number, keepsAlive: boolean, sleeper: Sleeping) {
    this.#words = words;
    this.#index = index;
    this.#keepsAlive = keepsAlive;
    this.#sleeper = sleeper;
  }

  /**
   * Sleeps while the word has the value, for at most `ms` milliseconds.
   *
   * @param keepsAlive Whether the program goes on meanwhile.
   * @returns `undefined` when the word has another value.
   */
  static begin(
    words: Words,
    index: number,
    value: number,
    ms: number,
    keepsAlive: boolean,
    sleeper: Sleeping,
  ): AsyncSleep | undefined {
    const { async, value: outcome } = Atomics.waitAsync(words, index, value, ms);
    if (!async) return undefined;
    const sleep = new AsyncSleep(words, index, keepsAlive, sleeper);
    if (keepsAlive) keepAlive();
    outcome.then(() => sleep.#end()?.woken());
    return sleep;
  }

  /** Ends the sleep without telling the sleeper. */
  stop(): void {
    if (this.#end() !== undefined) wake(this.#words, this.#index);
  }

  /** Who slept, the first time. */
  #end(): Sleeping | undefined {
    const sleeper = this.#sleeper;
    if (sleeper === undefined) return undefined;
    this.#sleeper = undefined;
    if (this.#keepsAlive) letGo();
    return sleeper;
  }
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
