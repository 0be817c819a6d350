/**
 * Where the class of a process or thread is to be found: there it is one of the same class, from its module.
 */

import { nameOf, textOf } from "./_function_text.ts";
import type { CallDescription } from "../callable.ts";

/** What matters here of a class of processes or threads. */
interface RunnableClass {
  readonly module?: string | URL;
  readonly prototype: Runnable;
}

/** What matters here of a process or thread. */
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
  runnable: Runnable,
  base: RunnableClass,
  what: string,
): CallDescription | null {
  const constructor = runnable.constructor as unknown as RunnableClass;
  if (constructor === base) return null;
  const { module } = constructor;
  const name = nameOf(runnable.constructor);
  if (module === undefined && runnable.run === base.prototype.run) return null;
  if (module === undefined || !URL.canParse(String(module))) {
    throw new TypeError(
      `Cannot ${what}: ${name || "its class"} overrides run(), and its static module is ` +
        `${module}: let a module export the class, and add static override module = import.meta.url`,
    );
  }
  return { id: -1, name, url: String(module), text: textOf(runnable.constructor), source: null };
}
