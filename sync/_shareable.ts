/**
 * Objects that are the same object wherever they arrive: what is sent of them, and how they are found again.
 *
 * Every class of such objects registers its kind. An object has a number of its own in the process, under
 * which each realm remembers the one it has: the same lock arrives twice as the same lock.
 */

import { RuntimeError } from "./errors.ts";

/**
 * What a copy is made of: a shared object that all copies have in common, the realm that the copy is for, 0 for
 * whoever it may be, and what else is to be known.
 */
export type CopyData = readonly [source: object, realm: number, more: unknown];

/** How objects are passed on that are not the same everywhere. */
export interface Passing<T extends object> {
  /** Whether a realm with the same memory can make a copy by itself. */
  isShared(object: T): boolean;
  /** What it makes the copy of; `realm` is the one that it is sent to. */
  share(object: T, realm: number): CopyData;
  /** Makes the copy. */
  receive(data: CopyData): T;
  /** The copy will never be made. */
  takeBack(data: CopyData): void;
  /** The object that was received, where this one stands for one of another process, or is a copy of such. */
  original(object: T): object;
  /** It has gone back to where it came from, on its own: one that can't be copied is not here any more. */
  leave(object: T): void;
  /** It is not wanted any more. */
  drop(object: T): void;
}

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
  /**
   * For what is copied, or moved, whenever it is passed on, instead of being the same wherever it arrives. Then
   * `id`, `data` and `make` are not asked.
   */
  readonly passing?: Passing<T>;
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

/** In place of an object's number: it is one of its own wherever it arrives. */
const A_COPY = 0;

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

/**
 * What is sent of a shared object.
 *
 * @param realm The one that it is sent to; 0 where that is not known.
 */
export function recordOf(object: object, kind: ShareableKind<object>, realm = 0): SharedRecord {
  if (kind.passing !== undefined) return [kind.name, A_COPY, kind.passing.share(object, realm)];
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
  if (id === A_COPY) return kind.passing!.receive(data as CopyData);
  const object = kind.make(data);
  remember(id, object);
  return object;
}

/** Nothing will be made of a record: a copy is given up, and all else is as it was. */
export function takeBack([name, id, data]: SharedRecord): void {
  if (id === A_COPY) byName.get(name)?.passing?.takeBack(data as CopyData);
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
