/**
 * Connecting to a listener.
 *
 * @module
 */

import { abortedError, checkTimeout, limit } from "../sync/_deadline.ts";
import { TimeoutError } from "../sync/errors.ts";
import { aTypeOf, checkOptions, type OptionRules } from "../sync/_options.ts";
import { type Address, checkedAddress, connectTo, showAddress } from "./connections/_address.ts";
import { answer_challenge, checkKey, deliver_challenge } from "./connections/_auth.ts";
import { SocketTransport } from "./connections/_socket_transport.ts";
import { type Connection, connectionOver } from "./connection.ts";
import { LIMIT_RULES } from "./listener.ts";

/** Options of `Client`. */
export interface ClientOptions {
  /** The listener's key; to be left out when it has none. */
  authkey?: Uint8Array | undefined;
  /** Milliseconds until the connection has to stand; `undefined` for no limit. */
  timeout?: number | undefined;
  /** Aborting it ends the attempt. */
  signal?: AbortSignal | undefined;
}

const RULES: OptionRules = {
  ...LIMIT_RULES,
  authkey: aTypeOf("a Uint8Array", () => true),
};

/**
 * Connects to a listener, Herd's or CPython's: Python's `multiprocessing.connection.Client`.
 *
 * Both ends have to have an `authkey`, or none of them: one that waits for a proof that never comes waits
 * until the other hangs up. With keys, it resolves when the listener's program has accepted.
 *
 * Semantics: CPython's `multiprocessing.connection.Client`.
 *
 * @param address Where the listener listens.
 * @param options The key, and how long to try.
 * @returns The connection.
 * @throws {OSError} When nobody listens there, or what answers is no listener.
 * @throws {AuthenticationError} When the listener has another key.
 * @throws {EOFError} When the listener hangs up during the handshake.
 * @throws {TimeoutError} When it takes longer than `timeout`.
 * @throws {CancelledError} When the signal was aborted.
 * @throws {TypeError} When the address or an option is of the wrong type.
 * @throws {ValueError} When the address is of a kind that Deno does not have.
 * @throws {Deno.errors.NotCapable} When the program may not connect there; it names the flags.
 *
 * @example
 * ```ts
 * import { connection } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const authkey = new TextEncoder().encode("secret");
 * using listener = new connection.Listener({ address: ["127.0.0.1", 0], authkey });
 * const accepting = listener.accept();
 *
 * using client = await connection.Client(listener.address, { authkey });
 * using server = await accepting;
 * await server.send_bytes(new TextEncoder().encode("welcome"));
 * assertEquals(new TextDecoder().decode(await client.recv_bytes()), "welcome");
 * ```
 */
export async function Client(address: Address, options: ClientOptions = {}): Promise<Connection> {
  checkOptions("connect", options, RULES);
  const where = checkedAddress("connect", address);
  const { authkey, timeout, signal } = options;
  if (authkey !== undefined) checkKey("connect", authkey);
  checkTimeout(timeout);
  if (signal?.aborted) throw abortedError("connect", signal);
  const key = authkey?.slice();
  const end = new AbortController();
  const stop = limit({ timeout, signal }, (why) =>
    end.abort(
      why === "aborted" ? abortedError("connect", signal!) : new TimeoutError(
        `Cannot connect to ${showAddress(where)}: it has not been done within ${timeout} ms`,
      ),
    ));
  try {
    return await connect(where, key, end.signal);
  } catch (error) {
    throw end.signal.aborted ? end.signal.reason : error;
  } finally {
    stop();
  }
}

async function connect(
  address: Address,
  authkey: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<Connection> {
  const connection = connectionOver(new SocketTransport(await connectTo(address, signal)));
  const close = () => connection.close();
  signal.addEventListener("abort", close);
  try {
    signal.throwIfAborted();
    if (authkey !== undefined) {
      await answer_challenge(connection, authkey);
      await deliver_challenge(connection, authkey);
      // Just now, maybe.
      signal.throwIfAborted();
    }
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}
