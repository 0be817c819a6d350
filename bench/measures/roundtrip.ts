import { type Session, settle } from "../contenders/contender.ts";
import type { Job } from "../job.ts";
import { median } from "../stats.ts";
import { end, type Recorder, turns } from "./recorder.ts";

/**
 * A wake-up takes 5–15 µs when both threads happen to share a core and about 50 µs otherwise, for
 * long stretches. Blocks so short that neighbours see the same mood make the ratios steady.
 */
const TRIPS_A_BLOCK = 20;

/** The median of one block, in microseconds. */
async function block(session: Session): Promise<number> {
  const trips: number[] = [];
  for (let i = -2; i < TRIPS_A_BLOCK; i++) {
    const start = performance.now();
    await session.run("empty", 0);
    if (i >= 0) trips.push((performance.now() - start) * 1000);
  }
  return median(trips);
}

/** One task at a time: microseconds, and the ratio to the baseline's block of the same turn. */
export async function roundtrip(recorders: readonly Recorder[], job: Job): Promise<void> {
  const sessions = new Map<Recorder, Session>();
  await turns(recorders, 0, async (recorder) => {
    const session = recorder.contender.start(job.workers, "latency");
    sessions.set(recorder, session);
    await settle(session, "empty", 2_000);
  });
  for (let i = 0; i < job.plan.count / TRIPS_A_BLOCK; i++) {
    const took = new Map<string, number>();
    await turns(recorders, i, async (recorder) => {
      const session = sessions.get(recorder);
      if (session !== undefined) took.set(recorder.name, await block(session));
    });
    addRatios(recorders, took, "us", job.baseline);
  }
  for (const [recorder, session] of sessions) await end(recorder, session);
}

/** Adds each contender's figure of one turn, and where the baseline took part the ratio to it. */
export function addRatios(
  recorders: readonly Recorder[],
  took: ReadonlyMap<string, number>,
  metric: string,
  baseline: string,
  ratio = "ratio",
): void {
  const base = took.get(baseline);
  for (const recorder of recorders) {
    const own = took.get(recorder.name);
    if (own === undefined) continue;
    recorder.add(metric, own);
    if (base !== undefined) recorder.add(ratio, own / base);
  }
}
