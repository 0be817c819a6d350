import { runMany, type Session, settle } from "../contenders/contender.ts";
import type { Job } from "../job.ts";
import { crunch } from "../kernels.ts";
import { median } from "../stats.ts";
import { type Recorder, timed } from "./recorder.ts";

/** Turns of `crunch` that take a millisecond here and now. */
function turnsPerMillisecond(): number {
  const turns = 200_000;
  const rates: number[] = [];
  for (let i = 0; i < 50; i++) {
    const start = performance.now();
    crunch(turns);
    rates.push(turns / (performance.now() - start));
  }
  return Math.round(median(rates));
}

/** Tasks of 50 down to 5 ms; the longest first, so that no worker ends long after the other. */
function lengths(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 50 - 45 * i / (count - 1));
}

async function milliseconds(session: Session, args: readonly number[]): Promise<number> {
  // Optimised code is made in each worker by itself.
  await settle(session, "spin", 50);
  await runMany(session, "crunch", new Array<number>(100).fill(Math.round((args.at(-1) ?? 5) / 5)));
  const ms = await timed(() => runMany(session, "crunch", args));
  await session.stop();
  return ms;
}

/** How many times faster all workers are than one, on a fixed amount of work. */
export async function cpu(recorder: Recorder, { workers, plan }: Job): Promise<void> {
  const rate = turnsPerMillisecond();
  const args = lengths(plan.count).map((ms) => Math.round(ms * rate));
  for (let i = 0; i < plan.repeats; i++) {
    const one = await milliseconds(recorder.contender.start(1, "balance"), args);
    const all = await milliseconds(recorder.contender.start(workers, "balance"), args);
    recorder.add("speedup", one / all);
    recorder.add("ms", all);
  }
}
