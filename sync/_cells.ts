/**
 * The memory of a shared value or array: elements of one type code, each read and written whole.
 *
 * One operation on one element is atomic and takes no lock; `add`, `exchange` and `compareExchange` read and
 * write in one step. Nothing else is: whoever reads, thinks and writes, or wants several elements to fit each
 * other, holds a lock meanwhile, and so must all others that write.
 */

import { withArticle } from "./_article.ts";
import { show } from "./_options.ts";
import { thisRealm } from "./_realm.ts";
import { kindOf } from "./_shareable.ts";
import {
  INTEGER_CODES,
  KNOWN_CODES,
  type Layout,
  layoutOf,
  type Typecode,
  type TypecodeElement,
  type TypecodeInit,
  type TypecodeInteger,
  type TypecodeSlice,
  type TypecodeView,
  type Word,
} from "./_typecodes.ts";
import { ValueError } from "./errors.ts";

/** What another realm makes the same cells of. */
export interface CellsRecord {
  readonly code: Typecode;
  readonly buffer: SharedArrayBuffer;
  readonly id: number;
}

/** See the head of the file. */
export class Cells<C extends Typecode> {
  readonly code: C;
  readonly length: number;
  readonly #owner: object;
  readonly #layout: Layout;
  readonly #buffer: SharedArrayBuffer;
  /** Of whichever type the layout says; `Atomics` treats all alike. */
  readonly #words: Int32Array<SharedArrayBuffer>;
  #view: TypecodeView<C> | undefined;
  #id: number;

  /** Attaches to the memory of a record, for `owner`, a shared object. */
  constructor(owner: object, { code, buffer, id }: CellsRecord) {
    this.#owner = owner;
    this.#layout = layoutFor(owner, code);
    this.code = code as C;
    this.#buffer = buffer;
    this.#words = new this.#layout.Words(buffer) as unknown as Int32Array<SharedArrayBuffer>;
    this.length = this.#words.length;
    this.#id = id;
  }

  /** Memory for `length` elements, all of which are zero. */
  static allocate<C extends Typecode>(owner: object, code: C, length: number): Cells<C> {
    const { View } = layoutFor(owner, code);
    return new Cells(owner, {
      code,
      buffer: allocate(owner, length * View.BYTES_PER_ELEMENT),
      id: 0,
    });
  }

  /** The number of the shared object, which it has from the first time that it is shared. */
  get id(): number {
    return this.#id ||= thisRealm().realms.nextObject();
  }

  /** What another realm makes the same cells of. */
  get record(): CellsRecord {
    return { code: this.code, buffer: this.#buffer, id: this.id };
  }

  /** The memory as a typed array. */
  get view(): TypecodeView<C> {
    return this.#view ??= new this.#layout.View(this.#buffer) as TypecodeView<C>;
  }

  /** Reads an element. */
  load(index: number): TypecodeElement<C> {
    const word = Atomics.load(this.#words, index);
    const { coding } = this.#layout;
    return (coding === undefined ? word : coding.decode(word)) as TypecodeElement<C>;
  }

  /** Writes an element. */
  store(index: number, value: TypecodeInit<C>): void {
    Atomics.store(this.#words, index, this.#encode("set", index, value) as number);
  }

  /** Reads the elements from `start` to before `end`. */
  loadAll(start: number, end: number): TypecodeSlice<C> {
    const words: Word[] = [];
    for (let index = start; index < end; index++) words.push(Atomics.load(this.#words, index));
    const { joined, coding } = this.#layout;
    if (joined !== undefined) return joined(words) as TypecodeSlice<C>;
    return (coding === undefined ? words : words.map(coding.decode)) as TypecodeSlice<C>;
  }

  /** Writes elements from `start` on; none, when there is one among them that can't be written. */
  storeAll(start: number, values: ArrayLike<TypecodeInit<C>>): void {
    const words = Array.from(values, (value, at) => this.#encode("set", start + at, value));
    words.forEach((word, at) => Atomics.store(this.#words, start + at, word as number));
  }

  /** Writes all elements, before anybody else knows of them. */
  fill(values: ArrayLike<TypecodeInit<C>>): void {
    // Numbers of the very same type need no looks; for characters there are numbers that are none.
    if (this.code !== "u" && values instanceof this.#layout.View) {
      (this.view as Uint8Array).set(values as Uint8Array);
    } else {
      this.storeAll(0, values);
    }
  }

  /** Adds to an element, which wraps around; returns what it was. */
  add(index: number, n: TypecodeInteger<C>): TypecodeInteger<C> {
    // Small integers are most of what is added, and this is all the time that there is for checks.
    if (typeof n !== this.#layout.integer || typeof n === "number" && !Number.isSafeInteger(n)) {
      throw this.#refuseAddend(index, n);
    }
    return Atomics.add(this.#words, index, n as number) as TypecodeInteger<C>;
  }

  /** Writes an element, and returns what it was. */
  exchange(index: number, value: TypecodeInteger<C>): TypecodeInteger<C> {
    const word = this.#integer("exchange", index, value);
    return Atomics.exchange(this.#words, index, word) as TypecodeInteger<C>;
  }

  /** Writes an element if it is `expected`; returns what it was. */
  compareExchange(
    index: number,
    expected: TypecodeInteger<C>,
    replacement: TypecodeInteger<C>,
  ): TypecodeInteger<C> {
    const before = this.#integer("compare", index, expected);
    const after = this.#integer("exchange", index, replacement);
    return Atomics.compareExchange(this.#words, index, before, after) as TypecodeInteger<C>;
  }

  #encode(verb: string, index: number, value: unknown): Word {
    const { coding } = this.#layout;
    if (!this.#layout.allows(value)) throw this.#refuse(verb, index, value);
    return coding === undefined ? value as Word : coding.encode(value);
  }

  #integer(verb: string, index: number, value: unknown): number {
    if (this.#layout.integer === undefined) throw this.#refuseOperation(verb, index);
    return this.#encode(verb, index, value) as number;
  }

  #refuse(verb: string, index: number, value: unknown): Error {
    const { wanted } = this.#layout;
    const ErrorClass = this.#layout.isTyped(value) ? ValueError : TypeError;
    return new ErrorClass(`${this.#cannot(verb, index)}: ${show(value)}: ${wanted} is wanted`);
  }

  #refuseOperation(verb: string, index: number): Error {
    const codes = INTEGER_CODES.join(", ");
    return new TypeError(
      `${this.#cannot(verb, index)}: it is no integer: one of type code ${codes} is wanted`,
    );
  }

  #refuseAddend(index: number, n: unknown): Error {
    const { integer } = this.#layout;
    if (integer === undefined) return this.#refuseOperation("add to", index);
    const isNumber = integer === "number" && typeof n === "number";
    const ErrorClass = isNumber ? ValueError : TypeError;
    const wanted = integer === "bigint" ? "a bigint" : "a safe integer";
    return new ErrorClass(`${this.#cannot("add to", index)}: ${show(n)}: ${wanted} is wanted`);
  }

  #cannot(verb: string, index: number): string {
    const element = classOf(this.#owner).endsWith("Array") ? `element ${index} of ` : "";
    return `Cannot ${verb} ${element}${nameOf(this.#owner)} of type code ${this.code}`;
  }
}

/** The name of a shared object's class. */
export function classOf(owner: object): string {
  return kindOf(owner)!.name;
}

/** A shared object in a message: the name of its class, with the article. */
export function nameOf(owner: object): string {
  return withArticle(classOf(owner));
}

/** What is said when something that has cells is sent to another process. */
export function refusalOf(name: string): string {
  return `Cannot send ${withArticle(name)} to another process: it is memory of this one: ` +
    `use the ${name.replace("Raw", "")} of a Manager`;
}

function layoutFor(owner: object, code: unknown): Layout {
  const layout = layoutOf(code);
  if (layout !== undefined) return layout;
  throw new TypeError(
    `Cannot make ${nameOf(owner)}: typecode is ${show(code)}: one of ${KNOWN_CODES} is wanted`,
  );
}

function allocate(owner: object, bytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes);
  } catch (cause) {
    throw new ValueError(
      `Cannot make ${nameOf(owner)}: no memory for ${bytes} bytes: a smaller size is wanted`,
      { cause },
    );
  }
}
