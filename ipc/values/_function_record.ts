/**
 * Functions that shared objects bring along, and classes: what is sent of them.
 */

import { checkFunction } from "./_function_check.ts";
import { nameOf, textOf } from "./_function_text.ts";

/** See the head of the file. */
export interface FunctionRecord {
  readonly name: string;
  readonly text: string;
  /** The module of a class: what arrives gives the class when it is called. */
  readonly url?: string;
}

const records = new WeakMap<object, FunctionRecord>();

/**
 * What is sent of a function.
 *
 * @throws {TypeError} When it can never be sent; whether it can, another knows who looks at what it uses.
 */
export function functionRecord(fn: { readonly name: unknown }): FunctionRecord {
  const known = records.get(fn);
  if (known !== undefined) return known;
  checkFunction(fn);
  return { name: nameOf(fn), text: textOf(fn) };
}

/** What `fn` was made of here, which is sent in its place. */
export function setFunctionRecord(fn: object, record: FunctionRecord): void {
  records.set(fn, record);
}
