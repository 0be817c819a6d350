/**
 * The user's lock file, as a child process may have it: as a copy of its own.
 *
 * Deno updates its lock file whenever a program needs what it does not pin yet, and fails when it can't.
 * Children import modules that their parent never did, so with the file itself they would write what is
 * the user's, on no permission of theirs, or die where it may not be written. With `--frozen` they would
 * die as soon as a pin is missing, and with `--no-lock` they would have other versions than their
 * parent. So each child gets a copy. Deno has read it before the child's first line runs, so the child
 * removes it at once, and nothing is left behind, however the parent ends: but by a child that may not
 * write and imports by URL what is not pinned, for which the parent looks when it ends.
 */

import { extent } from "./_permission_kinds.ts";
import { canBeListed } from "./_start_flags.ts";

/** A child's copy of a lock file. */
export interface LockCopy {
  /** The flag that gives it to the child. */
  readonly flag: string;
  /** Where it is; `undefined` where there can be none. */
  readonly path: string | undefined;
}

/** Copies that may be there yet: the child has not come up, or has needed more pins since. */
const copies = new Set<string>();

/** How many of these are remembered: with fewer, more may stay behind; with more, memory is held. */
const MOST_REMEMBERED = 256;

/**
 * Copies a lock file for one child.
 *
 * @param path Where the file is, if it is there.
 */
export function copyLock(path: string | undefined): LockCopy {
  const copy = path === undefined ? undefined : makeCopy(path);
  return { flag: copy === undefined ? "--no-lock" : `--lock=${copy}`, path: copy };
}

function makeCopy(path: string): string | undefined {
  const folder = temporaryFolder();
  if (folder === undefined || extent("read", path) === "none") return undefined;
  let copy: string | undefined;
  try {
    const text = Deno.readFileSync(path);
    copy = Deno.makeTempFileSync({ ...folder, prefix: "herd-", suffix: ".lock" });
    if (!canBeListed(copy)) throw new TypeError("its child could not be let remove it");
    Deno.writeFileSync(copy, text);
  } catch {
    // Not there, or nothing can be written where temporary files belong.
    if (copy !== undefined) removeCopy(copy);
    return undefined;
  }
  addEventListener("unload", removeAll);
  copies.add(copy);
  if (copies.size > MOST_REMEMBERED) copies.delete(copies.keys().next().value!);
  return copy;
}

/** Removes the copy of a child that is not started after all. */
export function removeCopy(path: string): void {
  copies.delete(path);
  try {
    Deno.removeSync(path);
  } catch {
    // Its child has.
  }
}

function removeAll(): void {
  for (const copy of copies) removeCopy(copy);
}

/** Where this program may make files for itself. */
function temporaryFolder(): { dir?: string } | undefined {
  if (extent("write") === "all") return {};
  const isPosix = Deno.build.os !== "windows";
  return isPosix && extent("write", "/tmp") === "all" ? { dir: "/tmp" } : undefined;
}
