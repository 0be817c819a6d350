/**
 * A value in shared memory.
 *
 * @module
 */

import { Cells, type CellsRecord, classOf, refusalOf } from "./_cells.ts";
import { registerShareable } from "./_shareable.ts";
import type { Typecode, TypecodeElement, TypecodeInit, TypecodeInteger } from "./_typecodes.ts";

/** The memory of a value; for its kinds. */
export let cellsOfValue: (value: RawValue<Typecode>) => Cells<Typecode>;
/** Gives a value the memory of another; for its kinds. */
export let attachValue: (value: RawValue<Typecode>, record: CellsRecord) => void;

/**
 * Python's `multiprocessing.sharedctypes.RawValue`: a number, byte or character in memory that all threads
 * share.
 *
 * - It is of the type that its type code says; anything else is refused, and so is what is out of range.
 * - It is read and written whole: nobody sees half of a value. {@linkcode RawValue.add},
 *   {@linkcode RawValue.exchange} and {@linkcode RawValue.compareExchange} read and write in one step; reading
 *   and then writing is two steps, between which others may write.
 * - It has no lock: see `Value` for one that has.
 * - It is for the threads of one process. In a child process, use the `Value` of a manager.
 *
 * | type code | what it is |
 * | --- | --- |
 * | `b`, `h`, `i`, `l` | a signed integer of 1, 2, 4 and 4 bytes |
 * | `B`, `H`, `I`, `L` | the same, unsigned |
 * | `q`, `Q` | a signed, an unsigned integer of 8 bytes: a bigint |
 * | `f`, `d` | a floating-point number of 4 bytes, to which it is rounded, and of 8 |
 * | `c` | a byte: a `Uint8Array` of length 1; a number from 0 to 255 is accepted, too |
 * | `u` | a character: a string of one code point |
 *
 * Semantics: CPython's `multiprocessing.sharedctypes.RawValue`. Python wraps an integer that is out of range;
 * here that is a `ValueError`, save for the sum that `add` makes.
 *
 * @example
 * ```ts
 * import { RawValue, ValueError } from "@herd/concurrent";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const level = new RawValue("B", 250);
 * level.value += 5;
 * assertEquals(level.value, 255);
 * assertThrows(() => level.value++, ValueError);
 * ```
 */
export class RawValue<C extends Typecode> {
  #cells: Cells<C>;

  static {
    cellsOfValue = (value) => value.#cells;
    attachValue = (value, record) => value.#cells = new Cells(value, record);
    registerShareable<RawValue<Typecode>>({
      name: "RawValue",
      prototype: RawValue.prototype,
      id: (value) => value.#cells.id,
      data: (value) => value.#cells.record,
      make(data) {
        const record = data as CellsRecord;
        const value = new RawValue(record.code);
        attachValue(value, record);
        return value;
      },
      refusal: refusalOf("RawValue"),
    });
  }

  /**
   * Makes a value.
   *
   * @param typecode What it is: see {@linkcode RawValue}.
   * @param init The value at first; zero by default.
   * @throws {TypeError} For an unknown type code, and for an `init` of another type.
   * @throws {ValueError} For an `init` that is out of range.
   */
  constructor(typecode: C, init?: TypecodeInit<C>) {
    this.#cells = Cells.allocate(this, typecode, 1);
    if (init !== undefined) this.#cells.store(0, init);
  }

  /**
   * The value.
   *
   * @throws {TypeError} When it is set to something of another type.
   * @throws {ValueError} When it is set to something out of range.
   *
   * @example
   * ```ts
   * import { RawValue } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const big = new RawValue("Q");
   * big.value = 2n ** 64n - 1n;
   * assertEquals(big.value, 18446744073709551615n);
   * ```
   */
  get value(): TypecodeElement<C> {
    return this.#cells.load(0);
  }

  set value(value: TypecodeInit<C>) {
    this.#cells.store(0, value);
  }

  /**
   * Adds to an integer, in one step. A sum out of range wraps around, as in C.
   *
   * @param n What to add, also less than 0: an integer, or a bigint for `q` and `Q`.
   * @returns What the value was before.
   * @throws {TypeError} When the value is no integer, or `n` is of another type.
   * @throws {ValueError} When `n` is no safe integer.
   *
   * @example
   * ```ts
   * import { RawValue } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const counter = new RawValue("i", 40);
   * assertEquals(counter.add(2), 40);
   * assertEquals(counter.value, 42);
   * ```
   */
  add(n: TypecodeInteger<C>): TypecodeInteger<C> {
    return this.#cells.add(0, n);
  }

  /**
   * Sets an integer, in one step with reading what it was.
   *
   * @param value What it becomes.
   * @returns What it was before.
   * @throws {TypeError} When it is no integer, or `value` is of another type.
   * @throws {ValueError} When `value` is out of range.
   *
   * @example
   * ```ts
   * import { RawValue } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const state = new RawValue("b", 1);
   * assertEquals(state.exchange(2), 1);
   * assertEquals(state.value, 2);
   * ```
   */
  exchange(value: TypecodeInteger<C>): TypecodeInteger<C> {
    return this.#cells.exchange(0, value);
  }

  /**
   * Sets an integer if it is what is expected, in one step.
   *
   * @param expected What it has to be.
   * @param replacement What it becomes then.
   * @returns What it was before: `expected`, if and only if it was set.
   * @throws {TypeError} When it is no integer, or an argument is of another type.
   * @throws {ValueError} When an argument is out of range.
   *
   * @example
   * ```ts
   * import { RawValue } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const winner = new RawValue("i");
   * assertEquals(winner.compareExchange(0, 7), 0);
   * assertEquals(winner.compareExchange(0, 8), 7);
   * assertEquals(winner.value, 7);
   * ```
   */
  compareExchange(
    expected: TypecodeInteger<C>,
    replacement: TypecodeInteger<C>,
  ): TypecodeInteger<C> {
    return this.#cells.compareExchange(0, expected, replacement);
  }

  /** How it is printed. */
  [Symbol.for("Deno.customInspect")](): string {
    return `${classOf(this)} { ${this.#cells.code}: ${Deno.inspect(this.value)} }`;
  }
}
