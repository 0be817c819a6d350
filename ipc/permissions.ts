/**
 * What a worker may do.
 *
 * @module
 */

import { canBeListed, type ChildPermissions, inheritedGrant } from "./processes/_start_flags.ts";
import {
  type AskedGrant,
  checkWithinParent,
  type Grant,
  isKind,
  KINDS,
  type PermissionKind,
  readGrant,
} from "./processes/_permission_kinds.ts";

/** One kind of permission: all of it, none of it, or a list of what. */
export type PermissionGrant = boolean | "inherit" | readonly (string | URL)[];

/** What a worker may do; kinds that are left out are not granted. */
export interface PermissionSet {
  /** Environment variables, by name. */
  readonly env?: boolean | "inherit" | readonly string[];
  /** Foreign libraries, by path. */
  readonly ffi?: PermissionGrant;
  /** Hosts to import code from, once the worker's own modules are loaded. */
  readonly import?: boolean | "inherit" | readonly string[];
  /** Hosts to connect to or listen on, as `host` or `host:port`. */
  readonly net?: boolean | "inherit" | readonly string[];
  /** Files and folders to read, relative to the working directory. */
  readonly read?: PermissionGrant;
  /** Programs to run, by name or path. A worker that may run `deno` can do whatever it likes. */
  readonly run?: PermissionGrant;
  /** System information. */
  readonly sys?: boolean | "inherit" | readonly string[];
  /** Files and folders to write, relative to the working directory. */
  readonly write?: PermissionGrant;
  /** What is not granted all the same; for processes only. */
  readonly deny?: PermissionDenials;
}

/**
 * What a process may not do, out of what it is granted. Where both a grant and a denial list something,
 * the one that says more exactly what decides, as with Deno's own flags.
 */
export interface PermissionDenials {
  /** Environment variables, by name. */
  readonly env?: boolean | readonly string[];
  /** Foreign libraries, by path. */
  readonly ffi?: boolean | readonly (string | URL)[];
  /** Hosts to import code from. */
  readonly import?: boolean | readonly string[];
  /** Hosts to connect to or listen on, as `host` or `host:port`. */
  readonly net?: boolean | readonly string[];
  /** Files and folders to read, relative to the working directory. */
  readonly read?: boolean | readonly (string | URL)[];
  /** Programs to run. */
  readonly run?: boolean | readonly (string | URL)[];
  /** System information. */
  readonly sys?: boolean | readonly string[];
  /** Files and folders to write, relative to the working directory. */
  readonly write?: boolean | readonly (string | URL)[];
}

/** `"inherit"` for what the parent may, `"none"`, or a set. */
export type Permissions = "inherit" | "none" | PermissionSet;

/**
 * Checks permissions and puts them as Deno's Workers take them.
 *
 * @param what Completes "Cannot …".
 * @returns `undefined` where the worker shall share the parent's.
 * @throws {TypeError} When they are of no form that Deno knows.
 * @throws {Deno.errors.NotCapable} When they are more than this realm has.
 */
export function workerPermissions(
  what: string,
  permissions: Permissions | undefined,
): Deno.PermissionOptions | undefined {
  if (permissions === undefined || permissions === "inherit") return undefined;
  if (permissions === "none") return "none";
  const { deny, ...asked } = readSet(what, permissions);
  if (deny !== undefined) {
    throw new TypeError(
      `Cannot ${what}: a thread can't have a deny list: grant what it needs, or use a process`,
    );
  }
  const named = forKinds((kind) => {
    const grant = asked[kind];
    if (typeof grant === "object" || grant === true) {
      checkWithinParent(what, "a worker", kind, grant);
    }
    return grant ?? false;
  });
  return named as Deno.PermissionOptionsObject;
}

/**
 * Checks permissions and puts them as `startFlags` turns them into flags of `deno run`.
 *
 * What this program has only in part is not inherited: Deno doesn't tell which part that is.
 *
 * @param what Completes "Cannot …".
 * @returns To be called for each process, since this program may have given permissions back: throws
 * when they are more than it has now.
 * @throws {TypeError} When they are of no form that Deno knows, or can't stand on a command line.
 * @throws {Deno.errors.NotCapable} When they are more than this realm has.
 */
export function processPermissions(
  what: string,
  permissions: Permissions | undefined,
): () => ChildPermissions {
  if (permissions === "none") return () => ({ allowed: forKinds(() => []), denied: {} });
  if (permissions === undefined || permissions === "inherit") {
    return () => ({ allowed: forKinds(inheritedGrant), denied: {} });
  }
  const { deny, ...asked } = readSet(what, permissions);
  const denied = readDenials(what, deny);
  const isAsked = (kind: PermissionKind) => asked[kind] && denied[kind] !== true;
  const grants = forKinds((kind) => isAsked(kind) ? asked[kind] as Grant | "inherit" : []);
  const now = (): ChildPermissions => {
    const allowed = forKinds((kind) => {
      const grant = grants[kind];
      if (grant === "inherit") return inheritedGrant(kind);
      checkWithinParent(what, "a child", kind, grant);
      return grant;
    });
    return { allowed, denied };
  };
  const { allowed } = now();
  for (const kind of KINDS) {
    checkSeparable(what, kind, allowed[kind]);
    checkSeparable(what, `deny.${kind}`, denied[kind] ?? []);
  }
  return now;
}

type AskedSet = Partial<Record<PermissionKind, AskedGrant>> & { deny?: unknown };

/** Reads a permission object: each key once, and all of them before any is looked up. */
function readSet(what: string, permissions: unknown): AskedSet {
  if (typeof permissions !== "object" || permissions === null || Array.isArray(permissions)) {
    throw new TypeError(
      `Cannot ${what}: permissions is ${JSON.stringify(permissions)}: ` +
        `"inherit", "none" or an object is wanted`,
    );
  }
  const asked: AskedSet = {};
  for (const [key, grant] of Object.entries(permissions)) {
    if (grant === undefined) continue;
    if (key === "deny") asked.deny = grant;
    else asked[knownKind(what, key)] = readGrant(what, key, knownKind(what, key), grant);
  }
  return asked;
}

function readDenials(what: string, deny: unknown): Partial<Record<PermissionKind, Grant>> {
  if (deny === undefined) return {};
  if (typeof deny !== "object" || deny === null || Array.isArray(deny)) {
    throw new TypeError(
      `Cannot ${what}: permission deny is ${JSON.stringify(deny)}: an object is wanted`,
    );
  }
  const denied: Partial<Record<PermissionKind, Grant>> = {};
  for (const [key, denial] of Object.entries(deny)) {
    const kind = knownKind(what, key);
    const read = denial === undefined ? false : readGrant(what, `deny.${kind}`, kind, denial);
    if (read !== false) denied[kind] = read as Grant;
  }
  return denied;
}

function knownKind(what: string, key: string): PermissionKind {
  if (isKind(key)) return key;
  throw new TypeError(
    `Cannot ${what}: there is no permission ${key}: ${KINDS.join(", ")} are known`,
  );
}

/** Throws for what no flag can name. */
function checkSeparable(what: string, key: string, grant: Grant): void {
  const item = grant === true ? undefined : grant.find((item) => !canBeListed(item));
  if (item === undefined) return;
  throw new TypeError(
    `Cannot ${what}: permission ${key} lists ${item}: a comma can't be put into a flag of deno: ` +
      `list the folder above, or rename it`,
  );
}

function forKinds<T>(grant: (kind: PermissionKind) => T): Record<PermissionKind, T> {
  const entries = KINDS.map((kind) => [kind, grant(kind)]);
  return Object.fromEntries(entries) as Record<PermissionKind, T>;
}
