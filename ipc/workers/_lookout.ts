/**
 * A worker's lookout for its next task, through the hatch (`sync/_hatch.ts`), before it sleeps.
 *
 * It pays only where small tasks come one at a time, each soon after the answer to the last; so:
 *
 * - The worker looks out after a few tasks in a row have come that way, for {@linkcode LONGEST_LOOK} at
 *   most. When nothing came it lets pass 1, 3, 7, … answers before it looks again, unless it had caught
 *   enough before to make up for it. A worker that is left alone sleeps.
 * - Between any two looks what tasks have left behind goes on, and after {@linkcode LONGEST_TURN} the
 *   worker sleeps in any case, so that timers and sockets are served as if the tasks were one.
 */

import { Hatch, Sight } from "../../sync/_hatch.ts";

/** How many tasks must have come soon after the last answer. */
const STREAK = 2;
/** How soon, in milliseconds: what a lookout might have seen. */
const SOON = 0.1;
/** Milliseconds of a lookout. Longer catches more slowly woken parents, and costs more in vain. */
const LONGEST_LOOK = 0.05;
/** Milliseconds without a turn of the event loop. */
const LONGEST_TURN = 4;
/** How many tasks must be caught to make up for a lookout in vain. */
const WORTH_IT = 10;
/** How many answers are let pass at most before the next lookout. */
const LONGEST_BREAK = 255;
/** Looks between two readings of the clock. */
const LOOKS = 20;

/** See the head of the file. */
export class Lookout {
  readonly #hatch: Hatch;
  readonly #take: (slot: number) => void;
  /** Messages that the worker has read. */
  #read = 0;
  #turnEnd = 0;
  #answeredAt = 0;
  #streak = 0;
  /** Tasks caught since the last lookout in vain. */
  #caught = 0;
  /** Answers to let pass before the next lookout, and how many they were at the start of the break. */
  #break = 0;
  #lastBreak = 0;
  #end = 0;
  /** Whether the hatch was opened, and nothing seen yet. */
  #isOpen = false;
  #isLooking = false;

  /** `take` runs the task in a slot. */
  constructor(hatch: SharedArrayBuffer, take: (slot: number) => void) {
    this.#hatch = new Hatch(hatch);
    this.#take = take;
  }

  /** The worker has read a message, `read` by now; whether it was a small task. */
  heard(read: number, smallTask: boolean): void {
    const now = performance.now();
    this.#read = read;
    this.#turnEnd = now + LONGEST_TURN;
    this.#streak = smallTask && now - this.#answeredAt < SOON ? this.#streak + 1 : 0;
  }

  /** At time `now` the worker is about to post an answer after which it has nothing to do. */
  answering(now: number): void {
    this.#answeredAt = now;
    if (this.#isOpen || this.#streak < STREAK || now >= this.#turnEnd) return;
    if (this.#break > 0) {
      this.#break--;
      return;
    }
    this.#hatch.open(this.#read);
    this.#end = now + LONGEST_LOOK;
    this.#isOpen = true;
    if (!this.#isLooking) this.#look();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    while (this.#isOpen) {
      await undefined; // What tasks have left behind goes on.
      let seen = this.#hatch.take();
      for (let i = 1; seen === Sight.nothing && i < LOOKS; i++) seen = this.#hatch.take();
      if (seen === Sight.nothing && performance.now() >= this.#end) seen = this.#hatch.close();
      if (seen === Sight.nothing) continue;
      this.#isOpen = false;
      if (seen === Sight.closed) this.#takeBreak();
      else {
        this.#caught++;
        this.#take(seen);
      }
    }
    this.#isLooking = false;
  }

  /** It was in vain. */
  #takeBreak(): void {
    this.#break = this.#caught >= WORTH_IT ? 1 : Math.min(this.#lastBreak * 2 + 1, LONGEST_BREAK);
    this.#lastBreak = this.#break;
    this.#caught = 0;
  }
}
