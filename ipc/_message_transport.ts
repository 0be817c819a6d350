/**
 * What a `Connection` needs of the way that its messages take, whatever that is made of.
 *
 * - Messages are whole, are bytes, and arrive in the order in which they were sent. Those sent at the same
 *   time are not mixed.
 * - A pending `receive` and a watcher keep the program alive, and so does a message that has not left.
 *   Nothing else does.
 */

/** A value as the parts of a message, and back. */
export interface ValueForm {
  /** @throws {DOMException} `DataCloneError`, when something in it can't be sent; what a getter throws. */
  toMessage(value: unknown): readonly Uint8Array[];
  /** @throws {OSError} When the message is no value. */
  fromMessage(message: Uint8Array<ArrayBuffer>): unknown;
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
}

/** See the head of the file. */
export interface MessageTransport extends NewsSource {
  /** Whether those who wait keep the program alive; they do at first. */
  mayHold?: boolean;
  /** How values become messages here. */
  readonly values: ValueForm;
  /**
   * Sends a message, given in parts that nobody changes any more.
   *
   * @returns Resolves when the way has taken it, which may have to wait for the receiver.
   * @throws {OSError} When the way is closed or broken.
   */
  send(parts: readonly Uint8Array[]): Promise<void>;
  /**
   * The next message, in memory of its own. Those who wait are served in the order of their calls.
   *
   * @param limit The longest that is wanted, in bytes.
   * @throws {EOFError} When the other end is closed, and everything from it was received.
   * @throws {MessageTooLong} When the message is longer than the limit.
   * @throws {OSError} When the way is closed or broken, or what comes is no message.
   */
  receive(limit?: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Closes this end, once. Nothing is received any more, by those who wait neither; what was sent before
   * still leaves, for a while.
   *
   * @returns Resolves when nothing is left of it.
   */
  close(): Promise<void>;
}
