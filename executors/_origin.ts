/**
 * Where and when a task was submitted: for the stacks of its error, and the time that it waited.
 *
 * Taking a stack costs more than a microsecond and a few hundred bytes, as much as all else that a small
 * task needs; reading the clock costs a tenth of that. So an executor takes some at once and a few more
 * each millisecond. A submission beyond that is surely one of a loop's: it shares the stack of the last
 * one, if that was in the same turn or of the same function. The clock is read by the first submission of
 * a turn, and by every few after it.
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

/** How many stacks are taken at once. */
const STACKS = 16;
/** How many more each millisecond. */
const STACKS_A_MILLISECOND = 2;
/** How many submissions of a turn share a reading of the clock. */
const SHARERS = 16;

/** Gives one executor's tasks their origins. */
export class Origins {
  /** Submissions in this turn. */
  #count = 0;
  /** Stacks that may be taken now. */
  #allowance = STACKS;
  #last: Origin = { caller: {}, time: 0 };
  /** What was submitted when the last stack was taken. */
  #stacked: unknown = undefined;

  /**
   * The origin of a task that is submitted now.
   *
   * @param work What is submitted: the call of a function, or the name of a program.
   * @param submit The function at the boundary to the user's code: its frame and those above are left
   * out of the stack.
   */
  take(work: unknown, submit: (...args: never[]) => unknown): Origin {
    const count = this.#count++;
    const maySkip = count >= STACKS || work === this.#stacked;
    if (maySkip && this.#allowance < 1 && count % SHARERS !== 0) return this.#last;
    const time = performance.now();
    this.#allowance += (time - this.#last.time) * STACKS_A_MILLISECOND;
    if (maySkip && this.#allowance < 1) return this.#last = { caller: this.#last.caller, time };
    this.#allowance = Math.min(Math.max(1, this.#allowance), STACKS) - 1;
    this.#stacked = work;
    const caller: Caller = {};
    Error.captureStackTrace(caller, submit);
    return this.#last = { caller, time };
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
