/**
 * Several iterables, sync and async, read row by row, as `map` needs them.
 */

/** One row, or the end; a promise only when an input makes it wait. */
type Row = unknown[] | undefined;

/** Reads one value of each input at a time, and ends with the shortest. */
export class Inputs {
  readonly #iterators: (Iterator<unknown> | AsyncIterator<unknown>)[] = [];
  #ended: boolean;

  /** @throws {TypeError} When an input is not iterable. */
  constructor(inputs: readonly unknown[]) {
    this.#ended = inputs.length === 0;
    try {
      for (const input of inputs) this.#iterators.push(iterate(input));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The next row; `undefined` at the end. Throws what an input throws; the others are closed then. */
  next(): Row | Promise<Row> {
    if (this.#ended) return undefined;
    const row: unknown[] = [];
    try {
      for (const iterator of this.#iterators) {
        const result = iterator.next();
        if (result instanceof Promise || isThenable(result)) return this.#finishRow(row, result);
        if (result.done) return this.#endedBy(iterator);
        row.push(result.value);
      }
      return row;
    } catch (error) {
      this.#endedBy(this.#iterators[row.length]!);
      throw error;
    }
  }

  /** The rest of a row whose input makes it wait. */
  async #finishRow(row: unknown[], first: PromiseLike<IteratorResult<unknown>>): Promise<Row> {
    try {
      let result = await first;
      for (let column = row.length;; column++) {
        if (result.done) return this.#endedBy(this.#iterators[column]!);
        row.push(result.value);
        const iterator = this.#iterators[column + 1];
        if (iterator === undefined) return this.#ended ? undefined : row;
        result = await iterator.next();
      }
    } catch (error) {
      this.#endedBy(this.#iterators[row.length]!);
      throw error;
    }
  }

  #endedBy(ended: Iterator<unknown> | AsyncIterator<unknown>): undefined {
    const others = this.#iterators.filter((iterator) => iterator !== ended);
    this.#close(others);
  }

  /** Closes the inputs, as leaving a `for` loop does. */
  close(): void {
    this.#close(this.#iterators);
  }

  #close(iterators: readonly (Iterator<unknown> | AsyncIterator<unknown>)[]): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const iterator of iterators) {
      try {
        Promise.resolve(iterator.return?.()).catch(() => {});
      } catch {
        // Nobody is left who could be told; the map has ended already.
      }
    }
  }
}

function iterate(input: unknown): Iterator<unknown> | AsyncIterator<unknown> {
  const source = input as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
  if (typeof source?.[Symbol.asyncIterator] === "function") return source[Symbol.asyncIterator]!();
  if (typeof source?.[Symbol.iterator] === "function") return source[Symbol.iterator]!();
  throw new TypeError(
    `Cannot map over ${input === null ? "null" : typeof input}: an iterable is wanted`,
  );
}

function isThenable(value: unknown): value is PromiseLike<IteratorResult<unknown>> {
  return typeof (value as { then?: unknown })?.then === "function";
}
