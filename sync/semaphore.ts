/**
 * Semaphores between threads and processes.
 *
 * @module
 */

import {
  Acquirable,
  acquireDeadline,
  type AcquireOptions,
  acquireSyncDeadline,
  type AcquireSyncOptions,
  DONE,
  YES,
} from "./_acquirable.ts";
import { driveAsync, driveSync } from "./_drive.ts";
import { callingRealm } from "./_identity.ts";
import { checkArgument, integerFrom } from "./_options.ts";
import { MOST_PERMITS, Permits } from "./_permits.ts";
import { registerShareable } from "./_shareable.ts";
import { ValueError } from "./errors.ts";

const COUNT = integerFrom(0, MOST_PERMITS);
const PERMITS = integerFrom(1, MOST_PERMITS);

let permitsOf: (semaphore: Semaphore) => Permits;
let attach: (semaphore: Semaphore, permits: Permits, most: number) => void;
let mostOf: (semaphore: Semaphore) => number;

/**
 * Python's `multiprocessing.Semaphore`: so many permits, each held by one at a time.
 *
 * - One object serves all threads, and child processes that it is passed to.
 * - Who waits gets a permit in order of arrival.
 * - Permits have no owners: one may release what another acquired, and more than was acquired.
 * - When a thread or process dies, the permits come back that it had acquired and that nobody else released.
 *
 * Semantics: CPython's `multiprocessing.Semaphore`, with `release(n)` of `threading.Semaphore`.
 *
 * @example Two at a time
 * ```ts
 * import { Semaphore } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const seats = new Semaphore(2);
 * let inside = 0, most = 0;
 * await Promise.all(Array.from({ length: 6 }, async () => {
 *   using _seat = await seats.hold();
 *   most = Math.max(most, ++inside);
 *   await new Promise((resolve) => setTimeout(resolve, 1));
 *   inside--;
 * }));
 * assertEquals(most, 2);
 * ```
 */
export class Semaphore extends Acquirable {
  #permits: Permits;
  #most = MOST_PERMITS;

  static {
    permitsOf = (semaphore) => semaphore.#permits;
    mostOf = (semaphore) => semaphore.#most;
    attach = (semaphore, permits, most) => {
      semaphore.#permits = permits;
      semaphore.#most = most;
    };
  }

  /**
   * Makes a semaphore.
   *
   * @param value How many permits there are, an integer from 0.
   * @throws {ValueError} For any other value.
   */
  constructor(value: number = 1) {
    super();
    checkArgument(`make a ${new.target.name}`, "value", value, COUNT);
    this.#permits = new Permits(Permits.allocate(value));
  }

  /**
   * Acquires a permit, in its turn.
   *
   * @param options `block: false` or a `timeout` of 0 (milliseconds) to try without waiting; a `signal`.
   * @returns Whether there was one in time.
   * @throws {CancelledError} When the signal was aborted.
   *
   * @example
   * ```ts
   * import { Semaphore } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const semaphore = new Semaphore(1);
   * assertEquals(await semaphore.acquire(), true);
   * assertEquals(await semaphore.acquire({ timeout: 5 }), false);
   * ```
   */
  override acquire(options?: AcquireOptions): Promise<boolean> {
    const realm = callingRealm();
    if (options === undefined && this.#permits.tryTake(realm)) return YES;
    return this.#acquire(realm, options);
  }

  async #acquire(realm: number, options: AcquireOptions | undefined): Promise<boolean> {
    const deadline = acquireDeadline(`acquire a ${this.constructor.name}`, options);
    return await driveAsync(this.#permits.take(realm, deadline));
  }

  /**
   * Acquires a permit, in its turn, and blocks the thread meanwhile.
   *
   * @param options `block: false` or a `timeout` of 0 (milliseconds) to try without waiting.
   * @returns Whether there was one in time.
   *
   * @example
   * ```ts
   * import { Semaphore } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const semaphore = new Semaphore(1);
   * assertEquals(semaphore.acquireSync(), true);
   * assertEquals(semaphore.acquireSync({ block: false }), false);
   * ```
   */
  override acquireSync(options?: AcquireSyncOptions): boolean {
    const realm = callingRealm();
    if (options === undefined && this.#permits.tryTake(realm)) return true;
    const deadline = acquireSyncDeadline(`acquire a ${this.constructor.name}`, options);
    return driveSync(this.#permits.take(realm, deadline));
  }

  /**
   * Releases permits: to those that have waited longest, the rest to whoever comes.
   *
   * @param n How many, an integer from 1.
   * @returns A promise of their having been released, for the sake of semaphores in another process.
   * @throws {ValueError} As a rejection, for any other `n`, or when there would be more permits than there
   * may be; none is released then.
   *
   * @example
   * ```ts
   * import { Semaphore } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const semaphore = new Semaphore(0);
   * await semaphore.release(3);
   * assertEquals(await semaphore.get_value(), 3);
   * ```
   */
  override release(n: number = 1): Promise<void> {
    try {
      if (n !== 1) checkArgument(`release a ${this.constructor.name}`, "n", n, PERMITS);
      if (this.#permits.give(callingRealm(), n, this.#most)) return DONE;
    } catch (error) {
      return Promise.reject(error);
    }
    return Promise.reject(
      new ValueError(
        `Cannot release a ${this.constructor.name}: ${n} more would make over ${this.#most} ` +
          "permits, which is the most",
      ),
    );
  }

  /**
   * How many permits are free.
   *
   * @returns A promise of it, for the sake of semaphores in another process.
   */
  get_value(): Promise<number> {
    return Promise.resolve(this.get_valueSync());
  }

  /** How many permits are free. */
  get_valueSync(): number {
    return this.#permits.value;
  }

  /**
   * Whether no permit is free.
   *
   * @returns A promise of it, for the sake of semaphores in another process.
   */
  locked(): Promise<boolean> {
    return Promise.resolve(this.lockedSync());
  }

  /** Whether no permit is free. */
  lockedSync(): boolean {
    return this.#permits.value === 0;
  }

  /** How it is printed. */
  [Symbol.for("Deno.customInspect")](): string {
    const most = this.#most === MOST_PERMITS ? "" : `/${this.#most}`;
    return `${this.constructor.name} { value=${this.#permits.value}${most} }`;
  }
}

/**
 * Python's `multiprocessing.BoundedSemaphore`: a {@linkcode Semaphore} that refuses to be released more
 * often than it was acquired.
 *
 * Semantics: CPython's `multiprocessing.BoundedSemaphore`.
 *
 * @example
 * ```ts
 * import { BoundedSemaphore, ValueError } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * const semaphore = new BoundedSemaphore(2);
 * await semaphore.acquire();
 * await semaphore.release();
 * await assertRejects(() => semaphore.release(), ValueError);
 * ```
 */
export class BoundedSemaphore extends Semaphore {
  /**
   * Makes a semaphore.
   *
   * @param value How many permits there are, an integer from 0.
   * @throws {ValueError} For any other value.
   */
  constructor(value: number = 1) {
    super(value);
    attach(this, permitsOf(this), value);
  }
}

for (const constructor of [Semaphore, BoundedSemaphore]) {
  registerShareable<Semaphore>({
    name: constructor.name,
    prototype: constructor.prototype,
    meets: true,
    id: (semaphore) => permitsOf(semaphore).queue.id,
    data: (semaphore) => [permitsOf(semaphore).buffer, mostOf(semaphore)],
    make(data) {
      const [buffer, most] = data as [SharedArrayBuffer, number];
      const semaphore = new constructor(0);
      attach(semaphore, new Permits(buffer), most);
      return semaphore;
    },
  });
}
