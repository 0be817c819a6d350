/**
 * Shared objects as parts of one item: by their number.
 */

import { numberOf } from "../sync/_object_number.ts";
import { knownObject, remember, type ShareableKind } from "../sync/_shareable.ts";
import { RuntimeError } from "../sync/errors.ts";
import type { Exporter, Importer } from "./_codec.ts";
import { desk } from "./_desk.ts";
import type { FunctionRecord } from "./_function_record.ts";
import { receivedFunction } from "./_received_function.ts";
import { referredFunction } from "./_referred_function.ts";
import { homeOf } from "./_remote_object.ts";

/** Collects the objects of an item that is put. */
export class ItemExporter implements Exporter {
  /** By their numbers. */
  readonly objects = new Map<number, object>();
  readonly refersToFunctions = true;

  export(object: object, kind: ShareableKind<object>): number {
    // What stands for an object of another process has no memory, and so no number, of its own.
    const id = homeOf(object) === undefined ? kind.id(object) : numberOf(object);
    remember(id, object);
    this.objects.set(id, object);
    return id;
  }
}

/** Brings the objects of an item to the desk: once it has been put, since others may be quick to ask. */
export function lodgeObjects(objects: ReadonlyMap<number, object>): void {
  for (const [id, object] of objects) desk.lodge(id, object).catch(() => {});
}

/** The objects of an item that was got, all of which have been fetched. */
export const itemImporter: Importer = {
  sharesMemory: false,
  import(id: unknown): object {
    return knownObject(id as number)!;
  },
  revive(record: FunctionRecord): unknown {
    return receivedFunction(record);
  },
  refer: referredFunction,
};

/** Says that an item's objects have arrived. */
export function objectsTaken(ids: readonly number[]): void {
  for (const id of ids) desk.taken(id).catch(() => {});
}

/**
 * The objects of an item; a promise where some have to be fetched.
 *
 * @returns What keeps them from being collected until the item is read.
 */
export function fetchObjects(ids: readonly number[]): object[] | Promise<object[]> {
  const known = ids.map((id) => knownObject(id));
  if (known.every((object) => object !== undefined)) return known as object[];
  return Promise.all(ids.map(async (id) => {
    const object = await desk.fetch(id);
    remember(id, object);
    return object;
  }));
}

/** Why an item can't be had by who blocks its thread. */
export function unknownObject(): RuntimeError {
  return new RuntimeError(
    "Cannot get a shared object without waiting for it: this thread does not know it yet: the item is left " +
      "where it is: use await get(), or pass the object as an argument before",
  );
}
