/**
 * A local stand-in for `jsr:@std/assert`, for machines that cannot reach JSR: the same functions, from
 * the npm build of denoland/std, with types for what Herd's tests use.
 *
 * @module
 */

// @ts-types="./mod.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
