import type { Contender, Session } from "../contenders/contender.ts";

/** One contender in a child, with the samples it has given so far. */
export class Recorder {
  readonly name: string;
  readonly contender: Contender;
  readonly samples: Record<string, number[]> = {};
  readonly notes = new Set<string>();
  failed: string | undefined;

  constructor(name: string, contender: Contender) {
    this.name = name;
    this.contender = contender;
  }

  add(metric: string, value: number): void {
    (this.samples[metric] ??= []).push(value);
  }
}

/** Milliseconds that `work` took. */
export async function timed(work: () => PromiseLike<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Rejects when `work` takes longer than `limit` milliseconds; a pool that hangs must not hang us. */
export async function within<T>(limit: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limit / 1000} s`)), limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends a pool outside all measurements; one whose end hangs is told of, and left behind. */
export async function end(recorder: Recorder, session: Session): Promise<void> {
  try {
    await within(2_000, session.stop());
  } catch (error) {
    recorder.notes.add(`stop: ${error}`);
  }
}

/**
 * Lets each contender take a turn, in an order that moves on with every `block`, so that none is
 * always first. One that fails or hangs is left out from then on; the others go on.
 */
export async function turns(
  recorders: readonly Recorder[],
  block: number,
  turn: (recorder: Recorder) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < recorders.length; i++) {
    const recorder = recorders[(i + block) % recorders.length];
    if (recorder === undefined || recorder.failed !== undefined) continue;
    try {
      await within(10_000, turn(recorder));
    } catch (error) {
      recorder.failed = String(error);
    }
  }
}
