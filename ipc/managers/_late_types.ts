/**
 * Types of every `SyncManager` that a layer above this one has. A server loads what makes them when the first is
 * made.
 */

/** Where such a type is, and what it offers. */
export interface LateType {
  /** The module, and the class in it. */
  readonly url: string;
  readonly name: string;
  /** As which types the results of methods are offered. */
  readonly method_to_typeid: Readonly<Record<string, string>>;
}

const types = new Map<string, LateType>();

/** Adds a type; for its module. */
export function addLateType(typeid: string, type: LateType): void {
  types.set(typeid, type);
}

/** All of them, by their names. */
export function lateTypes(): [typeid: string, type: LateType][] {
  return [...types];
}

/** Makes an object of one. */
export async function makeLate({ url, name }: LateType, args: readonly unknown[]): Promise<object> {
  const exports: Readonly<Record<string, new (...args: readonly unknown[]) => object>> =
    await import(url);
  return new exports[name]!(...args);
}
