/**
 * A program of `thread_exit_test.ts` that nothing guards: its threads import it, to find what they are to do,
 * and would start it again.
 */

import { Thread } from "../../../mod.ts";

const text = "done";

export function say(): void {
  console.log(text);
}

console.log("begins");
const thread = new Thread({ target: say });
thread.start();
await thread.join();
