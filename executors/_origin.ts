/**
 * Where and when a task was submitted: for the stacks of its error, and the time that it waited.
 *
 * Taking a stack costs a microsecond and a few hundred bytes, reading the clock a tenth of that: too
 * much for each of a million tasks. The first submissions of a turn take their own; the rest, surely in
 * one loop, share the last one's stack, and the clock of the last few.
 */

/** An object whose `stack` is formatted when it is read. */
export interface Caller {
  readonly stack?: string;
}

/** One submission's, or that of several in a row. */
export interface Origin {
  readonly caller: Caller;
  /** Milliseconds of `performance.now()`. */
  readonly time: number;
}

/** How many submissions of a turn have a stack of their own. */
const STACKS_A_TURN = 16;
/** How many submissions after these share a reading of the clock. */
const SHARERS = 16;

/** Gives one executor's tasks their origins. */
export class Origins {
  /** Submissions in this turn. */
  #count = 0;
  #last: Origin = { caller: {}, time: 0 };

  /**
   * The origin of a task that is submitted now.
   *
   * @param submit The function at the boundary to the user's code: its frame and those above are left
   * out of the stack.
   */
  take(submit: (...args: never[]) => unknown): Origin {
    const count = this.#count++;
    if (count < STACKS_A_TURN) {
      const caller: Caller = {};
      Error.captureStackTrace(caller, submit);
      this.#last = { caller, time: performance.now() };
    } else if (count % SHARERS === 0) {
      this.#last = { caller: this.#last.caller, time: performance.now() };
    }
    return this.#last;
  }

  /** The next submission is the first of another turn. */
  endTurn(): void {
    this.#count = 0;
  }
}

/** The stack, unless the program's own way to format stacks fails or gives something else. */
export function stackOf(caller: Caller): string | undefined {
  try {
    const { stack } = caller;
    return typeof stack === "string" ? stack : undefined;
  } catch {
    return undefined;
  }
}
