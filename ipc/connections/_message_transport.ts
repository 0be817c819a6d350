/**
 * What a `Connection` needs of the way that its messages take, whatever that is made of.
 *
 * - Messages are whole, are bytes, and arrive in the order in which they were sent. Those sent at the same
 *   time are not mixed.
 * - A pending `receive` and a watcher keep the program alive, and so does a message that has not left.
 *   Nothing else does.
 */

import type { CopyData } from "../../sync/_shareable.ts";
import { OSError } from "../errors.ts";

/** A message is longer than its receiver wants. */
export class MessageTooLong extends OSError {}

/** The error of a message of `length` bytes. */
export function tooLong(length: number, limit: number): MessageTooLong {
  return new MessageTooLong(
    `Cannot receive a message: it is too long: ${length} bytes, at most ${limit} are wanted`,
  );
}

/** The error of what is asked of an end that is closed here; `action` completes "Cannot …". */
export function closedError(action: string): OSError {
  return new OSError(`Cannot ${action}: the connection is closed`);
}

/** Something that may have news: a transport, a listener, a process that may end. */
export interface NewsSource {
  /** Whether there is something, as far as is known here. */
  readonly isReady: boolean;
  /**
   * Calls `tell` once when `isReady` has become true, or never will, since it was closed. Not within this
   * call. What is not known here is looked for as long as somebody watches.
   *
   * @returns What ends it.
   */
  watch(tell: () => void): () => void;
  /** Resolves when `isReady` tells of all that had come before the call. */
  look(): Promise<void>;
  /** Whether to look is to ask another process, of which no turn of the event loop brings news. */
  readonly isFar?: boolean | undefined;
}

/** The same for who blocks its thread meanwhile. */
export interface BlockingTransport {
  send(parts: readonly Uint8Array[]): void;
  sendValue(value: unknown): void;
  receive(limit?: number): Uint8Array<ArrayBuffer>;
  receiveValue(): unknown;
  /** Whether there is something to receive within so many milliseconds. */
  poll(timeout: number): boolean;
}

/** See the head of the file. */
export interface MessageTransport extends NewsSource {
  /** Where the way can be used without the event loop. */
  readonly blocking?: BlockingTransport;
  /** Whether another realm may have the same end; else it has it instead. */
  readonly isCopied: boolean;
  /** Whether {@linkcode send} copies all parts before it returns; else nobody may change them any more. */
  readonly copiesBytes?: true;
  /** Whether those who wait keep the program alive; they do at first. */
  mayHold?: boolean;
  /**
   * Sends a message, given in parts.
   *
   * @returns Resolves when the way has taken it, which may have to wait for the receiver.
   * @throws {OSError} When the way is closed or broken.
   */
  send(parts: readonly Uint8Array[]): Promise<void>;
  /**
   * The same of a value, as it is at the call.
   *
   * @throws {DOMException} `DataCloneError`, when something in it can't be sent; what a getter throws.
   */
  sendValue(value: unknown): Promise<void>;
  /**
   * The next message, in memory of its own. Those who wait are served in the order of their calls.
   *
   * @param limit The longest that is wanted, in bytes.
   * @param signal Ends the wait, where more than one may have the end.
   * @throws {EOFError} When the other end is closed, and everything from it was received.
   * @throws {MessageTooLong} When the message is longer than the limit.
   * @throws {OSError} When the way is closed or broken, or what comes is no message.
   */
  receive(limit?: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The value in the next message.
   *
   * @throws {OSError} When there is none in it.
   */
  receiveValue(signal?: AbortSignal): Promise<unknown>;
  /** What another realm of this process makes a copy of, where its memory is all that it takes. */
  share?(realm: number): CopyData;
  /** The end for another realm: one more of it, or this one itself, which is its former owner's no more. */
  handOver(): MessageTransport;
  /**
   * Closes this end, once. Nothing is received any more, by those who wait neither; what was sent before
   * still leaves, for a while.
   *
   * @returns Resolves when nothing is left of it.
   */
  close(): Promise<void>;
}
