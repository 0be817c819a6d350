/**
 * Where shared objects wait that are items of queues.
 *
 * A queue carries bytes, and no memory. An object that is put goes by its number, and the object itself to the
 * desk of the process: that of its first realm, to which each realm has a way over those that have started it.
 * Who gets the item and does not know the object asks there. It is kept for as long as items are under way.
 */

import { knownObject } from "../../sync/_shareable.ts";
import { RuntimeError } from "../../sync/errors.ts";
import type { ObjectPort } from "./_object_port.ts";
import { ROOT } from "./_object_protocol.ts";

/** Milliseconds to wait for an object that was announced: it is under way. */
const LONGEST_WAIT = 5000;

/** How the realm that has started this one is reached. */
export interface Upward {
  readonly port: ObjectPort | undefined;
  load(): Promise<void>;
}

let upward: Upward | undefined;

/** Says how to reach it; for threads. */
export function setUpward(way: Upward): void {
  upward = way;
}

const kept = new Map<number, { readonly object: object; times: number }>();
const awaited = new Map<number, PromiseWithResolvers<object>>();

/** This realm's desk. */
export const desk = {
  /** Brings an object that is about to go under its number. */
  lodge(id: number, object: object): Promise<unknown> {
    if (upward !== undefined) return ask("lodge", [id, object]);
    const known = kept.get(id);
    if (known === undefined) kept.set(id, { object, times: 1 });
    else known.times++;
    awaited.get(id)?.resolve(object);
    awaited.delete(id);
    return Promise.resolve();
  },

  /** The object of a number. */
  async fetch(id: number): Promise<object> {
    const here = knownObject(id) ?? kept.get(id)?.object;
    if (here !== undefined) return here;
    if (upward !== undefined) return await ask("fetch", [id]) as object;
    let arrival = awaited.get(id);
    if (arrival === undefined) {
      arrival = Promise.withResolvers();
      awaited.set(id, arrival);
      const { reject } = arrival;
      const timer = setTimeout(() => {
        awaited.delete(id);
        reject(new RuntimeError("Cannot get a shared object: whoever put it has died"));
      }, LONGEST_WAIT);
      arrival.promise.finally(() => clearTimeout(timer)).catch(() => {});
    }
    return await arrival.promise;
  },

  /** An item has arrived that the object was in. */
  taken(id: number): Promise<unknown> {
    if (upward !== undefined) return ask("taken", [id]);
    const known = kept.get(id);
    if (known !== undefined && --known.times <= 0) kept.delete(id);
    return Promise.resolve();
  },
};

/** Asks the desk of the realm that has started this one; at once where the way is open. */
async function ask(method: keyof typeof desk, args: readonly unknown[]): Promise<unknown> {
  const way = upward!;
  if (way.port === undefined) await way.load();
  return (await way.port!.call(ROOT, method, args)).value;
}
