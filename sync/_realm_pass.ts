/**
 * What a realm was given to be one of its process, until it needs it; and what it does when it ends.
 *
 * Apart from `_realm.ts`, so that a worker that never shares anything does not load that.
 */

/** What a realm needs to be one of its process. */
export interface RealmPass {
  /** The table of realms. */
  readonly table: SharedArrayBuffer;
  /** The table of waiters, see `_waiters.ts`. */
  readonly waiters: SharedArrayBuffer;
  /** The realm's number. */
  readonly id: number;
  /** What it is called, for people. */
  readonly name: string;
}

let given: RealmPass | undefined;
let atEnd: (() => void) | undefined;

/** Joins the process of the realm that has started this one, before anything is shared. */
export function adoptRealm(pass: RealmPass): void {
  given = pass;
}

/** What this realm was given; `undefined` for the first of its process. */
export function givenPass(): RealmPass | undefined {
  return given;
}

/** What this realm is called. */
export function thisRealmName(): string {
  return given?.name ?? "MainThread";
}

/** Says what is to be done when this realm is about to end. */
export function beforeRealmEnds(work: () => void): void {
  atEnd = work;
}

/** This realm is about to end: what it holds goes to others, who may be waiting for nothing else. */
export function realmEnds(): void {
  atEnd?.();
}
