/**
 * What is done for another process that no method of an object does.
 */

import type { QueueOptions } from "../queues/_queue_calls.ts";
import { getSeveral, type Gettable } from "../queues/_queue_leases.ts";
import { GET_SEVERAL } from "./_remote_methods.ts";

/**
 * Does it.
 *
 * @param recall Tells the other side to give back the items that it was sent ahead.
 */
type Deed = (object: object, args: readonly unknown[], recall: () => void) => unknown;

const DEEDS: Readonly<Record<string, Deed>> = {
  [GET_SEVERAL]: (queue, [options, took], recall) =>
    getSeveral(queue as Gettable, options as QueueOptions | undefined, Number(took), recall),
};

/** What is done where that is asked; `undefined` where it is for the object's own method. */
export function deed(name: string): Deed | undefined {
  return Object.hasOwn(DEEDS, name) ? DEEDS[name] : undefined;
}
