/**
 * The user's configuration, for child processes.
 *
 * Deno looks for a configuration from the folder of the main module upwards. A child's main module is
 * generated and lies in no folder, so the child is told what its parent found: import map, packages,
 * `node_modules`, `unstable` and the pins of the lock file. What stands in the parent's own flags
 * (`--import-map`, `--unstable-…`, `--lock`, `--config`) no program can see; `config` is for that.
 */

import { absolutePath, fileUrl, pathOf } from "./_file_path.ts";
import { parseJsonc } from "./_jsonc.ts";
import { mainModule } from "../values/_main_module.ts";
import { extent } from "./_permission_kinds.ts";

/** What is used of a deno.json. */
interface Config {
  readonly lock?: boolean | string | { readonly path?: string };
  readonly workspace?: string[] | { readonly members?: string[] };
}

const DENO_CONFIGS = ["deno.json", "deno.jsonc"];

/** How a child process resolves modules. */
export interface UserConfig {
  /** Flags of `deno run`. */
  readonly flags: readonly string[];
  /** Where the lock file is, if it is there. */
  readonly lock: string | undefined;
}

const known = new Map<string, UserConfig>();

/**
 * What makes a child process resolve modules as this program does; looked up once.
 *
 * Only what this program may read is looked at. A program that may read nothing names its
 * configuration by `config`.
 *
 * @param config A path or a `file:` URL; without it, Deno's own search is repeated.
 * @param what Completes "Cannot …".
 * @throws {TypeError} When `config` is a URL, but not of a file.
 * @throws {Deno.errors.NotFound} When there is no such file, as far as this program may look.
 */
export function userConfig(config: string | URL | undefined, what: string): UserConfig {
  // Where the main module is not known, the working directory is the best guess.
  const url = config !== undefined
    ? configUrl(config, what)
    : new URL(mainModule() ?? fileUrl(absolutePath("main.ts")));
  const key = `${config === undefined ? "main" : "config"} ${url}`;
  let found = known.get(key);
  if (found === undefined) {
    found = config === undefined ? search(url) : describe(url);
    known.set(key, found);
  }
  return found;
}

function configUrl(config: string | URL, what: string): URL {
  // A single letter before the colon is a drive.
  const isUrl = config instanceof URL || /^[a-z][a-z\d+.-]+:/i.test(config);
  const url = isUrl ? new URL(config) : fileUrl(absolutePath(config));
  if (url.protocol !== "file:") {
    throw new TypeError(`Cannot ${what}: config is ${url}: a path or a file URL is wanted`);
  }
  if (mayRead(url) && !isFile(url)) {
    throw new Deno.errors.NotFound(
      `Cannot ${what}: config is ${pathOf(url)}: there is no such file`,
    );
  }
  return url;
}

/** Deno searches for main modules that are files only. */
function search(main: URL): UserConfig {
  const config = main.protocol === "file:"
    ? findUpwards(new URL(".", main), [...DENO_CONFIGS, "package.json"])
    : undefined;
  return config === undefined ? { flags: [], lock: undefined } : describe(config);
}

function describe(config: URL): UserConfig {
  const root = workspaceAround(config);
  const isPackage = config.pathname.endsWith("/package.json");
  const named = isPackage ? root : config;
  return {
    // Deno takes no package.json as --config. These two are what finding one switches on.
    flags: named === undefined
      ? ["--node-modules-dir=manual", "--unstable-detect-cjs"]
      : [`--config=${pathOf(named)}`],
    lock: lockOf(root ?? config),
  };
}

function lockOf(config: URL): string | undefined {
  const { lock = true } = readConfig(config);
  if (lock === false) return undefined;
  const path = typeof lock === "object" ? lock.path : lock;
  const folder = pathOf(new URL(".", config));
  return absolutePath(typeof path === "string" ? path : "deno.lock", folder);
}

/** The configuration of the workspace that a package is a member of. */
function workspaceAround(member: URL): URL | undefined {
  const folder = new URL(".", member);
  for (let above = folderAbove(folder); above !== undefined;) {
    const config = findUpwards(above, DENO_CONFIGS);
    if (config === undefined) break;
    const { workspace } = readConfig(config);
    const members = Array.isArray(workspace) ? workspace : workspace?.members;
    if (members?.some((pattern) => matches(new URL(pattern, config), folder))) return config;
    above = folderAbove(new URL(".", config));
  }
  return undefined;
}

/** Whether a folder is one that a workspace lists; a `*` stands for any part of a name. */
function matches(pattern: URL, folder: URL): boolean {
  const parts = pattern.pathname.replace(/\/*$/, "/").split("*");
  return new RegExp(`^${parts.map(RegExp.escape).join("[^/]*")}$`).test(folder.pathname);
}

function findUpwards(folder: URL, names: readonly string[]): URL | undefined {
  for (let at: URL | undefined = folder; at !== undefined; at = folderAbove(at)) {
    const found = names.map((name) => new URL(name, at)).find((url) => mayRead(url) && isFile(url));
    if (found !== undefined) return found;
  }
  return undefined;
}

function folderAbove(folder: URL): URL | undefined {
  const above = new URL("..", folder);
  return above.href === folder.href ? undefined : above;
}

function mayRead(url: URL): boolean {
  return extent("read", pathOf(url)) !== "none";
}

function isFile(url: URL): boolean {
  try {
    return Deno.statSync(url).isFile;
  } catch {
    return false;
  }
}

/** What Deno itself will complain of, in the child, counts as empty. */
function readConfig(url: URL): Config {
  try {
    const config = mayRead(url) ? parseJsonc(Deno.readTextFileSync(url)) : {};
    return typeof config === "object" && config !== null ? config : {};
  } catch {
    return {};
  }
}
