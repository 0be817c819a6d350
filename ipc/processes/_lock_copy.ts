/**
 * The user's lock file, as a child process may have it: as a copy of its own.
 *
 * Deno updates its lock file whenever a program needs what it does not pin yet, and fails when it can't.
 * Children import modules that their parent never did, so with the file itself they would write what is
 * the user's, on no permission of theirs, or die where it may not be written. With `--frozen` they would
 * die as soon as a pin is missing, and with `--no-lock` they would have other versions than their
 * parent. So each child gets a copy. Deno has read it before the child's first line runs, so the child
 * removes it at once, and nothing is left behind, however the parent ends. The parent removes it again when
 * the child has ended, or it ends itself: a child may be killed before its first line, or one that may not
 * write import by URL what is not pinned, whereupon Deno makes the file anew.
 */

import { extent } from "./_permission_kinds.ts";
import { canBeListed } from "./_start_flags.ts";
import { temporaryFolder } from "./_temporary_folder.ts";

/** A child's copy of a lock file. */
export interface LockCopy {
  /** The flag that gives it to the child. */
  readonly flag: string;
  /** Where it is; `undefined` where there can be none. */
  readonly path: string | undefined;
}

/** The copies of children that have not ended. */
const copies = new Set<string>();

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
  return copy;
}

/** Removes the copy of a child that has ended, or is not started after all. */
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
