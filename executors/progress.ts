/**
 * A bar on the terminal while results come.
 *
 * @module
 */

import { checkOptions, integerFrom, type OptionRules } from "../sync/_options.ts";
import type { BarOptions, ProgressBar } from "./_progress_bar.ts";
import type { FutureIterator } from "./wait.ts";

/** What {@linkcode progress} shows. */
export interface ProgressOptions {
  /** How many items are expected; by default what `length` or `size` of the iterable says, if it has one. */
  total?: number | undefined;
  /** What stands before the bar. */
  label?: string | undefined;
}

const RULES: OptionRules = {
  total: integerFrom(0),
  label: { wanted: "a string", allows: (value) => typeof value === "string" },
};

/**
 * Gives the futures of an {@linkcode as_completed} on, and draws a bar meanwhile.
 *
 * @typeParam T The futures' type of result.
 * @param futures What `as_completed` gave.
 * @param options `total` and `label`.
 * @returns The same futures.
 *
 * @example
 * ```ts
 * import { as_completed, progress, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor(2);
 * const futures = [1, 2].map((n) => executor.submit((n: number) => n * n, n));
 * let sum = 0;
 * for await (const future of progress(as_completed(futures), { total: 2 })) sum += await future;
 * assertEquals(sum, 5);
 * ```
 */
export function progress<T>(
  futures: FutureIterator<T>,
  options?: ProgressOptions,
): FutureIterator<T>;
/**
 * Gives the items of any iterable on, such as those of `executor.map`, `pool.imap` or `as_completed`, and draws a
 * bar meanwhile: how many there were, how many a second, and how long the rest will take.
 *
 * It draws on standard error, if that is a terminal, and nothing otherwise. The library that draws is loaded
 * then, and not before. Items are asked for one by one, as they are asked for here.
 *
 * @typeParam T The type of the items.
 * @param iterable Where the items come from.
 * @param options `total`: how many items are expected, which is needed to show the time left, unless the
 * iterable has a `length` or `size`; `label`: what stands before the bar.
 * @returns An iterator over the same items. Ending it early ends the iterable, too.
 * @throws {TypeError} When it is no iterable, or the options are no object.
 * @throws {ValueError} When `total` is no integer of at least 0, or `label` no string.
 *
 * @example
 * ```ts
 * import { progress, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor(2);
 * const squares = executor.map((n: number) => n * n, [1, 2, 3]);
 * const results = [];
 * for await (const square of progress(squares, { total: 3, label: "Squares" })) results.push(square);
 * assertEquals(results, [1, 4, 9]);
 * ```
 */
export function progress<T>(
  iterable: Iterable<T> | AsyncIterable<T>,
  options?: ProgressOptions,
): AsyncIterableIterator<T>;
export function progress<T>(
  iterable: Iterable<T> | AsyncIterable<T>,
  options: ProgressOptions = {},
): AsyncIterableIterator<T> {
  checkOptions("show progress", options, RULES);
  const iterator = iteratorOf(iterable);
  const total = options.total ?? sizeOf(iterable);
  return new ProgressIterator(iterator, {
    total,
    label: options.label ?? "",
    begun: performance.now(),
  });
}

type AnyIterator<T> = AsyncIterator<T, unknown> | Iterator<T, unknown>;

function iteratorOf<T>(iterable: Iterable<T> | AsyncIterable<T>): AnyIterator<T> {
  const given = iterable as Partial<Iterable<T> & AsyncIterable<T>> | null | undefined;
  const iterator = given?.[Symbol.asyncIterator]?.() ?? given?.[Symbol.iterator]?.();
  if (iterator !== undefined) return iterator;
  throw new TypeError(`Cannot show progress: ${String(iterable)} is not iterable`);
}

function sizeOf(iterable: object): number | undefined {
  const { length, size } = iterable as { length?: unknown; size?: unknown };
  return [length, size].find((count) => typeof count === "number" && Number.isInteger(count)) as
    | number
    | undefined;
}

/** Not a generator, which would await the futures of `as_completed` instead of giving them. */
class ProgressIterator<T> implements AsyncIterableIterator<T> {
  readonly #iterator: AnyIterator<T>;
  /** The bar, when it has been loaded; `undefined` where none is to be drawn. */
  readonly #bar: Promise<ProgressBar | undefined> | undefined;
  #count = 0;

  constructor(
    iterator: AnyIterator<T>,
    options: BarOptions,
  ) {
    this.#iterator = iterator;
    if (Deno.stderr.isTerminal()) this.#bar = openBar(options);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    try {
      const result = await this.#iterator.next();
      if (result.done) return await this.#end();
      const count = ++this.#count;
      this.#bar?.then((bar) => bar?.update(count));
      // The result as it came: a value that is a promise must not be awaited.
      return result;
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    try {
      await this.#iterator.return?.();
    } finally {
      await this.#end();
    }
    return { done: true, value: undefined };
  }

  async #end(): Promise<IteratorResult<T, undefined>> {
    (await this.#bar)?.stop();
    return { done: true, value: undefined };
  }
}

/** Work is worth more than its picture: without the library, there is none. */
async function openBar(options: BarOptions): Promise<ProgressBar | undefined> {
  try {
    const { ProgressBar } = await import("./_progress_bar.ts");
    return new ProgressBar(options);
  } catch (error) {
    console.warn(`Cannot draw a progress bar: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}
