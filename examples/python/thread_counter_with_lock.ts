/** Two threads change one counter 100,000 times each, up and down: with the lock it is 0 in the end. */

import { Thread, Value } from "@herd/concurrent";

function change(counter: Value<"i">, by: number): void {
  for (let n = 0; n < 100_000; n++) {
    using _held = counter.get_lock().holdSync();
    counter.value += by;
  }
}

if (import.meta.main) {
  const counter = new Value("i", 0);
  const threads = [1, -1].map((by) => new Thread({ target: change, args: [counter, by] }));
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  console.log("counter:", counter.value);
}
