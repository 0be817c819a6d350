/**
 * A small message on its way into a ring or out of it, in memory that is used again and again: to make a
 * typed array for each takes longer than all the rest.
 */

/** The longest message that goes so. Each realm has such memory once or twice; it is copied word by word. */
const BYTES = 1024;

/** See the head of the file. */
export class Slip {
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(BYTES);
  /** The same memory. */
  readonly words: Int32Array<ArrayBuffer> = new Int32Array(this.bytes.buffer);
  /** How many bytes the message has. */
  length = 0;

  /** The message, in memory of its own. */
  copy(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }
}
