/** A `local` has other properties in each thread. */

import { local, Thread } from "@herd/concurrent";

const visitor = new local();

function greet(): void {
  console.log(`hello, ${visitor.name}`);
}

export function serve(name: string): void {
  visitor.name = name;
  greet();
}

if (import.meta.main) {
  visitor.name = "shepherd";
  const threads = ["ewe", "ram"].map((name) => new Thread({ target: serve, args: [name] }));
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  greet();
}
