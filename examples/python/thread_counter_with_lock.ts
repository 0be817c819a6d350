/** Two threads count up and down 100,000 times each: with the lock, the counter is 0 in the end. */

import { Thread, Value } from "@herd/concurrent";

function change(counter: Value<"i">, n: number): void {
  for (let round = 0; round < 100_000; round++) {
    using _held = counter.get_lock().holdSync();
    counter.value += n;
    counter.value -= n;
  }
}

if (import.meta.main) {
  const counter = new Value("i", 0);
  const threads = [5, 8].map((n) => new Thread({ target: change, args: [counter, n] }));
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  console.log("counter:", counter.value);
}
