/** Three threads are started, and joined. */

import { current_thread, Thread } from "@herd/concurrent";

export function greet(name: string): void {
  console.log(`${current_thread().name}: hello, ${name}`);
}

if (import.meta.main) {
  const threads = ["ewe", "lamb", "ram"].map((name, n) => {
    return new Thread({ target: greet, args: [name], name: `thread ${n}` });
  });
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  console.log("all have ended:", threads.every((thread) => !thread.is_alive()));
}
