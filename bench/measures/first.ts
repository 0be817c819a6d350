import type { Job } from "../job.ts";
import { end, type Recorder, turns } from "./recorder.ts";
import { addRatios } from "./roundtrip.ts";

/** From nothing to the first result, with a new pool each time; ending it is not counted. */
export async function first(recorders: readonly Recorder[], job: Job): Promise<void> {
  // Two rounds beforehand, so that modules are compiled and cached for everyone.
  for (let i = -2; i < job.plan.count; i++) {
    const took = new Map<string, number>();
    await turns(recorders, i + 2, async (recorder) => {
      const start = performance.now();
      const session = recorder.contender.start(job.workers, "lazy");
      await session.run("empty", 0);
      took.set(recorder.name, performance.now() - start);
      await end(recorder, session);
      await new Promise((resolve) => setTimeout(resolve, 30));
    });
    if (i >= 0) addRatios(recorders, took, "ms", job.baseline);
  }
}
