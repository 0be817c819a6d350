import type { SoakFigures } from "./contender.ts";
/** Stub. */
export function soak(_ms: number): Promise<SoakFigures> {
  return Promise.reject(new Error("not yet"));
}
