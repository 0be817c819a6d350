/**
 * The permissions of a child process as flags of `deno run`.
 *
 * Loading code and connecting to the parent can take more than the child shall have. What is only for
 * that is granted at the start and listed in `revoke`, which the child gives back before it evaluates
 * any code but Herd's own. Modules whose import is spelled out in the child's main module are read by
 * then, with all that they import, so they load all the same.
 */

import { isWithin } from "./_file_path.ts";
import { descriptor, extent, type Grant, KINDS, type PermissionKind } from "./_permission_kinds.ts";

/** What a child process may do. */
export interface ChildPermissions {
  readonly allowed: Readonly<Record<PermissionKind, Grant>>;
  readonly denied: Readonly<Partial<Record<PermissionKind, Grant>>>;
}

/** What reaching the parent takes, such as the path of a socket. */
export type ChannelGrants = Readonly<Partial<Record<PermissionKind, readonly string[]>>>;

/** What a child process needs until it is connected. */
export interface StartNeeds {
  /** The URL of Herd's own code for the child. */
  readonly entry: string;
  /** URLs of the modules that are spelled out in the child's main module. */
  readonly modules: readonly string[];
  readonly channel?: ChannelGrants;
}

/** How a child gets its permissions. */
export interface StartFlags {
  /** Flags of `deno run`. */
  readonly flags: readonly string[];
  /** What the child has to give back. */
  readonly revoke: readonly Deno.PermissionDescriptor[];
}

/** Hosts that every Deno program may import from unless its flags say otherwise. */
const DEFAULT_IMPORT_HOSTS: readonly string[] = [
  "cdn.jsdelivr.net:443",
  "deno.land:443",
  "esm.sh:443",
  "gist.githubusercontent.com:443",
  "jsr.io:443",
  "raw.esm.sh:443",
  "raw.githubusercontent.com:443",
];

/** Stands for no host at all: a list replaces the defaults, and this name never resolves (RFC 2606). */
const NO_HOST = "none.invalid:443";

/** What a child has of a kind when it has what this program has, as far as that can be known. */
export function inheritedGrant(kind: PermissionKind): Grant {
  if (extent(kind) === "all") return true;
  return kind === "import" ? DEFAULT_IMPORT_HOSTS.filter(mayImportFrom) : [];
}

/** Whether a child with these permissions can import a module by its URL, with all that it imports. */
export function importsByUrl({ allowed, denied }: ChildPermissions, url: string): boolean {
  if (allowed.read !== true || denied.read !== undefined || denied.import !== undefined) {
    return false;
  }
  return [...DEFAULT_IMPORT_HOSTS, ...importHost(url)]
    .every((host) => includes("import", allowed.import, host));
}

/**
 * Whether a child can't be given what its channel takes, since it is denied out of a whole kind: Deno's
 * flags have no exception to that.
 */
export function deniesChannel(
  { allowed, denied }: ChildPermissions,
  channel: ChannelGrants,
): boolean {
  return KINDS.some((kind) =>
    channel[kind] !== undefined && allowed[kind] === true && denied[kind] !== undefined
  );
}

/** Whether a flag can name it: Deno splits its flags at commas and knows no way to escape one. */
export function canBeListed(item: string): boolean {
  return !/[,\0]/.test(item);
}

/** The flags for a child that shall have `permissions`, and needs some more at the start. */
export function startFlags(permissions: ChildPermissions, needs: StartNeeds): StartFlags {
  const flags: string[] = [];
  const revoke: Deno.PermissionDescriptor[] = [];
  for (const kind of KINDS) {
    const allowed = permissions.allowed[kind];
    if (allowed === true) {
      flags.push(`--allow-${kind}`);
      continue;
    }
    const needed = kind === "import" ? importNeeds(allowed, needs) : needs.channel?.[kind] ?? [];
    if (needed === true) {
      flags.push(`--allow-${kind}`);
      revoke.push(descriptor(kind));
      continue;
    }
    const missing = needed.filter((item) => !includes(kind, allowed, item));
    flags.push(...allowFlag(kind, [...allowed, ...missing]));
    if (allowed.length > 0) {
      // An item takes each grant along that includes it: there is none, if it was missing.
      revoke.push(...missing.map((item) => descriptor(kind, item)));
    } else if (missing.length > 0) revoke.push(descriptor(kind));
  }
  for (const kind of KINDS) {
    const denied = permissions.denied[kind];
    // All of it is what the child gives back: denied by a flag, it could not load Herd's code.
    if (denied === true && kind === "import") continue;
    if (denied === true) flags.push(`--deny-${kind}`);
    else if (denied?.length) flags.push(`--deny-${kind}=${denied.join(",")}`);
  }
  return { flags, revoke };
}

/** At most one flag: of two for one kind, Deno takes the list and forgets the whole. */
function allowFlag(kind: PermissionKind, items: readonly string[]): string[] {
  if (kind !== "import") return items.length === 0 ? [] : [`--allow-${kind}=${items.join(",")}`];
  // No flag means the defaults, and the registry that JSR_URL names.
  const isDefault = items.length === DEFAULT_IMPORT_HOSTS.length &&
    DEFAULT_IMPORT_HOSTS.every((host) => items.includes(host));
  return isDefault ? [] : [`--allow-import=${items.join(",") || NO_HOST}`];
}

/**
 * What a child's modules are loaded with: with what this program may import, as in a Worker, as far as
 * Deno's flags and answers can express it.
 */
export function importNeeds(allowed: readonly string[], { entry, modules }: StartNeeds): Grant {
  if (allowed.length === 0 && extent("import") === "all") return true;
  const hosts = [...DEFAULT_IMPORT_HOSTS, ...modules.flatMap(importHost)].filter(mayImportFrom);
  return [...new Set([...importHost(entry), ...hosts])];
}

function mayImportFrom(host: string): boolean {
  return extent("import", host) === "all";
}

/** The host that a module comes from, if any, as Deno names it. */
function importHost(url: string): string[] {
  const { protocol, hostname, port } = new URL(url);
  const usual = { "http:": "80", "https:": "443" }[protocol];
  return usual === undefined ? [] : [`${hostname}:${port || usual}`];
}

/** Whether a grant includes a path or a host. */
export function includes(kind: PermissionKind, grant: Grant, item: string): boolean {
  const isIn = kind === "import" || kind === "net" ? hostIsIn : isWithin;
  return grant === true || grant.some((outer) => isIn(outer, item));
}

function hostIsIn(outer: string, host: string): boolean {
  const [outerName, outerPort] = hostAndPort(outer);
  const [name, port] = hostAndPort(host);
  if (outerPort !== undefined && outerPort !== port) return false;
  return outerName === name || outerName.startsWith("*.") && name.endsWith(outerName.slice(1));
}

function hostAndPort(host: string): [name: string, port: string | undefined] {
  const { name, port } = /^(?<name>.*?)(?::(?<port>\d+))?$/s.exec(host)!.groups!;
  return [name!.toLowerCase(), port];
}
