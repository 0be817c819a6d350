/**
 * Frames through a stream of bytes: written in order and gathered into few writes; read as they come.
 */

import { frame, type Message } from "./_frame.ts";
import type { FrameReader } from "./_frame_reader.ts";

/** Where bytes go, such as a connection. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
}

/** Where bytes come from; `null` is the end. */
export interface ByteSource {
  read(into: Uint8Array): Promise<number | null>;
}

/** Parts below this size, in bytes, are copied together: a write costs more than the copy. */
const SMALL = 64 * 1024;

/** A message in frames, waiting for its turn. */
interface Outgoing {
  /** As it was given, for who must know what has not left. */
  readonly message: Message;
  readonly bytes: readonly Uint8Array[];
}

/** Writes messages one after the other, without having anybody wait. */
export class FrameWriter {
  readonly #sink: ByteSink;
  readonly #marker: Uint8Array;
  readonly #onError: (error: unknown) => void;
  #waiting: Outgoing[] = [];
  /** What is being written. */
  #leaving: readonly Outgoing[] = [];
  #written = 0;
  #failed = false;
  #drained: PromiseWithResolvers<void> | undefined = undefined;

  /** @param onError Called once, when the stream takes no more; what is sent after that is dropped. */
  constructor(sink: ByteSink, marker: Uint8Array, onError: (error: unknown) => void) {
    this.#sink = sink;
    this.#marker = marker;
    this.#onError = onError;
  }

  /** How many messages have left as a whole. */
  get written(): number {
    return this.#written;
  }

  /** The messages after those, of which the first may have left in part. */
  unwritten(): Message[] {
    return [...this.#leaving, ...this.#waiting].map(({ message }) => message);
  }

  /** Sends a message, given in parts that nobody changes any more. */
  send(message: Message): void {
    if (this.#failed) return;
    this.#waiting.push({ message, bytes: frame(message, this.#marker) });
    if (this.#leaving.length === 0) this.#drain();
  }

  /** Resolves when all that was sent has left, or never will. */
  drained(): Promise<void> {
    if (this.#leaving.length === 0) return Promise.resolve();
    return (this.#drained ??= Promise.withResolvers()).promise;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        this.#leaving = this.#waiting;
        this.#waiting = [];
        for (const bytes of gather(this.#leaving)) {
          let offset = await this.#sink.write(bytes);
          while (offset < bytes.length) offset += await this.#sink.write(bytes.subarray(offset));
        }
        this.#written += this.#leaving.length;
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
}

/** Puts small parts together, and leaves large ones as they are. */
function* gather(messages: readonly Outgoing[]): Iterable<Uint8Array> {
  let small: Uint8Array[] = [];
  let size = 0;
  for (const { bytes } of messages) {
    for (const part of bytes) {
      if (part.length > 0 && size > 0 && size + part.length > SMALL) {
        yield join(small);
        [small, size] = [[], 0];
      }
      if (part.length >= SMALL) yield part;
      else {
        small.push(part);
        size += part.length;
      }
    }
  }
  if (size > 0) yield join(small);
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
