/**
 * Accepting connections from other processes.
 *
 * @module
 */

import type { WaitOptions } from "../sync/_deadline.ts";
import { checkTimeout } from "../sync/_deadline.ts";
import { aTypeOf, checkOptions, integerFrom, type OptionRules } from "../sync/_options.ts";
import { Acceptor, type Outcome } from "./connections/_acceptor.ts";
import {
  type Address,
  addressOf,
  checkedAddress,
  listenAt,
  showAddress,
} from "./connections/_address.ts";
import { checkKey } from "./connections/_auth.ts";
import { registerWaitable } from "./connections/_news.ts";
import { privatePath, removeAtExit, removeNow } from "./connections/_socket_path.ts";
import type { Connection } from "./connection.ts";
import { OSError } from "./errors.ts";

/** Options of a `Listener`. */
export interface ListenerOptions {
  /**
   * Where to listen; default a Unix socket in a folder of its own that only this user can look into (on
   * Windows a port of this machine). Port 0 is any that is free.
   */
  address?: Address | undefined;
  /** The key that both ends have to have; without one, whoever connects is accepted. */
  authkey?: Uint8Array | undefined;
  /** How many peers may wait to be accepted, on TCP; default as Deno has it. */
  backlog?: number | undefined;
}

/** Limits of a wait for a connection. */
export interface AcceptOptions {
  /** Milliseconds; `undefined` for no limit, 0 or less to look. */
  timeout?: number | undefined;
  /** Aborting it ends the wait. */
  signal?: AbortSignal | undefined;
}

const RULES: OptionRules = {
  address: aTypeOf("a path or [host, port]", () => true),
  authkey: aTypeOf("a Uint8Array", () => true),
  backlog: integerFrom(1),
};

/** The rules of everything that waits for a peer. */
export const LIMIT_RULES: OptionRules = {
  timeout: aTypeOf("a number of milliseconds", () => true),
  signal: aTypeOf("an AbortSignal", (value) => value instanceof AbortSignal),
};

/**
 * Listens at an address for connections: Python's `multiprocessing.connection.Listener`.
 *
 * - With an `authkey`, both ends have to prove that they have the same one before a connection is accepted.
 *   Neither the key nor what follows is encrypted: beyond one machine, use it in a network that you trust.
 *   Without a key, whoever reaches the address is accepted.
 * - The wire format is CPython's, so either end may be Python's: with `send_bytes` and `recv_bytes`.
 * - A peer with a wrong key, one that sends garbage, and one that does not answer within ten seconds costs one
 *   `accept()` that fails, and keeps nobody else waiting. At most 128 peers prove themselves at a time; when
 *   more come, the oldest is dropped.
 * - Peers are taken from the system's queue only when somebody accepts. A pending `accept()` keeps the program
 *   alive; a listener does not.
 * - A Unix socket's file is removed when the listener is closed, or when the program ends.
 *
 * Semantics: CPython's `multiprocessing.connection.Listener`.
 *
 * @example Serving whoever has the key
 * ```ts
 * import { connection } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const authkey = new TextEncoder().encode("secret");
 * using listener = new connection.Listener({ address: ["127.0.0.1", 0], authkey });
 *
 * const [server, client] = await Promise.all([
 *   listener.accept(),
 *   connection.Client(listener.address, { authkey }),
 * ]);
 * await client.send("hello");
 * assertEquals(await server.recv(), "hello");
 * server.close();
 * client.close();
 * ```
 */
export class Listener implements Disposable, AsyncDisposable, AsyncIterable<Connection> {
  readonly #acceptor: Acceptor;
  readonly #address: Address;
  /** What is removed when it is closed. */
  readonly #leftover: string | undefined;
  #lastAccepted: Address | null = null;
  #closed = false;

  /**
   * Listens from now on.
   *
   * @param options Where, and for whom.
   * @throws {OSError} When the address is in use, or can't be listened at.
   * @throws {TypeError} When an option is unknown or of the wrong type.
   * @throws {ValueError} When an option is out of range, or the address is of a kind that Deno does not have.
   * @throws {Deno.errors.NotCapable} When the program may not listen there; it names the flags. TCP needs
   * `--allow-net`, a Unix socket also `--allow-read` and `--allow-write`.
   */
  constructor(options: ListenerOptions = {}) {
    checkOptions("make a Listener", options, RULES);
    const { address, authkey, backlog } = options;
    if (authkey !== undefined) checkKey("make a Listener", authkey);
    const { where, leftover } = address === undefined ? ownPlace() : placeAt(address);
    try {
      const socket = listenAt(where, backlog);
      this.#address = addressOf(socket.addr);
      this.#acceptor = new Acceptor(socket, authkey?.slice());
    } catch (error) {
      if (leftover !== undefined && address === undefined) removeNow(leftover);
      throw error;
    }
    this.#leftover = leftover;
    if (leftover !== undefined) removeAtExit(leftover);
    const acceptor = this.#acceptor;
    registerWaitable(this, {
      get isReady() {
        return acceptor.isReady;
      },
      watch: (tell) => acceptor.watch(tell),
      look: () => acceptor.look(),
      check: () => this.#checkOpen("wait for a listener"),
    });
  }

  /** Where it listens; with the port that it got, where 0 was asked for. */
  get address(): Address {
    return this.#address;
  }

  /**
   * Where the peer of the last `accept()` called from, also of one that failed; an empty text for a Unix
   * socket, whose peers have no address; `null` before.
   */
  get last_accepted(): Address | null {
    return this.#lastAccepted;
  }

  /** Whether it has been closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Waits for the next peer. After an error it can be called again; the listener goes on unless it is
   * `closed`. Several may wait at once; each gets another peer.
   *
   * @param options How long to wait.
   * @returns The connection to it.
   * @throws {AuthenticationError} When the peer has another key.
   * @throws {OSError} When the peer sends garbage, hangs up during the handshake, or takes more than ten
   * seconds for it; when the system has no connection to give; when the listener is closed.
   * @throws {TimeoutError} When nobody has come in that time.
   * @throws {CancelledError} When the signal was aborted.
   */
  async accept(options: AcceptOptions = {}): Promise<Connection> {
    checkOptions("accept", options, LIMIT_RULES);
    const limits: WaitOptions = { timeout: options.timeout, signal: options.signal };
    checkTimeout(limits.timeout);
    if (limits.timeout !== undefined && limits.timeout <= 0) await this.#acceptor.look();
    return this.#taken(await this.#acceptor.accept(limits));
  }

  #taken(outcome: Outcome): Connection {
    if (outcome.from !== null) this.#lastAccepted = outcome.from;
    if ("connection" in outcome) return outcome.connection;
    throw outcome.error;
  }

  /**
   * Stops listening. Who waits in `accept()` gets an {@linkcode OSError}, and who has not been accepted is
   * hung up on; connections that were accepted go on. To close it again is fine.
   *
   * The address may be in use for another turn of the event loop: `await using` waits until it is free.
   */
  close(): void {
    this.#close();
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    this.#close();
  }

  /** Stops listening, and waits until the address is free. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #close(): Promise<void> {
    const isFirst = !this.#closed;
    this.#closed = true;
    const left = this.#acceptor.close();
    if (!isFirst) return await left;
    if (this.#leftover !== undefined) removeNow(this.#leftover);
    if (!this.#acceptor.isLeaving || typeof this.#address !== "string") return await left;
    leaving.add(this.#address);
    await left;
    leaving.delete(this.#address);
  }

  /**
   * The connections that are accepted, until the listener is closed. Peers that fail the handshake are passed
   * over.
   *
   * @example
   * ```ts
   * import { connection } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
   * using client = await connection.Client(listener.address);
   * await client.send("only");
   * for await (const server of listener) {
   *   assertEquals(await server.recv(), "only");
   *   server.close();
   *   listener.close();
   * }
   * ```
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, void, void> {
    while (!this.#closed) {
      let connection: Connection;
      try {
        connection = await this.accept();
      } catch {
        // It is the peer's own concern, or the listener is closed.
        continue;
      }
      yield connection;
    }
  }

  #checkOpen(what: string): void {
    if (this.#closed) throw new OSError(`Cannot ${what}: the listener is closed`);
  }
}

/**
 * The paths of closed listeners whose sockets Deno has not let go of yet. When it does, it removes what is at
 * the path, which would be the socket of another listener.
 */
const leaving = new Set<string>();

interface Place {
  readonly where: Address;
  /** What is to be removed afterwards. */
  readonly leftover: string | undefined;
}

function ownPlace(): Place {
  if (Deno.build.os === "windows") return { where: ["127.0.0.1", 0], leftover: undefined };
  const { path, folder } = privatePath();
  return { where: path, leftover: folder };
}

function placeAt(address: Address): Place {
  const where = checkedAddress("make a Listener", address);
  if (typeof where === "string" && leaving.has(where)) {
    throw new OSError(
      `Cannot listen at ${showAddress(where)}: the address is in use: its listener has just been ` +
        `closed: await listener[Symbol.asyncDispose]() before`,
    );
  }
  return {
    where,
    leftover: typeof where === "string" && !where.startsWith("\0") ? where : undefined,
  };
}
