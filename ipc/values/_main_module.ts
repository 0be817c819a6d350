/**
 * The program's main module, as every realm of the program knows it.
 *
 * Functions that use variables of the main module travel as references to it, so workers import it;
 * its top level must then not start the program again. {@linkcode checkMayStart} breaks that circle:
 * what the import sets going in a worker, then or later, may start no workers there.
 */

import { RuntimeError } from "../../sync/errors.ts";
import { importInContext, isImported } from "../workers/_task_context.ts";

let url: string | undefined;

/**
 * The URL of the program's main module, also in a worker; `undefined` in a Worker that is not Herd's,
 * where Deno does not tell.
 */
export function mainModule(): string | undefined {
  return url ?? (Deno.mainModule as string | undefined);
}

/** For worker entries: the parent's {@linkcode mainModule}. */
export function setMainModule(main: string | undefined): void {
  url = main;
}

/** In a worker: imports the main module, to find a function in it. */
export function importMainModule<T>(load: () => Promise<T>): Promise<T> {
  return importInContext(load);
}

/**
 * Throws when code at the top level of the main module, imported by a worker, starts workers, at once or
 * later.
 *
 * @throws {RuntimeError} Saying how to guard the program's entry.
 */
export function checkMayStart(what: string): void {
  if (!isImported()) return;
  throw new RuntimeError(
    `Cannot start ${what}: this worker imports the main module to find a function in it: ` +
      `put the program's own code under if (import.meta.main) { … }`,
  );
}
