/** The tasks of `process_crash_test.ts`: what a task can do to its process. */

import process from "node:process";
import { toBytes } from "../../ipc/bytes/_bytes.ts";
import { Framer, HEAD_LENGTH } from "../../ipc/bytes/_frame.ts";
import { fragments } from "../../ipc/bytes/_fragments.ts";

/** What {@linkcode perform} does once it has counted its run. */
export type Deed =
  | "return"
  | "throw"
  | "reject"
  | "Deno.exit"
  | "Deno.exit, with much to say"
  | "self.close"
  | "self.close, then return"
  | "process.exit"
  | "process.abort"
  | "SIGKILL"
  | "SIGTERM"
  | "SIGINT"
  | "leave at SIGTERM"
  | "throw in a timer"
  | "reject unawaited"
  | "reportError"
  | "overflow"
  | "run out of memory"
  | "spin"
  | "stop"
  | "return a function"
  | "return a throwing getter"
  | "return an exiting getter"
  | "return a killing getter"
  | "return a false record"
  | "return, then throw"
  | "return, then reject"
  | "return, then exit"
  | "return, then be killed"
  | "send garbage"
  | "send an unknown kind"
  | "send a false shape"
  | "send a frame over the limit"
  | "send half a frame and be killed"
  | "answer for others"
  | "write to standard error and exit";

/** Where runs are counted: a folder with a file for each task, one byte a run. */
export type Counts = string;

/** Counts its run under `index`, then does `deed`; returns `index` unless the deed says otherwise. */
export function perform(counts: Counts, index: number, deed: Deed): unknown {
  Deno.writeTextFileSync(`${counts}/${index}`, "|", { append: true });
  switch (deed) {
    case "return":
      return index;
    case "throw":
      throw new RangeError("thrown in the run");
    case "reject":
      return Promise.reject(new RangeError("rejected in the run"));
    case "Deno.exit":
      return Deno.exit(3);
    case "Deno.exit, with much to say":
      // More than the system keeps for a reader that is slow.
      for (let i = 0; i < 300; i++) console.error("x".repeat(999));
      return Deno.exit(3);
    case "self.close, then return":
      self.close();
      return index;
    case "self.close":
      self.close();
      return forever();
    case "process.exit":
      return process.exit(4);
    case "process.abort":
      return process.abort();
    case "SIGKILL":
    case "SIGTERM":
      Deno.kill(Deno.pid, deed);
      return forever();
    case "SIGINT":
      Deno.kill(Deno.pid, deed);
      return new Promise((resolve) => setTimeout(resolve, 20, index));
    case "leave at SIGTERM":
      Deno.addSignalListener("SIGTERM", () => Deno.exit(42));
      return forever();
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
    case "run out of memory":
      for (const hoard: unknown[] = [];;) hoard.push(new Array(1000).fill({ n: hoard.length }));
    case "spin":
      for (;;);
    case "stop":
      Deno.kill(Deno.pid, "SIGSTOP");
      return forever();
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
    case "return a killing getter":
      return {
        get value() {
          Deno.kill(Deno.pid, "SIGKILL");
          return index;
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
    case "return, then be killed":
      // Not before the answer has left.
      setTimeout(() => Deno.kill(Deno.pid, "SIGKILL"), 20);
      return index;
    case "send garbage":
      forge([new Uint8Array([1, 2, 3])]);
      return forever();
    case "send an unknown kind":
      forge(toBytes({ kind: "greetings" }));
      return forever();
    case "send a false shape":
      forge(toBytes({ kind: "answers", heads: 1, values: "two" }));
      return forever();
    case "send a frame over the limit": {
      const head = new Uint8Array(HEAD_LENGTH);
      new Framer(marker()).putHead(head, 0, 0xFFFFFFFF, false);
      Deno.stderr.writeSync(head);
      return forever();
    }
    case "send half a frame and be killed":
      Deno.stderr.writeSync(new Framer(marker()).frame([new Uint8Array(1000)]).subarray(0, 500));
      Deno.kill(Deno.pid, "SIGKILL");
      return forever();
    case "answer for others":
      for (const slot of [1000, 2000]) {
        forge(toBytes({ kind: "answers", heads: [slot, 0, 0, 0], values: ["a false answer"] }));
      }
      for (const slot of [1000, 4_000_000, -1, 0.5, NaN]) {
        forge(toBytes({ kind: "started", slot }));
      }
      return index;
    case "write to standard error and exit":
      for (let i = 1; i <= 20; i++) console.error(`line ${i}`);
      return Deno.exit(3);
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

/** The mark of this process's frames, which its own main module tells. */
function marker(): Uint8Array {
  const [hex] = decodeURIComponent(Deno.mainModule).match(/(?<="marker":")[0-9a-f]+/)!;
  return Uint8Array.fromHex(hex);
}

/** Sends a message as Herd would, where pipes are the channel. */
function forge(message: readonly Uint8Array[]): void {
  for (const fragment of fragments(message, marker())) Deno.stderr.writeSync(fragment);
}

/** Blocks until `parties` calls have come to the folder, each in a process of its own; its ID. */
export function meet(folder: string, parties: number): number {
  Deno.writeTextFileSync(`${folder}/${crypto.randomUUID()}`, "");
  const words = new Int32Array(new SharedArrayBuffer(4));
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    if ([...Deno.readDirSync(folder)].length >= parties) return Deno.pid;
    Atomics.wait(words, 0, 0, 1);
  }
  throw new Error(`Cannot go on: ${parties} processes do not work at the same time`);
}

/** Waits, blocking, until the file is there; says that it has begun by another. */
export function pass(begun: string, file: string): number {
  Deno.writeTextFileSync(begun, "");
  const words = new Int32Array(new SharedArrayBuffer(4));
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    try {
      Deno.statSync(file);
      return Deno.pid;
    } catch {
      Atomics.wait(words, 0, 0, 1);
    }
  }
  throw new Error("Cannot pass: the gate was not opened");
}

/** The process's ID. */
export function pid(): number {
  return Deno.pid;
}

/** The bytes of an array, added up. */
export function sum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum;
}

/** An array of this many bytes of one value. */
export function fill(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** An initializer that ends its process, and counts. */
export function dieAtStart(counts: Counts, deaths: number, deed: Deed): unknown {
  const file = `${counts}/starts`;
  Deno.writeTextFileSync(file, "|", { append: true });
  if (Deno.readTextFileSync(file).length > deaths) return undefined;
  return perform(counts, 0, deed);
}

/** Does not end by SIGTERM, nor lets its event loop turn. */
export function resist(begun: string): never {
  Deno.addSignalListener("SIGTERM", () => {});
  Deno.writeTextFileSync(begun, "");
  for (;;);
}

/** Says that it has begun, waits without blocking until it is asked to stop, and says that too. */
export async function stay(begun: string, second: string): Promise<never> {
  Deno.writeTextFileSync(begun, "");
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  Deno.writeTextFileSync(second, "");
  throw new Error("Cannot stay any longer: nobody has ended this");
}

/** {@linkcode perform}, saying in which process. */
export async function performAt(
  counts: Counts,
  index: number,
  deed: Deed,
): Promise<[index: unknown, pid: number]> {
  return [await perform(counts, index, deed), Deno.pid];
}
