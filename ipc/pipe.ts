/**
 * Pipes between threads and processes.
 *
 * @module
 */

import { checkOptions } from "../sync/_options.ts";
import { thisRealm } from "../sync/_realm.ts";
import "./connections/_connection_passing.ts";
import { allocatePipe, PipeEnd, type PipeMemory, type Side } from "./connections/_pipe_end.ts";
import { A_BOOLEAN } from "./queues/_queue_calls.ts";
import { RingTransport } from "./connections/_ring_transport.ts";
import { type Connection, connectionOver } from "./connection.ts";

/** How to make a pipe. */
export interface PipeOptions {
  /** Whether both ends can send and receive; default `true`. */
  duplex?: boolean;
}

/**
 * Python's `multiprocessing.Pipe`: two ends that are connected, for two threads or processes to talk.
 *
 * - The messages go through memory that the threads of the process share. In a child process an end is used by way
 *   of the process that the child got it from.
 * - Up to 64 KiB may be under way in each direction; a sender waits for room. One message more, of whatever length,
 *   always passes.
 * - What can be an item of a queue can be sent, with shared objects and ends of pipes.
 * - An end that is passed on is copied, as in Python: who passes it on and does not need it any more closes it, so
 *   that the other side hears of the end. An end that nobody has any more is closed once its memory is collected.
 * - A thread or process that dies closes what it has, and takes with it the message that it was sending or had just
 *   received, and no other.
 *
 * Semantics: CPython's `multiprocessing.Pipe`.
 *
 * @param options `duplex: false` for a pipe whose first end only receives and whose second only sends.
 * @returns The two ends.
 * @throws {TypeError} For options that are none.
 *
 * @example
 * ```ts
 * import { type Connection, Pipe, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const [here, there] = Pipe();
 * await using executor = new ThreadPoolExecutor(1);
 * const served = executor.submit((end: Connection) => {
 *   while (end.pollSync(Infinity)) {
 *     const n = end.recvSync() as number;
 *     if (n === 0) break;
 *     end.sendSync(2 * n);
 *   }
 *   end.close();
 * }, there);
 * await here.send(21);
 * assertEquals(await here.recv(), 42);
 * await here.send(0);
 * await served;
 * ```
 */
export function Pipe(options: PipeOptions = {}): [Connection, Connection] {
  checkOptions("make a pipe", options, { duplex: A_BOOLEAN });
  const { duplex = true } = options;
  const memory = allocatePipe(duplex);
  return [
    endOf(memory, 0, { readable: true, writable: duplex }),
    endOf(memory, 1, { readable: duplex, writable: true }),
  ];
}

function endOf(
  memory: PipeMemory,
  side: Side,
  directions: { readable: boolean; writable: boolean },
): Connection {
  const end = PipeEnd.of(memory, side);
  end.add(thisRealm().id);
  return connectionOver(new RingTransport(end), directions);
}
