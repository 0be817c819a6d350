/**
 * Numbers of objects that have no memory of their own to keep one in.
 */

import { thisRealm } from "./_realm.ts";

const numbers = new WeakMap<object, number>();

/** The number of an object, of its own in this process; this realm's alone. */
export function numberOf(object: object): number {
  let number = numbers.get(object);
  if (number === undefined) {
    number = thisRealm().realms.nextObject();
    numbers.set(object, number);
  }
  return number;
}
