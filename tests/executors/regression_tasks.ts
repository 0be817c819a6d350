/**
 * The tasks of `reentrancy_test.ts`, `thenable_test.ts` and `leftovers_test.ts`: odd thenables, code that
 * a task leaves behind, and hooks that a task sets.
 */

import { current_task, type CurrentTask } from "../../mod.ts";

/** A thenable of the user's, typed as what it stands for. */
function thenable<T>(then: (resolve: (value: T | PromiseLike<T>) => void) => void): Promise<T> {
  return { then } as unknown as Promise<T>;
}

/** A thenable that does its work when it is asked, and counts how often. */
export function workWhenAsked(times: Int32Array): Promise<number> {
  return thenable((resolve) => resolve(Atomics.add(times, 0, 1) + 1));
}

/** A thenable that answers twice at once. */
export function answerTwice(_row?: string): Promise<string> {
  return thenable((resolve) => {
    resolve("first");
    resolve("second");
  });
}

let answerAgain = () => {};

/** A thenable that answers, and once more in {@linkcode letAnswerAgain}. */
export function answerOnceMoreLater(): Promise<string> {
  return thenable((resolve) => {
    answerAgain = () => resolve("second");
    resolve("first");
  });
}

/** Has the task before answer a second time while this one waits. */
export async function letAnswerAgain(): Promise<string> {
  answerAgain();
  await new Promise((resolve) => setTimeout(resolve, 0));
  return "mine";
}

/** A thenable that can't be asked. */
export function throwWhenAsked(): Promise<never> {
  return thenable(() => {
    throw new RangeError("then threw");
  });
}

/** A thenable that gives a promise. */
export function givePromise(value: number): Promise<number> {
  return thenable((resolve) => resolve(Promise.resolve(value)));
}

/** A thenable that gives a promise that is rejected. */
export function giveRejected(): Promise<never> {
  return thenable((resolve) => resolve(Promise.reject(new RangeError("rejected within"))));
}

/** Waits for a request to stop, obeys, and tidies up for a turn: 1 once it waits, 2 once it is tidy. */
export async function tidyWhenStopped(progress: Int32Array): Promise<never> {
  const { signal } = current_task();
  try {
    return await new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      Atomics.store(progress, 0, 1);
    });
  } finally {
    await new Promise((resolve) => setTimeout(resolve, 0));
    Atomics.store(progress, 0, 2);
  }
}

let leftover: CurrentTask | undefined;
let aborts = 0;

function leave(): void {
  leftover = current_task();
  leftover.signal.addEventListener("abort", () => aborts++);
}

/** Leaves itself behind when it returns. */
export function leaveAndReturn(): void {
  leave();
}

/** Leaves itself behind when its promise is settled. */
export async function leaveLater(): Promise<void> {
  await null;
  leave();
}

/** Leaves itself behind when it throws. */
export function leaveAndThrow(): never {
  leave();
  throw new RangeError("thrown, not left");
}

/** Once this task is asked to stop: what the one that was left behind sees of it. */
export async function askLeftover(waits: Int32Array): Promise<string[]> {
  const { signal } = current_task();
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve());
    Atomics.store(waits, 0, 1);
  });
  const seen: string[] = [];
  try {
    leftover!.checkpoint();
  } catch {
    seen.push("checkpoint() threw");
  }
  if (leftover!.signal.aborted) seen.push("its signal is aborted");
  if (aborts > 0) seen.push("its listener was called");
  return seen;
}

/** Throws. */
export function fail(): never {
  throw new RangeError("the task's own words");
}

/** Throws in a realm whose hook for stacks throws. */
export function failUnderThrowingHook(): never {
  Object.assign(Error, {
    prepareStackTrace() {
      throw new TypeError("the hook's words");
    },
  });
  fail();
}

/** Throws in a realm whose hook for stacks gives what can't be cloned. */
export function failUnderOddHook(): never {
  Object.assign(Error, { prepareStackTrace: () => [() => "frame", Symbol("frame")] });
  fail();
}
