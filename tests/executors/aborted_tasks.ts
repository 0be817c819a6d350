/** The tasks of `aborted_test.ts`. */

import { current_thread } from "../../mod.ts";

/** Says that it has begun by a file, and does not let its event loop turn before that is gone. */
export function spin(begun: string): void {
  Deno.writeTextFileSync(begun, "");
  while (isThere(begun));
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Says that it has begun, and ends once the file is there. */
export async function linger(begun: string, file: string): Promise<void> {
  Deno.writeTextFileSync(begun, "");
  while (!isThere(file)) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Which worker it runs in. */
export function echoWorker(): string {
  return current_thread().name;
}
