/**
 * Sees that this thread has run out of memory where Deno does not.
 *
 * V8 breaks off what runs when the heap is full, and doubles the heap's limit. Deno ends the thread when
 * it was a timer that ran. When it was a continuation of a promise or a message, nothing is thrown and
 * nothing reported: the task never ends, and the messages may have ended too. Timers go on in any case,
 * and the limit tells.
 */

import { getHeapStatistics } from "node:v8";

/** Milliseconds between two looks at a thread that has something to do; a look takes 2 µs. */
const INTERVAL = 20;

/** See the head of the file. */
export class HeapWatch {
  readonly #limit = getHeapStatistics().heap_size_limit;
  readonly #overflowed: () => void;
  #tasks = 0;
  #timer: ReturnType<typeof setInterval> | undefined = undefined;

  constructor(overflowed: () => void) {
    this.#overflowed = overflowed;
  }

  /** The thread got tasks. */
  got(tasks: number): void {
    this.#tasks += tasks;
    this.#timer ??= setInterval(() => this.#look(), INTERVAL);
  }

  /** It has answered for tasks. */
  answered(tasks: number): void {
    this.#tasks -= tasks;
  }

  #look(): void {
    if (getHeapStatistics().heap_size_limit > this.#limit) this.#overflowed();
    else if (this.#tasks > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
