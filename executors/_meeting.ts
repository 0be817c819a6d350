/**
 * Which tasks may wait for others to run.
 *
 * A task that waits at a barrier, or for an item that another task is to put, needs the other to run at the same
 * time. If one of them is sent to a worker behind the other, and two workers do the same with two such pairs, nobody
 * is left who could take any of them back. Only what is given to the task can tell; of what it finds elsewhere the
 * thief takes care (`_thief.ts`), as long as not all workers wait.
 */

import { kindOf } from "../sync/_shareable.ts";
import { isPlainObject } from "../ipc/transfer.ts";
import type { Task } from "./_task.ts";

/** How many properties or elements of an argument are looked at. */
const MOST_ITEMS = 8;

/** Whether it is given something at which tasks meet: as an argument, or right inside of one. */
export function mayMeet({ args, rows }: Task): boolean {
  for (let i = 0; i < args.length; i++) {
    const arg = rows > 0 ? (args[i] as unknown[])[0] : args[i];
    if (typeof arg === "object" && arg !== null && (isMeeting(arg) || holdsMeeting(arg))) {
      return true;
    }
  }
  return false;
}

function isMeeting(value: unknown): boolean {
  return typeof value === "object" && value !== null && kindOf(value)?.meets === true;
}

/** Runs no getters: those are the user's, and run when the arguments are sent. */
function holdsMeeting(value: object): boolean {
  if (!Array.isArray(value) && !isPlainObject(value)) return false;
  let left = MOST_ITEMS;
  for (const key in value) {
    if (left-- === 0) return false;
    if (isMeeting(Object.getOwnPropertyDescriptor(value, key)?.value)) return true;
  }
  return false;
}
