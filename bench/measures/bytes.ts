import { type Session, settle } from "../contenders/contender.ts";
import type { Job } from "../job.ts";
import type { KernelName, Value } from "../kernels.ts";
import { end, type Recorder, timed } from "./recorder.ts";

const MEGABYTE = 2 ** 20;

/** Bytes of which no two neighbours are the same. */
function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i % 251;
  return bytes;
}

/** Whether it is what a kernel over bytes gives; some pools turn arrays of bytes into others. */
function isIntact(kernel: KernelName, arg: Value, result: unknown): boolean {
  if (kernel === "weigh") return result === (arg as Uint8Array).length;
  const length = typeof arg === "number" ? arg : arg.length;
  if (!(result instanceof Uint8Array) || result.length !== length) return false;
  const last = typeof arg === "number" ? arg % 251 : arg.at(-1);
  return result.at(-1) === last;
}

/** Milliseconds of one call. */
async function trip(session: Session, kernel: KernelName, arg: Value): Promise<number> {
  let result: unknown;
  const ms = await timed(async () => result = await session.run(kernel, arg));
  if (isIntact(kernel, arg, result)) return ms;
  throw new Error(
    `a Uint8Array does not travel: ${kernel} gave ${Object.prototype.toString.call(result)}`,
  );
}

/** Megabytes a second there, back, and both, one call at a time. */
export async function bytes(recorder: Recorder, { workers, plan }: Job): Promise<void> {
  const session = recorder.contender.start(workers, "bulk");
  // What can't take a few can't take many, and would take long to show it.
  await trip(session, "echo", pattern(MEGABYTE));
  await settle(session, "empty", 100);
  const length = plan.count * MEGABYTE;
  const sent = pattern(length);
  const rate = (trips: number, ms: number) => trips * plan.count / ms * 1000;
  for (let i = -2; i < plan.repeats; i++) {
    const there = await trip(session, "weigh", sent);
    const back = await trip(session, "give", length);
    const both = await trip(session, "echo", sent);
    if (i < 0) continue;
    recorder.add("there", rate(1, there));
    recorder.add("back", rate(1, back));
    recorder.add("both", rate(2, both));
  }
  await end(recorder, session);
}
