/**
 * Waiting for several connections, listeners and processes at once.
 */

import { checkTimeout } from "../../sync/_deadline.ts";
import { show } from "../../sync/_options.ts";
import { glance, untilNews, waitableOf } from "./_news.ts";
import type { Connection } from "../connection.ts";
import type { Listener } from "../listener.ts";
import type { Sentinel } from "../process.ts";

/** What `connection.wait` waits for. */
export type WaitObject = Connection | Listener | Sentinel;

/**
 * Waits until something can be received from one of several connections, one of several listeners has
 * somebody to accept, or one of several processes has ended: Python's `multiprocessing.connection.wait`.
 *
 * - All that are ready are in the result, in the order in which they were given.
 * - A connection whose other end is closed is ready: `recv` then says so at once. A listener is ready also
 *   when a peer has failed the handshake.
 * - Nothing is taken from any of them, and two may wait for the same.
 *
 * Semantics: CPython's `multiprocessing.connection.wait`. Without any objects and limit it resolves at
 * once, where CPython waits forever.
 *
 * @param objects Connections, listeners and `process.sentinel`s.
 * @param timeout Milliseconds; `undefined` for no limit, 0 or less to look.
 * @returns Those that are ready; none when the time is up.
 * @throws {OSError} When one of them is closed, or a connection that can't receive.
 * @throws {TypeError} When something else is among them.
 * @throws {ValueError} When `timeout` is no number.
 *
 * @example
 * ```ts
 * import { connection, Process } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
 * using client = await connection.Client(listener.address);
 * using server = await listener.accept();
 * const process = new Process({ target: () => {} });
 * process.start();
 *
 * assertEquals(await connection.wait([server], 0), []);
 * await client.send("news");
 * assertEquals(await connection.wait([server, listener]), [server]);
 * await connection.wait([process.sentinel]);
 * assertEquals(process.exitcode, 0);
 * ```
 */
export async function wait<T extends WaitObject>(
  objects: Iterable<T>,
  timeout?: number,
): Promise<T[]> {
  checkTimeout(timeout);
  const all = [...objects];
  const waitables = all.map((object) => {
    const waitable = waitableOf(object);
    if (waitable !== undefined) return waitable;
    throw new TypeError(
      `Cannot wait for ${show(object)}: a Connection, a Listener or a process's sentinel is wanted`,
    );
  });
  for (const waitable of waitables) waitable.check();
  const end = timeout === undefined ? Infinity : performance.now() + timeout;
  const left = () => end === Infinity ? undefined : Math.max(0, end - performance.now());
  for (;;) {
    if (!waitables.some(({ isReady }) => isReady)) {
      await untilNews(waitables, all.length === 0 ? timeout ?? 0 : left());
    }
    // Others may be ready, too, and would never get their turn if nobody looked.
    await glance(waitables, left());
    for (const waitable of waitables) waitable.check();
    const ready = all.filter((_, i) => waitables[i]!.isReady);
    // None, where somebody else was quicker.
    if (ready.length > 0 || all.length === 0 || performance.now() >= end) return ready;
  }
}
