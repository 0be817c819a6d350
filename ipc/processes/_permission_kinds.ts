/**
 * The kinds of permissions: what may be listed under each, and how much of it this program has.
 */

import { absolutePath } from "./_file_path.ts";

/** Every kind that Deno can be asked about. */
export const KINDS = ["env", "ffi", "import", "net", "read", "run", "sys", "write"] as const;

/** A kind of permission. */
export type PermissionKind = typeof KINDS[number];

/** Everything of a kind, or a list of what. */
export type Grant = true | readonly string[];

/** What one key of a permission object says. */
export type AskedGrant = Grant | false | "inherit";

interface KindRules {
  /** The name under which a descriptor narrows the kind. */
  readonly key: string;
  /** Which items are paths, which may be given as `file:` URLs. */
  readonly paths?: "all" | "with a slash";
  /** What is no item, though a string, and ends a `deno run` that is given it. */
  readonly malformed?: RegExp;
  /** What an item should be then. */
  readonly wanted?: string;
  /** Items that stand for several: Deno does not tell whether one of those is denied. */
  readonly pattern?: RegExp;
  /** Items that have parts which may be denied and which Deno overlooks, and a narrower item. */
  readonly coarse?: { readonly pattern: RegExp; readonly narrower: string };
}

const HOSTS = {
  key: "host",
  malformed: /:\/\/|^(?!unix:).*\s|^unix:[^/]/,
  wanted: "hosts such as example.org or example.org:443",
  pattern: /^\*\.|^:|^[\d.]+\/\d+$/,
  coarse: { pattern: /^(?!unix:)(?!.*:\d+$)/, narrower: "example.org:443" },
} as const;

const RULES: Readonly<Record<PermissionKind, KindRules>> = {
  env: { key: "variable", malformed: /=/, wanted: "names of variables", pattern: /\*$/ },
  ffi: { key: "path", paths: "all" },
  import: HOSTS,
  net: HOSTS,
  read: { key: "path", paths: "all" },
  run: { key: "command", paths: "with a slash" },
  sys: { key: "kind" },
  write: { key: "path", paths: "all" },
};

/** Whether `name` is a kind of permission. */
export function isKind(name: string): name is PermissionKind {
  return KINDS.includes(name as PermissionKind);
}

/** What to ask Deno, or to give back: a kind, or one item of it. */
export function descriptor(kind: PermissionKind, item?: string): Deno.PermissionDescriptor {
  const narrowed = item === undefined ? {} : { [RULES[kind].key]: item };
  return { name: kind, ...narrowed } as unknown as Deno.PermissionDescriptor;
}

/** How much this program has of a kind, or of one item of it. */
export function extent(kind: PermissionKind, item?: string): "all" | "part" | "none" {
  const { state, partial } = Deno.permissions.querySync(descriptor(kind, item));
  if (state !== "granted") return "none";
  return partial ? "part" : "all";
}

/**
 * Reads what one key of a permission object, or of its `deny`, says.
 *
 * @param what Completes "Cannot …".
 * @param key `read`, `deny.read`, …
 * @returns Paths among the items start at the root.
 * @throws {TypeError} When it is of no form that Deno knows.
 */
export function readGrant(
  what: string,
  key: string,
  kind: PermissionKind,
  grant: unknown,
): AskedGrant {
  const mayInherit = key === kind;
  if (typeof grant === "boolean") return grant;
  if (grant === "inherit" && mayInherit) return grant;
  if (!Array.isArray(grant)) {
    throw new TypeError(
      `Cannot ${what}: permission ${key} is ${JSON.stringify(grant)}: ` +
        `true, false${mayInherit ? `, "inherit"` : ""} or a list is wanted`,
    );
  }
  return Array.from(grant, (item: unknown) => readItem(what, key, RULES[kind], item));
}

function readItem(what: string, key: string, rules: KindRules, item: unknown): string {
  const { paths, malformed } = rules;
  if (paths !== undefined && item instanceof URL && item.protocol === "file:") {
    return absolutePath(item);
  }
  if (typeof item !== "string" || item === "" || malformed?.test(item)) {
    const isMalformed = typeof item === "string" && item !== "";
    const wanted = isMalformed ? rules.wanted : `strings${paths ? " and file URLs" : ""}`;
    throw new TypeError(
      `Cannot ${what}: permission ${key} lists ${String(item) || "an empty string"}: ` +
        `${wanted} are wanted`,
    );
  }
  const isPath = paths === "all" || paths === "with a slash" && /[\\/]/.test(item);
  return isPath ? absolutePath(item) : item;
}

/**
 * Throws when `grant` is more than this program has.
 *
 * Deno can be asked about one item, but tells neither what is granted nor what is denied. Where the
 * answer could hide that something within is denied, the grant is refused.
 *
 * @param what Completes "Cannot …".
 * @param who Who would have it.
 * @throws {Deno.errors.NotCapable} Saying what to list, or which flag to add.
 * @throws {TypeError} When Deno does not understand an item.
 */
export function checkWithinParent(
  what: string,
  who: string,
  kind: PermissionKind,
  grant: Grant,
): void {
  const whole = extent(kind);
  if (whole === "all") return;
  const refuse = (item: string | undefined, reason: string): never => {
    const access = `${kind} access${item === undefined ? "" : ` to ${item}`}`;
    throw new Deno.errors.NotCapable(
      `Cannot ${what}: ${who} can't have more than this program: ${access} ${reason}`,
    );
  };
  if (grant === true) {
    refuse(
      undefined,
      whole === "part"
        ? "is granted only in part: list what it needs"
        : `is not granted: add --allow-${kind}`,
    );
    return;
  }
  const { pattern, coarse } = RULES[kind];
  for (const item of grant) {
    if (pattern?.test(item)) {
      refuse(item, `can't be looked up in a list: list what it stands for, or add --allow-${kind}`);
    }
    const within = extentOfItem(what, kind, item);
    if (within === "none") refuse(item, `is not granted: add --allow-${kind}=${item}`);
    if (within === "part") refuse(item, "is granted only in part: list what it needs within");
    if (whole === "part" && coarse?.pattern.test(item)) {
      refuse(item, `may be denied in part: list it with its port, such as ${coarse.narrower}`);
    }
  }
}

function extentOfItem(what: string, kind: PermissionKind, item: string) {
  try {
    return extent(kind, item);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`Cannot ${what}: permission ${kind} lists ${item}: ${reason}`, { cause });
  }
}
