/**
 * A local stand-in for `jsr:@std/testing/types`, for machines that cannot reach JSR: the two helpers
 * that Herd's type tests use.
 *
 * @module
 */

/** Asserts at compile time that `T` is `true`. */
export function assertType<T extends true>(_expect?: T): void {}

/** `true` when the two types are the same, as the compiler sees it. */
export type IsExact<T, U> = (<G>() => G extends T ? 1 : 2) extends (<G>() => G extends U ? 1 : 2)
  ? true
  : false;
