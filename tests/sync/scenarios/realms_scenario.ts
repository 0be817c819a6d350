/** Threads that start others and see them end, all at the same few places of the table. */

import type { Actor } from "../../support/stepper.ts";
import { placeOf, REALM_PLACES, Realms } from "../../../sync/_realms.ts";

/** How many places there are. */
export const PLACES = REALM_PLACES;

/** The memory of one schedule. */
export interface Shared {
  readonly table: SharedArrayBuffer;
  /** For each place how many live there. */
  readonly living: Int32Array<SharedArrayBuffer>;
}

/** An actor: starts a thread and another from that; ends one, then the other, or both at once. */
export function launcher({ shared: { table, living } }: Actor<Shared>): void {
  const realms = new Realms(table);
  const begin = (parent: number) => {
    // All look for a place where all others do.
    Atomics.store(realms.words, 1, 1);
    const id = realms.begin(parent);
    if (++living[placeOf(id)]! !== 1) throw new Error(`${id} is not alone`);
    if (!realms.isAlive(id)) throw new Error(`${id} is not alive`);
    return id;
  };
  const end = (id: number) => {
    if (!realms.isAlive(id)) throw new Error(`${id} is not alive any more`);
    living[placeOf(id)]!--;
    if (!realms.end(id)) throw new Error(`${id} was ended by another`);
    if (realms.isAlive(id)) throw new Error(`${id} is still alive`);
  };
  const first = begin(0);
  const child = begin(first);
  end(child);
  end(first);
  const second = begin(0);
  const orphan = begin(second);
  // In the same step as its parent's end, or another could have its place before it is noted.
  living[placeOf(orphan)]!--;
  end(second);
  if (realms.isAlive(orphan)) throw new Error(`${orphan} outlived ${second}`);
}
