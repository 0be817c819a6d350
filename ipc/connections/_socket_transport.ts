/**
 * Messages through a socket, in CPython's frames.
 *
 * Bytes are read only while somebody receives or watches, so that a sender has to wait for a receiver that
 * does nothing. A read that was begun for somebody who went away stays pending; it does not keep the
 * program alive, and what it brings is for the next one.
 */

import { after } from "../../sync/_deadline.ts";
import { MessageReader } from "./_connection_frames.ts";
import { socketValues } from "./_connection_values.ts";
import { closedError, type MessageTransport } from "./_message_transport.ts";
import { MessageWriter } from "./_message_writer.ts";
import { hear } from "./_news.ts";
import { OSError } from "../errors.ts";

/** What is needed of a `Deno.Conn`. */
export type Socket = Pick<Deno.Conn, "read" | "write" | "close" | "ref" | "unref">;

interface Receiver {
  readonly limit: number | undefined;
  resolve(message: Uint8Array<ArrayBuffer>): void;
  reject(error: unknown): void;
}

/** Milliseconds that messages have to leave in after the end is closed; then they are dropped. */
const LINGER = 10_000;

/** See the head of the file. */
export class SocketTransport implements MessageTransport {
  readonly isCopied = false;
  readonly #socket: Socket;
  readonly #reader = new MessageReader();
  readonly #writer: MessageWriter;
  readonly #receivers: Receiver[] = [];
  readonly #watchers = new Set<() => void>();
  #isReading = false;
  #holds = false;
  #mayHold = true;
  #closed: Promise<void> | undefined = undefined;

  /** @param socket Belongs to the transport from now on. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#writer = new MessageWriter(socket);
    socket.unref();
  }

  /** Whether those who wait keep the program alive; they do at first. */
  get mayHold(): boolean {
    return this.#mayHold;
  }

  set mayHold(mayHold: boolean) {
    this.#mayHold = mayHold;
    this.#hold();
  }

  get isReady(): boolean {
    return this.#closed !== undefined ||
      (this.#receivers.length === 0 && this.#reader.isReady);
  }

  send(parts: readonly Uint8Array[]): Promise<void> {
    return this.#closed === undefined
      ? this.#writer.send(parts)
      : Promise.reject(closedError("send"));
  }

  receive(limit?: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#closed !== undefined) return Promise.reject(closedError("receive"));
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    this.#receivers.push({ limit, resolve, reject });
    this.#serve();
    return promise;
  }

  sendValue(value: unknown): Promise<void> {
    return this.send(socketValues.toMessage(value));
  }

  async receiveValue(): Promise<unknown> {
    return socketValues.fromMessage(await this.receive());
  }

  handOver(): MessageTransport {
    return this;
  }

  watch(tell: () => void): () => void {
    if (this.isReady) {
      let isWanted = true;
      queueMicrotask(() => isWanted && tell());
      return () => void (isWanted = false);
    }
    // One function may watch twice.
    const watcher = () => tell();
    this.#watchers.add(watcher);
    this.#hold();
    this.#read();
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

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    const left = this.#writer.isIdle ? undefined : this.#writer.idle();
    for (const { reject } of this.#receivers.splice(0)) reject(closedError("receive"));
    this.#tell();
    if (left === undefined) return this.#socket.close();
    const late = Promise.withResolvers<void>();
    const stop = after(LINGER, late.resolve);
    await Promise.race([left, late.promise]);
    stop();
    // What has not left is told by this.
    this.#socket.close();
    await left;
  }

  /** Reads for as long as somebody waits for what is not there. */
  async #read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#closed === undefined && this.#isWanting) {
      try {
        this.#reader.advance(await this.#socket.read(this.#reader.space()));
      } catch (cause) {
        this.#reader.fail(
          new OSError("Cannot receive: the connection is broken", { cause }),
        );
      }
      this.#serve();
    }
    this.#isReading = false;
  }

  get #isWanting(): boolean {
    return this.#receivers.length > 0 || (this.#watchers.size > 0 && !this.#reader.isReady);
  }

  /** Gives out what is there. */
  #serve(): void {
    if (this.#closed !== undefined) return;
    for (let first = this.#receivers[0]; first !== undefined; first = this.#receivers[0]) {
      try {
        const message = this.#reader.next(first.limit);
        if (message === undefined) break;
        first.resolve(message);
      } catch (error) {
        first.reject(error);
      }
      this.#receivers.shift();
    }
    if (this.isReady) this.#tell();
    this.#hold();
    this.#read();
  }

  #tell(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const tell of watchers) tell();
  }

  /** A pending read keeps the program alive when somebody waits for it. */
  #hold(): void {
    const holds = this.#mayHold && (this.#receivers.length > 0 || this.#watchers.size > 0);
    if (holds === this.#holds || this.#closed !== undefined) return;
    this.#holds = holds;
    if (holds) this.#socket.ref();
    else this.#socket.unref();
  }
}
