/**
 * Reads inputs row by row and makes chunks of them, as long as somebody wants more.
 *
 * It ends once: at the end of the inputs, with the error of one of them, or when it is stopped. Rows that
 * were read before make a last chunk, unless they are not wanted either. Rows that are there do not wait
 * for an input that makes the next one wait longer than one turn of the event loop.
 */

import { Separator } from "../ipc/values/_codec.ts";
import type { Inputs } from "./_inputs.ts";

/** An error on its way to the reader of the results. */
export interface Failure {
  readonly error: unknown;
}

/** Whom a feed works for. */
export interface Fed {
  /** Whether a row is to be read now. */
  wantsRow(): boolean;
  /** A row was read; it will be in the next chunk. */
  read(): void;
  /** How many rows the chunk that begins now shall have. */
  nextSize(): number;
  /** Whether the chunk in the making is to go now, with whatever rows it has. */
  isUrgent(): boolean;
  /** Takes a chunk of rows, as columns; when it throws, the feed ends with that. */
  take(columns: unknown[][], rows: number): void;
  /** There are no more rows; `failure` is why, when the inputs did not just end. */
  ended(failure: Failure | undefined): void;
}

/** See the head of the file. */
export class ChunkFeed {
  readonly #inputs: Inputs;
  readonly #fed: Fed;
  readonly #spread: boolean;
  /** Sees to it that no two rows of a chunk have an object in common. */
  #separator = new Separator();
  /** Rows of a chunk that is not full yet, as columns. */
  #partial: unknown[][] | undefined = undefined;
  #rows = 0;
  /** Rows that the chunk in the making shall have. */
  #target = 0;
  #reading = false;
  #ended = false;

  /** @param spread Whether each item of the only input is a row. */
  constructor(inputs: Inputs, fed: Fed, spread = false) {
    this.#inputs = inputs;
    this.#fed = fed;
    this.#spread = spread;
  }

  /** Whether there will be no more chunks. */
  get isOver(): boolean {
    return this.#ended;
  }

  /** Reads rows as long as they are wanted. */
  feed(): void {
    if (this.#reading || this.#ended) return;
    this.#reading = true;
    try {
      while (!this.#ended && this.#fed.wantsRow()) {
        const row = this.#inputs.next();
        if (row instanceof Promise) return this.#awaitRow(row);
        this.#add(row);
      }
    } catch (error) {
      this.stop({ error });
    }
    this.#reading = false;
  }

  /** Reads no more; what was read makes a last chunk. */
  stop(failure: Failure): void {
    if (this.#ended) return;
    try {
      this.#ship();
    } catch {
      // The executor takes nothing more; the rows are lost with it, and the failure says so.
    }
    this.#end(failure);
  }

  /** Reads no more, and drops what was read and is in no chunk; nobody is told. */
  drop(): void {
    this.#partial = undefined;
    this.#ended = true;
    this.#inputs.close();
  }

  /** An input makes it wait: rows that are there do not wait longer than this turn. */
  #awaitRow(row: Promise<unknown[] | undefined>): void {
    if (this.#partial !== undefined) {
      const partial = this.#partial;
      setImmediate(() => {
        if (this.#partial === partial) this.#guard(() => this.#ship());
      });
    }
    row.then(
      (row) => this.#guard(() => this.#add(row)),
      (error) => this.stop({ error }),
    ).then(() => {
      this.#reading = false;
      this.feed();
    });
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.stop({ error });
    }
  }

  /** Adds a row to the chunk in the making, which goes when it is full; `undefined` is the end. */
  #add(row: unknown[] | undefined): void {
    if (this.#ended) return;
    if (row === undefined) {
      this.#ship();
      this.#end(undefined);
      return;
    }
    if (this.#spread) row = rowOf(row[0]);
    // Rows of a chunk have as many arguments each.
    if (this.#partial !== undefined && this.#partial.length !== row.length) this.#ship();
    this.#fed.read();
    if (this.#partial === undefined) {
      this.#partial = row.map(() => []);
      this.#separator = new Separator();
      this.#target = this.#fed.nextSize();
    }
    row = this.#separated(row);
    for (let column = 0; column < row.length; column++) this.#partial[column]!.push(row[column]);
    this.#rows++;
    // A row of no arguments has no columns to stand in.
    if (this.#rows >= this.#target || row.length === 0 || this.#fed.isUrgent()) this.#ship();
  }

  #separated(row: unknown[]): unknown[] {
    if (!row.some((item) => typeof item === "object")) return row;
    try {
      return this.#separator.separate(row);
    } catch {
      // A getter of the item's: who sends the row finds that out, and fails the row alone.
      return row;
    }
  }

  #ship(): void {
    if (this.#partial === undefined) return;
    const columns = this.#partial;
    const rows = this.#rows;
    this.#partial = undefined;
    this.#rows = 0;
    this.#fed.take(columns, rows);
  }

  #end(failure: Failure | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#partial = undefined;
    this.#inputs.close();
    this.#fed.ended(failure);
  }
}

function rowOf(item: unknown): unknown[] {
  if (Array.isArray(item)) return item;
  if (typeof (item as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] === "function") {
    return [...item as Iterable<unknown>];
  }
  throw new TypeError(
    `Cannot spread ${item === null ? "null" : typeof item} over a function's parameters: ` +
      `an iterable of arguments is wanted`,
  );
}
