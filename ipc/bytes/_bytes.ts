/**
 * A value as bytes and back, with the meaning of structured clone: for channels that carry bytes only.
 *
 * What structured clone keeps is kept, with sharing and cycles within one message; what it refuses is
 * refused with the same error, and so is what can't leave the process (shared memory, ports, streams,
 * blobs, keys, compiled modules), with what to do instead. The differences:
 *
 * - Nothing tells a proxy from its target, so it is read through its traps, where structured clone
 *   refuses it.
 * - Builtins whose prototype was replaced are taken for what the new one says.
 * - Nesting has no limit; structured clone ends at a few thousand levels.
 * - The elements of an array are read all together, before anything in them is: a getter further down
 *   that changes the array has no effect on what is sent.
 *
 * ## The format
 *
 * A value is a tag (`_bytes_tags.ts`) and what belongs to it. A length or number is a varint, of seven
 * bits a byte, the lowest first; all else is little-endian.
 *
 * | value | after the tag |
 * | --- | --- |
 * | small integer, short text | nothing: the tag says it, then the characters, a byte each |
 * | other number, 64-bit bigint, date | 2, 4 or 8 bytes |
 * | other bigint | its sign, and the hexadecimal digits as text |
 * | text | the number of bytes in 4 bytes, then UTF-8; or the number of code units, then those |
 * | object seen before | its number: objects are numbered as they are begun, views when they are made |
 * | object | its shape's number; if that is new, how many keys, each by number, and as text if that is new, too; then a value a key |
 * | array | its length, then values, or 32-bit integers or doubles without tags |
 * | array with holes, or keys | its length, how many properties, then an index or text and a value each |
 * | map, set | its size, then keys and values, or values |
 * | error | the number of its class, flags, then message, stack and cause as the flags say |
 * | buffer | its length, if resizable the greatest as a double, then its bytes |
 * | large buffer | nothing: it is the message's next part |
 * | view | its buffer, the number of its class, whether it follows its buffer's length, offset, length |
 *
 * A container at {@linkcode DEEPEST} levels down is only announced. The contents of the announced ones,
 * in their order, follow after the main value; so neither side needs more stack than that.
 */

import { BufferMoves } from "../values/_buffer_moves.ts";
import { ByteSink } from "./_byte_sink.ts";
import { dataCloneError } from "./_bytes_kinds.ts";
import { ValueReader } from "./_bytes_reader.ts";
import { ValueWriter } from "./_bytes_writer.ts";
import { messageLength } from "./_frame.ts";

/**
 * A value as bytes, as it is now: later changes have no effect on them.
 *
 * @param transfer Buffers to hand over without a copy. They are detached, all of them or, after an error,
 * none.
 * @returns Parts that belong together: the value, and each large buffer of it. Nobody will change the
 * memory of the first, but others may have their bytes beside these in it: it is not to be moved.
 * @throws {DOMException} `DataCloneError`, when something in it can't be sent.
 * @throws {ValueError} When it is longer than a message may be.
 * @throws What a getter in it throws.
 */
export function toBytes(value: unknown, transfer: readonly Transferable[] = []): Uint8Array[] {
  const moves = transfer.length === 0 ? undefined : new BufferMoves(transfer);
  const sink = new ByteSink();
  try {
    const outside = new ValueWriter(sink, moves).write(value);
    const inside = sink.end();
    messageLength([inside, ...outside]);
    const moved = moves?.detach();
    return [
      inside,
      ...outside.map((part) => part instanceof ArrayBuffer ? moved!.get(part)! : part),
    ];
  } catch (error) {
    sink.abandon();
    throw error;
  }
}

/**
 * The same without a copy of large buffers: the other parts are the value's own memory, which is its owner's
 * to change as soon as anything else runs.
 *
 * @param tag A byte to go before the value's, for the reader to take off.
 */
export function borrowBytes(value: unknown, tag: number): Uint8Array[] {
  const sink = new ByteSink();
  try {
    sink.byte(tag);
    const outside = new ValueWriter(sink, undefined, true).write(value) as readonly Uint8Array[];
    const inside = sink.end();
    if (outside.some((part) => part.length === 0)) {
      throw dataCloneError(
        "An ArrayBuffer could not be cloned: a getter of the message detached it",
      );
    }
    const message = [inside, ...outside];
    messageLength(message);
    return message;
  } catch (error) {
    sink.abandon();
    throw error;
  }
}

/**
 * The value that {@linkcode toBytes} was given. Safe for any bytes.
 *
 * A large buffer of the value is made of its part's memory, if that is all that is in the part's memory;
 * so such parts are to be their reader's alone. Nothing else of the parts is kept: small buffers are
 * copied, since a value's buffer has its own length and is its owner's to change, move and keep.
 *
 * @throws {FrameError} When the bytes are no value.
 */
export function fromBytes(parts: readonly Uint8Array[]): unknown {
  return new ValueReader(parts).read();
}
