/**
 * What the process of a manager may do.
 */

import type { Address } from "../connections/_address.ts";
import { extent, type Grant, KINDS, type PermissionKind } from "../processes/_permission_kinds.ts";
import { canBeListed } from "../processes/_start_flags.ts";
import type { Permissions } from "../permissions.ts";

/**
 * What a process inherits that listens at this address, and in any case the path of a socket, if this program has
 * that: what it has of a kind only in part is not inherited, and with `--allow-run=deno` it has only a part of
 * `write`, since Deno denies writing to what may be run.
 *
 * @param permissions What is asked for; it stands as it is where it says what to grant.
 */
export function serverPermissions(
  permissions: Permissions | undefined,
  address: Address | undefined,
): Permissions | undefined {
  const isInherited = permissions === undefined || permissions === "inherit";
  if (!isInherited || typeof address !== "string" || !canBeListed(address)) return permissions;
  const grants = KINDS.map((kind): [PermissionKind, Grant | "inherit"] => {
    const isGranted = (kind === "read" || kind === "write") && extent(kind) !== "all" &&
      extent(kind, address) === "all";
    return [kind, isGranted ? [address] : "inherit"];
  });
  return Object.fromEntries(grants);
}
