/** The same without a lock: what one thread writes, the other overwrites. Mostly it shows at once. */

import { Barrier, Thread, Value } from "@herd/concurrent";

function change(counter: Value<"i">, n: number, bothAreThere: Barrier): void {
  bothAreThere.waitSync();
  for (let round = 0; round < 100_000; round++) {
    counter.value += n;
    counter.value -= n;
  }
}

if (import.meta.main) {
  const counter = new Value("i", 0);
  const both = new Barrier(2);
  while (counter.value === 0) {
    const threads = [5, 8].map((n) => new Thread({ target: change, args: [counter, n, both] }));
    for (const thread of threads) thread.start();
    for (const thread of threads) await thread.join();
  }
  console.log("the counter is 0:", counter.value === 0);
}
