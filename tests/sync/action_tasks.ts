/** Tasks of `actions_test.ts`. */

import type { Barrier } from "../../mod.ts";

export type Ways = "wait" | "waitSync";

let kept: Barrier;

/** The initializer. */
export function keep(barrier: Barrier): void {
  kept = barrier;
}

/** Waits at what it was given before; see {@linkcode arrive}. */
export async function arriveAtKept(way: Ways, global: string): Promise<unknown[]> {
  return await arrive({ barrier: kept }, way, global);
}

/** Waits at a barrier; returns its number, and what the action has left in a global variable, which goes. */
export async function arrive(
  { barrier }: { barrier: Barrier },
  way: Ways,
  global: string,
): Promise<unknown[]> {
  const index = way === "wait" ? await barrier.wait() : barrier.waitSync();
  const left = Reflect.get(globalThis, global);
  Reflect.deleteProperty(globalThis, global);
  return [index, left];
}
