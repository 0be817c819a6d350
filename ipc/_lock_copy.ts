/**
 * The user's lock file, as child processes may have it: as a copy.
 *
 * Deno updates its lock file whenever a program needs what it does not pin yet, and fails when it can't.
 * Children import modules that their parent never did, so with the file itself they would write what is
 * the user's (several at once, on no permission of theirs), or die where it may not be written. With
 * `--frozen` they would die as soon as a pin is missing, and with `--no-lock` they would have other
 * versions than their parent. So they get a copy to use and to write; without the permissions to make
 * one, `--no-lock` remains.
 */

import { extent } from "./_permission_kinds.ts";

const copies = new Map<string, string>();

/**
 * The flag that gives a child the pins of a lock file.
 *
 * @param path Where the file is, if it is there.
 */
export function lockFlag(path: string): string {
  let flag = copies.get(path);
  if (flag === undefined) copies.set(path, flag = copyFlag(path));
  return flag;
}

function copyFlag(path: string): string {
  const folder = temporaryFolder();
  if (folder === undefined || extent("read", path) === "none") return "--no-lock";
  let copy: string | undefined;
  try {
    const text = Deno.readTextFileSync(path);
    copy = Deno.makeTempFileSync({ ...folder, prefix: "herd-", suffix: ".lock" });
    Deno.writeTextFileSync(copy, text);
  } catch {
    // Not there, or nothing can be written where temporary files belong.
    if (copy !== undefined) remove(copy);
    return "--no-lock";
  }
  const made = copy;
  addEventListener("unload", () => remove(made));
  return `--lock=${made}`;
}

/** Where this program may make files for itself. */
function temporaryFolder(): { dir?: string } | undefined {
  if (extent("write") === "all") return {};
  return Deno.build.os !== "windows" && extent("write", "/tmp") === "all"
    ? { dir: "/tmp" }
    : undefined;
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Whoever cleans up temporary files was faster.
  }
}
