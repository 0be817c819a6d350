/**
 * How this realm finds functions that it is sent.
 */

import { Resolver } from "./_resolve_callable.ts";

let current: Resolver | undefined;

/** For worker entries. */
export function setThisResolver(resolver: Resolver): void {
  current = resolver;
}

/** The one of the worker that this realm is; elsewhere, one that knows the main module only. */
export function thisResolver(): Resolver {
  return current ??= new Resolver([], {});
}
