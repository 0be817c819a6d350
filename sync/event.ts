/**
 * A flag that many can wait for.
 *
 * The word is 0 while it is clear, `SET`, or `AWAITED`: clear, and the queue may have waiters. It goes from 0
 * to `SET` and back by a compare-and-swap; to and from `AWAITED` under the guard of the queue alone, so that
 * whoever sets it either sees the bit and wakes, or set it before the waiter looked. All that wait are granted
 * under the guard: what becomes of the flag afterwards is no matter to them. Meanwhile the word is `SET` and
 * `AWAITED`, which nobody clears: so the next to enter the guard knows whether one was stopped in the middle.
 *
 * @module
 */

import { DONE, YES } from "./_acquirable.ts";
import {
  type Deadline,
  deadlineOf,
  deadlineOfSync,
  driveAsync,
  driveSync,
  isOver,
  type Protocol,
  type WaitLimit,
} from "./_drive.ts";
import { isSelf, whoCalls } from "./_identity.ts";
import { registerShareable } from "./_shareable.ts";
import { allocate, OWN_WORDS, WaitQueue } from "./_wait_queue.ts";
import { NODE } from "./_waiters.ts";
import { AT_ONCE, granted, TOO_LATE, wakeAll } from "./_waiting.ts";

const SET = 1;
const AWAITED = 2;

const WORD = OWN_WORDS;

const WAIT = "wait for an Event";

/**
 * Python's `multiprocessing.Event`: a flag that is set and cleared, and waited for.
 *
 * - One object serves all threads, and child processes that it is passed to.
 * - `set` wakes all that wait; each gets `true`, also when `clear` follows at once.
 *
 * Semantics: CPython's `threading.Event`.
 *
 * @example
 * ```ts
 * import { Event, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const start = new Event();
 * await using executor = new ThreadPoolExecutor(1);
 * const waiting = executor.submit((start: Event) => start.wait(), start);
 * await start.set();
 * assertEquals(await waiting, true);
 * ```
 */
export class SharedEvent {
  #buffer: SharedArrayBuffer = allocate(1);
  #queue: WaitQueue = this.#attach(this.#buffer);

  static {
    Object.defineProperty(this, "name", { value: "Event" });
    registerShareable<SharedEvent>({
      name: "Event",
      prototype: SharedEvent.prototype,
      meets: true,
      id: (event) => event.#queue.id,
      data: (event) => event.#buffer,
      make(buffer) {
        const event = new SharedEvent();
        event.#buffer = buffer as SharedArrayBuffer;
        event.#queue = event.#attach(event.#buffer);
        return event;
      },
    });
  }

  #attach(buffer: SharedArrayBuffer): WaitQueue {
    return new WaitQueue(buffer, () => {
      if (Atomics.load(this.#queue.words, WORD) === (SET | AWAITED)) this.#wakeAll();
    });
  }

  /**
   * Waits until the flag is set.
   *
   * @param limit How long, in milliseconds, and a signal.
   * @returns Whether it was set in time.
   * @throws {CancelledError} When the signal was aborted.
   *
   * @example
   * ```ts
   * import { Event } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await new Event().wait({ timeout: 5 }), false);
   * ```
   */
  wait(limit?: WaitLimit): Promise<boolean> {
    if (limit === undefined && isSelf() && this.is_setSync()) return YES;
    return this.#waitAsync(limit);
  }

  async #waitAsync(limit: WaitLimit | undefined): Promise<boolean> {
    const deadline = deadlineOf(WAIT, limit);
    return await driveAsync(this.#wait(whoCalls().realm, deadline));
  }

  /**
   * Waits until the flag is set, and blocks the thread meanwhile.
   *
   * @param limit How long, in milliseconds.
   * @returns Whether it was set in time.
   *
   * @example
   * ```ts
   * import { Event } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(new Event().waitSync({ timeout: 5 }), false);
   * ```
   */
  waitSync(limit?: Omit<WaitLimit, "signal">): boolean {
    if (limit === undefined && this.is_setSync()) return true;
    return driveSync(this.#wait(whoCalls().realm, deadlineOfSync(WAIT, limit)));
  }

  *#wait(realm: number, deadline: Deadline): Protocol<boolean> {
    const node = this.#queue.guarded(() => this.#join(realm, deadline));
    return yield* granted(this.#queue, node, deadline, {
      left: () => {
        if (this.#queue.isEmpty) Atomics.and(this.#queue.words, WORD, ~AWAITED);
      },
    });
  }

  #join(realm: number, deadline: Deadline): number {
    const { words } = this.#queue;
    for (;;) {
      const word = Atomics.load(words, WORD);
      if ((word & SET) !== 0) return AT_ONCE;
      if (isOver(deadline)) return TOO_LATE;
      if (Atomics.compareExchange(words, WORD, word, AWAITED) === word) {
        return this.#queue.join(realm, 0);
      }
    }
  }

  /**
   * Sets the flag, at once, and wakes all that wait.
   *
   * @returns A promise of its being set, for the sake of events in another process.
   */
  set(): Promise<void> {
    const { words } = this.#queue;
    const before = Atomics.compareExchange(words, WORD, 0, SET);
    if ((before & AWAITED) !== 0) {
      this.#queue.guarded(() => this.#wakeAll());
    }
    return DONE;
  }

  /** Sets the flag and wakes all that wait. Under the guard. */
  #wakeAll(): void {
    const { words } = this.#queue;
    Atomics.store(words, WORD, SET | AWAITED);
    wakeAll(this.#queue, NODE.GRANTED);
    Atomics.store(words, WORD, SET);
  }

  /**
   * Clears the flag, at once.
   *
   * @returns A promise of its being clear, for the sake of events in another process.
   */
  clear(): Promise<void> {
    if (this.#clear() === (SET | AWAITED)) this.#queue.guarded(() => this.#clear());
    return DONE;
  }

  /** Clears the flag where nobody is being woken; returns what the word was. */
  #clear(): number {
    return Atomics.compareExchange(this.#queue.words, WORD, SET, 0);
  }

  /**
   * Whether the flag is set.
   *
   * @returns A promise of it, for the sake of events in another process.
   */
  is_set(): Promise<boolean> {
    return Promise.resolve(this.is_setSync());
  }

  /** Whether the flag is set. */
  is_setSync(): boolean {
    return (Atomics.load(this.#queue.words, WORD) & SET) !== 0;
  }

  /** How it is printed. */
  [Symbol.for("Deno.customInspect")](): string {
    return `Event { ${this.is_setSync() ? "set" : "unset"} }`;
  }
}
