/**
 * Frames through a stream of bytes: written in order and gathered into few writes; read as they come.
 */

import { Framer, HEAD_LENGTH, type Message, messageLength, TAIL_LENGTH } from "./_frame.ts";
import type { FrameReader } from "./_frame_reader.ts";
import { giveBack } from "../values/_snapshots.ts";

/** Where bytes go, such as a connection. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
}

/** Where bytes come from; `null` is the end. */
export interface ByteSource {
  read(into: Uint8Array): Promise<number | null>;
}

/** Up to this size, in bytes, parts are copied together: a write costs more than the copy. */
const SMALL = 64 * 1024;

/** Writes messages one after the other, without having anybody wait. */
export class FrameWriter {
  readonly #sink: ByteSink;
  readonly #framer: Framer;
  readonly #onError: (error: unknown) => void;
  /** What is written next; used again when that has left. */
  readonly #buffer = new Uint8Array(SMALL);
  #waiting: Message[] = [];
  /** What is being written. */
  #leaving: readonly Message[] = [];
  #written = 0;
  #failed = false;
  #drained: PromiseWithResolvers<void> | undefined = undefined;

  /** @param onError Called once, when the stream takes no more; what is sent after that is dropped. */
  constructor(sink: ByteSink, marker: Uint8Array, onError: (error: unknown) => void) {
    this.#sink = sink;
    this.#framer = new Framer(marker);
    this.#onError = onError;
  }

  /** How many messages have left as a whole. */
  get written(): number {
    return this.#written;
  }

  /** The messages after those, of which the first may have left in part. */
  unwritten(): Message[] {
    return [...this.#leaving, ...this.#waiting];
  }

  /**
   * Sends a message, given in parts that nobody changes any more.
   *
   * @throws {ValueError} When it is too long.
   */
  send(message: Message): void {
    if (this.#failed) return;
    messageLength(message);
    this.#waiting.push(message);
    if (this.#leaving.length === 0) this.#drain();
  }

  /** Resolves when all that was sent has left, or never will; `undefined` when that is so now. */
  drained(): Promise<void> | undefined {
    if (this.#leaving.length === 0) return undefined;
    return (this.#drained ??= Promise.withResolvers()).promise;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        this.#leaving = this.#waiting;
        this.#waiting = [];
        for (const bytes of this.#gather()) {
          let offset = await this.#sink.write(bytes);
          while (offset < bytes.length) offset += await this.#sink.write(bytes.subarray(offset));
        }
        this.#written += this.#leaving.length;
        // Not before: all of these count as unwritten until now.
        for (const message of this.#leaving) giveBack(message);
      }
      this.#leaving = [];
    } catch (error) {
      this.#failed = true;
      this.#leaving = this.#waiting = [];
      this.#onError(error);
    }
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  /**
   * What is leaving, in frames: small parts put together, large ones as they are. Each piece has to be
   * written before the next is asked for, which may be in the same memory.
   */
  *#gather(): Iterable<Uint8Array> {
    const buffer = this.#buffer;
    let filled = 0;
    for (const message of this.#leaving) {
      for (let i = 0; i < message.length; i++) {
        const part = message[i]!;
        if (filled + HEAD_LENGTH > buffer.length) {
          yield buffer.subarray(0, filled);
          filled = 0;
        }
        filled = this.#framer.putHead(buffer, filled, part.length, i < message.length - 1);
        if (filled + part.length + TAIL_LENGTH > buffer.length) {
          yield buffer.subarray(0, filled);
          filled = 0;
        }
        if (part.length + TAIL_LENGTH > buffer.length) yield part;
        else {
          buffer.set(part, filled);
          filled += part.length;
        }
        filled = this.#framer.putTail(buffer, filled);
      }
    }
    yield buffer.subarray(0, filled);
  }
}

/** One array of several. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Reads until the stream ends, and hands each message over while its bytes stand. A stream that ends
 * within a frame is one whose writer died: nobody missed that message but by the writer's death.
 *
 * @throws {FrameError} When what arrives is no frame; what the stream throws.
 */
export async function readFrames(
  source: ByteSource,
  reader: FrameReader,
  handle: (message: Message) => void,
): Promise<void> {
  const buffer = new Uint8Array(SMALL);
  for (;;) {
    // What is long is read to where it belongs.
    const { space } = reader;
    const length = await source.read(space ?? buffer);
    if (length === null) return;
    if (space !== undefined) reader.fill(length);
    else for (const message of reader.push(buffer.subarray(0, length))) handle(message);
  }
}
