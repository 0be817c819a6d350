/** The same work in two ways. */

import { task, ThreadPoolExecutor } from "@herd/concurrent";
import { analyseFile, type Outcome } from "./analyse_file.ts";

/**
 * Analyses files.
 *
 * @param onDone Told after each file how many are done.
 * @returns The outcomes, in the order of the paths.
 */
export type Analyse = (
  paths: readonly string[],
  onDone: (count: number) => void,
) => Promise<Outcome[]>;

/** One file after the other, here. */
export const analyseSerially: Analyse = (paths, onDone) =>
  Promise.resolve(paths.map((path, i) => {
    const outcome = analyseFile(path);
    onDone(i + 1);
    return outcome;
  }));

/** Over a pool; starting its workers counts. */
export function analysePooled(workers: number): Analyse {
  return async (paths, onDone) => {
    const analyse = task(import.meta.resolve("./analyse_file.ts"), analyseFile);
    const outcomes: Outcome[] = [];
    await using executor = new ThreadPoolExecutor(workers);
    for await (const outcome of executor.map(analyse, paths)) onDone(outcomes.push(outcome));
    return outcomes;
  };
}
