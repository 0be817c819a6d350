/**
 * A program of `process_exit_test.ts` that nothing guards: its processes import it, to find what they are
 * to do, and would start it again. The argument says how it starts them.
 */

import { Process, task } from "../../../mod.ts";

const text = "done";

export function say(): void {
  console.log(text);
}

export class Saying extends Process {
  static override readonly module = import.meta.url;
  override run(): void {
    say();
  }
}

async function main(): Promise<void> {
  // In a child, the arguments are not the program's.
  const how = Deno.env.get("HERD_HOW");
  const process = how === "subclass"
    ? new Saying()
    : new Process({ target: how === "reference" ? task(import.meta.url, say) : say });
  process.start();
  await process.join();
  console.log(process.exitcode);
}

console.log("begins");
if (Deno.env.get("HERD_HOW") === "timer") setTimeout(main);
else if (Deno.env.get("HERD_HOW") === "nobody awaits it") main();
else await main();
