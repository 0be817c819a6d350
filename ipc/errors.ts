/**
 * The errors of what passes data between processes.
 *
 * @module
 */

import { RuntimeError } from "../sync/errors.ts";

/**
 * Python's `OSError`: a connection or a listener can't do what it was asked to, since it is closed, broken,
 * the other side does not keep to the protocol, or the operating system refuses. `cause` is what Deno
 * threw, where it did.
 *
 * @example
 * ```ts
 * import { connection, OSError } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * const listener = new connection.Listener({ address: ["127.0.0.1", 0] });
 * listener.close();
 * await assertRejects(() => listener.accept(), OSError);
 * ```
 */
export class OSError extends Error {
  /** The name by which the error is printed. */
  override name = "OSError";
}

/**
 * Python's `EOFError`: the other end of a connection is closed, and all that it sent has been received.
 *
 * @example
 * ```ts
 * import { connection, EOFError } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
 * using client = await connection.Client(listener.address);
 * (await listener.accept()).close();
 * await assertRejects(() => client.recv(), EOFError);
 * ```
 */
export class EOFError extends Error {
  /** The name by which the error is printed. */
  override name = "EOFError";
}

/**
 * Python's `multiprocessing.ProcessError`: what the errors of `multiprocessing` have in common.
 *
 * @example
 * ```ts
 * import { AuthenticationError, BufferTooShort, ProcessError } from "@herd/concurrent";
 * import { assert } from "@std/assert";
 *
 * assert(new BufferTooShort("", { value: new Uint8Array(1) }) instanceof ProcessError);
 * assert(new AuthenticationError() instanceof ProcessError);
 * ```
 */
export class ProcessError extends Error {
  /** The name by which the error is printed. */
  override name = "ProcessError";
}

/** What {@linkcode BufferTooShort} is made with. */
export interface BufferTooShortOptions extends ErrorOptions {
  /** The message. */
  value: Uint8Array<ArrayBuffer>;
}

/**
 * Python's `multiprocessing.BufferTooShort`: a message is longer than the buffer that it was to be received
 * into. It has been received, and is here.
 *
 * @example
 * ```ts
 * import { BufferTooShort, connection } from "@herd/concurrent";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
 * using client = await connection.Client(listener.address);
 * using server = await listener.accept();
 *
 * await client.send_bytes(new Uint8Array([1, 2, 3]));
 * const error = await assertRejects(
 *   () => server.recv_bytes_into(new Uint8Array(2)),
 *   BufferTooShort,
 * );
 * assertEquals(error.value, new Uint8Array([1, 2, 3]));
 * ```
 */
export class BufferTooShort extends ProcessError {
  /** The name by which the error is printed. */
  override name = "BufferTooShort";

  /** The whole message. */
  readonly value: Uint8Array<ArrayBuffer>;

  /**
   * Makes one.
   *
   * @param message What went wrong.
   * @param options The message that was too long, and maybe a cause.
   */
  constructor(message: string, options: BufferTooShortOptions) {
    super(message, options);
    this.value = options.value;
  }
}

/**
 * Python's `KeyError`: there is no such key, or no such element.
 *
 * @example
 * ```ts
 * import { KeyError } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new KeyError("Cannot delete a key: there is none such: \"wool\"");
 * assertEquals(error.name, "KeyError");
 * ```
 */
export class KeyError extends Error {
  /** The name by which the error is printed. */
  override name = "KeyError";
}

/**
 * Python's `multiprocessing.managers.RemoteError`: a call that reached the process where an object lives, and
 * was refused there, since there is no such object or no such method, or since what came of it can't be sent.
 *
 * What a method throws itself arrives as what it is.
 *
 * @example
 * ```ts
 * import { RemoteError, RuntimeError } from "@herd/concurrent";
 * import { assert } from "@std/assert";
 *
 * assert(new RemoteError("Cannot call shear: there is no such method") instanceof RuntimeError);
 * ```
 */
export class RemoteError extends RuntimeError {
  /** The name by which the error is printed. */
  override name = "RemoteError";
}

/**
 * Python's `multiprocessing.AuthenticationError`: the two ends of a connection do not have the same key, or
 * one of them does not answer as agreed.
 *
 * @example
 * ```ts
 * import { AuthenticationError, connection } from "@herd/concurrent";
 * import { assertRejects } from "@std/assert";
 *
 * const [key, other] = ["secret", "guess"].map((text) => new TextEncoder().encode(text));
 * using listener = new connection.Listener({ address: ["127.0.0.1", 0], authkey: key });
 * const accepting = assertRejects(() => listener.accept(), AuthenticationError);
 * await assertRejects(
 *   () => connection.Client(listener.address, { authkey: other }),
 *   AuthenticationError,
 * );
 * await accepting;
 * ```
 */
export class AuthenticationError extends ProcessError {
  /** The name by which the error is printed. */
  override name = "AuthenticationError";
}
