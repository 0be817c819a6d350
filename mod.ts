/**
 * Herd brings Python's `concurrent.futures` and `multiprocessing` to Deno.
 *
 * @example
 * ```ts
 * import { ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor();
 * assertEquals(await executor.submit((a: number, b: number) => a + b, 40, 2), 42);
 * ```
 *
 * @module
 */

export * from "./executors/mod.ts";
export * from "./ipc/mod.ts";
export * from "./sync/mod.ts";
