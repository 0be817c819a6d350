/**
 * Which functions this realm knows to be exports of which modules: those that were named here, and those of
 * modules that were imported for tasks. These can be sent by reference, and are what a reference means.
 */

import { nameOf, textOf } from "./_function_text.ts";

/** A reference to a function, as it is sent. */
export interface ReferenceRecord {
  readonly url: string;
  readonly name: string;
  /** The function's text, where the sender has it: the module may export it under another name. */
  readonly text: string | null;
}

/** Any function. */
export type Callable = (...args: unknown[]) => unknown;

/** What is sent of a function, or the module that exports it, of which the rest follows. */
const records = new WeakMap<object, ReferenceRecord | string>();
/** By modules. What a module exports lives as long as the realm. */
const exported = new Map<string, Set<object>>();

/** This realm knows a function to be an export of a module. */
export function noteExport(url: string, fn: object): void {
  if (records.has(fn)) return;
  records.set(fn, url);
  const functions = exported.get(url);
  if (functions === undefined) exported.set(url, new Set([fn]));
  else functions.add(fn);
}

/** The same of all that a module exports. */
export function noteExports(url: string, exports: Readonly<Record<string, unknown>>): void {
  for (const value of Object.values(exports)) {
    if (typeof value === "function") noteExport(url, value);
  }
}

/** Whether this realm knows exports of a module. */
export function isKnownModule(url: string): boolean {
  return exported.has(url);
}

/** What is sent of a function; `undefined` for one that is not known to be an export. */
export function referenceTo(fn: object): ReferenceRecord | undefined {
  const known = records.get(fn);
  if (typeof known !== "string") return known;
  const named = fn as { readonly name: unknown };
  const record = { url: known, name: nameOf(named), text: textOf(named) };
  records.set(fn, record);
  return record;
}

/** This realm has in place of what a record means a function that finds it. */
export function standsFor(fn: object, record: ReferenceRecord): void {
  records.set(fn, record);
}

/** The function of a record, if this realm has it. */
export function knownExport({ url, name, text }: ReferenceRecord): Callable | undefined {
  for (const fn of exported.get(url) ?? []) {
    const record = referenceTo(fn)!;
    if (record.name === name && record.text === text) return fn as Callable;
  }
  return undefined;
}
