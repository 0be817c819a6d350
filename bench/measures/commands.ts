import type { Job } from "../job.ts";
import { type Recorder, timed, turns } from "./recorder.ts";
import { addRatios } from "./roundtrip.ts";

/** Runs before the first that is measured: code is compiled then, and the program cached. */
const WARM_UP = 2;

/** Many short programs, by each contender in turn: milliseconds, and the ratio to the loop by hand. */
export async function commands(recorders: readonly Recorder[], job: Job): Promise<void> {
  for (let i = 0; i < job.plan.repeats + WARM_UP; i++) {
    const took = new Map<string, number>();
    await turns(recorders, i, async ({ name, contender }) => {
      took.set(name, await timed(() => contender.runPrograms!(job.plan.count, job.workers)));
    });
    if (i >= WARM_UP) addRatios(recorders, took, "ms", "loop");
  }
}
