/**
 * The text of arrays of bytes and of characters, as ctypes has it.
 */

import { type Cells, nameOf } from "./_cells.ts";
import { show } from "./_options.ts";
import type { Typecode, TypecodeSlice, TypecodeText } from "./_typecodes.ts";
import { ValueError } from "./errors.ts";

type Text = Uint8Array | string;

/** All up to the first zero. */
export function textOf<C extends Typecode>(array: object, cells: Cells<C>): TypecodeText<C> {
  check(array, cells, "value", "c or u");
  const all = cells.loadAll(0, cells.length) as Text;
  const end = typeof all === "string" ? all.indexOf("\0") : all.indexOf(0);
  return (end < 0 ? all : all.slice(0, end)) as TypecodeText<C>;
}

/** Writes a text, and a zero behind it where there is room. */
export function setText(array: object, cells: Cells<Typecode>, text: Text): void {
  check(array, cells, "value", "c or u");
  const elements = elementsOf(array, cells, "value", text);
  if (elements.length < cells.length) elements.push(cells.code === "c" ? 0 : "\0");
  cells.storeAll(0, elements);
}

/** All bytes. */
export function rawOf<C extends Typecode>(
  array: object,
  cells: Cells<C>,
): Extract<TypecodeSlice<C>, Uint8Array> {
  check(array, cells, "raw", "c");
  return cells.loadAll(0, cells.length) as Extract<TypecodeSlice<C>, Uint8Array>;
}

/** Writes bytes from the first on. */
export function setRaw(array: object, cells: Cells<Typecode>, bytes: Uint8Array): void {
  check(array, cells, "raw", "c");
  cells.storeAll(0, elementsOf(array, cells, "raw", bytes));
}

function check(array: object, { code }: Cells<Typecode>, name: string, codes: string): void {
  if (codes.includes(code)) return;
  const what = `Cannot use ${name} of ${nameOf(array)}`;
  throw new TypeError(`${what}: its type code is ${code}: ${codes} is wanted`);
}

function elementsOf(
  array: object,
  { code, length }: Cells<Typecode>,
  name: string,
  text: Text,
): (number | string)[] {
  const what = `Cannot set ${name} of ${nameOf(array)}`;
  const isText = code === "c" ? text instanceof Uint8Array : typeof text === "string";
  if (!isText) {
    throw new TypeError(
      `${what}: ${show(text)}: ${code === "c" ? "a Uint8Array" : "a string"} is wanted`,
    );
  }
  const elements = [...text];
  if (elements.length <= length) return elements;
  throw new ValueError(
    `${what}: ${elements.length} elements are given: at most ${length} are wanted`,
  );
}
