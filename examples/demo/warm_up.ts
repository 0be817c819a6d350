/** Reads files once, so that those who read them later find them in memory. */

import type { FoundFile } from "./list_files.ts";

/**
 * Reads all files. One that cannot be read is left out: the analysis says so.
 *
 * @param onDone Told after each file how many are done.
 */
export function warmUp(files: readonly FoundFile[], onDone: (count: number) => void): void {
  const buffer = new Uint8Array(1024 * 1024);
  files.forEach(({ path }, i) => {
    try {
      using file = Deno.openSync(path);
      while (file.readSync(buffer) !== null);
    } catch {
      // See above.
    }
    onDone(i + 1);
  });
}
