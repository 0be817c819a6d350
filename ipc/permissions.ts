/**
 * What a worker may do.
 *
 * @module
 */

/** One kind of permission: all of it, none of it, or a list of what. */
export type PermissionGrant = boolean | "inherit" | readonly (string | URL)[];

/** What a worker may do; kinds that are left out are not granted. */
export interface PermissionSet {
  /** Environment variables, by name. */
  readonly env?: boolean | "inherit" | readonly string[];
  /** Foreign libraries, by path. */
  readonly ffi?: PermissionGrant;
  /** Hosts to import code from. */
  readonly import?: boolean | "inherit" | readonly string[];
  /** Hosts to connect to or listen on, as `host` or `host:port`. */
  readonly net?: boolean | "inherit" | readonly string[];
  /** Files and folders to read, relative to the working directory. */
  readonly read?: PermissionGrant;
  /** Programs to run. */
  readonly run?: PermissionGrant;
  /** System information. */
  readonly sys?: boolean | "inherit" | readonly string[];
  /** Files and folders to write, relative to the working directory. */
  readonly write?: PermissionGrant;
}

/** `"inherit"` for what the parent may, `"none"`, or a set. */
export type Permissions = "inherit" | "none" | PermissionSet;

const KINDS = ["env", "ffi", "import", "net", "read", "run", "sys", "write"] as const;
type Kind = typeof KINDS[number];

/** The name under which a descriptor narrows each kind. */
const ITEM_KEY: Record<Kind, string> = {
  env: "variable",
  ffi: "path",
  import: "host",
  net: "host",
  read: "path",
  run: "command",
  sys: "kind",
  write: "path",
};

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
  if (typeof permissions !== "object" || permissions === null || Array.isArray(permissions)) {
    throw new TypeError(
      `Cannot ${what}: permissions is ${JSON.stringify(permissions)}: ` +
        `"inherit", "none" or an object is wanted`,
    );
  }
  for (const [kind, grant] of Object.entries(permissions)) checkGrant(what, kind, grant);
  const named = Object.fromEntries(KINDS.map((kind) => [kind, permissions[kind] ?? false]));
  return named as Deno.PermissionOptionsObject;
}

function checkGrant(what: string, kind: string, grant: unknown): void {
  if (kind === "deny") {
    throw new TypeError(
      `Cannot ${what}: a thread can't have a deny list: grant what it needs, or use a process`,
    );
  }
  if (!KINDS.includes(kind as Kind)) {
    throw new TypeError(
      `Cannot ${what}: there is no permission ${kind}: ${KINDS.join(", ")} are known`,
    );
  }
  if (grant === undefined || grant === false || grant === "inherit") return;
  const items: unknown = grant === true ? [undefined] : grant;
  if (!Array.isArray(items)) {
    throw new TypeError(
      `Cannot ${what}: permission ${kind} is ${JSON.stringify(grant)}: ` +
        `true, false, "inherit" or a list is wanted`,
    );
  }
  for (const item of items) {
    if (grant !== true) checkItem(what, kind as Kind, item);
    requireGranted(what, kind as Kind, item);
  }
}

/** Permissions that name files, and may do so with `file:` URLs. */
const OF_FILES: readonly Kind[] = ["ffi", "read", "run", "write"];

function checkItem(what: string, kind: Kind, item: unknown): void {
  if (typeof item === "string" && item !== "") return;
  const mayBeUrl = OF_FILES.includes(kind);
  if (mayBeUrl && item instanceof URL && item.protocol === "file:") return;
  throw new TypeError(
    `Cannot ${what}: permission ${kind} lists ${String(item) || "an empty string"}: ` +
      `strings${mayBeUrl ? " and file URLs" : ""} are wanted`,
  );
}

function requireGranted(what: string, kind: Kind, item: unknown): void {
  // Deno takes more forms in a grant than in a question, so the whole kind is asked for first.
  if (isGranted({ name: kind })) return;
  try {
    if (item !== undefined && isGranted({ name: kind, [ITEM_KEY[kind]]: item })) return;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`Cannot ${what}: permission ${kind} lists ${item}: ${reason}`, { cause });
  }
  throw new Deno.errors.NotCapable(
    `Cannot ${what}: a worker can't have more than this program: ${kind} access` +
      `${item === undefined ? "" : ` to ${item}`} is not granted: add --allow-${kind}` +
      `${item === undefined ? "" : `=${item}`}`,
  );
}

function isGranted(descriptor: { name: Kind }): boolean {
  const { state, partial } = Deno.permissions.querySync(descriptor as Deno.PermissionDescriptor);
  return state === "granted" && !partial;
}
