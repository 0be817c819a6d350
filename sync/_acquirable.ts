/**
 * What all have in common that can be acquired and released.
 */

import { withArticle } from "./_article.ts";
import { A_SIGNAL, A_TIMEOUT, type Deadline, deadlineOf, type WaitLimit } from "./_drive.ts";
import { aTypeOf, type OptionRules } from "./_options.ts";
import { isGone } from "./_gone.ts";
import { TimeoutError } from "./errors.ts";

/** How to acquire. */
export interface AcquireOptions extends WaitLimit {
  /** Whether to wait at all, default `true`; where it is `false`, `timeout` does not matter. */
  block?: boolean | undefined;
}

/** How to acquire where the thread is blocked meanwhile: no signal could reach it. */
export type AcquireSyncOptions = Omit<AcquireOptions, "signal">;

const A_BOOLEAN = aTypeOf("a boolean", (value) => typeof value === "boolean");
const RULES: OptionRules = { block: A_BOOLEAN, timeout: A_TIMEOUT, signal: A_SIGNAL };
const SYNC_RULES: OptionRules = { block: A_BOOLEAN, timeout: A_TIMEOUT };

/** The deadline of an acquisition that begins now. */
export function acquireDeadline(what: string, options: AcquireOptions | undefined): Deadline {
  const deadline = deadlineOf(what, options, RULES);
  return options?.block === false ? { ...deadline, until: -Infinity } : deadline;
}

/** The deadline of an acquisition for which the thread is blocked. */
export function acquireSyncDeadline(
  what: string,
  options: AcquireSyncOptions | undefined,
): Deadline {
  const deadline = deadlineOf(what, options, SYNC_RULES);
  return options?.block === false ? { ...deadline, until: -Infinity } : deadline;
}

/** Promises that need not be made anew. */
export const DONE: Promise<void> = Promise.resolve();
/** A promise of `true`. */
export const YES: Promise<true> = Promise.resolve(true as const);

/**
 * What {@linkcode Acquirable.hold} gives: releases once, when it is disposed of.
 *
 * @example
 * ```ts
 * import { Lock } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new Lock();
 * const held = lock.holdSync();
 * held[Symbol.dispose](); // what `using` does at the end of the block
 * held[Symbol.dispose](); // nothing more
 * assertEquals(lock.lockedSync(), false);
 * ```
 */
export class Held implements Disposable, AsyncDisposable {
  #release: (() => Promise<void>) | undefined;

  /**
   * For what can be held.
   *
   * @param release Called once.
   */
  constructor(release: () => Promise<void>) {
    this.#release = release;
  }

  /** Releases what is held; the second time does nothing. */
  [Symbol.dispose](): void {
    this[Symbol.asyncDispose]();
  }

  /** Releases what is held; the second time does nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    const release = this.#release;
    this.#release = undefined;
    const released = release === undefined ? DONE : release();
    return released === DONE ? DONE : released.catch(unlessGone);
  }
}

/** What was held is not held any more when the process that it lived in is gone. */
function unlessGone(error: unknown): void {
  if (!isGone(error)) throw error;
}

/**
 * What can be acquired and released: locks, semaphores, conditions.
 *
 * @example
 * ```ts
 * import { type Acquirable, Lock, Semaphore } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * async function inside<R>(what: Acquirable, work: () => R): Promise<Awaited<R>> {
 *   using _held = await what.hold({ timeout: 10_000 });
 *   return await work();
 * }
 *
 * assertEquals(await inside(new Lock(), () => 1) + await inside(new Semaphore(3), () => 2), 3);
 * ```
 */
export abstract class Acquirable {
  /**
   * Acquires it.
   *
   * @param options Whether to wait, for how many milliseconds, and a signal.
   * @returns Whether it was to be had in time.
   * @throws {CancelledError} When the signal was aborted.
   */
  abstract acquire(options?: AcquireOptions): Promise<boolean>;
  /**
   * The same, and blocks the thread until then.
   *
   * @param options Whether to wait, and for how many milliseconds.
   * @returns Whether it was to be had in time.
   * @throws {RuntimeError} When it lives in another process.
   */
  abstract acquireSync(options?: AcquireSyncOptions): boolean;
  /**
   * Releases it, at the call.
   *
   * @returns A promise for the sake of other processes; it rejects where there is nothing to release.
   */
  abstract release(): Promise<void>;

  /**
   * Acquires it until what this resolves to is disposed of.
   *
   * @param limit How long to wait, in milliseconds, and a signal.
   * @returns What releases it, by `using` or `await using`.
   * @throws {TimeoutError} When it was not to be had in time.
   * @throws {CancelledError} When the signal was aborted.
   *
   * @example
   * ```ts
   * import { Lock } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const lock = new Lock();
   * {
   *   using _held = await lock.hold();
   *   assertEquals(await lock.locked(), true);
   * }
   * assertEquals(await lock.locked(), false);
   * ```
   */
  async hold(limit?: WaitLimit): Promise<Held> {
    if (!await this.acquire(limit)) throw missed(this, limit);
    return new Held(() => this.release());
  }

  /**
   * Acquires it until what this returns is disposed of, and blocks the thread until it is acquired.
   *
   * @param limit How long to wait, in milliseconds.
   * @returns What releases it, by `using`.
   * @throws {TimeoutError} When it was not to be had in time.
   *
   * @example
   * ```ts
   * import { Lock } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const lock = new Lock();
   * {
   *   using _held = lock.holdSync();
   *   assertEquals(lock.lockedSync(), true);
   * }
   * assertEquals(lock.lockedSync(), false);
   * ```
   */
  holdSync(limit?: Omit<WaitLimit, "signal">): Held {
    if (!this.acquireSync(limit)) throw missed(this, limit);
    return new Held(() => this.release());
  }
}

function missed(object: object, limit: WaitLimit | undefined): TimeoutError {
  return new TimeoutError(
    `Cannot hold ${
      withArticle(object.constructor.name)
    }: it was not released within ${limit?.timeout} ms`,
  );
}
