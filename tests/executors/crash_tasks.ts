/** The tasks of `crash_test.ts`: what a task can do to its worker, and neighbours that only count. */

import process from "node:process";
import { current_thread } from "../../mod.ts";

/** What {@linkcode perform} does once it has counted its run. */
export type Deed =
  | "return"
  | "throw"
  | "reject"
  | "Deno.exit"
  | "self.close"
  | "self.close, then return"
  | "self.close, then wait"
  | "process.exit"
  | "throw in a timer"
  | "reject unawaited"
  | "reportError"
  | "overflow"
  | "return a function"
  | "return a throwing getter"
  | "return an exiting getter"
  | "return a false record"
  | "return, then throw"
  | "return, then reject"
  | "return, then exit"
  | "exit when told"
  | "wait when told";

/** Words that the test and its tasks share. */
export interface Words {
  /** How often the task of each index ran. */
  readonly runs: Int32Array;
  /** `[0]`: how many tasks have arrived at a gate; `[1]`: not 0 once the gate is open. */
  readonly gate: Int32Array;
}

/** Milliseconds after which a task gives up waiting, so that a failing test ends. */
const LONGEST_WAIT = 60_000;

/** Counts its run under `index`, then does `deed`; returns `index` unless the deed says otherwise. */
export function perform({ runs, gate }: Words, index: number, deed: Deed): unknown {
  Atomics.add(runs, index, 1);
  switch (deed) {
    case "return":
      return index;
    case "throw":
      throw new RangeError("thrown in the run");
    case "reject":
      return Promise.reject(new RangeError("rejected in the run"));
    case "Deno.exit":
      return Deno.exit(3);
    case "self.close, then return":
      self.close();
      return index;
    case "self.close":
      self.close();
      return index;
    case "self.close, then wait":
      self.close();
      return forever();
    case "process.exit":
      return process.exit(4);
    case "throw in a timer":
      setTimeout(() => {
        throw new RangeError("thrown in a timer");
      });
      return forever();
    case "reject unawaited":
      Promise.reject(new RangeError("rejected unawaited"));
      return forever();
    case "reportError":
      reportError(new RangeError("reported"));
      return forever();
    case "overflow":
      return overflow(0);
    case "return a function":
      return () => index;
    case "return a throwing getter":
      return {
        get value(): never {
          throw new RangeError("thrown by a getter");
        },
      };
    case "return an exiting getter":
      return {
        get value(): never {
          return Deno.exit(9);
        },
      };
    case "return a false record":
      // Not plain, so it is left to structured clone, and looks like one of Herd's own records then.
      return [new URL("https://example.org/"), Object.assign(new Impostor(), { "@herd": "none" })];
    case "return, then throw":
      setTimeout(() => {
        throw new RangeError("thrown late");
      });
      return index;
    case "return, then reject":
      setTimeout(() => void Promise.reject(new RangeError("rejected late")));
      return index;
    case "return, then exit":
      setTimeout(() => Deno.exit(5));
      return index;
    case "exit when told":
      pass(gate);
      return Deno.exit(6);
    case "wait when told":
      pass(gate);
      return index;
    default:
      return deed satisfies never;
  }
}

class Impostor {}

function forever(): Promise<never> {
  return new Promise(() => {});
}

function overflow(depth: number): number {
  return overflow(depth + 1) + 1;
}

/** Waits, blocking, until the test opens the gate. */
function pass(gate: Int32Array): void {
  Atomics.add(gate, 0, 1);
  Atomics.wait(gate, 1, 0, LONGEST_WAIT);
}

/** Blocks until `parties` calls have arrived, each in a worker of its own. */
export function meet(arrived: Int32Array, parties: number): { met: boolean; worker: string } {
  Atomics.add(arrived, 0, 1);
  Atomics.notify(arrived, 0);
  const end = performance.now() + LONGEST_WAIT;
  for (let n = arrived[0]!; n < parties; n = Atomics.load(arrived, 0)) {
    if (performance.now() > end) return { met: false, worker: current_thread().name };
    Atomics.wait(arrived, 0, n, 1000);
  }
  return { met: true, worker: current_thread().name };
}

/** Leaves a timer behind that ends the worker once `gate` is open; returns at once. */
export function leaveExitBehind(gate: Int32Array): string {
  const timer = setInterval(() => {
    if (Atomics.load(gate, 1) === 0) return;
    clearInterval(timer);
    Deno.exit(5);
  });
  return current_thread().name;
}

/** Arrives at the gate and stays there, without blocking its worker. */
export async function linger(gate: Int32Array): Promise<never> {
  Atomics.add(gate, 0, 1);
  return await forever();
}

/** An initializer that ends the first `deaths` workers that it is called in. */
export function dieAtStart(starts: Int32Array, deaths: number): void {
  if (Atomics.add(starts, 0, 1) < deaths) Deno.exit(7);
}

/** An initializer that leaves a rejection behind and never ends. */
export async function rejectAtStart(starts: Int32Array): Promise<never> {
  Atomics.add(starts, 0, 1);
  Promise.reject(new RangeError("rejected at the start"));
  return await forever();
}

/** The length of what it is given. */
export function measure(bytes: Uint8Array): number {
  return bytes.length;
}

/** Two rows of a chunk: the first returns a false record, the second throws. */
export function falseThenThrow(row: number): unknown {
  if (row === 1) throw new RangeError("thrown by a row");
  return [new URL("https://example.org/"), Object.assign(new Impostor(), { "@herd": "none" })];
}
