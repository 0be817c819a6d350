/**
 * What the methods of pools take and give, and the rules of their options.
 */

import { aTypeOf, integerFrom, type OptionRules } from "../sync/_options.ts";
import { CALLBACK_RULES } from "./_callbacks.ts";

/** Options of `Pool.map`. */
export interface ChunkOptions {
  /** Items a message; default as many as take a few milliseconds. */
  chunksize?: number | undefined;
}

/** What a function takes as one object after its other arguments. */
export interface KeywordOptions<K extends object> {
  /** The object; a copy of it is sent. */
  kwds: K;
}

/** The results of `Pool.imap`, as they are read. */
export interface ImapIterator<R>
  extends AsyncIterableIterator<R, undefined, number | undefined>, AsyncDisposable {
  /**
   * Waits for the next result.
   *
   * @param timeout Milliseconds to wait at the most; 0 polls, `undefined` waits without limit.
   * @returns The result, or the end.
   * @throws {TimeoutError} When it is not there in time; it is not lost.
   * @throws What the item's call threw; the iteration may go on after it.
   */
  next(timeout?: number): Promise<IteratorResult<R, undefined>>;
}

/** The rules of {@linkcode ChunkOptions}. */
export const CHUNK_RULES: OptionRules = { chunksize: integerFrom(1) };

/** The rules of {@linkcode KeywordOptions}. */
export const KEYWORD_RULES: OptionRules = {
  kwds: aTypeOf(
    "an object",
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  ),
};

/** What arguments are given as. */
export const ARGUMENTS = aTypeOf("an array", Array.isArray);

/** The rules of all options of `apply_async`. */
export const APPLY_RULES: OptionRules = { ...KEYWORD_RULES, ...CALLBACK_RULES };

/** The rules of all options of `map_async`. */
export const MAP_ASYNC_RULES: OptionRules = { ...CHUNK_RULES, ...CALLBACK_RULES };
