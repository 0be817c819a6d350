import type { Job } from "../job.ts";
import type { Recorder } from "./recorder.ts";

/** Clients at a time. */
const CLIENTS = 8;

/** A dict in a manager: a value at a time, by one client and by several. */
export async function calls(recorder: Recorder, { plan: { count, repeats } }: Job): Promise<void> {
  // Node reads this file, too, and knows no `using`.
  const managed = await recorder.contender.manager!();
  try {
    // Once that does not count.
    for (let i = -1; i < repeats; i++) {
      const alone = count / await managed.alone(count) * 1e3;
      const together = count / await managed.together(CLIENTS, count) * 1e3;
      const apart = count / await managed.apart(CLIENTS, count) * 1e3;
      if (i < 0) continue;
      for (const [name, value] of Object.entries({ alone, together, apart })) {
        recorder.add(name, value);
      }
    }
  } finally {
    await managed[Symbol.asyncDispose]();
  }
}
