/**
 * References to functions, as values.
 */

import { textOf } from "./_function_text.ts";
import { noteExport, type ReferenceRecord } from "./_known_exports.ts";

/** What `task` makes; see there. */
export class Reference<A extends unknown[], R> {
  readonly url: string;
  readonly name: string;
  /** The function itself, where this realm has it. */
  readonly fn: ((...args: A) => R) | null;
  declare readonly signature?: (...args: A) => R;
  readonly #text: string | null;

  /** @param text The function's text, where only that is here. */
  constructor(
    url: string,
    name: string,
    fn: ((...args: A) => R) | null,
    text: string | null = fn && textOf(fn),
  ) {
    this.url = url;
    this.name = name;
    this.fn = fn;
    this.#text = text;
    if (fn !== null) noteExport(url, fn);
  }

  /** What is sent of it. */
  static recordOf(reference: Reference<never[], unknown>): ReferenceRecord {
    const { url, name } = reference;
    return { url, name, text: reference.#text };
  }

  /** The reference of a record. */
  static from(record: unknown): Reference<never[], unknown> {
    const { url, name, text } = record as ReferenceRecord;
    if (typeof url !== "string" || typeof name !== "string" || typeof (text ?? "") !== "string") {
      throw new TypeError("Cannot receive a reference to a function: what was sent is none");
    }
    return new Reference(url, name, null, text);
  }
}
