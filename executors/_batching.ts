/**
 * How much a worker is sent at a time: pure arithmetic over measured run times.
 *
 * A worker's window is the number of tasks it may have at once. It starts at one, at most doubles with
 * each message of answers, and settles where the window holds about {@linkcode IN_FLIGHT} of work, sent
 * in two halves: the worker has one half to run while the other is on its way. Tasks that take longer
 * than that go one by one, so that a long task never has others waiting behind it for long.
 */

/** Milliseconds of work in a worker. Larger spares messages; smaller spreads work more evenly. */
export const IN_FLIGHT = 2;

/** The largest window, which is also the number of a worker's claim words. */
export const LARGEST_WINDOW = 2048;

/**
 * The window after a message of answers.
 *
 * @param window The window so far.
 * @param mean Mean run time of the tasks that the message answered, in milliseconds.
 */
export function nextWindow(window: number, mean: number): number {
  const fitting = mean > 0 ? Math.floor(IN_FLIGHT / mean) : LARGEST_WINDOW;
  return Math.max(1, Math.min(fitting, window * 2, LARGEST_WINDOW));
}

/** What a worker has at the moment. */
export interface Load {
  /** How many tasks. */
  readonly tasks: number;
  /** Their expected run time in milliseconds. */
  readonly work: number;
  /** How many it may have. */
  readonly window: number;
}

/** Whether it is time to send the worker more: it is idle, or down to half of what it may have. */
export function wantsMore({ tasks, work, window }: Load): boolean {
  return tasks === 0 || (tasks <= window / 2 && work <= IN_FLIGHT / 2);
}

/** How many tasks one message takes: half a window. */
export function batchSize(window: number): number {
  return Math.ceil(window / 2);
}

/** By how much an estimate rises at the most with one message: one pause must not look like a habit. */
const STEEPEST_RISE = 8;

/**
 * The next estimate of a function's run time: rises quickly and falls slowly, since sending too little
 * costs microseconds and sending too much has tasks wait.
 *
 * @param measured The mean of `count` calls; a mean of many is believed sooner.
 */
export function nextMean(mean: number | undefined, measured: number, count: number): number {
  if (mean === undefined) return measured;
  if (measured > mean) return (mean + Math.min(measured, Math.max(mean, TICK) * STEEPEST_RISE)) / 2;
  return measured + (mean - measured) * 0.9 ** count;
}

/** The finest time that is measured, in milliseconds. */
const TICK = 0.001;
