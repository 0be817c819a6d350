/**
 * Messages on their way into a stream: one after the other, small ones gathered into one write.
 */

import { HEADER_LENGTH, putHeader } from "./_connection_frames.ts";
import { messageLength } from "../bytes/_frame.ts";
import { OSError } from "../errors.ts";

/** Where bytes go. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
}

interface Outgoing {
  readonly parts: readonly Uint8Array[];
  readonly length: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** Up to this many bytes are copied together: a write costs more than the copy. */
const GATHERED = 65_536;
/** The buffer for that, in the beginning. */
const SMALLEST_BUFFER = 1024;

/** See the head of the file. */
export class MessageWriter {
  readonly #sink: ByteSink;
  /** What is written next; used again when that has left. */
  #buffer = new Uint8Array(SMALLEST_BUFFER);
  #waiting: Outgoing[] = [];
  #isWriting = false;
  #failure: OSError | undefined = undefined;
  #idle: PromiseWithResolvers<void> | undefined = undefined;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /**
   * Sends a message, given in parts that nobody changes any more.
   *
   * @throws {ValueError} When it is too long.
   * @throws {OSError} When the stream takes no more.
   */
  send(parts: readonly Uint8Array[]): Promise<void> {
    const length = messageLength(parts);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const sent = Promise.withResolvers<void>();
    this.#waiting.push({ parts, length, resolve: sent.resolve, reject: sent.reject });
    if (!this.#isWriting) this.#write();
    return sent.promise;
  }

  /** Whether all that was sent has left, or never will. */
  get isIdle(): boolean {
    return !this.#isWriting;
  }

  /** Resolves when that is so. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return (this.#idle ??= Promise.withResolvers()).promise;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    // What else is sent in this turn goes with it.
    await undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      try {
        for (const bytes of this.#gather(batch)) await this.#writeAll(bytes);
        for (const message of batch) message.resolve();
      } catch (cause) {
        this.#failure = new OSError(
          "Cannot send: the connection is broken: nobody receives at the other end any more",
          { cause },
        );
        for (const message of [...batch, ...this.#waiting]) message.reject(this.#failure);
        this.#waiting = [];
      }
    }
    this.#isWriting = false;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#sink.write(bytes.subarray(at));
  }

  /** As many messages as one write takes; at least one. */
  #nextBatch(): Outgoing[] {
    let size = 0;
    let count = 0;
    for (const { length } of this.#waiting) {
      size += HEADER_LENGTH + length;
      if (size > GATHERED && count > 0) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** A batch in pieces. Each has to be written before the next is asked for. */
  *#gather(batch: readonly Outgoing[]): Iterable<Uint8Array> {
    let filled = 0;
    for (const { parts, length } of batch) {
      filled = putHeader(this.#room(filled, HEADER_LENGTH), filled, length);
      for (const part of parts) {
        if (filled + part.length <= GATHERED) {
          this.#room(filled, part.length).set(part, filled);
          filled += part.length;
        } else {
          if (filled > 0) yield this.#buffer.subarray(0, filled);
          filled = 0;
          yield part;
        }
      }
    }
    if (filled > 0) yield this.#buffer.subarray(0, filled);
  }

  /** The buffer, with room for so many bytes more. */
  #room(filled: number, more: number): Uint8Array {
    if (filled + more > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(filled + more, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, filled));
      this.#buffer = larger;
    }
    return this.#buffer;
  }
}
