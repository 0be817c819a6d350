/**
 * Tasks of one message, in the worker that runs them one after the other.
 */

import { RUN_HEAD, type RunMessage, SHAPE_BITS } from "./_protocol.ts";

/** A batch of tasks, and how far it has been taken. */
export interface Batch {
  heads: readonly number[];
  values: unknown[];
  nextHead: number;
  nextValue: number;
}

/** A task that was removed. */
export interface Removed {
  readonly slot: number;
  readonly shape: number;
  readonly args: readonly unknown[];
}

/** The tasks of a message, none of which is taken. */
export function batchOf({ heads, values }: RunMessage): Batch {
  return { heads, values: values as unknown[], nextHead: 0, nextValue: 0 };
}

/** Whether the task of that slot is still to be taken. */
export function hasTask({ heads, nextHead }: Batch, slot: number): boolean {
  for (let i = nextHead; i < heads.length; i += RUN_HEAD) if (heads[i] === slot) return true;
  return false;
}

/** Removes what is still to be taken and `isWanted`, by its slot; returns what it was. */
export function removeTasks(
  batch: Batch,
  isWanted: (slot: number) => boolean,
): Removed[] {
  const heads: number[] = [];
  const values: unknown[] = [];
  const removed: Removed[] = [];
  let value = batch.nextValue;
  for (let i = batch.nextHead; i < batch.heads.length; i += RUN_HEAD) {
    const head = batch.heads.slice(i, i + RUN_HEAD);
    const end = value + (head[2]! >> SHAPE_BITS);
    if (isWanted(head[0]!)) {
      removed.push({ slot: head[0]!, shape: head[2]!, args: batch.values.slice(value, end) });
    } else {
      heads.push(...head);
      for (let j = value; j < end; j++) values.push(batch.values[j]);
    }
    value = end;
  }
  if (removed.length > 0) Object.assign(batch, { heads, values, nextHead: 0, nextValue: 0 });
  return removed;
}
