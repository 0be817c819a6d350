/**
 * The functions that every contender runs. `peers/cpython.py` has the same for Python.
 *
 * All take one value, so that no contender pays for arguments that another does not send.
 */

/** What a kernel takes. */
export type Value = number | Uint8Array;

/** Any of the functions below; nobody calls one with what it does not take. */
export type Kernel = (arg: Value) => unknown;

/** The name of a kernel, as contenders that send names pass it. */
export type KernelName = "empty" | "square" | "spin" | "crunch" | "weigh" | "give" | "echo";

/** Does nothing: what is left is the cost of the pool. */
export function empty(_arg: number): undefined {
  return undefined;
}

/** The small function of the `map` work. */
export function square(value: number): number {
  return value * value;
}

/** Occupies the worker for `ms` milliseconds of wall time, whatever else the machine does. */
export function spin(ms: number): number {
  const end = performance.now() + ms;
  let turns = 0;
  while (performance.now() < end) turns++;
  return turns;
}

/** A fixed amount of work, so that two workers on one core would show no speed-up. */
export function crunch(turns: number): number {
  let state = turns | 1;
  for (let i = 0; i < turns; i++) state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i | 0;
  return state;
}

/** Takes many bytes and gives next to nothing back. */
export function weigh(bytes: Uint8Array): number {
  return bytes.length;
}

let given = new Uint8Array(0);

/** Gives many bytes, always the same, so that making them counts once. */
export function give(length: number): Uint8Array {
  if (given.length !== length) given = new Uint8Array(length).fill(length % 251);
  return given;
}

/** Gives back what it gets. */
export function echo(bytes: Uint8Array): Uint8Array {
  return bytes;
}

/** The kernels by name. */
export const kernels = { empty, square, spin, crunch, weigh, give, echo } as Readonly<
  Record<KernelName, Kernel>
>;
