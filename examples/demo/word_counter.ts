/** Counts the words of a text that comes in parts, in bounded memory. */

/** A word in lower case, and how often it comes. */
export type WordCount = [word: string, count: number];

const WORD = /[\p{L}\p{M}]+/gu;
const SHORTEST = 4;
const LONGEST = 64;
/** More different words than this and the rarest are forgotten: then their counts are too low. */
const MOST_WORDS = 100_000;
/** From this length on a match is no copy in V8: it would keep the whole part in memory. */
const SLICE = 13;

/** See the head of the file. */
export class WordCounter {
  readonly #counts = new Map<string, number>();
  /** The word at the end of the last part, which may go on in the next. */
  #unfinished = "";

  /** Counts the words of the next part. */
  add(part: string): void {
    const text = this.#unfinished + part;
    const words = text.match(WORD) ?? [];
    // What ends with the part may go on in the next; a little more than the longest word is enough
    // to know later that it was too long.
    const last = words.at(-1) ?? "";
    this.#unfinished = text.endsWith(last) ? copy(words.pop()?.slice(0, LONGEST + 2) ?? "") : "";
    for (const word of words) this.#count(word);
  }

  /** There are no more parts. */
  end(): void {
    this.#count(this.#unfinished);
    this.#unfinished = "";
  }

  /** The most frequent words; equally frequent ones in the order of the alphabet. */
  top(length: number): WordCount[] {
    return [...this.#counts]
      .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
      .slice(0, length);
  }

  #count(found: string): void {
    if (found.length < SHORTEST || found.length > LONGEST) return;
    const word = found.toLowerCase();
    const count = this.#counts.get(word);
    if (count !== undefined) this.#counts.set(word, count + 1);
    else {
      this.#counts.set(copy(word), 1);
      if (this.#counts.size > MOST_WORDS) this.#forgetRare();
    }
  }

  #forgetRare(): void {
    for (let rare = 1; this.#counts.size > MOST_WORDS / 2; rare *= 2) {
      for (const [word, count] of this.#counts) if (count <= rare) this.#counts.delete(word);
    }
  }
}

function copy(word: string): string {
  return word.length < SLICE ? word : Array.from(word).join("");
}
