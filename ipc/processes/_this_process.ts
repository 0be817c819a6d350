/**
 * The process that this realm belongs to, as its parent, its children and its threads have to know it.
 *
 * A process's main realm gets the record from its parent, and so do threads, from the realm that starts
 * them; the program itself makes it. Two realms of one process count their children together, so that no
 * two of them get the same name.
 */

import { RuntimeError } from "../../sync/errors.ts";

/** A process, as it was started; some of it can be changed afterwards. */
export interface ProcessRecord {
  name: string;
  /** Its number among its parent's children, after its parent's own numbers. */
  readonly identity: readonly number[];
  daemon: boolean;
  authkey: Uint8Array<ArrayBuffer>;
  /** Who started it; `null` for the program itself. */
  readonly parent: { readonly name: string; readonly pid: number } | null;
  /** How it starts processes where nobody says how, once that is settled: as it was started itself. */
  startMethod: "spawn" | "worker" | null;
}

/** What a worker is told of the process that it runs in. */
export interface SharedRecord {
  readonly record: ProcessRecord;
  /** How many children and threads the process has had, where other threads count too. */
  readonly counts: Int32Array<SharedArrayBuffer> | null;
}

/** The bytes of a random key. */
const KEY_BYTES = 32;

let record: ProcessRecord | undefined;
let counts: Int32Array<SharedArrayBuffer> | undefined;
/** Who imports what it is to run. */
let preparing: string | null = null;

/** The record of this process. */
export function thisProcess(): ProcessRecord {
  return record ??= {
    name: "MainProcess",
    identity: [],
    daemon: false,
    authkey: crypto.getRandomValues(new Uint8Array(KEY_BYTES)),
    parent: null,
    startMethod: null,
  };
}

/** For entries: what this realm's parent says of this process. */
export function setThisProcess(given: SharedRecord): void {
  record = given.record;
  counts = given.counts ?? undefined;
}

/** Whether this process is a Web Worker of the one that has started it. */
export function isThreadOfParent(): boolean {
  return thisProcess().parent?.pid === Deno.pid;
}

/** For a thread that this realm starts. */
export function sharedRecord(): SharedRecord {
  return { record: thisProcess(), counts: theCounts() };
}

/** The record of a new child, which is to be started by that method. */
export function newChildRecord(
  startMethod: "spawn" | "worker",
  nameOf: (identity: readonly number[]) => string,
): ProcessRecord {
  const { name, identity, daemon, authkey } = thisProcess();
  const own = [...identity, countOne(CHILDREN)];
  const parent = { name, pid: Deno.pid };
  return { name: nameOf(own), identity: own, daemon, authkey, parent, startMethod };
}

/** The number of a new thread of this process. */
export function newThreadNumber(): number {
  return countOne(THREADS);
}

/** For entries: what is to do something here is called so, while it is imported; `null` afterwards. */
export function setPreparing(who: string | null): void {
  preparing = who;
}

/**
 * Throws when this realm is importing what it is to run: a module that starts a process whenever it is
 * imported would do so without end.
 *
 * @param what Completes "Cannot …".
 * @throws {RuntimeError} Saying where to start processes.
 */
export function checkIsPrepared(what: string): void {
  if (preparing === null) return;
  throw new RuntimeError(
    `Cannot ${what}: ${preparing} is importing the module of its target: ` +
      `start processes and threads in functions, or under if (import.meta.main) { … }`,
  );
}

/**
 * Throws when this process may have no children.
 *
 * @param what Completes "Cannot …".
 * @throws {RuntimeError} When it is a daemon.
 */
export function checkMayHaveChildren(what: string): void {
  if (!thisProcess().daemon) return;
  throw new RuntimeError(
    `Cannot ${what}: ${thisProcess().name} is a daemon, which may have no children of its own: ` +
      `start it with daemon: false`,
  );
}

/** What is counted, and where. */
const CHILDREN = 0;
const THREADS = 1;
const COUNTS = 2;

function countOne(what: typeof CHILDREN | typeof THREADS): number {
  return Atomics.add(theCounts(), what, 1) + 1;
}

function theCounts(): Int32Array<SharedArrayBuffer> {
  return counts ??= new Int32Array(
    new SharedArrayBuffer(COUNTS * Int32Array.BYTES_PER_ELEMENT),
  );
}
