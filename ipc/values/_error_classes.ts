/**
 * Error classes of the tasks' own modules, in the parent.
 *
 * An error whose class the task's module exports comes back as that class, when this realm has loaded
 * the module too. A loaded module's namespace is had by importing it again, which needs a turn of the
 * event loop at the first such error, and then is known.
 */

import type { WireError } from "./_error_codec.ts";
import type { ErrorConstructorLike } from "./_thrown_values.ts";

const namespaces = new Map<string, Readonly<Record<string, unknown>>>();

/** Modules that were asked for, while they come and after; one that is late is waited for only once. */
const asked = new Map<string, Promise<void> | "answered">();

/** How long to wait for a module that is still being evaluated (a main module that awaits the task). */
const LONGEST_WAIT = 50;

/** The class that a module exports, as far as the module is known. */
export function errorClass(url: string, name: string): ErrorConstructorLike | undefined {
  const exports = namespaces.get(url);
  const value = exports && Object.hasOwn(exports, name) ? exports[name] : undefined;
  return typeof value === "function" ? value as unknown as ErrorConstructorLike : undefined;
}

/**
 * Gets to know the modules that `error` has classes of.
 *
 * @param isLoaded Whether this realm has loaded the module; others are not touched.
 * @returns When it is worth decoding the error; `undefined` when it is at once.
 */
export function learnErrorClasses(
  error: WireError,
  isLoaded: (url: string) => boolean,
): Promise<unknown> | undefined {
  if (error.kind !== "error") return undefined;
  const urls = error.records.map((record) => record.derived?.export?.module);
  const waits = [...new Set(urls)].filter((url) => url !== undefined && isLoaded(url))
    .map((url) => asked.get(url!) ?? learn(url!))
    .filter((state) => state !== "answered");
  return waits.length === 0 ? undefined : Promise.all(waits);
}

function learn(url: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LONGEST_WAIT);
  asked.set(url, promise);
  import(url).then((exports) => void namespaces.set(url, exports)).catch(() => {}).then(resolve);
  return promise.finally(() => {
    clearTimeout(timer);
    asked.set(url, "answered");
  });
}
