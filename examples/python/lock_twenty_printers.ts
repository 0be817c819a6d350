/** Twenty processes print three lines each; with the lock, nobody prints between the lines of another. */

import { Lock, Process } from "@herd/concurrent";

async function print(printer: number, lock: Lock): Promise<void> {
  using _held = await lock.hold();
  for (const page of ["first", "second", "third"]) {
    console.log(`printer ${printer}: ${page} page`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

if (import.meta.main) {
  const lock = new Lock();
  const printers = Array.from({ length: 20 }, (_, n) => {
    return new Process({ target: print, args: [n + 1, lock] });
  });
  for (const printer of printers) printer.start();
  for (const printer of printers) await printer.join();
}
