/**
 * Connections for realms that have not got their way: the half that stays with the way (see `_relays.ts`), and what
 * makes a transport of it on the other side.
 *
 * The relay has an end of its own: one more copy of a pipe's end, or the only one of a socket's, which is closed here
 * from then on. It is given up when the other side has closed it, has lost it, or is gone. Where it comes back to, it
 * is what it was: a pipe's end once more, or the socket's connection again.
 *
 * Whoever has a relayed end may pass it on as well. Those of a pipe then share the relay; it is closed with the last.
 */

import { abortedError, checkTimeout } from "../../sync/_deadline.ts";
import type { WaitLimit } from "../../sync/_drive.ts";
import { isGone } from "../../sync/_gone.ts";
import { socketValues } from "./_connection_values.ts";
import { closedError, MessageTooLong, type MessageTransport } from "./_message_transport.ts";
import { untilNews } from "./_news.ts";
import { type Connection, connectionOver, type Directions, handOver } from "../connection.ts";
import { EOFError, OSError } from "../errors.ts";

/** What the other side has to know beforehand. */
interface Facts extends Directions {
  /** Whether the way takes values as they are, and more than one may have the end. */
  readonly isCopied: boolean;
}

/** The half that stays. */
export class ConnectionRelay {
  readonly facts: Facts;
  /** Until it has gone back to where it came from. */
  #transport: MessageTransport | undefined;

  /** Takes over an end; see `handOver`. */
  constructor(connection: Connection) {
    const { readable, writable } = connection;
    this.#transport = handOver(connection);
    this.facts = { readable, writable, isCopied: this.#transport.isCopied };
  }

  /** The end has come back: it is one here again. */
  returned(): Connection {
    const transport = this.#open;
    if (transport.isCopied) return connectionOver(transport.handOver(), this.facts);
    this.#transport = undefined;
    return connectionOver(transport, this.facts);
  }

  get #open(): MessageTransport {
    if (this.#transport === undefined) {
      throw new OSError("Cannot go on: the connection was passed on");
    }
    return this.#transport;
  }

  /** What it is given may be anything: the other side may run any code. */
  async send(parts: unknown): Promise<void> {
    if (!Array.isArray(parts) || !parts.every((part) => part instanceof Uint8Array)) {
      throw new TypeError("Cannot send what another process gave: bytes are wanted");
    }
    await this.#open.send(parts);
  }

  sendValue(value: unknown): Promise<void> {
    return this.#open.sendValue(value);
  }

  /** The next message, or the length of one that is too long. */
  async receive(limit: number | null, { signal }: WaitLimit = {}): Promise<Uint8Array | string> {
    try {
      return await this.#open.receive(limit ?? undefined, signal);
    } catch (error) {
      if (error instanceof MessageTooLong) return error.message;
      throw error;
    }
  }

  receiveValue({ signal }: WaitLimit = {}): Promise<unknown> {
    return this.#open.receiveValue(signal);
  }

  /** Whether there is something to receive in time; not when the signal was aborted. */
  async poll({ timeout, signal }: WaitLimit): Promise<boolean> {
    checkTimeout(timeout);
    const transport = this.#open;
    if (transport.isReady) return true;
    const source = {
      get isReady() {
        return transport.isReady || (signal?.aborted ?? false);
      },
      watch(tell: () => void) {
        const stop = transport.watch(tell);
        signal?.addEventListener("abort", tell);
        return () => {
          signal?.removeEventListener("abort", tell);
          stop();
        };
      },
      look: () => transport.look(),
    };
    await untilNews([source], timeout);
    return transport.isReady;
  }

  async close(): Promise<void> {
    await this.#transport?.close();
  }

  abandon(): void {
    this.#transport?.close();
  }
}

/** Asks the relay. */
type Ask = (method: string, args: readonly unknown[], signal?: AbortSignal) => Promise<unknown>;

/** A connection whose way is elsewhere. */
export function relayedConnection(ask: Ask, facts: unknown): Connection {
  const { isCopied } = facts as Facts;
  const link: Link = { ask, copies: 1, connection: undefined };
  const transport = isCopied ? new RemoteTransport(link) : new RemoteSocket(link);
  return link.connection = connectionOver(transport, facts as Facts);
}

/** What all copies of a relayed end have in common. */
interface Link {
  readonly ask: Ask;
  copies: number;
  /** The relay ends when this is collected, so all hold on to it. */
  connection: Connection | undefined;
}

/** What a relayed end goes by, for who may be the one that it comes from. */
const links = new WeakMap<MessageTransport, Link>();

/** Whether an end is what another connection stands for, which was relayed. */
export function relayedBy(transport: MessageTransport): Connection | undefined {
  return links.get(transport)?.connection;
}

/** Messages by way of a relay. */
class RemoteTransport implements MessageTransport {
  readonly isCopied: boolean = true;
  readonly isFar = true;
  readonly #link: Link;
  /** Told by the relay, and not used yet. */
  #hasNews = false;
  #receiving = 0;
  readonly #watchers = new Set<() => void>();
  #looking: AbortController | undefined = undefined;
  /** Ends the waits of receivers. No promise that they have in common, which would keep all that they got. */
  readonly #cut = new Set<(error: unknown) => void>();
  #closed: Promise<void> | undefined = undefined;

  constructor(link: Link) {
    this.#link = link;
    links.set(this, link);
  }

  get isReady(): boolean {
    return this.#closed !== undefined || (this.#hasNews && this.#receiving === 0);
  }

  async send(parts: readonly Uint8Array[]): Promise<void> {
    await this.#ask("send", "send", [parts]);
  }

  async sendValue(value: unknown): Promise<void> {
    await this.#ask("send", "sendValue", [value]);
  }

  async receive(limit?: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const message = await this.#receive("receive", [limit ?? null], signal);
    if (typeof message === "string") throw new MessageTooLong(message);
    return message as Uint8Array<ArrayBuffer>;
  }

  receiveValue(signal?: AbortSignal): Promise<unknown> {
    return this.#receive("receiveValue", [], signal);
  }

  async #receive(
    method: string,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    this.#receiving++;
    this.#hasNews = false;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const waiting = new AbortController();
    // Who waits is told at once when this end is closed, and so is the relay: what comes is for other copies.
    const cut = (error: unknown) => {
      reject(error);
      waiting.abort();
    };
    const aborted = () => cut(abortedError("receive", signal!));
    this.#cut.add(cut);
    signal?.addEventListener("abort", aborted);
    this.#ask("receive", method, args, waiting.signal).then(resolve, reject);
    try {
      return await promise;
    } catch (error) {
      if (isGone(error)) throw new EOFError("Cannot receive: the other end is closed");
      throw error;
    } finally {
      this.#cut.delete(cut);
      signal?.removeEventListener("abort", aborted);
      this.#receiving--;
      this.#look();
    }
  }

  async #ask(
    what: string,
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<unknown> {
    if (this.#closed !== undefined) throw closedError(what);
    try {
      return await this.#link.ask(method, args, signal);
    } catch (error) {
      if (what === "send" && isGone(error)) {
        throw new OSError("Cannot send: the other end is closed", { cause: error });
      }
      throw error;
    }
  }

  watch(tell: () => void): () => void {
    // One function may watch twice.
    const watcher = () => tell();
    this.#watchers.add(watcher);
    if (this.isReady) queueMicrotask(() => this.#tell());
    else this.#look();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#looking?.abort();
    };
  }

  async look(): Promise<void> {
    if (!this.isReady && await this.#poll({ timeout: 0 })) this.#hasNews = true;
  }

  /** Has the relay look for as long as somebody watches. */
  async #look(): Promise<void> {
    if (this.#looking !== undefined || this.#watchers.size === 0 || this.#receiving > 0) return;
    if (this.isReady) return this.#tell();
    const { signal } = this.#looking = new AbortController();
    const hasNews = await this.#poll({}, signal);
    this.#looking = undefined;
    if (hasNews && this.#receiving === 0) this.#hasNews = true;
    this.#look();
  }

  async #poll(limit: { timeout?: number }, signal?: AbortSignal): Promise<boolean> {
    try {
      return await this.#link.ask("poll", [limit], signal) as boolean;
    } catch {
      // Whoever receives gets to know why.
      return true;
    }
  }

  #tell(): void {
    if (!this.isReady) return void this.#look();
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const tell of watchers) tell();
  }

  handOver(): MessageTransport {
    this.#link.copies++;
    return new RemoteTransport(this.#link);
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    // Before anything is said of the end.
    for (const cut of this.#cut) cut(closedError("receive"));
    // After this call, in which `#closed` is set, so that those who are told see it.
    queueMicrotask(() => {
      this.#looking?.abort();
      this.#tell();
    });
    if (--this.#link.copies > 0) return;
    // One that is gone, or has let go of the relay, has closed it.
    await this.#link.ask("close", []).catch(() => {});
  }
}

/** The same where the way carries bytes only, and is one side's alone. */
class RemoteSocket extends RemoteTransport {
  override readonly isCopied = false;

  override sendValue(value: unknown): Promise<void> {
    return this.send(socketValues.toMessage(value));
  }

  override async receiveValue(signal?: AbortSignal): Promise<unknown> {
    return socketValues.fromMessage(await this.receive(undefined, signal));
  }

  override handOver(): MessageTransport {
    return this;
  }
}
