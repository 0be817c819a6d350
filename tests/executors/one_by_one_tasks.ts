/** The tasks of `one_by_one_test.ts`. */

import { current_task } from "../../mod.ts";

/** Gives back what it was given. */
export function same<T>(value: T): T {
  return value;
}

/** How many arguments came, and which. */
export function list(...values: unknown[]): unknown[] {
  return values;
}

let calls = 0;

/** Counts its calls in this worker, whatever it is given. */
export function count(_value?: unknown): number {
  return ++calls;
}

let hops = 0;
let ticks = 0;

/** Leaves a chain of promises and a timer behind. */
export function leaveBehind(length: number): number {
  (async () => {
    for (; hops < length; hops++) await undefined;
  })();
  setTimeout(() => ticks++, 1);
  return 0;
}

/** How far the chain has come. */
export function hopsSoFar(): number {
  return hops;
}

/** How often the timer went. */
export function ticksSoFar(): number {
  return ticks;
}

/** Whether it was asked to stop while it gave way to others a few times. */
export async function wasStopped(_round: number): Promise<boolean> {
  const { signal } = current_task();
  for (let i = 0; i < 3; i++) await undefined;
  return signal.aborted;
}

/** Takes a while, for a request to stop to cross the answer. */
export async function giveWay(_round: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  return 1;
}

/** Ends the worker at the given call. */
export function exitAt(call: number): number {
  if (++calls === call) Deno.exit(4);
  return calls;
}

/** Throws at every call that is odd. */
export function throwWhenOdd(n: number): number {
  if (n % 2 === 1) throw new RangeError(`odd: ${n}`);
  return n;
}
