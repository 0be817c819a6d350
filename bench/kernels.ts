/**
 * The functions that every contender runs. `peers/cpython.py` has the same four for Python.
 *
 * All take one number, so that no contender pays for arguments that another does not send.
 */

/** Any of the functions below. */
export type Kernel = (arg: number) => number | undefined;

/** The name of a kernel, as contenders that send names pass it. */
export type KernelName = "empty" | "square" | "spin" | "crunch";

/** Does nothing: what is left is the cost of the pool. */
export function empty(_arg: number): number | undefined {
  return undefined;
}

/** The small function of the `map` work. */
export function square(value: number): number | undefined {
  return value * value;
}

/** Occupies the worker for `ms` milliseconds of wall time, whatever else the machine does. */
export function spin(ms: number): number | undefined {
  const end = performance.now() + ms;
  let turns = 0;
  while (performance.now() < end) turns++;
  return turns;
}

/** A fixed amount of work, so that two workers on one core would show no speed-up. */
export function crunch(turns: number): number | undefined {
  let state = turns | 1;
  for (let i = 0; i < turns; i++) state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i | 0;
  return state;
}

/** The kernels by name. */
export const kernels: Readonly<Record<KernelName, Kernel>> = { empty, square, spin, crunch };
