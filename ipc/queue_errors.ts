/**
 * What queues throw.
 *
 * @module
 */

import { registerErrorClass } from "./values/_known_errors.ts";

/**
 * Python's `queue.Full`: there was no room in time.
 *
 * @example
 * ```ts
 * import { Full, Queue } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * const queue = new Queue<number>(1);
 * await queue.put(1);
 * await assertRejects(() => queue.put_nowait(2), Full);
 * ```
 */
export class Full extends Error {
  /** The name by which the error is printed. */
  override name = "Full";
}

/**
 * Python's `queue.Empty`: there was no item in time.
 *
 * @example
 * ```ts
 * import { Empty, Queue } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => new Queue().get({ timeout: 5 }), Empty);
 * ```
 */
export class Empty extends Error {
  /** The name by which the error is printed. */
  override name = "Empty";
}

/**
 * Python's `queue.ShutDown`: the queue was shut down, and has no item any more, or takes none.
 *
 * @example
 * ```ts
 * import { Queue, ShutDown } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * const queue = new Queue<number>();
 * await queue.shutdown();
 * await assertRejects(() => queue.put(1), ShutDown);
 * ```
 */
export class ShutDown extends Error {
  /** The name by which the error is printed. */
  override name = "ShutDown";
}

registerErrorClass("Full", Full);
registerErrorClass("Empty", Empty);
registerErrorClass("ShutDown", ShutDown);
