/**
 * Whether what a child process sent is what it says: the code in a child may send whatever it likes, and
 * what the parent's books are kept by must not be taken on trust.
 */

import { ANSWER_HEAD, type AnswersMessage, type ReadyMessage, Status } from "./_protocol.ts";

const HIGHEST_STATUS = Math.max(...Object.values(Status));

/**
 * Throws for answers that are no answers, before any of them is used.
 *
 * @param slots How many slots the worker has.
 * @throws {TypeError} Saying what is wrong.
 */
export function checkAnswers({ heads, values }: AnswersMessage, slots: number): void {
  if (!Array.isArray(heads) || !Array.isArray(values)) throw unusable("they are no lists");
  if (heads.length !== values.length * ANSWER_HEAD) throw unusable("their numbers do not match");
  for (let head = 0; head < heads.length; head += ANSWER_HEAD) {
    if (!isIndex(heads[head], slots)) throw unusable("one is for a slot that is none");
    if (!isIndex(heads[head + 1], HIGHEST_STATUS + 1)) throw unusable("one has no known status");
    // Every later estimate would be spoilt, also those of other workers.
    const isTimed = isTime(heads[head + 2]) && isTime(heads[head + 3]);
    if (!isTimed) throw unusable("one has a time that is none");
  }
}

/**
 * Throws for a message that would spoil the times of all that follow.
 *
 * @throws {TypeError} Saying what is wrong.
 */
export function checkReady({ timeOrigin }: ReadyMessage): void {
  if (!isTime(timeOrigin)) throw new TypeError("Cannot use a worker's start: it has no time");
}

function isIndex(value: unknown, length: number): boolean {
  return Number.isInteger(value) && value as number >= 0 && value as number < length;
}

function isTime(value: unknown): boolean {
  return Number.isFinite(value) && value as number >= 0;
}

function unusable(reason: string): TypeError {
  return new TypeError(`Cannot use a worker's answers: ${reason}`);
}
