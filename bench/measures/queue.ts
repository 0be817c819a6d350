import { runMany, type Session, settle, zeros } from "../contenders/contender.ts";
import process from "node:process";
import type { Job } from "../job.ts";
import { median } from "../stats.ts";
import { end, type Recorder, timed } from "./recorder.ts";

/** Milliseconds that the longest queue may take before the next, ten times longer, is left out. */
const PATIENCE = 1_500;

/** Frees what is garbage and tells what is left; children of this work run with `--expose-gc`. */
function heap(): { used: number; external: number } {
  const { gc } = globalThis as { gc?: () => void };
  for (let i = 0; i < 3; i++) gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { used: heapUsed, external };
}

/** Bytes that each of `count` tasks holds between its submission and the next turn of the loop. */
async function addBytes(recorder: Recorder, session: Session, count: number): Promise<void> {
  const held = new Array<PromiseLike<unknown>>(count).fill(Promise.resolve());
  const before = heap();
  for (let i = 0; i < count; i++) held[i] = session.run("empty", 0);
  const after = heap();
  recorder.add("bytes", (after.used - before.used) / count);
  recorder.add("external", (after.external - before.external) / count);
  await Promise.all(held);
}

/** Time a task at growing lengths of the queue, and the memory of the longest. */
export async function queue(recorder: Recorder, { workers, plan }: Job): Promise<void> {
  const session = recorder.contender.start(workers, "throughput");
  await settle(session, "empty", 20_000);
  let reached = 0;
  for (let count = 1_000; count <= plan.count; count *= 10) {
    const args = zeros(count);
    const times: number[] = [];
    for (let left = Math.max(1, Math.min(20, 200_000 / count)); left > 0; left--) {
      times.push(await timed(() => runMany(session, "empty", args)));
    }
    recorder.add(`us ${count}`, median(times) / count * 1000);
    reached = count;
    if (median(times) > PATIENCE && count < plan.count) {
      recorder.notes.add(`stopped at ${count.toLocaleString("en")}: too slow`);
      break;
    }
  }
  await addBytes(recorder, session, reached);
  await end(recorder, session);
}
