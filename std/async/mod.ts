/**
 * A local stand-in for `jsr:@std/async`, for machines that cannot reach JSR: the same functions, from
 * the npm build of denoland/std, file by file.
 *
 * @module
 */

// @ts-types="./delay.d.ts"
export { delay } from "npm:deno-std@1.4.0/async/delay.js";
// @ts-types="./deadline.d.ts"
export { deadline } from "npm:deno-std@1.4.0/async/deadline.js";
