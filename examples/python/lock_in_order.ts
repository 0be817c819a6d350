/** Twenty printers print in order: each waits for its turn, and gives the turn to the next. */

import { Lock, Process } from "@herd/concurrent";

async function print(printer: number, turn: Lock, next: Lock): Promise<void> {
  await turn.acquire();
  console.log(`printer ${printer}`);
  await next.release(); // a Lock has no owner: who releases it need not hold it
}

if (import.meta.main) {
  const turns = Array.from({ length: 21 }, () => new Lock());
  for (const turn of turns) await turn.acquire();
  const printers = turns.slice(1).map((next, n) => {
    return new Process({ target: print, args: [n + 1, turns[n], next] });
  });
  for (const printer of printers.toReversed()) printer.start();
  await turns[0]!.release();
  for (const printer of printers) await printer.join();
}
