/**
 * Whether a Web Worker keeps the program alive.
 *
 * Deno's Workers count what keeps the program alive for their sake by a method without a name, which it
 * has had since March 2024: called with `false` it no longer does, called with `true` it does again.
 * Each direction once, since it counts.
 */

const refSymbol = Object.getOwnPropertySymbols(Worker.prototype)
  .find((symbol) => symbol.description === undefined) as keyof Worker | undefined;

/** Whether an idle worker can be kept without keeping the program alive. */
export const canUnref: boolean = refSymbol !== undefined;

/** The worker keeps the program alive, or, with `false`, no longer does. */
export function refWorker(worker: Worker, on: boolean): void {
  if (refSymbol === undefined) return;
  (worker as unknown as Record<typeof refSymbol, (on: boolean) => void>)[refSymbol](on);
}
