/**
 * How this realm finds functions that it is sent.
 */

import { Resolver } from "./_resolve_callable.ts";

let current: Resolver | undefined;
/** The one of a realm that is no worker. */
let elsewhere: Resolver | undefined;

/** For worker entries. */
export function setThisResolver(resolver: Resolver): void {
  current = resolver;
}

/** The one of the worker that this realm is; elsewhere, one that knows the main module only. */
export function thisResolver(): Resolver {
  return current ??= elsewhere = new Resolver([], {});
}

/** The one of the worker that this realm is; `undefined` elsewhere. */
export function workerResolver(): Resolver | undefined {
  return current === elsewhere ? undefined : current;
}
