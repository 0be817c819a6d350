/**
 * Where the class of a process is to be found: the child gets one of the same class, from its module.
 */

import { nameOf, textOf } from "./_function_text.ts";
import type { CallDescription } from "./callable.ts";

/** What matters here of a class of processes. */
interface ProcessClass {
  readonly module?: string | URL;
  readonly prototype: Runnable;
}

/** What matters here of a process. */
interface Runnable {
  run(): unknown;
}

/**
 * The class as an export of its module; `null` when `base` will do.
 *
 * @param what Completes "Cannot …".
 * @throws {TypeError} When it overrides `run()` and does not say where it is.
 */
export function subclassOf(
  process: Runnable,
  base: ProcessClass,
  what: string,
): CallDescription | null {
  const constructor = process.constructor as unknown as ProcessClass;
  if (constructor === base) return null;
  const { module } = constructor;
  const name = nameOf(process.constructor);
  if (module === undefined && process.run === base.prototype.run) return null;
  if (module === undefined || !URL.canParse(String(module))) {
    throw new TypeError(
      `Cannot ${what}: ${name || "its class"} overrides run(), and its static module is ` +
        `${module}: let a module export the class, and add static override module = import.meta.url`,
    );
  }
  return { id: -1, name, url: String(module), text: textOf(process.constructor), source: null };
}
