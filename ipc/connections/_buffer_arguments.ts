/**
 * Buffers that bytes are sent from, and received into.
 */

import { aTypeOf, checkArgument, integerFrom } from "../../sync/_options.ts";

/** What bytes are sent from, and received into: a buffer or a view of one; a view's bytes count. */
export type Bytes = ArrayBufferView | ArrayBufferLike;

/** The bytes that are to be sent, in place. */
export function partOf(buffer: Bytes, offset: number, size?: number): Uint8Array {
  const what = "send bytes";
  const bytes = bytesOf(what, buffer);
  checkArgument(what, "offset", offset, integerFrom(0, bytes.length));
  const rest = bytes.length - offset;
  if (size !== undefined) checkArgument(what, "size", size, integerFrom(0, rest));
  return bytes.subarray(offset, offset + (size ?? rest));
}

const isBuffer = aTypeOf(
  "a buffer, or a view of one",
  (value) =>
    ArrayBuffer.isView(value) || value instanceof ArrayBuffer ||
    value instanceof SharedArrayBuffer,
);

/** The bytes of a buffer or view, in place. */
export function bytesOf(what: string, buffer: Bytes): Uint8Array {
  checkArgument(what, "buffer", buffer, isBuffer);
  return ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
}
