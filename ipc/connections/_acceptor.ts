/**
 * From a listening socket to connections whose other end has proved itself.
 *
 * Handshakes run beside one another, so that who is slow, or silent, or hostile, keeps nobody else waiting.
 * What came of each is an outcome: a connection, or the error of a peer that failed. Outcomes are given to
 * those who accept, in the order in which they are known, each once.
 *
 * | a socket is | and becomes | when |
 * | --- | --- | --- |
 * | in the system's queue | in a handshake | somebody accepts or watches, and no outcome waits |
 * | in a handshake | a connection | both sides have proved themselves |
 * | in a handshake | an error, and is closed | it fails, takes {@linkcode LONGEST_HANDSHAKE}, is the oldest of too many, or the listener is closed |
 * | an outcome | someone's | it is its turn |
 * | an outcome that waits | closed | the listener is closed |
 *
 * So sockets are taken only as long as somebody wants one, and at most {@linkcode MOST_HANDSHAKES} and as
 * many outcomes are kept. Who accepts or watches keeps the program alive, nothing else here does.
 */

import { abortedError, limit, type WaitOptions } from "../../sync/_deadline.ts";
import { TimeoutError } from "../../sync/errors.ts";
import {
  type Address,
  addressOf,
  type ListeningSocket,
  systemError,
  withoutDelay,
} from "./_address.ts";
import { answer_challenge, deliver_challenge } from "./_auth.ts";
import type { NewsSource } from "./_message_transport.ts";
import { hear } from "./_news.ts";
import { SocketTransport } from "./_socket_transport.ts";
import { type Connection, connectionOver } from "../connection.ts";
import { AuthenticationError, OSError } from "../errors.ts";

/** Milliseconds; longer lets silent peers be more at a time, shorter refuses slow ones. */
export const LONGEST_HANDSHAKE = 10_000;
/** Larger costs more memory and files under attack; smaller drops more of those who come at once. */
export const MOST_HANDSHAKES = 128;
/** Milliseconds before the system is asked again after it had no connection to give, but an error. */
const PAUSE = 100;

/** What came of a peer. */
export type Outcome =
  & { readonly from: Address | null }
  & ({ readonly connection: Connection } | { readonly error: unknown });

interface Waiter {
  take(outcome: Outcome): void;
}

/** A handshake under way; `cut` ends it. */
interface Handshake {
  cut(reason: Error): void;
}

/** See the head of the file. */
export class Acceptor implements NewsSource {
  readonly #socket: ListeningSocket;
  readonly #authkey: Uint8Array | undefined;
  readonly #longest: number;
  readonly #waiters: Waiter[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #outcomes: Outcome[] = [];
  /** The oldest first. */
  readonly #handshakes = new Set<Handshake>();
  /** Settles when no more sockets are wanted. */
  #accepting: Promise<void> | undefined = undefined;
  #isClosed = false;

  /**
   * Nothing is accepted yet.
   *
   * @param authkey The key that peers need; `undefined` when they need none.
   * @param longest Milliseconds that a handshake may take.
   */
  constructor(
    socket: ListeningSocket,
    authkey: Uint8Array | undefined,
    longest: number = LONGEST_HANDSHAKE,
  ) {
    this.#socket = socket;
    this.#authkey = authkey;
    this.#longest = longest;
    socket.unref();
  }

  get isReady(): boolean {
    return this.#isClosed || this.#outcomes.length > 0;
  }

  /** What comes of the next peer. */
  accept(options: WaitOptions): Promise<Outcome> {
    const { signal, timeout } = options;
    if (this.#isClosed) return Promise.reject(closedError());
    if (signal?.aborted) return Promise.reject(abortedError("accept", signal));
    const outcome = this.#outcomes.shift();
    if (outcome !== undefined) return Promise.resolve(outcome);
    return new Promise((resolve, reject) => {
      const stop = limit(options, (why) => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        this.#hold();
        reject(
          why === "timeout"
            ? new TimeoutError(`Cannot accept: nobody has connected within ${timeout} ms`)
            : abortedError("accept", signal!),
        );
      });
      const waiter: Waiter = {
        take(outcome) {
          stop();
          resolve(outcome);
        },
      };
      this.#waiters.push(waiter);
      this.#hold();
      this.#run();
    });
  }

  watch(tell: () => void): () => void {
    const watcher = () => tell();
    this.#watchers.add(watcher);
    this.#hold();
    if (this.isReady) queueMicrotask(() => this.#tell());
    else this.#run();
    return () => {
      if (this.#watchers.delete(watcher)) this.#hold();
    };
  }

  async look(): Promise<void> {
    const stop = this.watch(() => {});
    await hear(() => this.isReady);
    // Twice, as the look itself may have begun within a turn.
    await hear(() => this.isReady);
    stop();
  }

  /**
   * Closes the socket, and every connection that nobody has got.
   *
   * @returns Resolves when the address is free: Deno keeps the socket until a pending accept has ended.
   */
  close(): Promise<void> {
    this.#close();
    return this.#accepting ?? Promise.resolve();
  }

  /** Whether it is closed, and its address not free yet. */
  get isLeaving(): boolean {
    return this.#isClosed && this.#accepting !== undefined;
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Who waits for the end of the pending accept has to see it.
    this.#socket.ref();
    this.#socket.close();
    for (const outcome of this.#outcomes.splice(0)) {
      if ("connection" in outcome) outcome.connection.close();
    }
    for (const handshake of this.#handshakes) handshake.cut(closedError());
    for (const waiter of this.#waiters.splice(0)) waiter.take({ from: null, error: closedError() });
    this.#tell();
  }

  get #isWanting(): boolean {
    return !this.#isClosed && this.#outcomes.length === 0 &&
      (this.#waiters.length > 0 || this.#watchers.size > 0);
  }

  #run(): void {
    if (this.#accepting === undefined && this.#isWanting) this.#accepting = this.#takeSockets();
  }

  /** Takes sockets as long as they are wanted. */
  async #takeSockets(): Promise<void> {
    try {
      while (this.#isWanting) await this.#takeSocket();
    } finally {
      // In the same turn as the last look at what is wanted: who comes later begins again.
      this.#accepting = undefined;
    }
  }

  async #takeSocket(): Promise<void> {
    try {
      this.#begin(await this.#socket.accept());
    } catch (error) {
      if (this.#isClosed) return;
      // Such as too many open files: it may pass.
      this.#deliver({ from: null, error: systemError("accept", error) });
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  #begin(socket: Deno.Conn): void {
    const from = addressOf(socket.remoteAddr);
    const transport = new SocketTransport(withoutDelay(socket));
    const connection = connectionOver(transport);
    if (this.#isClosed) connection.close();
    else if (this.#authkey === undefined) this.#deliver({ from, connection });
    else {
      transport.mayHold = false;
      this.#greet(connection, this.#authkey).then((error) => {
        transport.mayHold = true;
        this.#deliver(error === undefined ? { from, connection } : { from, error });
      });
    }
  }

  /** The handshake; resolves to what went wrong. */
  async #greet(connection: Connection, authkey: Uint8Array): Promise<unknown> {
    if (this.#handshakes.size >= MOST_HANDSHAKES) {
      const [oldest] = this.#handshakes;
      oldest!.cut(brokenOff(`there are ${MOST_HANDSHAKES} newer ones`));
    }
    let reason: Error | undefined;
    const handshake: Handshake = {
      cut: (why) => {
        reason ??= why;
        this.#handshakes.delete(handshake);
        connection.close();
      },
    };
    this.#handshakes.add(handshake);
    const timer = setTimeout(
      () => handshake.cut(brokenOff(`it has not ended within ${this.#longest} ms`)),
      this.#longest,
    );
    Deno.unrefTimer(timer);
    try {
      await deliver_challenge(connection, authkey);
      await answer_challenge(connection, authkey);
      return reason;
    } catch (error) {
      connection.close();
      if (reason !== undefined || error instanceof AuthenticationError) return reason ?? error;
      return brokenOff("the peer has closed the connection or sent garbage", error);
    } finally {
      clearTimeout(timer);
      this.#handshakes.delete(handshake);
    }
  }

  #deliver(outcome: Outcome): void {
    if (this.#isClosed) {
      if ("connection" in outcome) outcome.connection.close();
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter.take(outcome);
    else {
      this.#outcomes.push(outcome);
      this.#tell();
    }
    this.#hold();
  }

  #tell(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const tell of watchers) tell();
    this.#hold();
  }

  /** A pending accept keeps the program alive when somebody waits for it. */
  #hold(): void {
    if (this.#isClosed) return;
    if (this.#waiters.length > 0 || this.#watchers.size > 0) this.#socket.ref();
    else this.#socket.unref();
  }
}

function closedError(): OSError {
  return new OSError("Cannot accept: the listener is closed");
}

function brokenOff(reason: string, cause?: unknown): OSError {
  return new OSError(
    `Cannot accept: a peer's handshake was broken off: ${reason}`,
    cause === undefined ? {} : { cause },
  );
}
