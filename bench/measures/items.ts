import type { Queues } from "../contenders/contender.ts";
import type { Job } from "../job.ts";
import type { Recorder } from "./recorder.ts";

/** Items a second of so many milliseconds. */
function rate(count: number, ms: number): number {
  return count / ms * 1e3;
}

/** Does `one` several times, after once that does not count. */
async function repeated(
  recorder: Recorder,
  { plan }: Job,
  one: (queues: Queues) => Promise<Readonly<Record<string, number>>>,
): Promise<void> {
  // Node 20 reads this file, too, and knows no `using`.
  const queues = recorder.contender.queues!();
  try {
    for (let i = -1; i < plan.repeats; i++) {
      const figures = await one(queues);
      for (const [metric, value] of Object.entries(figures)) {
        if (i >= 0) recorder.add(metric, value);
      }
    }
  } finally {
    await queues[Symbol.asyncDispose]();
  }
}

/** Small items: from one thread to another, and between eight. */
export async function items(recorder: Recorder, job: Job): Promise<void> {
  const { count } = job.plan;
  await repeated(recorder, job, async (queues) => {
    const one = rate(count, await queues.numbers(1, count));
    const four = rate(count, await queues.numbers(4, count));
    return { "rate": one, "rate 4": four, "ratio": four / one };
  });
}

/** Large items, and what copies of as many bytes take. */
export async function large(recorder: Recorder, job: Job): Promise<void> {
  await repeated(recorder, job, async (queues) => {
    const { us, copy } = await queues.large(job.plan.count);
    return { us, copy, ratio: us / copy };
  });
}

/** Small items, to another process. */
export async function child(recorder: Recorder, job: Job): Promise<void> {
  const { count } = job.plan;
  await repeated(recorder, job, async (queues) => ({
    rate: rate(count, await queues.toChild(count)),
  }));
}

/** A number there and back, between two threads. */
export async function pipe(recorder: Recorder, job: Job): Promise<void> {
  const { count } = job.plan;
  await repeated(recorder, job, async (queues) => ({
    us: await queues.pipe(count) / count * 1e3,
  }));
}
