/**
 * How much can be done at a time.
 *
 * @module
 */

/**
 * The number of processors. Semantics: CPython's `multiprocessing.cpu_count`.
 *
 * @returns At least 1; processors that this program may not use are not counted.
 *
 * @example
 * ```ts
 * import { cpu_count } from "@herd/concurrent";
 * import { assert } from "@std/assert";
 *
 * assert(cpu_count() >= 1);
 * ```
 */
export function cpu_count(): number {
  return navigator.hardwareConcurrency;
}
