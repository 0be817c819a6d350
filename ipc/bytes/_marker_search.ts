/**
 * Looks for a marker in bytes that come in chunks, which may split it anywhere.
 *
 * As Knuth, Morris and Pratt do: what may be the beginning of a marker is known by its length alone, so
 * nothing of a chunk is kept and no byte is looked at twice, even where a marker's beginning turns out
 * to be none but ends with the beginning of the real one.
 */

/** What a part of the bytes turned out to be. */
export interface SearchStep {
  /** Bytes that are no part of a marker, in their own memory. They are all that go before it. */
  readonly others: Uint8Array;
  /** Whether a marker ends at `next`. */
  readonly found: boolean;
  /** The first byte of the chunk that was not looked at. */
  readonly next: number;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/** See the head of the file. */
export class MarkerSearch {
  readonly #marker: Uint8Array;
  /** How much of the marker's beginning each of its beginnings ends with, by length. */
  readonly #fallbacks: readonly number[];
  /** How much of the marker's beginning the bytes so far end with. */
  #matched = 0;

  constructor(marker: Uint8Array) {
    this.#marker = marker;
    this.#fallbacks = fallbacksOf(marker);
  }

  /** The bytes that are held back, since they may be the beginning of a marker. */
  get held(): Uint8Array {
    return this.#marker.slice(0, this.#matched);
  }

  /** Forgets what is held back. */
  reset(): void {
    this.#matched = 0;
  }

  /** Goes on up to the end of a marker, or of the chunk. */
  search(chunk: Uint8Array, start: number): SearchStep {
    const held = this.#matched;
    const next = this.#scan(chunk, start);
    const found = this.#matched === this.#marker.length;
    const count = held + next - start - this.#matched;
    const others = count === 0 ? NOTHING : this.#others(held, chunk.subarray(start), count);
    if (found) this.#matched = 0;
    return { others, found, next };
  }

  /** The first `count` of the bytes that were held back and of those that follow. */
  #others(held: number, following: Uint8Array, count: number): Uint8Array {
    const others = new Uint8Array(count);
    others.set(this.#marker.subarray(0, Math.min(held, count)));
    if (count > held) others.set(following.subarray(0, count - held), held);
    return others;
  }

  #scan(chunk: Uint8Array, start: number): number {
    const marker = this.#marker;
    let matched = this.#matched;
    let at = start;
    for (; at < chunk.length && matched < marker.length; at++) {
      if (matched === 0) {
        at = chunk.indexOf(marker[0]!, at);
        if (at === -1) {
          at = chunk.length;
          break;
        }
      }
      while (matched > 0 && chunk[at] !== marker[matched]) matched = this.#fallbacks[matched]!;
      if (chunk[at] === marker[matched]) matched++;
    }
    this.#matched = matched;
    return at;
  }
}

function fallbacksOf(marker: Uint8Array): number[] {
  const fallbacks = [0, 0];
  for (let length = 1; length < marker.length; length++) {
    let border = fallbacks[length]!;
    while (border > 0 && marker[length] !== marker[border]) border = fallbacks[border]!;
    fallbacks.push(marker[length] === marker[border] ? border + 1 : 0);
  }
  return fallbacks;
}
