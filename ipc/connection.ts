/**
 * One end of a way on which two processes or threads talk.
 *
 * @module
 */

import { checkTimeout } from "../sync/_deadline.ts";
import { checkArgument, integerFrom } from "../sync/_options.ts";
import { RuntimeError } from "../sync/errors.ts";
import { type Bytes, bytesOf, partOf } from "./connections/_buffer_arguments.ts";
import {
  type BlockingTransport,
  closedError,
  MessageTooLong,
  type MessageTransport,
} from "./connections/_message_transport.ts";
import { registerWaitable, untilNews } from "./connections/_news.ts";
import { BufferTooShort, OSError } from "./errors.ts";

export type { Bytes } from "./connections/_buffer_arguments.ts";

/** What an end can do, and whether it is told that by how it was made. */
export interface Directions {
  readonly readable: boolean;
  readonly writable: boolean;
}

/** Makes a connection over its transport; set by the class. */
let make: (transport: MessageTransport, directions: Directions) => Connection;
/** The transport of a connection, for who takes it over. */
export let transportOf: (connection: Connection) => MessageTransport;
let leave: (connection: Connection) => void;

/**
 * One end of a way on which two sides talk: Python's `multiprocessing.connection.Connection`. What one end
 * sends, the other receives: whole messages, in their order, each once.
 *
 * - `send` and `recv` are for values, as structured clone keeps them, with errors, URLs and what
 *   `transfer` moves. `send_bytes` and `recv_bytes` are for bytes, also with CPython on the other side.
 *   Both may be used in turns; the receiver has to know what comes.
 * - What comes is data and never code. What can't be a message or a value is an {@linkcode OSError}, and
 *   closes the connection.
 * - The `…Sync` methods block their thread meanwhile. They are for ends of a `Pipe` in the process that made it.
 * - An end that is passed on, as an argument, in an item or by another connection, is copied if it is one of a `Pipe`:
 *   both go on with it, each message goes to one of them, and the other side gets its `EOFError` when the last copy is
 *   closed or has gone with its thread or process. One through a socket moves: here it is closed from then on.
 * - `send` resolves when the message has been taken by the way to the other side, which is when there is
 *   room: who awaits it can't get ahead of a slow receiver without end. Messages that are sent at once are
 *   not mixed; they leave in the order of the calls.
 * - Receivers that wait are served in the order of their calls. One that waits keeps the program alive, and
 *   so does a message that has not left; an idle connection does not.
 *
 * There is no constructor for it: `Pipe` makes two that are connected, `connection.Client` and
 * `connection.Listener` make connections through sockets.
 *
 * Semantics: CPython's `multiprocessing.connection.Connection`.
 *
 * @example
 * ```ts
 * import { connection } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
 * using client = await connection.Client(listener.address);
 * using server = await listener.accept();
 *
 * await client.send({ name: "Dolly", born: new Date(1996, 6, 5) });
 * assertEquals(await server.recv(), { name: "Dolly", born: new Date(1996, 6, 5) });
 *
 * await server.send_bytes(new Uint8Array([1, 2, 3]));
 * assertEquals(await client.poll(1000), true);
 * assertEquals(await client.recv_bytes(), new Uint8Array([1, 2, 3]));
 * ```
 */
export class Connection implements Disposable, AsyncDisposable {
  readonly #transport: MessageTransport;
  readonly #writable: boolean;
  #readable: boolean;
  #closed = false;
  #isElsewhere = false;

  static {
    make = (transport, directions) => new Connection(transport, directions);
    transportOf = (connection) => connection.#transport;
    leave = (connection) => {
      connection.#closed = true;
      connection.#isElsewhere = true;
    };
  }

  private constructor(transport: MessageTransport, { readable, writable }: Directions) {
    this.#transport = transport;
    this.#readable = readable;
    this.#writable = writable;
    registerWaitable(this, {
      get isReady() {
        return transport.isReady;
      },
      isFar: transport.isFar,
      watch: (tell) => transport.watch(tell),
      look: () => transport.look(),
      check: () => this.#checkReadable("wait for a connection"),
    });
  }

  /** Whether this end has been closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether this end can receive. */
  get readable(): boolean {
    return this.#readable;
  }

  /** Whether this end can send. */
  get writable(): boolean {
    return this.#writable;
  }

  /**
   * Sends a value, as it is at the call.
   *
   * @param value What structured clone keeps, with errors and URLs. Through a socket no shared objects.
   * @returns Resolves when the message has been taken.
   * @throws {OSError} When this end is closed, can't send, or the other one is closed.
   * @throws {DOMException} A `DataCloneError`, when the value can't be sent. The connection is as before.
   * @throws {ValueError} When the message would be longer than 2 GiB.
   */
  async send(value: unknown): Promise<void> {
    this.#checkWritable("send");
    await this.#transport.sendValue(value);
  }

  /**
   * Sends a value, and blocks the thread until it has been taken. See {@linkcode Connection.send}.
   *
   * @param value What structured clone keeps, with errors, URLs and shared objects.
   * @throws {RuntimeError} Unless this is an end of a `Pipe` of this process; or when it would wait for ever behind
   * messages that this thread sends without blocking.
   */
  sendSync(value: unknown): void {
    this.#checkWritable("send");
    this.#blocking("send").sendValue(value);
  }

  /**
   * Receives a value that `send` sent.
   *
   * @returns The value; nobody has it but the caller.
   * @throws {EOFError} When the other end is closed, and all that it sent has been received.
   * @throws {OSError} When this end is closed or can't receive, the way is broken, or what came is no value.
   */
  async recv(): Promise<unknown> {
    this.#checkReadable("receive");
    try {
      return await this.#transport.receiveValue();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * Receives a value, and blocks the thread until there is one. See {@linkcode Connection.recv}.
   *
   * @returns The value.
   * @throws {RuntimeError} Unless this is an end of a `Pipe` of this process; or when there is a shared object in it
   * that this thread does not know yet.
   */
  recvSync(): unknown {
    this.#checkReadable("receive");
    const blocking = this.#blocking("recv");
    try {
      return blocking.receiveValue();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * Sends bytes, as they are at the call.
   *
   * @param buffer Where they are.
   * @param offset How many bytes of it to leave out.
   * @param size How many bytes to send; default all that follow. None are a message, too.
   * @returns Resolves when the message has been taken.
   * @throws {ValueError} When there are not so many bytes, or more than 2 GiB.
   * @throws {TypeError} When `buffer` is none.
   * @throws {OSError} When this end is closed, can't send, or the other one is closed.
   */
  async send_bytes(buffer: Bytes, offset = 0, size?: number): Promise<void> {
    this.#checkWritable("send bytes");
    const part = partOf(buffer, offset, size);
    await this.#transport.send([this.#transport.copiesBytes ? part : part.slice()]);
  }

  /**
   * Sends bytes, and blocks the thread until they have been taken. See {@linkcode Connection.send_bytes}.
   *
   * @param buffer Where they are.
   * @param offset How many bytes of it to leave out.
   * @param size How many bytes to send; default all that follow.
   * @throws {RuntimeError} Unless this is an end of a `Pipe` of this process; or when it would wait for ever behind
   * messages that this thread sends without blocking.
   */
  send_bytesSync(buffer: Bytes, offset = 0, size?: number): void {
    this.#checkWritable("send bytes");
    this.#blocking("send_bytes").send([partOf(buffer, offset, size)]);
  }

  /**
   * Receives the bytes of a message.
   *
   * @param maxlength The longest message that is wanted, in bytes. On a longer one nothing can be received
   * any more, since it is not read; an end that can't send either is closed.
   * @returns The bytes, in memory of their own.
   * @throws {EOFError} When the other end is closed, and all that it sent has been received.
   * @throws {OSError} When the message is too long, this end is closed or can't receive, the way is broken,
   * or what came is no message.
   * @throws {ValueError} When `maxlength` is negative.
   */
  async recv_bytes(maxlength?: number): Promise<Uint8Array<ArrayBuffer>> {
    if (maxlength !== undefined) {
      checkArgument("receive bytes", "maxlength", maxlength, integerFrom(0));
    }
    return await this.#receive("receive bytes", maxlength);
  }

  /**
   * Receives the bytes of a message, and blocks the thread until there is one. See {@linkcode Connection.recv_bytes}.
   *
   * @param maxlength The longest message that is wanted, in bytes.
   * @returns The bytes, in memory of their own.
   * @throws {RuntimeError} Unless this is an end of a `Pipe` of this process.
   */
  recv_bytesSync(maxlength?: number): Uint8Array<ArrayBuffer> {
    if (maxlength !== undefined) {
      checkArgument("receive bytes", "maxlength", maxlength, integerFrom(0));
    }
    this.#checkReadable("receive bytes");
    const blocking = this.#blocking("recv_bytes");
    try {
      return blocking.receive(maxlength);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * Receives the bytes of a message into memory that is there.
   *
   * @param buffer Where to put them. What is around them stays as it is.
   * @param offset How many bytes of it to leave as they are.
   * @returns How many bytes have come.
   * @throws {BufferTooShort} When they do not fit: it has the message.
   * @throws {EOFError} When the other end is closed, and all that it sent has been received.
   * @throws {OSError} When this end is closed or can't receive, the way is broken, or what came is no
   * message.
   * @throws {ValueError} When `offset` is not in the buffer.
   * @throws {TypeError} When `buffer` is none.
   */
  async recv_bytes_into(buffer: Bytes, offset = 0): Promise<number> {
    const what = "receive bytes";
    checkArgument(what, "offset", offset, integerFrom(0, bytesOf(what, buffer).length));
    const message = await this.#receive(what);
    // Its owner may have changed its length meanwhile.
    const space = bytesOf(what, buffer).subarray(offset);
    if (message.length > space.length) {
      throw new BufferTooShort(
        `Cannot receive bytes into a buffer: it is too short: ${message.length} bytes have come, ` +
          `there is room for ${space.length}: they are the error's value`,
        { value: message },
      );
    }
    space.set(message);
    return message.length;
  }

  /**
   * Whether there is something to receive; the end of the connection counts. Nothing is taken away.
   *
   * Of a message of more than 64 kB it may be only the beginning that is there.
   *
   * @param timeout Milliseconds to wait for it; 0 or less to look, `Infinity` for no limit.
   * @returns `false` when nothing has come in that time.
   * @throws {OSError} When this end is closed, or can't receive.
   * @throws {ValueError} When `timeout` is no number.
   */
  async poll(timeout = 0): Promise<boolean> {
    checkTimeout(timeout);
    this.#checkReadable("poll");
    if (this.#transport.isReady) return true;
    await untilNews([this.#transport], timeout);
    this.#checkReadable("poll");
    return this.#transport.isReady;
  }

  /**
   * Whether there is something to receive, and blocks the thread until then. See {@linkcode Connection.poll}.
   *
   * @param timeout Milliseconds to wait for it; 0 or less to look, `Infinity` for no limit.
   * @returns `false` when nothing has come in that time.
   * @throws {RuntimeError} Unless this is an end of a `Pipe` of this process.
   */
  pollSync(timeout = 0): boolean {
    checkTimeout(timeout);
    this.#checkReadable("poll");
    return this.#blocking("poll").poll(timeout);
  }

  /**
   * In Python, the number of the file that the connection is. Deno gives none.
   *
   * @throws {OSError} Always.
   */
  fileno(): number {
    throw new OSError(
      this.#closed
        ? "Cannot tell the file number of a connection: it is closed"
        : "Cannot tell the file number of a connection: Deno gives none: use connection.wait()",
    );
  }

  /**
   * Closes this end. The other one gets what was sent before, and then an `EOFError`. Who waits to
   * receive here gets an {@linkcode OSError}. To close it again is fine.
   *
   * What was sent and has not left has ten seconds for it.
   */
  close(): void {
    this.#close();
  }

  /** Closes this end. */
  [Symbol.dispose](): void {
    this.#close();
  }

  /** Closes this end, and waits until all that was sent has left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #close(): Promise<void> {
    this.#closed = true;
    if (!this.#isElsewhere) await this.#transport.close();
  }

  async #receive(what: string, limit?: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#checkReadable(what);
    try {
      return await this.#transport.receive(limit);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): unknown {
    if (error instanceof MessageTooLong && this.#writable) this.#readable = false;
    // Where the next message begins is not known any more.
    else if (error instanceof OSError) this.close();
    return error;
  }

  #blocking(method: string): BlockingTransport {
    const { blocking } = this.#transport;
    if (blocking !== undefined) return blocking;
    throw new RuntimeError(
      `Cannot use ${method}Sync of a connection that goes through a socket, or lives in another process: ` +
        `use await ${method}()`,
    );
  }

  #checkReadable(what: string): void {
    this.#checkOpen(what);
    if (!this.#readable) throw new OSError(`Cannot ${what}: this end can't receive`);
  }

  #checkWritable(what: string): void {
    this.#checkOpen(what);
    if (!this.#writable) throw new OSError(`Cannot ${what}: this end can't send`);
  }

  #checkOpen(what: string): void {
    if (this.#isElsewhere) throw new OSError(`Cannot ${what}: the connection was passed on`);
    if (this.#closed) throw closedError(what);
  }
}

/** A connection over a way of its own. */
export function connectionOver(
  transport: MessageTransport,
  directions: Directions = { readable: true, writable: true },
): Connection {
  return make(transport, directions);
}

/**
 * The way of a connection that is to be passed on.
 *
 * @throws {OSError} When it is closed.
 */
export function transportToPassOn(connection: Connection): MessageTransport {
  if (connection.closed) throw closedError("pass on a connection");
  return transportOf(connection);
}

/**
 * The end of a connection, for another realm; a connection that can be had once is its former owner's no more.
 *
 * @throws {OSError} When it is closed.
 */
export function handOver(connection: Connection): MessageTransport {
  const transport = transportToPassOn(connection);
  const handed = transport.handOver();
  if (!transport.isCopied) leave(connection);
  return handed;
}
