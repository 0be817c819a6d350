import type { Job } from "../job.ts";
import { type Recorder, timed, turns } from "./recorder.ts";
import { addRatios } from "./roundtrip.ts";

/** Runs before the first that is measured: code is compiled then, and the program cached. */
const WARM_UP = 2;

/** Programs in a row of one contender; so few that neighbours see the same mood of the machine. */
const BLOCK = 20;

/** Many short programs, by contenders that take turns: milliseconds, and the ratio to the baseline. */
export async function commands(
  recorders: readonly Recorder[],
  { plan, workers, baseline }: Job,
): Promise<void> {
  for (let i = 0; i < plan.repeats + WARM_UP; i++) {
    const took = new Map(recorders.map(({ name }) => [name, 0]));
    for (let block = 0; block < plan.count / BLOCK; block++) {
      await turns(recorders, i + block, async ({ name, contender }) => {
        const ms = await timed(() => contender.runPrograms!(BLOCK, workers));
        took.set(name, took.get(name)! + ms);
      });
    }
    // One that failed half-way has no whole figure.
    for (const { name, failed } of recorders) if (failed !== undefined) took.delete(name);
    if (i >= WARM_UP) addRatios(recorders, took, "ms", baseline);
  }
}
