import type { Job } from "../job.ts";
import type { Recorder } from "./recorder.ts";

/** Everything at random for so many seconds. */
export async function soak(recorder: Recorder, { plan }: Job): Promise<void> {
  const start = performance.now();
  const { operations, kills } = await recorder.contender.soak!(plan.count * 1000);
  recorder.add("rate", operations / (performance.now() - start) * 1000);
  recorder.add("kills", kills);
}
