/**
 * Where a task was submitted, for the stacks of its error.
 *
 * Taking a stack costs a microsecond and a few hundred bytes, too much for each of a million tasks. The
 * first calls in a turn take their own; the rest, surely in one loop, share the last.
 */

/** An object whose `stack` is formatted when it is read. */
export interface Caller {
  readonly stack?: string;
}

/** How many stacks a turn may take. */
const STACKS_A_TURN = 16;

/** Takes the stacks of one executor's submissions. */
export class Callers {
  #taken = 0;
  #last: Caller = {};

  /**
   * The stack of whoever called `submit`.
   *
   * @param submit The function at the boundary to the user's code: its frame and those above are left
   * out.
   */
  take(submit: (...args: never[]) => unknown): Caller {
    if (this.#taken === STACKS_A_TURN) return this.#last;
    this.#taken++;
    const caller = {};
    Error.captureStackTrace(caller, submit);
    return this.#last = caller;
  }

  /** A new turn begins. */
  reset(): void {
    this.#taken = 0;
    this.#last = {};
  }
}
