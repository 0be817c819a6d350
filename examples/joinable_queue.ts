/** Jobs that make more jobs: join waits until all of them are done, whoever has put them. */

import { JoinableQueue, Queue, ThreadPoolExecutor } from "@herd/concurrent";

/** A tree, as deep as it says. */
interface Node {
  readonly depth: number;
}

/** Counts a node, and puts its two children, until there is nothing more to do. */
export async function walk(nodes: JoinableQueue<Node>, counted: Queue<number>): Promise<void> {
  let count = 0;
  for await (const { depth } of nodes) {
    count++;
    if (depth > 0) {
      // Before the node is called done: so not all is done in between.
      await nodes.put({ depth: depth - 1 });
      await nodes.put({ depth: depth - 1 });
    }
    await nodes.task_done();
  }
  await counted.put(count);
}

if (import.meta.main) {
  const nodes = new JoinableQueue<Node>();
  const counted = new Queue<number>();
  await using executor = new ThreadPoolExecutor(3);
  const walkers = [1, 2, 3].map(() => executor.submit(walk, nodes, counted));

  await nodes.put({ depth: 9 });
  await nodes.join();
  console.log("all nodes are done, and the queue is empty:", await nodes.empty());

  await nodes.shutdown();
  await Promise.all(walkers);
  let sum = 0;
  for (let n = 0; n < 3; n++) sum += await counted.get();
  console.log("nodes:", sum);
}
