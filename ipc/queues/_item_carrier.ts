/**
 * Shared objects as parts of one item: by their number.
 */

import { numberOf } from "../../sync/_object_number.ts";
import {
  kindNamed,
  kindOf,
  knownObject,
  remember,
  type ShareableKind,
} from "../../sync/_shareable.ts";
import { RuntimeError } from "../../sync/errors.ts";
import type { Exporter, Importer } from "../values/_codec.ts";
import { desk } from "../objects/_desk.ts";
import type { FunctionRecord } from "../values/_function_record.ts";
import { receivedFunction } from "../values/_received_function.ts";
import { referredFunction } from "../values/_referred_function.ts";
import { homeOf } from "../objects/_remote_object.ts";

/** In place of a realm: whoever gets the item. */
const ANYBODY = 0;

/** What is in an item of an object that is copied: its class, the number of what it is a copy of, and more. */
export type ItemCopy = readonly [kind: string, source: number, more: unknown];

/** Collects the objects of an item that is put. */
export class ItemExporter implements Exporter {
  /** By their numbers. */
  readonly objects = new Map<number, object>();
  /** Those that are copied. */
  readonly copies: ItemCopy[] = [];
  readonly refersToFunctions = true;

  export(object: object, kind: ShareableKind<object>): number | ItemCopy {
    if (kind.passing !== undefined) return this.#copy(object, kind);
    // What stands for an object of another process has no memory, and so no number, of its own.
    const id = homeOf(object) === undefined ? kind.id(object) : numberOf(object);
    remember(id, object);
    this.objects.set(id, object);
    return id;
  }

  #copy(object: object, { name, passing }: ShareableKind<object>): ItemCopy {
    if (!passing!.isShared(object)) {
      throw new TypeError(
        `Cannot put a ${name} into a queue or pipe: it goes through a socket, or lives in another process: ` +
          `pass it as an argument`,
      );
    }
    const [source, , more] = passing!.share(object, ANYBODY);
    const id = this.export(source, kindOf(source)!) as number;
    const copy: ItemCopy = [name, id, more];
    this.copies.push(copy);
    return copy;
  }
}

/** An item will not be put, or not be got. */
export function dropCopies(copies: readonly ItemCopy[]): void {
  for (const [name, id, more] of copies) {
    const source = knownObject(id);
    if (source !== undefined) kindNamed(name)?.passing?.takeBack([source, ANYBODY, more]);
  }
}

/** Brings the objects of an item to the desk: once it has been put, since others may be quick to ask. */
export function lodgeObjects(objects: ReadonlyMap<number, object>): void {
  for (const [id, object] of objects) desk.lodge(id, object).catch(() => {});
}

/** The objects of an item that was got, all of which have been fetched. */
export const itemImporter: Importer = {
  sharesMemory: false,
  import(record: unknown): object {
    if (!Array.isArray(record)) return knownObject(record as number)!;
    const [name, id, more] = record as unknown as ItemCopy;
    return kindNamed(name)!.passing!.receive([knownObject(id)!, ANYBODY, more]);
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
