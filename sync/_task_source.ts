/**
 * Which task the caller is part of, as the layers above know it. Apart from `_identity.ts`, so that who
 * knows need not load what asks.
 */

let source: () => unknown = () => undefined;

/** Says how the task that the caller is part of is found: an object, or `undefined` outside any. */
export function setTaskSource(find: () => unknown): void {
  source = find;
}

/** The task that the caller is part of. */
export function callingTask(): unknown {
  return source();
}
