/**
 * An object port over a connection: how programs use each other's objects that have nothing in common but a key.
 *
 * - Each message is one of the connection's. What is none, or none about objects, ends the connection; nothing
 *   that arrives is evaluated.
 * - Many calls may be under way at a time. What is answered while an answer leaves goes with the next write.
 * - Who sends calls and does not read the answers is not read either, once {@linkcode MOST_UNSENT} bytes of them
 *   wait: it can't fill this program's memory.
 * - The end of the connection is the end of all that depends on it: calls under way fail, and what the other side
 *   held is released.
 */

import { asGone } from "../../sync/_gone.ts";
import type { MessageTransport } from "../connections/_message_transport.ts";
import { objectMessageFromBytes, objectMessageToBytes } from "./_object_bytes.ts";
import type { ObjectNumbers } from "./_object_numbers.ts";
import { ObjectPort } from "./_object_port.ts";
import type { ObjectMessage } from "./_object_protocol.ts";
import { type Connection, transportOf } from "../connection.ts";
import { EOFError, OSError } from "../errors.ts";

/** Larger lets more answers wait for a client that is slow to read; smaller makes more of them wait in turn. */
const MOST_UNSENT = 16 * 1024 * 1024;

/** What a side of such a connection is. */
export interface ObjectConnectionOptions {
  /** What the other side is called, for people. */
  readonly name: string;
  /** What it can call from the start, and the kind of that. */
  readonly root?: { readonly object: object; readonly kind: string };
  /** The numbers of objects, where several connections have them in common. */
  readonly numbers?: ObjectNumbers;
}

/** See the head of the file. */
export class ObjectConnection {
  readonly port: ObjectPort;
  /** Resolves when it has ended, by whichever side. */
  readonly ended: Promise<void>;
  readonly #transport: MessageTransport;
  readonly #name: string;
  /** Why it has ended. */
  #reason: unknown = undefined;
  #unsent = 0;
  #lastSent: Promise<void> = Promise.resolve();

  /** @param connection Whose messages are all the port's from now on. */
  constructor(connection: Connection, { name, root, numbers }: ObjectConnectionOptions) {
    const transport = this.#transport = transportOf(connection);
    this.#name = name;
    // Who waits for an answer does.
    transport.mayHold = false;
    this.port = new ObjectPort({
      sharesMemory: false,
      isForeign: true,
      post: (message) => this.#send(message),
      name: () => name,
      waits: (on) => transport.mayHold = on,
      gone: (what) => this.#gone(what),
      ...(root === undefined ? {} : { root }),
      ...(numbers === undefined ? {} : { numbers }),
    });
    this.ended = this.#receive();
  }

  /** Ends it; what was sent before still leaves. */
  async close(): Promise<void> {
    this.#reason ??= new EOFError("Cannot go on: the connection was closed here");
    const closed = this.#transport.close();
    this.port.close();
    await closed;
  }

  #send(message: ObjectMessage): void {
    const parts = objectMessageToBytes(message);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    this.#unsent += length;
    this.#lastSent = this.#transport.send(parts).then(
      () => void (this.#unsent -= length),
      (error) => this.#end(error),
    );
  }

  async #receive(): Promise<void> {
    try {
      for (;;) {
        this.port.receive(objectMessageFromBytes(await this.#transport.receive()));
        while (this.#unsent > MOST_UNSENT && this.#reason === undefined) await this.#lastSent;
      }
    } catch (error) {
      this.#end(error);
    }
  }

  #end(reason: unknown): void {
    this.#reason ??= reason;
    this.#transport.close();
    this.port.close();
  }

  #gone(what: string): Error {
    const [Class, why] = isEnd(this.#reason)
      ? [EOFError, "has ended, or closed the connection"] as const
      : [OSError, "is not connected any more"] as const;
    const options = this.#reason === undefined ? {} : { cause: this.#reason };
    return asGone(new Class(`Cannot ${what}: ${this.#name} ${why}`, options));
  }
}

/** Whether a connection ended since the other side has: by its end, or by what the system says of that. */
function isEnd(reason: unknown): boolean {
  return reason instanceof EOFError || (reason instanceof OSError && reason.cause !== undefined);
}
