/**
 * Whose worker this realm is: of a pool, in a worker of another pool, and so on.
 *
 * A task can't reach the pool that runs it, since that lives elsewhere. It can come to wait for it in two
 * ways all the same, and neither may hang:
 *
 * - A pool at the top level of a module is another one in each worker that imports the module: a task that
 *   uses it starts workers of its own, which do the same, without end. {@linkcode checkMayNest} ends that.
 * - A server may have a pool and serve it to the pool's own tasks. It is told from where each call comes, by
 *   {@linkcode lineage}, and the pool knows then which of its workers wait for it.
 */

import { RuntimeError } from "../../sync/errors.ts";

/** A worker of a pool. */
export interface Place {
  /** Tells the pool from all others, whatever process it is of. */
  readonly pool: string;
  /** The worker's name, which no other of the pool has or had. */
  readonly worker: string;
}

/** Places, each in that before it; the last is the realm itself. */
export type Lineage = readonly Place[];

/** How many pools may be inside each other. Larger lets more workers start before a mistake is told. */
const MOST_NESTED = 16;

let own: Lineage = [];

/** Where this realm is; empty in the program itself. */
export function lineage(): Lineage {
  return own;
}

/** For entries: what this realm's parent says. */
export function setLineage(given: Lineage): void {
  own = given;
}

/** No pools are nested deeper; an array that says it is may be nothing but holes. */
const DEEPEST = 1024;

/** A lineage that somebody else has sent, who may say what it likes; none where it is no lineage. */
export function lineageFrom(given: unknown): Lineage {
  return Array.isArray(given) && given.length <= DEEPEST && given.every(isPlace) ? given : [];
}

function isPlace(given: unknown): given is Place {
  if (typeof given !== "object" || given === null) return false;
  const { pool, worker } = given as Partial<Place>;
  return typeof pool === "string" && typeof worker === "string";
}

/**
 * Throws when pools are nested so deeply that it must be a mistake.
 *
 * @throws {RuntimeError} Saying what the mistake is.
 */
export function checkMayNest(what: string): void {
  if (own.length < MOST_NESTED) return;
  throw new RuntimeError(
    `Cannot start ${what}: there are ${own.length} pools already, each in a worker of the one before: ` +
      `a pool at the top level of a module is another one in every worker that imports it: make it ` +
      `where the program begins, and have its tasks return what is left to do`,
  );
}
