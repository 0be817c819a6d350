/**
 * Copies of large buffers that wait to leave, in memory that is used again.
 *
 * A system hands new memory out page by page, when each is first written: that takes several times as
 * long as the copy. So the memory of a copy that has left is kept for the next one. It would stay until
 * the garbage is collected anyway; this way it stays for a few collections, if it is not used.
 *
 * | memory is | who may have it | and becomes | by |
 * | --- | --- | --- | --- |
 * | lent | the owner of the copy | spare | {@linkcode giveBack}, when nobody looks at the copy any more |
 * | | | garbage | being dropped: nothing has to be given back |
 * | spare | nobody | lent | {@linkcode snapshot} |
 * | | | garbage | {@linkcode MOST_UNUSED} collections, or being too much |
 */

/** Less, in bytes, is had from memory that the program has written before, anyway. */
const LEAST = 1024 * 1024;
/** How much spare memory is kept, in bytes: two arrays of 64 MB, one on its way to each of two workers. */
const MOST_SPARE = 128 * 1024 * 1024;
/**
 * For how many collections. More hold memory that others may need; with less it is gone before the next
 * copy, since what is sent and received between them is garbage, too.
 */
const MOST_UNUSED = 4;

const lent = new WeakSet<ArrayBufferLike>();
let spare: ArrayBuffer[] = [];
/** Collections since spare memory was used. */
let unused = 0;
/** Tells of collections, while there is spare memory. */
let collections: FinalizationRegistry<undefined> | undefined;
let isWatching = false;

/** A copy of bytes, to be changed by nobody. */
export function snapshot(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length < LEAST) return new Uint8Array(bytes);
  const buffer = take(length) ?? new ArrayBuffer(length);
  lent.add(buffer);
  const copy = new Uint8Array(buffer, 0, length);
  copy.set(bytes);
  return copy;
}

/** Spare memory for so many bytes: the smallest, and none of which most would lie idle. */
function take(length: number): ArrayBuffer | undefined {
  let best: ArrayBuffer | undefined;
  for (const buffer of spare) {
    const { byteLength } = buffer;
    if (byteLength < length || byteLength > 2 * length) continue;
    if (best === undefined || byteLength < best.byteLength) best = buffer;
  }
  if (best !== undefined) spare.splice(spare.indexOf(best), 1);
  return best;
}

/** Nobody looks at these bytes any more: those that {@linkcode snapshot} gave may be written again. */
export function giveBack(parts: readonly Uint8Array[]): void {
  for (const { buffer, length } of parts) {
    if (length < LEAST || !lent.delete(buffer)) continue;
    const held = spare.reduce((sum, { byteLength }) => sum + byteLength, buffer.byteLength);
    if (held > MOST_SPARE) continue;
    spare.push(buffer as ArrayBuffer);
    unused = 0;
    if (!isWatching) watch();
  }
}

/** Waits for a collection, which takes an object that nobody has. */
function watch(): void {
  isWatching = true;
  collections ??= new FinalizationRegistry(() => {
    isWatching = false;
    if (++unused >= MOST_UNUSED) spare = [];
    if (spare.length > 0) watch();
  });
  collections.register({}, undefined);
}
