import type { Job } from "../job.ts";
import { median } from "../stats.ts";
import type { Recorder } from "./recorder.ts";

/** Milliseconds between two looks at the clock. */
const TICK = 1;

/** The longest time for which the event loop does not turn, until it is stopped. */
function watchStalls(): () => number {
  let last = performance.now();
  let longest = 0;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, TICK);
  return () => {
    clearInterval(timer);
    look();
    return longest;
  };
}

/** Waits for one lock at growing lengths of its queue: microseconds a waiter, and how long nothing else ran. */
export async function pending(recorder: Recorder, { plan }: Job): Promise<void> {
  const { make, grant } = recorder.contender.waits!();
  for (let round = -1; round < plan.repeats; round++) {
    for (let count = 10; count <= plan.count; count *= 10) {
      const took: number[] = [];
      for (let left = plan.count; left > 0; left -= count) {
        const start = performance.now();
        const all = make(count);
        const made = performance.now();
        const stalls = watchStalls();
        grant();
        await all;
        const longest = stalls();
        took.push(performance.now() - start);
        if (round < 0 || count < plan.count) continue;
        recorder.add("make", made - start);
        recorder.add("stall", longest);
      }
      if (round >= 0) recorder.add(`us ${count}`, median(took) * 1e3 / count);
    }
  }
}
