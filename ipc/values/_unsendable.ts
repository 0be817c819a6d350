/**
 * Objects that mean nothing elsewhere: structured clone would make `{}` of them, without a word.
 *
 * Those are the objects of certain classes, and whatever is to be disposed of and shows nothing of itself: an
 * open file, a listening socket, a running program.
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
  return isResource(object) ? "it is open here: send what names it, such as a path" : undefined;
}

function isResource(object: object): boolean {
  return (Symbol.dispose in object || Symbol.asyncDispose in object) &&
    Object.keys(object).length === 0;
}
