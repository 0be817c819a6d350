/**
 * The numbers of objects that are used from elsewhere. An object keeps its number for as long as it lives.
 */
export class ObjectNumbers {
  readonly #numbers = new WeakMap<object, number>();
  #last = 0;

  /** The number of an object. */
  of(object: object): number {
    let number = this.#numbers.get(object);
    if (number === undefined) {
      number = ++this.#last;
      this.#numbers.set(object, number);
    }
    return number;
  }
}
