/**
 * Where this program may make files for itself.
 */

import { extent } from "./_permission_kinds.ts";

/**
 * The options of `Deno.makeTempDir` and its like by which Deno asks nobody for a permission.
 *
 * Whoever may run only some programs (`--allow-run=deno`) may not write to those, so that not even
 * `--allow-write` is all of the kind then: a folder has to be named, since Deno does not tell its default.
 *
 * @returns `undefined` where there is no such place.
 */
export function temporaryFolder(): { dir?: string } | undefined {
  if (extent("write") === "all") return {};
  const isPosix = Deno.build.os !== "windows";
  return isPosix && extent("write", "/tmp") === "all" ? { dir: "/tmp" } : undefined;
}
