/**
 * The buffers that a message takes along: handed over without a copy, and detached here.
 *
 * They are detached together, when all else has been done and nothing has failed, and nothing can fail
 * then: after an error every buffer is what it was. That is why one that can't be detached, the memory of
 * a `WebAssembly.Memory`, is copied: there is no telling before it is tried.
 */

import { dataCloneError, kindOf, refuseKind } from "../bytes/_bytes_kinds.ts";

/** See the head of the file. */
export class BufferMoves {
  /** How long each was in the beginning, or when it was announced. */
  readonly #lengths = new Map<ArrayBuffer, number>();

  /** @throws {DOMException} `DataCloneError`, for what is no buffer. */
  constructor(transfer: readonly Transferable[]) {
    for (const [i, item] of transfer.entries()) {
      const kind = typeof item === "object" && item !== null ? kindOf(item) : typeof item;
      if (kind !== "ArrayBuffer") {
        refuseKind(kind);
        throw dataCloneError(
          `The item at index ${i} could not be transferred to another process: ` +
            `an ArrayBuffer is wanted: ${kind}`,
        );
      }
      const buffer = item as ArrayBuffer;
      if (buffer.detached) throw dataCloneError(`ArrayBuffer at index ${i} is already detached`);
      this.#lengths.set(buffer, buffer.byteLength);
    }
  }

  /** Whether the buffer is one of them; it must have that length, then, when it is detached. */
  announce(buffer: ArrayBuffer, length: number): boolean {
    if (!this.#lengths.has(buffer)) return false;
    this.#lengths.set(buffer, length);
    return true;
  }

  /** Detaches all, or throws and has detached none. Returns their bytes. */
  detach(): ReadonlyMap<ArrayBuffer, Uint8Array> {
    for (const [buffer, length] of this.#lengths) {
      if (buffer.detached || buffer.byteLength !== length) {
        throw dataCloneError(
          "An ArrayBuffer could not be transferred: a getter of the message detached or resized it",
        );
      }
    }
    return new Map([...this.#lengths.keys()].map((buffer) => [buffer, moved(buffer)]));
  }
}

function moved(buffer: ArrayBuffer): Uint8Array {
  try {
    return new Uint8Array(buffer.transfer());
  } catch {
    return new Uint8Array(buffer).slice();
  }
}
