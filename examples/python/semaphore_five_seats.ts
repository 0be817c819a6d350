/** Thirteen visitors and five seats: who finds no seat waits outside until somebody leaves. */

import { Process, Semaphore } from "@herd/concurrent";
import { delay } from "@std/async";

export async function visit(visitor: number, seats: Semaphore): Promise<void> {
  using _seat = await seats.hold();
  console.log(`visitor ${visitor} sits down`);
  await delay(50);
  console.log(`visitor ${visitor} leaves`);
}

if (import.meta.main) {
  const seats = new Semaphore(5);
  const visitors = Array.from({ length: 13 }, (_, n) => {
    return new Process({ target: visit, args: [n + 1, seats] });
  });
  for (const visitor of visitors) visitor.start();
  for (const visitor of visitors) await visitor.join();
}
