/**
 * The soak: threads of all kinds use all primitives at random, wait with and without limits, and some are
 * killed meanwhile. It fails when a lock has two holders, a permit is lost or gained, or anybody is stuck.
 */
import {
  Barrier,
  Condition,
  Event,
  Lock,
  RLock,
  Semaphore,
  task,
  ThreadPoolExecutor,
  TimeoutError,
  Value,
} from "@herd/concurrent";
import { OPERATIONS, PERMITS, type Shared, SLOT, slotWord, soaker, WORD } from "../peers/soaker.ts";
import { within } from "../measures/recorder.ts";
import type { SoakFigures, Style } from "./contender.ts";

/** How many soakers there may be in the course of a soak; the killed are replaced. */
const MOST = 2_000;
/** Milliseconds for an operation; all wait for less than a tenth of a second for anything. */
const PATIENCE = 10_000;
/** Shares of the time: nobody is killed in the last, since each death wakes all that should not sleep. */
const DEADLY = 0.75;
/** Milliseconds until one is killed. */
const [SOONEST, LATEST] = [100, 1_000];
/** Milliseconds without an operation after which one that is past its deadline is dead for certain. */
const DYING = 2_000;

const side = task(new URL("../peers/soaker.ts", import.meta.url), soaker);

/** One soak. */
class Soak {
  readonly #shared: Shared = {
    lock: new Lock(),
    rlock: new RLock(),
    semaphore: new Semaphore(PERMITS),
    event: new Event(),
    condition: new Condition(),
    barrier: new Barrier(2),
    value: new Value("i"),
    words: new Int32Array(new SharedArrayBuffer((WORD.SLOTS + MOST * SLOT.WORDS) * 4)),
  };
  readonly #lives = new Map<number, { operations: number; since: number }>();
  readonly #accounts: Promise<void>[] = [];
  /** When the killing ends. */
  #peace = 0;
  #soakers = 0;
  #kills = 0;

  async run(ms: number): Promise<SoakFigures> {
    this.#peace = performance.now() + ms * DEADLY;
    const { words } = this.#shared;
    const failures = Promise.withResolvers<never>();
    failures.promise.catch(() => {});
    const killable = new ThreadPoolExecutor({ max_workers: 2, killable: true });
    const blocking = new ThreadPoolExecutor(1);
    const waiting = new ThreadPoolExecutor({ max_workers: 1, concurrency: 3 });
    const watch = setInterval(() => this.#lookForStuck(failures.reject), 1_000);
    try {
      const all = [
        this.#one("async", (number, style) => soaker(this.#shared, number, style)),
        this.#one("sync", (number, style) => blocking.submit(side, this.#shared, number, style)),
        ...[1, 2, 3].map(() =>
          this.#one("async", (number, style) => waiting.submit(side, this.#shared, number, style))
        ),
        this.#mortals("sync", killable),
        this.#mortals("async", killable),
      ];
      const ends = Promise.all(all);
      const time = new Promise((resolve) => setTimeout(resolve, ms));
      await Promise.race([time, ends, failures.promise]);
      Atomics.store(words, WORD.STOP, 1);
      await Promise.race([within(PATIENCE, ends), failures.promise]);
      await killable.shutdown();
      await Promise.all(this.#accounts);
      await this.#check();
    } finally {
      clearInterval(watch);
      Atomics.store(words, WORD.STOP, 1);
    }
    await Promise.all([blocking.shutdown(), waiting.shutdown()]);
    return { operations: this.#sum(SLOT.OPERATIONS), kills: this.#kills };
  }

  /** One soaker, to its end. */
  async #one(
    style: Style,
    start: (number: number, style: Style) => PromiseLike<void>,
  ): Promise<number> {
    const number = this.#soakers++;
    if (number === MOST) throw new Error(`Cannot go on: there were ${MOST} soakers`);
    this.#lives.set(number, { operations: 0, since: performance.now() });
    try {
      await start(number, style);
      return number;
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      this.#accounts.push(this.#bury(number));
      return number;
    } finally {
      this.#lives.delete(number);
    }
  }

  /** One soaker after the other, each of which is killed wherever it is then, but for the last. */
  async #mortals(style: Style, pool: ThreadPoolExecutor): Promise<void> {
    const { words } = this.#shared;
    while (Atomics.load(words, WORD.STOP) === 0) {
      const life = SOONEST + Math.random() * (LATEST - SOONEST);
      const deadline = performance.now() + life < this.#peace ? life : undefined;
      const mortal = pool.options({ deadline });
      await this.#one(style, (number) => mortal.submit(side, this.#shared, number, style));
    }
  }

  /** One was killed. */
  async #bury(number: number): Promise<void> {
    const { words } = this.#shared;
    this.#kills++;
    Atomics.add(words, WORD.DYING, 1);
    const operations = () => Atomics.load(words, slotWord(number, SLOT.OPERATIONS));
    for (let before = -1; before !== operations();) {
      before = operations();
      await new Promise((resolve) => setTimeout(resolve, DYING));
    }
    if (Atomics.load(words, slotWord(number, SLOT.INSIDE)) === 1) {
      Atomics.sub(words, WORD.INSIDE, 1);
    }
    Atomics.sub(words, WORD.DYING, 1);
  }

  #lookForStuck(fail: (error: Error) => void): void {
    const { words } = this.#shared;
    const now = performance.now();
    for (const [number, life] of this.#lives) {
      const operations = Atomics.load(words, slotWord(number, SLOT.OPERATIONS));
      if (operations !== life.operations || operations === 0) {
        Object.assign(life, { operations, since: now });
      } else if (now - life.since > PATIENCE) {
        const doing = OPERATIONS[Atomics.load(words, slotWord(number, SLOT.DOING))];
        fail(new Error(`Cannot go on: soaker ${number} is stuck: ${doing}`));
      }
    }
  }

  /** All is as at the beginning when nobody uses anything any more. */
  async #check(): Promise<void> {
    const { lock, rlock, condition, semaphore, event, barrier, value } = this.#shared;
    for (const [name, object] of Object.entries({ lock, rlock, condition })) {
      using _held = await object.hold({ timeout: PATIENCE });
      if (!object.lockedSync()) throw new Error(`Cannot end: the ${name} is held, and not locked`);
    }
    for (let i = 0; i < PERMITS; i++) {
      const isThere = await semaphore.acquire({ timeout: PATIENCE });
      if (!isThere) throw new Error(`Cannot end: ${PERMITS - i} of ${PERMITS} permits are lost`);
    }
    if (await semaphore.acquire({ timeout: 100 })) {
      throw new Error(`Cannot end: there are more than ${PERMITS} permits`);
    }
    await event.set();
    if (!await event.wait({ timeout: 0 })) throw new Error("Cannot end: the event is not set");
    if (barrier.n_waiting > 0) throw new Error("Cannot end: somebody waits at the barrier");
    const added = this.#sum(SLOT.ADDED);
    if (value.value < added || value.value > added + this.#kills) {
      throw new Error(`Cannot end: ${added} were added, and the value is ${value.value}`);
    }
    for (let number = 0; number < this.#soakers; number++) {
      const isSet = (word: number) => this.#shared.words[slotWord(number, word)] === 1;
      if (isSet(SLOT.DONE) && isSet(SLOT.BURIED)) {
        throw new Error(`Cannot end: a lock was taken from soaker ${number}, who lived`);
      }
    }
  }

  #sum(word: number): number {
    let sum = 0;
    for (let number = 0; number < this.#soakers; number++) {
      sum += this.#shared.words[slotWord(number, word)]!;
    }
    return sum;
  }
}

/** See the head of the file. */
export function soak(ms: number): Promise<SoakFigures> {
  return new Soak().run(ms);
}
