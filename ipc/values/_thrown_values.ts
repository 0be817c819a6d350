/**
 * Reading what was thrown, which may be anything: proxies, getters that throw, lineages without end.
 * Nothing here throws, or runs more of a value's own code than its getters and traps.
 */

/** The longest chain of prototypes that is looked at: a proxy can make up an endless one. */
const MAX_LINEAGE = 64;

/** The longest text that a description takes over from the value. */
const MAX_DESCRIPTION = 200;

/** A value that every channel carries as it is. */
export type Primitive = undefined | null | boolean | number | string | bigint;

/** A class of errors, whatever its constructor asks for. */
export type ErrorConstructorLike = abstract new (...args: never[]) => Error;

/** Runs `read`, and takes a failure for `undefined`. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** A property that is a string, if it can be had. */
export function readString(from: object, key: string): string | undefined {
  const value: unknown = attempt(() => Reflect.get(from, key));
  return typeof value === "string" ? value : undefined;
}

/** The prototypes of `value`, nearest first, as far as they can be had. */
export function lineage(value: object): object[] {
  const prototypes: object[] = [];
  attempt(() => {
    let next = Object.getPrototypeOf(value);
    while (next !== null && prototypes.length < MAX_LINEAGE) {
      prototypes.push(next);
      next = Object.getPrototypeOf(next);
    }
  });
  return prototypes;
}

/** Whether `Error` is an ancestor of `value`, a class. */
export function isErrorClass(value: unknown): value is ErrorConstructorLike {
  if (typeof value !== "function") return false;
  const prototype: unknown = attempt(() => value.prototype);
  return prototype === Error.prototype ||
    (typeof prototype === "object" && prototype !== null &&
      lineage(prototype).includes(Error.prototype));
}

const isRealError = (Error as { isError?: (value: unknown) => boolean }).isError ?? (() => false);

/** Whether `value` is an error, of this realm or another, or inherits from `Error` without being one. */
export function isError(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return isRealError(value) || lineage(value).includes(Error.prototype);
}

/** The name of the class whose prototype is `prototype`, or `""`. */
export function className(prototype: object | undefined): string {
  const constructor: unknown = prototype && attempt(() => Reflect.get(prototype, "constructor"));
  return typeof constructor === "function" ? readString(constructor, "name") ?? "" : "";
}

/** A short text for a value that cannot travel. Runs no `toString` of the value's own. */
export function describe(value: unknown): string {
  if (typeof value === "function") return `function ${readString(value, "name") || "(anonymous)"}`;
  if (typeof value !== "object" || value === null) return String(value);
  const prototypes = lineage(value);
  if (prototypes.includes(URL.prototype)) return readString(value, "href") ?? "URL";
  const message = readString(value, "message");
  const kind = className(prototypes[0]) || "Object";
  const head = isError(value) ? readString(value, "name") ?? kind : `[object ${kind}]`;
  return (message ? `${head}: ${message}` : head).slice(0, MAX_DESCRIPTION);
}

/** Whether every channel carries the value as it is. */
export function isPrimitive(value: unknown): value is Primitive {
  return value === null ||
    (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}
