/**
 * An array in shared memory.
 *
 * @module
 */

import { Cells, type CellsRecord, classOf, refusalOf } from "./_cells.ts";
import { exactly, indexable, placeOf, placesOf, sizeOrValues } from "./_elements.ts";
import { registerShareable } from "./_shareable.ts";
import { rawOf, setRaw, setText, textOf } from "./_text.ts";
import type {
  Typecode,
  TypecodeElement,
  TypecodeInit,
  TypecodeInteger,
  TypecodeSlice,
  TypecodeText,
  TypecodeView,
} from "./_typecodes.ts";

/** How many elements are printed. */
const PRINTED = 100;

/** The memory of an array; for its kinds. */
export let cellsOfArray: (array: RawArray<Typecode>) => Cells<Typecode>;
/** Gives an array the memory of another; for its kinds. */
export let attachArray: (array: RawArray<Typecode>, record: CellsRecord) => void;

/**
 * Python's `multiprocessing.sharedctypes.RawArray`: numbers, bytes or characters in memory that all threads
 * share.
 *
 * - Its length is fixed. Elements are of the type that its type code says, see {@linkcode RawValue}; anything
 *   else is refused, and so is what is out of range.
 * - Each element is read and written whole. {@linkcode RawArray.add}, {@linkcode RawArray.exchange} and
 *   {@linkcode RawArray.compareExchange} read and write one in one step. A slice, a loop, and the text as a
 *   whole are many steps, between which others may write.
 * - An index less than 0 counts from the end; an index outside is a `ValueError`. `array[i]` is `get(i)` and
 *   `set(i, …)`, and takes 0.1 µs where these take some nanoseconds; {@linkcode RawArray.view} is the fastest.
 * - It has no lock: see `Array` for one that has.
 * - It is for the threads of one process. In a child process, use the `Array` of a manager.
 *
 * Semantics: CPython's `multiprocessing.sharedctypes.RawArray`. Python wraps an integer that is out of range;
 * here that is a `ValueError`, save for the sum that `add` makes.
 *
 * @example
 * ```ts
 * import { RawArray, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const squares = new RawArray("i", 4);
 *
 * function square(squares: RawArray<"i">, n: number) {
 *   squares[n] = n * n;
 * }
 *
 * await using executor = new ThreadPoolExecutor(2);
 * await Promise.all([0, 1, 2, 3].map((n) => executor.submit(square, squares, n)));
 * assertEquals([...squares], [0, 1, 4, 9]);
 * ```
 */
export class RawArray<C extends Typecode> implements Iterable<TypecodeElement<C>> {
  #cells: Cells<C>;

  static {
    cellsOfArray = (array) => array.#cells;
    attachArray = (array, record) => array.#cells = new Cells(array, record);
    registerShareable<RawArray<Typecode>>({
      name: "RawArray",
      prototype: RawArray.prototype,
      id: (array) => array.#cells.id,
      data: (array) => array.#cells.record,
      make(data) {
        const record = data as CellsRecord;
        const array = new RawArray(record.code, 0);
        attachArray(array, record);
        return array;
      },
      refusal: refusalOf("RawArray"),
    });
    indexable(RawArray.prototype);
  }

  /** The element at an index: see {@linkcode RawArray.get} and {@linkcode RawArray.set}. */
  [index: number]: TypecodeElement<C>;

  /**
   * Makes an array.
   *
   * @param typecode What its elements are: see {@linkcode RawValue}.
   * @param size_or_init Its length, an integer from 0, for elements that are zero; or its elements.
   * @throws {TypeError} For an unknown type code, an element of another type, or what is neither a number nor
   * to be iterated.
   * @throws {ValueError} For a size or an element that is out of range, or a size that there is no memory for.
   */
  constructor(typecode: C, size_or_init: number | Iterable<TypecodeInit<C>>) {
    const given = sizeOrValues(this, size_or_init);
    if (typeof given === "number") {
      this.#cells = Cells.allocate(this, typecode, given);
    } else {
      this.#cells = Cells.allocate(this, typecode, given.length);
      this.#cells.fill(given);
    }
  }

  /** How many elements there are. */
  get length(): number {
    return this.#cells.length;
  }

  /**
   * The memory, as a typed array, for code that has no time for checks: an `Int32Array` for `i` and `l`, a
   * `Float64Array` for `d`, a `Uint32Array` of code points for `u`, and so on. Without `Atomics`, what is
   * written there may be seen late by other threads.
   *
   * @example
   * ```ts
   * import { RawArray } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const samples = new RawArray("d", [3, 1, 2]);
   * samples.view.sort();
   * assertEquals([...samples], [1, 2, 3]);
   * ```
   */
  get view(): TypecodeView<C> {
    return this.#cells.view;
  }

  /**
   * Reads an element.
   *
   * @param index Its index; less than 0, counted from the end.
   * @returns The element.
   * @throws {ValueError} When there is none.
   *
   * @example
   * ```ts
   * import { RawArray } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const primes = new RawArray("i", [2, 3, 5]);
   * assertEquals(primes.get(-1), 5);
   * assertEquals(primes[0], 2);
   * ```
   */
  get(index: number): TypecodeElement<C> {
    return this.#cells.load(this.#place(index, "get"));
  }

  /**
   * Writes an element.
   *
   * @param index Its index; less than 0, counted from the end.
   * @param value What it becomes.
   * @throws {TypeError} For a value of another type.
   * @throws {ValueError} For a value that is out of range, or where there is no such element.
   *
   * @example
   * ```ts
   * import { RawArray, ValueError } from "@herd/concurrent";
   * import { assertEquals, assertThrows } from "@std/assert";
   *
   * const flags = new RawArray("b", 2);
   * flags.set(0, 1);
   * flags[-1] = -1;
   * assertEquals(flags.slice(), [1, -1]);
   * assertThrows(() => flags.set(2, 1), ValueError);
   * ```
   */
  set(index: number, value: TypecodeInit<C>): void {
    this.#cells.store(this.#place(index, "set"), value);
  }

  /**
   * Reads some elements.
   *
   * @param start The index of the first; less than 0, counted from the end; the first of all by default.
   * @param end The index after the last; less than 0, counted from the end; the length by default.
   * @returns A copy: an array, a `Uint8Array` for `c`, a string for `u`.
   * @throws {ValueError} For an index that is no integer.
   *
   * @example
   * ```ts
   * import { RawArray } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(new RawArray("i", [2, 3, 5, 7]).slice(1, -1), [3, 5]);
   * assertEquals(new RawArray("u", "herd").slice(0, 3), "her");
   * ```
   */
  slice(start?: number, end?: number): TypecodeSlice<C> {
    return this.#cells.loadAll(...placesOf(this, this.length, start, end));
  }

  /**
   * Writes some elements, Python's `array[start:end] = values`.
   *
   * @param start The index of the first; less than 0, counted from the end.
   * @param end The index after the last; less than 0, counted from the end; `undefined` for the length.
   * @param values As many as there are elements from `start` to before `end`.
   * @throws {TypeError} For a value of another type; no element is written then.
   * @throws {ValueError} For a value that is out of range, or more or fewer values than elements; no element
   * is written then.
   *
   * @example
   * ```ts
   * import { RawArray } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const digits = new RawArray("i", 5);
   * digits.setSlice(1, 4, [1, 2, 3]);
   * assertEquals([...digits], [0, 1, 2, 3, 0]);
   * ```
   */
  setSlice(
    start: number | undefined,
    end: number | undefined,
    values: Iterable<TypecodeInit<C>>,
  ): void {
    const [first, after] = placesOf(this, this.length, start, end);
    this.#cells.storeAll(first, exactly(this, values, after - first));
  }

  /** The elements, each as it is when its turn comes. */
  *[Symbol.iterator](): IterableIterator<TypecodeElement<C>> {
    for (let place = 0; place < this.length; place++) yield this.#cells.load(place);
  }

  /**
   * The text of an array of type `c` or `u`, up to the first zero: bytes, or a string. Setting it writes the
   * text, and a zero behind it where it is shorter than the array.
   *
   * @throws {TypeError} For any other type code, and when it is set to what is no text.
   * @throws {ValueError} When it is set to a text that is longer than the array.
   *
   * @example
   * ```ts
   * import { RawArray } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const name = new RawArray("c", 8);
   * name.value = new TextEncoder().encode("herd");
   * assertEquals(name.length, 8);
   * assertEquals(new TextDecoder().decode(name.value), "herd");
   * ```
   */
  get value(): TypecodeText<C> {
    return textOf(this, this.#cells);
  }

  set value(text: Extract<TypecodeInit<C>, Uint8Array | string>) {
    setText(this, this.#cells, text);
  }

  /**
   * All bytes of an array of type `c`. Setting it writes as many as it is given, from the first on.
   *
   * @throws {TypeError} For any other type code, and when it is set to anything but a `Uint8Array`.
   * @throws {ValueError} When it is set to more bytes than there are.
   *
   * @example
   * ```ts
   * import { RawArray } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const block = new RawArray("c", [1, 0, 2]);
   * assertEquals(block.raw, Uint8Array.of(1, 0, 2));
   * assertEquals(block.value, Uint8Array.of(1));
   * ```
   */
  get raw(): Extract<TypecodeSlice<C>, Uint8Array> {
    return rawOf(this, this.#cells);
  }

  set raw(bytes: Extract<TypecodeInit<C>, Uint8Array>) {
    setRaw(this, this.#cells, bytes);
  }

  /**
   * Adds to an integer, in one step. A sum out of range wraps around, as in C.
   *
   * @param index Its index; less than 0, counted from the end.
   * @param n What to add, also less than 0: an integer, or a bigint for `q` and `Q`.
   * @returns What the element was before.
   * @throws {TypeError} When the elements are no integers, or `n` is of another type.
   * @throws {ValueError} When there is no such element, or `n` is no safe integer.
   *
   * @example
   * ```ts
   * import { RawArray } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const votes = new RawArray("I", 3);
   * assertEquals(votes.add(1, 2), 0);
   * assertEquals([...votes], [0, 2, 0]);
   * ```
   */
  add(index: number, n: TypecodeInteger<C>): TypecodeInteger<C> {
    return this.#cells.add(this.#place(index, "add to"), n);
  }

  /**
   * Sets an integer, in one step with reading what it was.
   *
   * @param index Its index; less than 0, counted from the end.
   * @param value What it becomes.
   * @returns What it was before.
   * @throws {TypeError} When the elements are no integers, or `value` is of another type.
   * @throws {ValueError} When there is no such element, or `value` is out of range.
   *
   * @example
   * ```ts
   * import { RawArray } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const states = new RawArray("b", [1, 1]);
   * assertEquals(states.exchange(0, 2), 1);
   * assertEquals([...states], [2, 1]);
   * ```
   */
  exchange(index: number, value: TypecodeInteger<C>): TypecodeInteger<C> {
    return this.#cells.exchange(this.#place(index, "exchange"), value);
  }

  /**
   * Sets an integer if it is what is expected, in one step.
   *
   * @param index Its index; less than 0, counted from the end.
   * @param expected What it has to be.
   * @param replacement What it becomes then.
   * @returns What it was before: `expected`, if and only if it was set.
   * @throws {TypeError} When the elements are no integers, or an argument is of another type.
   * @throws {ValueError} When there is no such element, or an argument is out of range.
   *
   * @example
   * ```ts
   * import { RawArray } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const seats = new RawArray("i", 2);
   * assertEquals(seats.compareExchange(1, 0, 7), 0);
   * assertEquals(seats.compareExchange(1, 0, 8), 7);
   * assertEquals([...seats], [0, 7]);
   * ```
   */
  compareExchange(
    index: number,
    expected: TypecodeInteger<C>,
    replacement: TypecodeInteger<C>,
  ): TypecodeInteger<C> {
    return this.#cells.compareExchange(this.#place(index, "compare"), expected, replacement);
  }

  #place(index: number, verb: string): number {
    return placeOf(this, this.#cells.length, index, verb);
  }

  /** How it is printed. */
  [Symbol.for("Deno.customInspect")](): string {
    const { code, length } = this.#cells;
    const more = length > PRINTED ? `, … ${length - PRINTED} more` : "";
    const shown = Deno.inspect(this.slice(0, PRINTED), { breakLength: Infinity });
    return `${classOf(this)}(${length}) { ${code}: ${shown}${more} }`;
  }
}
