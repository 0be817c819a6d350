/**
 * The names of Python's `multiprocessing.connection`.
 *
 * @module
 */

export { answer_challenge, deliver_challenge, type DigestName } from "./_auth.ts";
export { Client, type ClientOptions } from "../client.ts";
export { type Bytes, Connection } from "../connection.ts";
export { type AcceptOptions, Listener, type ListenerOptions } from "../listener.ts";
export { wait, type WaitObject } from "./_wait_ready.ts";
export type { Address } from "./_address.ts";
