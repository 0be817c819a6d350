/**
 * The shapes of a message's objects: their keys, in order. A shape is written with its first object, and
 * named by its number from then on.
 */

/** The keys of an object. */
export interface Shape {
  readonly id: number;
  readonly keys: readonly string[];
  /** The next older one that begins with the same key. */
  readonly older: Shape | undefined;
}

/** How many shapes are compared. Larger finds more of them, smaller costs less where all differ. */
const MOST_TRIES = 8;

/** See the head of the file. */
export class ShapeTable {
  #count = 0;
  #last: Shape | undefined = undefined;
  readonly #byFirstKey = new Map<string, Shape>();

  /** The shape that has these keys. */
  find(keys: readonly string[]): Shape | undefined {
    if (this.#last !== undefined && isSame(this.#last.keys, keys)) return this.#last;
    let shape = this.#byFirstKey.get(firstOf(keys));
    for (let tries = 0; shape !== undefined && tries < MOST_TRIES; tries++) {
      if (isSame(shape.keys, keys)) return this.#last = shape;
      shape = shape.older;
    }
    return undefined;
  }

  add(keys: readonly string[]): Shape {
    const first = firstOf(keys);
    const shape = { id: this.#count++, keys, older: this.#byFirstKey.get(first) };
    this.#byFirstKey.set(first, shape);
    return this.#last = shape;
  }
}

function firstOf(keys: readonly string[]): string {
  return keys.length === 0 ? "" : keys[0]!;
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}
