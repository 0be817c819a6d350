import { type Session, settle } from "../contenders/contender.ts";
import type { Job } from "../job.ts";
import { end, type Recorder } from "./recorder.ts";

/** Milliseconds until the last short task is done, submitted right behind `long` long ones. */
async function lastShort(session: Session, long: number, short: number): Promise<number> {
  const start = performance.now();
  let last = start;
  const pending = Array.from({ length: long }, () => session.run("spin", 500));
  for (let i = 0; i < short; i++) {
    pending.push(session.run("spin", 1).then(() => last = performance.now()));
  }
  await Promise.all(pending);
  return last - start;
}

/**
 * Short tasks behind long ones. The warm-up runs the same function for no time at all, so that a
 * pool that sends ahead what it believes to be tiny is caught out.
 */
export async function mixed(recorder: Recorder, { workers, plan }: Job): Promise<void> {
  const session = recorder.contender.start(workers, "balance");
  for (let i = 0; i < plan.repeats; i++) {
    await settle(session, "spin", 2_000);
    recorder.add("one", await lastShort(session, 1, plan.count));
    await settle(session, "spin", 2_000);
    recorder.add("two", await lastShort(session, 2, plan.count));
  }
  await end(recorder, session);
}
