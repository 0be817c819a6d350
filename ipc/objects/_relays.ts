/**
 * Streams and sockets that are passed on: what stands for them on the other side asks this one for every
 * piece, so that neither side is ahead of the other by more than one.
 *
 * Each has two halves. The relay keeps the thing itself, which is its alone from then on, and does what it is
 * asked; the other side's makes a stream or socket of such questions. When either side is gone, the other's is
 * cancelled, aborted or closed.
 */

import { ConnectionRelay, relayedConnection } from "../connections/_connection_relay.ts";
import type { Connection } from "../connection.ts";
import type { RelayKind } from "./_relay_kind.ts";
import type { Home } from "./_remote_object.ts";

/** The half that stays. */
export interface Relay {
  /** What the other side has to know beforehand. */
  readonly facts?: unknown;
  /** Nobody has the other half any more. */
  abandon(): void;
}

/**
 * Takes over a thing that is sent.
 *
 * @throws {TypeError} When a stream is in use.
 */
export function relay(value: object, kind: RelayKind): Relay {
  switch (kind) {
    case "ReadableStream":
      return new ReadableRelay(value as ReadableStream);
    case "WritableStream":
      return new WritableRelay(value as WritableStream);
    case "Conn":
      return new ConnRelay(value as Deno.Conn);
    case "Connection":
      return new ConnectionRelay(value as Connection);
    default:
      return kind satisfies never;
  }
}

/** What has come back to where it lives. */
export function comesBack(object: object): object {
  return object instanceof ConnectionRelay ? object.returned() : object;
}

class ReadableRelay implements Relay {
  readonly #reader: ReadableStreamDefaultReader;

  constructor(stream: ReadableStream) {
    this.#reader = stream.getReader();
  }

  async read(): Promise<{ done: boolean; value: unknown }> {
    const { done, value } = await this.#reader.read();
    return { done, value };
  }

  cancel(reason: unknown): Promise<void> {
    return this.#reader.cancel(reason);
  }

  abandon(): void {
    this.#reader.cancel(new Error("Nobody reads the stream any more")).catch(() => {});
  }
}

class WritableRelay implements Relay {
  readonly #writer: WritableStreamDefaultWriter;

  constructor(stream: WritableStream) {
    this.#writer = stream.getWriter();
  }

  async write(chunk: unknown): Promise<void> {
    await this.#writer.write(chunk);
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  abort(reason: unknown): Promise<void> {
    return this.#writer.abort(reason);
  }

  abandon(): void {
    this.#writer.abort(new Error("Nobody writes the stream any more")).catch(() => {});
  }
}

/** Bytes that are read of a socket at a time. */
const READ_SIZE = 65_536;

class ConnRelay implements Relay {
  readonly #conn: Deno.Conn;
  readonly facts: { localAddr: Deno.Addr; remoteAddr: Deno.Addr };

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.facts = { localAddr: conn.localAddr, remoteAddr: conn.remoteAddr };
  }

  async read(size: number): Promise<Uint8Array | null> {
    const bytes = new Uint8Array(Math.min(size, READ_SIZE));
    const count = await this.#conn.read(bytes);
    return count === null ? null : bytes.subarray(0, count).slice();
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): Promise<void> {
    this.abandon();
    return Promise.resolve();
  }

  abandon(): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed.
    }
  }
}

/** What stands for a thing that is relayed by the other side. */
export function relayed(kind: RelayKind, port: Home, id: number, facts: unknown): object {
  const ask = async (method: string, ...args: unknown[]) =>
    (await port.call(id, method, args)).value;
  switch (kind) {
    case "ReadableStream":
      return new ReadableStream({
        async pull(controller) {
          const { done, value } = await ask("read") as { done: boolean; value: unknown };
          if (done) controller.close();
          else controller.enqueue(value);
        },
        async cancel(reason) {
          await ask("cancel", reason);
        },
      }, { highWaterMark: 0 });
    case "WritableStream":
      return new WritableStream({
        write: (chunk) => ask("write", chunk) as Promise<void>,
        close: () => ask("close") as Promise<void>,
        abort: (reason) => ask("abort", reason) as Promise<void>,
      });
    case "Conn":
      return new RelayedConn(ask, facts as ConnRelay["facts"]);
    case "Connection":
      return relayedConnection(
        async (method, args, signal) => (await port.call(id, method, args, signal)).value,
        facts,
      );
    default:
      return kind satisfies never;
  }
}

/** A socket whose other half is elsewhere. */
class RelayedConn implements Deno.Conn {
  readonly #ask: (method: string, ...args: unknown[]) => Promise<unknown>;
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  #isClosed = false;
  /** How many of its streams have ended. */
  #ended = 0;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined = undefined;
  #writable: WritableStream<Uint8Array<ArrayBufferLike>> | undefined = undefined;

  constructor(
    ask: (method: string, ...args: unknown[]) => Promise<unknown>,
    { localAddr, remoteAddr }: ConnRelay["facts"],
  ) {
    this.#ask = ask;
    this.localAddr = localAddr;
    this.remoteAddr = remoteAddr;
  }

  async read(into: Uint8Array): Promise<number | null> {
    this.#check();
    const bytes = await this.#ask("read", into.length) as Uint8Array | null;
    if (bytes === null) return null;
    into.set(bytes);
    return bytes.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.#check();
    await this.#ask("write", bytes);
    return bytes.length;
  }

  async closeWrite(): Promise<void> {
    this.#check();
    await this.#ask("closeWrite");
  }

  close(): void {
    this.#check();
    this.#isClosed = true;
    this.#ask("close").catch(() => {});
  }

  #check(): void {
    if (this.#isClosed) throw new Deno.errors.BadResource("Bad resource ID");
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        const bytes = await this.#ask("read", READ_SIZE) as Uint8Array<ArrayBuffer> | null;
        if (bytes !== null) return controller.enqueue(bytes);
        controller.close();
        this.#halfEnds();
      },
      cancel: () => this[Symbol.dispose](),
    }, { highWaterMark: 0 });
  }

  get writable(): WritableStream<Uint8Array<ArrayBufferLike>> {
    return this.#writable ??= new WritableStream({
      write: async (bytes) => void await this.write(bytes),
      close: async () => {
        await this.closeWrite();
        this.#halfEnds();
      },
      abort: () => this[Symbol.dispose](),
    });
  }

  /** A stream of the two has ended: who hears the end may still have an answer to send. */
  #halfEnds(): void {
    if (++this.#ended === 2) this[Symbol.dispose]();
  }

  ref(): void {}

  unref(): void {}

  [Symbol.dispose](): void {
    if (!this.#isClosed) this.close();
  }
}
