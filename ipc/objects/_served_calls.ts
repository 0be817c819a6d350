/**
 * How a method is called for the other side of a way, and why it is not.
 */

import { RemoteError } from "../errors.ts";

/** A call that was begun, and what can end it. */
export interface Begun {
  /** The object, where it may be left by a dead holder. */
  readonly held: object | undefined;
  readonly value: unknown;
  readonly controller: AbortController | undefined;
  /** Whether it gives what nobody else here has. */
  readonly isCarried: boolean;
  /** Connections that came with it, for the time that it takes. */
  readonly arrivals: readonly Disposable[] | undefined;
}

/** The object, or its method, can't be had. */
export function notThere(method: string): RemoteError {
  return new RemoteError(
    `Cannot call ${String(method)}: there is no such object, or no such method`,
  );
}

/** Why a result was not sent. */
export function unsendable(cause: unknown): RemoteError {
  return new RemoteError(
    `Cannot send what the method returned or threw: ${
      cause instanceof Error ? cause.message : cause
    }`,
    { cause },
  );
}

/** Calls a method that is known to be one. */
export function invoke(object: object, method: string, args: readonly unknown[]): unknown {
  return (object as Record<string, (...args: readonly unknown[]) => unknown>)[method]!(...args);
}

/**
 * The arguments of what may wait, whose limit is the one at `place`: what is none is for the method to
 * refuse.
 */
export function withSignal(
  args: readonly unknown[],
  place: number,
  signal: AbortSignal,
): unknown[] {
  const full = [...args];
  const limit = args[place];
  const isLimit = typeof limit === "object" && limit !== null && !Array.isArray(limit);
  if (limit === undefined) full[place] = { signal };
  else if (isLimit && Reflect.get(limit, "signal") === undefined) {
    full[place] = { ...limit, signal };
  }
  return full;
}

/** Whether a result has to be waited for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

/** Whether the object was left by a dead holder. */
export function isAbandoned({ held }: Begun): boolean {
  return held !== undefined && Reflect.get(held, "abandoned") === true;
}

/** Lets go of what came with a call. */
export function discard(arrivals: Begun["arrivals"]): void {
  for (const arrival of arrivals ?? []) arrival[Symbol.dispose]();
}
