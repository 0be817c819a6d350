/**
 * The lock of a shared value or array.
 *
 * Most are never locked, and a lock is memory: it is made when it is first asked for, and at the latest when
 * its object is shared, so that all realms have the same.
 */

import { Lockable } from "./_lockable.ts";
import { aTypeOf, checkOptions, type OptionRules } from "./_options.ts";
import type { Lock } from "./lock.ts";
import { RLock } from "./rlock.ts";

/** Options of a shared value or array. */
export interface LockOption {
  /** Its lock; `true`, the default, for a new `RLock`, `false` for none. */
  lock?: Lock | RLock | boolean | null | undefined;
}

const RULES: OptionRules = {
  lock: aTypeOf(
    "a Lock, an RLock or a boolean",
    (value) => value === null || typeof value === "boolean" || value instanceof Lockable,
  ),
};

/** See the head of the file. */
export class LockSlot {
  #lock: Lock | RLock | "new" | "none";

  /**
   * Takes the lock that the options name.
   *
   * @param name Completes "Cannot make …".
   */
  constructor(name: string, options: LockOption) {
    checkOptions(`make ${name}`, options, RULES);
    const { lock } = options;
    this.#lock = typeof lock === "object" && lock !== null ? lock : lock === false ? "none" : "new";
  }

  /** The lock, or `false` where there is none: what another realm is given as the option. */
  get shared(): Lock | RLock | false {
    if (this.#lock === "new") this.#lock = new RLock();
    return this.#lock === "none" ? false : this.#lock;
  }

  /**
   * The lock.
   *
   * @throws {TypeError} When there is none.
   */
  of(name: string): Lock | RLock {
    const lock = this.shared;
    if (lock !== false) return lock;
    throw new TypeError(
      `Cannot lock ${name}: it was made without a lock: leave out lock: false to have one`,
    );
  }
}
