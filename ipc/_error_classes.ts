/**
 * Error classes of the tasks' own modules, in the parent.
 *
 * An error whose class the task's module exports comes back as that class, when this realm has loaded
 * the module too. A loaded module's namespace is had by importing it again, which needs a turn of the
 * event loop at the first such error, and then is known.
 */

import type { ErrorConstructorLike, WireError } from "./_error_codec.ts";

const namespaces = new Map<string, Readonly<Record<string, unknown>>>();

/** Modules that were asked for; one that did not come in time is not waited for again. */
const asked = new Set<string>();

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
  const modules = error.records.map((record) => record.derived?.export?.module)
    .filter((url) => url !== undefined && !asked.has(url) && isLoaded(url)) as string[];
  return modules.length === 0 ? undefined : Promise.all(modules.map(learn));
}

async function learn(url: string): Promise<void> {
  asked.add(url);
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LONGEST_WAIT);
  import(url).then((exports) => void namespaces.set(url, exports)).catch(() => {}).then(resolve);
  await promise;
  clearTimeout(timer);
}
