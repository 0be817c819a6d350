/**
 * The rules of options that say how a worker of any kind is started, and a child process.
 */

import { aTypeOf, integerFrom, type OptionRules } from "../../sync/_options.ts";

/** The rules for workers of any kind. */
export const WORKER_RULES: OptionRules = {
  modules: aTypeOf(
    "an array of absolute URLs",
    (value) => Array.isArray(value) && value.every((url) => URL.canParse(String(url))),
  ),
  // Read, and checked, where they are put as Deno takes them.
  permissions: aTypeOf("anything", () => true),
};

const aPath = aTypeOf(
  "a path or file URL",
  (value) => typeof value === "string" || (value instanceof URL && value.protocol === "file:"),
);

/**
 * Throws for what threads share with the program, and so can't have for themselves.
 *
 * @param what Completes "Cannot …".
 * @param why The option by which they are threads, such as `context "worker"`.
 */
export function refuseForThreads(what: string, options: object, why: string): void {
  for (const name of ["memoryLimit", "env", "cwd", "config"]) {
    if (Reflect.get(options, name) === undefined) continue;
    throw new TypeError(
      `Cannot ${what}: ${name} is for processes: with ${why} it is a thread, ` +
        `which shares that with the program`,
    );
  }
}

/** The least heap, in megabytes, that Deno starts with. */
const LEAST_HEAP = 16;

/** The rules for child processes. */
export const CHILD_RULES: OptionRules = {
  ...WORKER_RULES,
  memoryLimit: integerFrom(LEAST_HEAP),
  env: aTypeOf(
    "an object of strings",
    (value) =>
      typeof value === "object" && value !== null && !Array.isArray(value) &&
      Object.values(value).every((item) => typeof item === "string"),
  ),
  cwd: aPath,
  config: aPath,
};
