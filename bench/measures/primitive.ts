import type { Primitive, Style } from "../contenders/contender.ts";
import type { Job, PrimitiveName } from "../job.ts";
import { type Recorder, turns } from "./recorder.ts";
import { addRatios } from "./roundtrip.ts";

const STYLES: readonly Style[] = ["sync", "async"];

/** Uses in a row of one contender: some tens of microseconds. */
const SLICE = 2_000;
/** Hand-overs in a row: so few that neighbours see the same mood of the machine. */
const BLOCK = 100;
/** Turns before the first that is measured: code is compiled then. */
const WARM_UP = { alone: 100, handOver: 3 };
/** Hand-overs in each of those turns. */
const WARM_UP_BLOCK = 3_000;

/** Milliseconds for a slice; a style that gives no promise is not waited for. */
async function sliced(use: (count: number) => Promise<void> | void): Promise<number> {
  const start = performance.now();
  const pending = use(SLICE);
  if (pending !== undefined) await pending;
  return performance.now() - start;
}

/** Nanoseconds a use, microseconds a hand-over, and the ratios to the baseline's of the same turn. */
export async function primitive(recorders: readonly Recorder[], job: Job): Promise<void> {
  const used = new Map<Recorder, Primitive>();
  await turns(recorders, 0, (recorder) => {
    used.set(recorder, recorder.contender.primitive!(job.measure as PrimitiveName));
    return Promise.resolve();
  });
  const repeat = async (
    times: number,
    warmUp: number,
    metric: string,
    ratio: string,
    one: (primitive: Primitive, isWarm: boolean) => Promise<number | undefined>,
  ) => {
    for (let i = -warmUp; i < times; i++) {
      const took = new Map<string, number>();
      await turns(recorders, i + warmUp, async (recorder) => {
        const value = await one(used.get(recorder)!, i >= 0);
        if (value !== undefined) took.set(recorder.name, value);
      });
      if (i >= 0) addRatios(recorders, took, metric, job.baseline, ratio);
    }
  };
  const { count, repeats } = job.plan;
  for (const style of STYLES) {
    await repeat(count, WARM_UP.alone, `ns ${style}`, `ratio ${style}`, async ({ alone }) => {
      const use = alone[style];
      return use && await sliced(use) * 1e6 / SLICE;
    });
  }
  for (const style of STYLES) {
    await repeat(
      repeats,
      WARM_UP.handOver,
      `us ${style}`,
      `over ${style}`,
      async ({ handOver }, isWarm) => {
        const count = isWarm ? BLOCK : WARM_UP_BLOCK;
        return await handOver[style]?.(count).then((ms) => ms * 1e3 / count);
      },
    );
  }
}
