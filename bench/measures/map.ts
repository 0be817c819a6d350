import { settle } from "../contenders/contender.ts";
import type { Job } from "../job.ts";
import { end, type Recorder, timed } from "./recorder.ts";

/** Items per second through the pool's own `map` or `imap`, results added up as they come. */
export async function map(recorder: Recorder, { workers, plan, measure }: Job): Promise<void> {
  const session = recorder.contender.start(workers, "throughput");
  const add = measure === "imap" ? session.imap : session.map;
  if (add === undefined) throw new Error(`has no ${measure}`);
  await settle(session, "square", 20_000);
  const items = Array.from({ length: plan.count }, (_, i) => i);
  const expected = items.reduce((sum, item) => sum + item * item, 0);
  await add("square", items.slice(0, 50_000));
  for (let i = 0; i < plan.repeats; i++) {
    let sum = 0;
    const ms = await timed(async () => sum = await add("square", items));
    if (sum !== expected) throw new Error(`${measure} added up to ${sum}, not to ${expected}`);
    recorder.add("rate", plan.count / ms * 1000);
  }
  await end(recorder, session);
}
