/**
 * Objects that are the same object wherever they arrive: what is sent of them, and how they are found again.
 *
 * Every class of such objects registers its kind. An object has a number of its own in the process, under
 * which each realm remembers the one it has: the same lock arrives twice as the same lock.
 */

import { RuntimeError } from "./errors.ts";

/** A class of shared objects. */
export interface ShareableKind<T extends object> {
  readonly name: string;
  readonly prototype: T;
  /** Why its objects can't go to another process, where they can't. */
  readonly refusal?: string;
  /** Why a method is not to be called here, of an object that lives elsewhere. */
  readonly refuses?: (object: object, method: string) => Error | undefined;
  /** Whether who waits there waits for others to come, rather than for them to be done. */
  readonly meets?: true;
  /** What of it never changes, and is known wherever it is. */
  readonly facts?: readonly (string & keyof T)[];
  /** Where not all its objects can do the same. */
  readonly variety?: Variety;
  /** The object's number. */
  id(object: T): number;
  /** What another realm makes the object of; structured clone keeps it. */
  data(object: T): unknown;
  /** Makes it. */
  make(data: unknown): T;
}

/**
 * What a class's objects can be asked from elsewhere, where each has methods of its own: by calls that wait for
 * nothing, and no other way.
 */
export interface Variety {
  /** What has to be known of an object where it arrives. */
  facts(object: object): readonly unknown[];
  /** What stands there for it, whose calls go by `home`. */
  standIn(facts: readonly unknown[], home: object): object;
  /** Whether it has a method of that name to be called. */
  allows(object: object, method: string): boolean;
  /** Calls it. */
  call(object: object, method: string, args: readonly unknown[]): unknown;
}

/** A shared object in a message. */
export type SharedRecord = readonly [kind: string, id: number, data: unknown];

type AnyKind = ShareableKind<object>;

const byName = new Map<string, AnyKind>();
const byPrototype = new Map<object, AnyKind>();
/** Objects that are shared themselves, whatever their class is. */
const byObject = new WeakMap<object, AnyKind>();
let hasObjects = false;
const known = new Map<number, WeakRef<object>>();
const forgotten = new FinalizationRegistry<number>((id) => {
  if (known.get(id)?.deref() === undefined) known.delete(id);
});

/** Makes a class known; for its module. */
export function registerShareable<T extends object>(kind: ShareableKind<T>): void {
  const any = kind as unknown as AnyKind;
  byName.set(kind.name, any);
  byPrototype.set(kind.prototype, any);
}

/** Shares an object, whose class need not be known. */
export function shareAs<T extends object>(object: object, kind: ShareableKind<T>): void {
  byObject.set(object, kind as unknown as AnyKind);
  hasObjects = true;
}

/** The kind of an object, or of the class that its class extends; `undefined` when it is not shared. */
export function kindOf(object: object): ShareableKind<object> | undefined {
  if (byPrototype.size === 0) return undefined;
  const own = hasObjects ? byObject.get(object) : undefined;
  if (own !== undefined) return own;
  for (let at = Object.getPrototypeOf(object); at !== null; at = Object.getPrototypeOf(at)) {
    const kind = byPrototype.get(at);
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/** What is sent of a shared object. */
export function recordOf(object: object, kind: ShareableKind<object>): SharedRecord {
  const id = kind.id(object);
  remember(id, object);
  return [kind.name, id, kind.data(object)];
}

/** The class of shared objects of that name. */
export function kindNamed(name: string): ShareableKind<object> | undefined {
  return byName.get(name);
}

/** The object that a record is of. */
export function objectOf([name, id, data]: SharedRecord): object {
  const present = known.get(id)?.deref();
  if (present !== undefined) return present;
  const kind = byName.get(name);
  if (kind === undefined) {
    throw new RuntimeError(`Cannot receive a ${name}: nothing is known of that class`);
  }
  const object = kind.make(data);
  remember(id, object);
  return object;
}

/** The object of that number, if this realm has it. */
export function knownObject(id: number): object | undefined {
  return known.get(id)?.deref();
}

/** This realm has the object. */
export function remember(id: number, object: object): void {
  if (known.get(id)?.deref() === object) return;
  known.set(id, new WeakRef(object));
  forgotten.register(object, id);
}
