import { runMany, settle, zeros } from "../contenders/contender.ts";
import type { Job } from "../job.ts";
import { end, type Recorder, timed } from "./recorder.ts";

/** Tasks per second when all are submitted at once. */
export async function burst(recorder: Recorder, { workers, plan }: Job): Promise<void> {
  const count = Math.min(plan.count, recorder.contender.longestQueue ?? plan.count);
  if (count < plan.count) recorder.notes.add(`${count.toLocaleString("en")} tasks`);
  const session = recorder.contender.start(workers, "throughput");
  await settle(session, "empty", Math.min(count, 20_000));
  const args = zeros(count);
  for (let i = 0; i < plan.repeats; i++) {
    const ms = await timed(() => runMany(session, "empty", args));
    recorder.add("rate", count / ms * 1000);
  }
  await end(recorder, session);
}
