/**
 * What locks have in common: somebody holds them.
 */

import { Acquirable } from "./_acquirable.ts";
import { Ownership } from "./_ownership.ts";
import { registerShareable } from "./_shareable.ts";

/** The state of a lock; for locks and conditions. */
export let ownershipOf: (lock: Lockable) => Ownership;
/** Whether the lock's memory is here: what stands for one of another process has none. */
export let isHere: (lock: Lockable) => boolean;
let adopt: (lock: Lockable, ownership: Ownership) => void;

/**
 * A lock of either kind: a `Lock` or an `RLock`.
 *
 * @example
 * ```ts
 * import { Lock, Lockable, RLock } from "@herd/concurrent";
 * import { assert } from "@std/assert";
 *
 * assert(new Lock() instanceof Lockable && new RLock() instanceof Lockable);
 * ```
 */
export abstract class Lockable extends Acquirable {
  #ownership: Ownership = new Ownership();

  static {
    ownershipOf = (lock) => lock.#ownership;
    isHere = (lock) => #ownership in lock;
    adopt = (lock, ownership) => lock.#ownership = ownership;
  }

  /**
   * Whether anybody holds the lock.
   *
   * @returns A promise of it, for the sake of locks in another process.
   */
  locked(): Promise<boolean> {
    return Promise.resolve(this.lockedSync());
  }

  /** Whether anybody holds the lock. */
  lockedSync(): boolean {
    return this.#ownership.isHeld;
  }

  /**
   * Whether the lock is held by one that got it because the holder before it had died, so that what the lock
   * protects may be half done. True from that acquisition until the release.
   */
  get abandoned(): boolean {
    return this.#ownership.isAbandoned;
  }

  /** How it is printed. */
  [Symbol.for("Deno.customInspect")](): string {
    return `${this.constructor.name} { ${this.lockedSync() ? "locked" : "unlocked"} }`;
  }
}

/** Makes a class of locks one whose locks can be shared. */
export function shareLocks(name: string, constructor: new () => Lockable): void {
  registerShareable<Lockable>({
    name,
    prototype: constructor.prototype,
    id: (lock) => ownershipOf(lock).queue.id,
    data: (lock) => ownershipOf(lock).buffer,
    make(buffer) {
      const lock = new constructor();
      adopt(lock, new Ownership(buffer as SharedArrayBuffer));
      return lock;
    },
  });
}
