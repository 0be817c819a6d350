/**
 * One protocol, two drivers.
 *
 * A protocol is a generator that yields where it would sleep, and is told how the sleep ended; it then looks
 * at the shared words itself. {@linkcode driveSync} blocks the thread for it, {@linkcode driveAsync} makes a
 * promise. A protocol that need not sleep does not yield, and mostly is not even begun: each primitive tries
 * a compare-and-swap before.
 *
 * Sleepers are told of the death of any realm, since what they wait for may have died with it.
 */

import { abortedError } from "./_deadline.ts";
import { isSelf } from "./_identity.ts";
import type { Sleeper } from "./_lookout.ts";
import { aTypeOf, checkOptions, type OptionRule, type OptionRules } from "./_options.ts";
import { AsyncSleep, type Sleeping, sleepSync } from "./_park.ts";
import { endedError, thisRealm } from "./_realm.ts";
import { FIELD, NODE } from "./_waiters.ts";

/** How a sleep ended; `woken` may be spurious. */
export type Waking = "woken" | "death" | "timeout" | "aborted";

/** Until when something is waited for. */
export interface Deadline {
  /** What is done, for the error. */
  readonly what: string;
  /** By `performance.now()`; `Infinity` for no limit. */
  readonly until: number;
  readonly signal: AbortSignal | undefined;
}

/** A sleep until the node no longer waits. */
export interface Sleep {
  readonly node: number;
  readonly deadline: Deadline;
}

/** See the head of the file. */
export type Protocol<T> = Generator<Sleep, T, Waking>;

/** How long something may be waited for. */
export interface WaitLimit {
  /** Milliseconds; `undefined` or `Infinity` for no limit, 0 or less to poll. */
  timeout?: number | undefined;
  /** Aborting it ends the wait with a `CancelledError`. */
  signal?: AbortSignal | undefined;
}

/** A number of milliseconds, `Infinity` and negative ones allowed. */
export const A_TIMEOUT: OptionRule = {
  wanted: "a number of milliseconds",
  allows: (value) => typeof value === "number" && !Number.isNaN(value),
};

/** An AbortSignal. */
export const A_SIGNAL: OptionRule = aTypeOf(
  "an AbortSignal",
  (value) => value instanceof AbortSignal,
);

const RULES: OptionRules = { timeout: A_TIMEOUT, signal: A_SIGNAL };
const SYNC_RULES: OptionRules = { timeout: A_TIMEOUT };

/** No limit. */
export function forever(what: string): Deadline {
  return { what, until: Infinity, signal: undefined };
}

/**
 * The deadline of a wait that begins now.
 *
 * @param what Completes "Cannot …".
 * @throws {ValueError | TypeError} For a limit that is none.
 * @throws {CancelledError} When the signal is aborted already.
 */
export function deadlineOf(
  what: string,
  limit: WaitLimit | undefined,
  rules: OptionRules = RULES,
): Deadline {
  if (limit === undefined) return forever(what);
  checkOptions(what, limit, rules);
  const { timeout, signal } = limit;
  if (signal?.aborted) throw abortedError(what, signal);
  return {
    what,
    until: timeout === undefined ? Infinity : performance.now() + Math.max(timeout, 0),
    signal,
  };
}

/** Whether the time is up. Most waits have no limit, and a look at the clock takes as long as much of the rest. */
export function isOver({ until }: Deadline): boolean {
  return until !== Infinity && until <= performance.now();
}

/** The milliseconds that are left. */
function timeLeft({ until }: Deadline): number {
  return until === Infinity ? Infinity : until - performance.now();
}

/** The deadline of a wait that blocks the thread: no signal could reach it. */
export function deadlineOfSync(what: string, limit: WaitLimit | undefined): Deadline {
  return deadlineOf(what, limit, SYNC_RULES);
}

/** What a protocol throws when its sleep was `aborted`. */
export function abortOf({ what, signal }: Deadline): Error {
  return abortedError(what, signal!);
}

/** Runs a protocol to its end, and blocks this thread meanwhile. */
export function driveSync<T>(protocol: Protocol<T>): T {
  const { realms } = thisRealm();
  let deaths = realms.deaths;
  let step = protocol.next();
  while (!step.done) {
    const waking = blockFor(step.value, deaths);
    if (waking === undefined) continue;
    // Before the protocol looks: it must be told of a death that comes while it does.
    deaths = realms.deaths;
    step = protocol.next(waking);
  }
  return step.value;
}

/** Blocks for a slice of a sleep. */
function blockFor({ node, deadline }: Sleep, deaths: number): Waking | undefined {
  const { realms, waiters, id } = thisRealm();
  const state = waiters.at(node, FIELD.STATE);
  sleepSync(waiters.words, state, NODE.WAITING, timeLeft(deadline));
  if (waiters.get(node, FIELD.STATE) !== NODE.WAITING) return "woken";
  if (realms.deaths !== deaths) {
    if (!realms.isAlive(id)) throw endedError();
    return "death";
  }
  return isOver(deadline) ? "timeout" : undefined;
}

/** Runs a protocol to its end, and lets this thread go on meanwhile. */
export function driveAsync<T>(protocol: Protocol<T>): Promise<T> {
  return new Promise((resolve, reject) => new Drive(protocol, resolve, reject).go(undefined));
}

class Drive<T> implements Sleeper, Sleeping {
  readonly #protocol: Protocol<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  /** Who acts for another realm does not wait for itself. */
  readonly #keepsAlive = isSelf();
  #sleep: Sleep | undefined = undefined;
  #asleep: AsyncSleep | undefined = undefined;
  /** Listens to the signal, where there is one. */
  #aborted: (() => void) | undefined = undefined;
  /** How many realms had died when the protocol looked last. */
  #deaths = 0;

  constructor(
    protocol: Protocol<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.#protocol = protocol;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Goes on until the next sleep, or the end. */
  go(waking: Waking | undefined): void {
    try {
      let step = this.#step(waking);
      while (!step.done) {
        const early = this.#fallAsleep(step.value);
        if (early === undefined) return;
        step = this.#step(early);
      }
      this.#resolve(step.value);
    } catch (error) {
      this.#reject(error);
    }
  }

  #step(waking: Waking | undefined): IteratorResult<Sleep, T> {
    this.#deaths = thisRealm().realms.deaths;
    return waking === undefined ? this.#protocol.next() : this.#protocol.next(waking);
  }

  /** Something may have changed with a realm's death. */
  death(): void {
    if (this.#wakeUp()) this.go("death");
  }

  /** Begins a sleep; returns how it ended, where it does at once. */
  #fallAsleep(sleep: Sleep): Waking | undefined {
    const { node, deadline } = sleep;
    const { realms, waiters, lookout } = thisRealm();
    const left = timeLeft(deadline);
    if (left <= 0) return "timeout";
    if (deadline.signal?.aborted) return "aborted";
    const state = waiters.at(node, FIELD.STATE);
    const asleep = AsyncSleep.begin(
      waiters.words,
      state,
      NODE.WAITING,
      left,
      this.#keepsAlive,
      this,
    );
    if (asleep === undefined) return "woken";
    this.#sleep = sleep;
    this.#asleep = asleep;
    if (deadline.signal !== undefined) this.#listen(deadline.signal);
    lookout.add(this);
    if (realms.deaths === this.#deaths) return undefined;
    this.#wakeUp();
    return "death";
  }

  /** The sleep is over, for whatever reason. */
  woken(): void {
    const { node, deadline } = this.#sleep!;
    this.#wakeUp();
    const { waiters } = thisRealm();
    const isWaiting = waiters.get(node, FIELD.STATE) === NODE.WAITING;
    this.go(isWaiting && isOver(deadline) ? "timeout" : "woken");
  }

  #listen(signal: AbortSignal): void {
    this.#aborted ??= () => {
      if (this.#wakeUp()) this.go("aborted");
    };
    signal.addEventListener("abort", this.#aborted);
  }

  #wakeUp(): boolean {
    if (this.#sleep === undefined) return false;
    // The next sleep of the same protocol may have none.
    this.#sleep.deadline.signal?.removeEventListener("abort", this.#aborted!);
    this.#sleep = undefined;
    // Before the protocol goes on: it may sleep on the same word again.
    this.#asleep!.stop();
    thisRealm().lookout.delete(this);
    return true;
  }
}
