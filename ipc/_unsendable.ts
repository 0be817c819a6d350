/**
 * Classes whose objects mean nothing elsewhere: structured clone would make plain objects of them, without
 * a word.
 */

const remedies = new Map<object, string>();

/**
 * Has the objects of a class, and of those that extend it, refused.
 *
 * @param remedy What to do instead.
 */
export function registerUnsendable(prototype: object, remedy: string): void {
  remedies.set(prototype, remedy);
}

/** What to do instead of sending the object; `undefined` when it may be sent. */
export function unsendable(object: object): string | undefined {
  for (let at = Object.getPrototypeOf(object); at !== null; at = Object.getPrototypeOf(at)) {
    const remedy = remedies.get(at);
    if (remedy !== undefined) return remedy;
  }
  return undefined;
}
