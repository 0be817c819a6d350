/** Tasks of `meeting_test.ts`: they find what they wait at in the worker, or are given it. */

import type { Barrier, Event, Semaphore } from "../../mod.ts";

/** What a worker is given before any task. */
export interface Meeting {
  barrier: Barrier;
  /** What `wait` waits for. */
  signal: Event;
  /** What `hold` waits for: one each. */
  holds: Semaphore;
  /** How many tasks have begun. */
  begun: Semaphore;
}

let meeting: Meeting;

/** The initializer. */
export function keep(given: Meeting): void {
  meeting = given;
}

export type Step = "nothing" | "meet" | "wait" | "signal" | "hold" | "count" | "count slowly";

/** One function, which is measured as short by what it does most. */
export async function step(what: Step): Promise<void> {
  switch (what) {
    case "nothing":
      return;
    case "meet":
      await meeting.barrier.wait();
      return;
    case "wait":
      await meeting.signal.wait();
      return;
    case "signal":
      await meeting.signal.set();
      return;
    case "hold":
      await hold();
      return;
    case "count":
      await meeting.begun.release();
      return;
    case "count slowly":
      await meeting.begun.release();
      await new Promise((resolve) => setTimeout(resolve, 3));
      return;
    default:
      what satisfies never;
  }
}

/** A function of its own, which nobody has measured. */
export async function hold(): Promise<void> {
  await meeting.holds.acquire();
}

/** What a stream holds; nothing of none. */
export async function textOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>> | null,
): Promise<string> {
  return stream === null ? "" : await new Response(stream).text();
}

/** Returns at once, or meets another. */
export function meetAt(barrier: Barrier | null): Promise<number> | number {
  return barrier === null ? 0 : barrier.wait();
}

/** The same, with the barrier inside of its argument. */
export function meetIn({ barrier }: { barrier: Barrier | null }): Promise<number> | number {
  return meetAt(barrier);
}
