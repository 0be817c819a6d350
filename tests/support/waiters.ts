/** Who waits for a shared object of this process: how a test sees that somebody is blocked. */

import { thisRealm } from "../../sync/_realm.ts";
import { kindOf } from "../../sync/_shareable.ts";
import { FIELD, NODE } from "../../sync/_waiters.ts";

/** Milliseconds after which waiting is in vain. */
const HANG = 30_000;

/** How many wait for an object, wherever they are. */
export function waiting(object: object): number {
  const { waiters, realms } = thisRealm();
  const id = kindOf(object)!.id(object);
  return waiters.all().filter((node) =>
    waiters.get(node, FIELD.OBJECT) === id &&
    waiters.get(node, FIELD.STATE) === NODE.WAITING &&
    realms.isAlive(waiters.get(node, FIELD.REALM))
  ).reduce((count) => count + 1, 0);
}

/** Resolves when `n` wait for an object. */
export async function untilWaiting(object: object, n: number): Promise<void> {
  const end = performance.now() + HANG;
  for (let count = waiting(object); count !== n; count = waiting(object)) {
    if (performance.now() > end) {
      throw new Error(`Cannot go on with the test: ${count} wait, ${n} were to`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
