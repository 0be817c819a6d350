/**
 * What can be read off a function, whatever was done to it.
 */

/** The name of a function; empty where it was given another kind of name. */
export function nameOf(fn: { readonly name: unknown }): string {
  try {
    return typeof fn.name === "string" ? fn.name : "";
  } catch {
    return "";
  }
}

/** The source text of a function, whatever its own `toString` says. */
export function textOf(fn: object): string {
  return Function.prototype.toString.call(fn);
}
