/**
 * What a supervisor is permitted for the sake of its thread.
 *
 * The modules of a Web Worker are loaded with its parent's permissions, those of a thread with the
 * permissions that it shares with its supervisor. What these lack for loading is granted at the start, and
 * the thread gives it back before it evaluates any code but Herd's own. Modules whose import is spelled out
 * in the thread's main module are loaded by then, with all that they import.
 */

import { isWithin, pathOf } from "../processes/_file_path.ts";
import { descriptor, extent } from "../processes/_permission_kinds.ts";
import { importNeeds, includes } from "../processes/_start_flags.ts";

/** See the head of the file. */
export interface SupervisedPermissions {
  readonly atStart: Deno.PermissionOptions;
  readonly revoke: readonly Deno.PermissionDescriptor[];
}

/** What `permissions` lists of a kind; `undefined` where it says otherwise that there is enough. */
type Listed = readonly string[] | undefined;

/**
 * The permissions of a supervisor whose thread shall have `permissions`.
 *
 * @param permissions As `workerPermissions` gives them.
 * @param entry The URL of Herd's own code for the thread.
 * @param modules URLs of the modules that are spelled out in the thread's main module.
 */
export function supervisedPermissions(
  permissions: Deno.PermissionOptions,
  entry: string,
  modules: readonly string[],
): SupervisedPermissions {
  const atStart: Deno.PermissionOptionsObject = typeof permissions === "object"
    ? { ...permissions }
    : {};
  const revoke: Deno.PermissionDescriptor[] = [];
  for (const kind of ["read", "import"] as const) {
    const listed = listedIn(atStart[kind]);
    if (listed === undefined) continue;
    const needed = kind === "read"
      ? readNeeds([entry, ...modules])
      : importNeeds(listed, { entry, modules });
    if (needed === true) {
      atStart[kind] = true;
      revoke.push(descriptor(kind));
      continue;
    }
    const missing = needed.filter((item) => !includes(kind, listed, item));
    if (missing.length === 0) continue;
    atStart[kind] = [...listed, ...missing];
    // An item takes each grant along that includes it: there is none, if it was missing.
    if (listed.length > 0) revoke.push(...missing.map((item) => descriptor(kind, item)));
    else revoke.push(descriptor(kind));
  }
  return { atStart, revoke };
}

function listedIn(grant: Deno.PermissionOptionsObject["read"]): Listed {
  if (grant === true || grant === "inherit") return undefined;
  return Array.isArray(grant) ? grant.map(String) : [];
}

/** The uppermost folders that this program may read, above each of the modules: they import others. */
function readNeeds(modules: readonly string[]): string[] {
  const folders: string[] = [];
  for (const module of modules) {
    const url = new URL(module);
    if (url.protocol !== "file:") continue;
    const path = pathOf(url);
    if (folders.some((folder) => isWithin(folder, path))) continue;
    folders.push(ancestors(url).find((folder) => extent("read", folder) === "all") ?? path);
  }
  return folders;
}

/** The folders above a file, the uppermost first. */
function ancestors(file: URL): string[] {
  const folders: string[] = [];
  for (let url = new URL(".", file);; url = new URL("..", url)) {
    const path = pathOf(url);
    if (path === folders[0]) return folders;
    folders.unshift(path);
  }
}
