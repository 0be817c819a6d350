/** The same once, without a lock: both happen to have read the counter before either writes. */

import { Barrier, Thread, Value } from "@herd/concurrent";

function change(counter: Value<"i">, by: number, bothHaveRead: Barrier): void {
  const read = counter.value;
  bothHaveRead.waitSync();
  counter.value = read + by;
}

if (import.meta.main) {
  const counter = new Value("i", 0);
  const both = new Barrier(2);
  const threads = [1, -1].map((by) => new Thread({ target: change, args: [counter, by, both] }));
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  console.log("counter is 0:", counter.value === 0);
}
