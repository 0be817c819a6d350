/**
 * What a channel of bytes throws when the bytes are not what they should be.
 */

/** How many bytes an error quotes: the beginning of a line. */
const QUOTED = 32;

/**
 * Bytes that arrived are no frame, or hold no value. The channel that they came by can't be trusted any
 * more: where the next frame begins is unknown, so nothing but closing it helps.
 */
export class FrameError extends Error {
  /** The name by which the error is printed. */
  override name = "FrameError";
}

/** The first bytes as text, to quote in an error what came instead of a frame. */
export function quoteBytes(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, QUOTED));
  return `${JSON.stringify(text)}${bytes.length > QUOTED ? " …" : ""}`;
}
