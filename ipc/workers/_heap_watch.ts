/**
 * Sees that this thread has run out of memory where Deno does not.
 *
 * V8 breaks off what runs when the heap is full, and doubles the heap's limit. Deno ends the thread when
 * it was a timer that ran. When it was a continuation of a promise or a message, nothing is thrown and
 * nothing reported: the task never ends, and the messages may have ended too. Timers go on in any case,
 * and the limit tells.
 */

import { getHeapStatistics } from "node:v8";

/** Milliseconds until the next look, which takes 2 µs, at a thread that has something to do. */
const WHILE_BUSY = 20;
/** The same for a thread that knows of nothing: there may have been no room for a task to arrive in. */
const WHILE_IDLE = 250;

/** See the head of the file. */
export class HeapWatch {
  readonly #limit = getHeapStatistics().heap_size_limit;
  readonly #overflowed: () => void;
  #tasks = 0;

  constructor(overflowed: () => void) {
    this.#overflowed = overflowed;
    this.#lookLater();
  }

  /** The thread got tasks. */
  got(tasks: number): void {
    this.#tasks += tasks;
  }

  /** It has answered for tasks. */
  answered(tasks: number): void {
    this.#tasks -= tasks;
  }

  #lookLater(): void {
    setTimeout(() => {
      if (getHeapStatistics().heap_size_limit > this.#limit) this.#overflowed();
      else this.#lookLater();
    }, this.#tasks > 0 ? WHILE_BUSY : WHILE_IDLE);
  }
}
