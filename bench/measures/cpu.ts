import { runMany, settle } from "../contenders/contender.ts";
import type { Job } from "../job.ts";
import { crunch } from "../kernels.ts";
import { median } from "../stats.ts";
import { end, type Recorder, timed } from "./recorder.ts";

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

/** Milliseconds that a fresh pool of `workers` takes for all. */
async function milliseconds(
  recorder: Recorder,
  workers: number,
  args: readonly number[],
): Promise<number> {
  const session = recorder.contender.start(workers, "balance");
  // Each worker makes optimised code by itself, on a third thread: it needs pauses for that.
  const short = new Array<number>(40).fill(Math.round((args.at(-1) ?? 5) / 5));
  for (let i = 0; i < 4; i++) {
    await runMany(session, "crunch", short);
    await settle(session, "spin", 20);
  }
  const ms = await timed(() => runMany(session, "crunch", args));
  await end(recorder, session);
  return ms;
}

/** How many times faster all workers are than one, on a fixed amount of work. */
export async function cpu(recorder: Recorder, { workers, plan }: Job): Promise<void> {
  const rate = turnsPerMillisecond();
  const args = lengths(plan.count).map((ms) => Math.round(ms * rate));
  for (let i = 0; i < plan.repeats; i++) {
    const one = await milliseconds(recorder, 1, args);
    const all = await milliseconds(recorder, workers, args);
    recorder.add("speedup", one / all);
    recorder.add("ms", all);
  }
}
