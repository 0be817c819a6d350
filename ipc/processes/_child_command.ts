/**
 * The command line of a child process.
 *
 * A child also has its parent's environment, with `env` on top, as `Deno.Command` does by default:
 * DENO_DIR, NO_COLOR, DENO_V8_FLAGS, proxies and certificates keep their meaning.
 */

import { ValueError } from "../../sync/errors.ts";
import { entryModule } from "./_entry_module.ts";
import { copyLock, removeCopy } from "./_lock_copy.ts";
import {
  type ChannelGrants,
  type ChildPermissions,
  importsByUrl,
  startFlags,
} from "./_start_flags.ts";
import type { UserConfig } from "./_user_config.ts";

/** What decides a child's command line. */
export interface ChildStart {
  /** What the child may do. */
  readonly permissions: ChildPermissions;
  /** How it resolves modules. */
  readonly config: UserConfig;
  /** The most megabytes of V8's old space, where there is a limit. */
  readonly memoryLimit?: number | undefined;
  /** The URL of Herd's code for the child. */
  readonly entry: string;
  /** The export of it to call. */
  readonly serve: string;
  /** URLs of the modules that it must be able to import. */
  readonly modules: readonly string[];
  /** URLs of modules that it may have to import, the latest last. */
  readonly referenced: Iterable<string>;
  /** What reaching the parent takes. */
  readonly channel?: ChannelGrants;
  /** Plain data for `serve`. */
  readonly settings: unknown;
}

/** How to start a child. */
export interface CommandLine {
  /** The arguments of `deno`. */
  readonly args: string[];
  /** Removes what was made for the child, which has ended, or was not started after all. */
  discard(): void;
}

/** The most bytes of an argument: 128 KiB on Linux; on Windows all arguments share 32,767 characters. */
const LONGEST = Deno.build.os === "windows" ? 30_000 : 131_000;

/**
 * The command line that starts a child, which calls `serve(loaders, settings, revoke)`; that has to
 * give back what `revoke` lists before it imports any module.
 *
 * Referenced modules that don't fit are left out, the oldest first: the child can still import those
 * that it has the permission to read.
 *
 * @param what Completes "Cannot …".
 * @throws {ValueError} When the rest is too long for a command line.
 */
export function childCommand(what: string, start: ChildStart): CommandLine {
  const lock = copyLock(start.config.lock);
  const discard = () => {
    if (lock.path !== undefined) removeCopy(lock.path);
  };
  try {
    const limit = start.memoryLimit === undefined
      ? []
      : [`--v8-flags=--max-old-space-size=${start.memoryLimit}`];
    const rest = [...start.config.flags, lock.flag, ...limit, ...flagsAndMain(start, lock.path)];
    for (const argument of rest) checkFits(what, argument);
    return { args: ["run", "--no-prompt", "--quiet", ...rest], discard };
  } catch (error) {
    discard();
    throw error;
  }
}

/** The flags for permissions, and the main module, which removes a file before all else. */
function flagsAndMain(start: ChildStart, toRemove: string | undefined): string[] {
  const isSpelledOut = (url: string) =>
    TAKE_PERMISSION.includes(new URL(url).protocol) && !importsByUrl(start.permissions, url);
  const modules = start.modules.filter(isSpelledOut);
  const referenced = [...start.referenced].filter(isSpelledOut);
  const { entry, serve, settings, channel } = start;
  const { flags, revoke } = startFlags(start.permissions, {
    entry,
    modules: [...modules, ...referenced],
    channel: toRemove === undefined
      ? channel ?? {}
      : { ...channel, write: [...channel?.write ?? [], toRemove] },
  });
  const first = toRemove === undefined ? "" : removal(toRemove);
  const mainWithout = (oldest: number) =>
    entryModule({
      entry,
      first,
      serve,
      modules: [...modules, ...referenced.slice(oldest)],
      args: [settings, revoke],
    });
  const tooMany = leastThat((oldest) => mainWithout(oldest).length <= LONGEST, referenced.length);
  return [...flags, mainWithout(tooMany)];
}

/** Removes a file, and again at the end if Deno has made it anew for the pins of later imports. */
function removal(path: string): string {
  return `{const remove=()=>{try{Deno.removeSync(${JSON.stringify(path)})}catch{}};` +
    `remove();addEventListener("unload",remove)}`;
}

/** Of modules whose import by URL takes a permission. The others a child just imports, or never can. */
const TAKE_PERMISSION = ["file:", "http:", "https:", "jsr:"];

/** The least number up to `most` for which `holds`, which then holds for all greater ones. */
function leastThat(holds: (n: number) => boolean, most: number): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

function checkFits(what: string, argument: string): void {
  const bytes = new TextEncoder().encode(argument).length;
  if (bytes <= LONGEST) return;
  const [of, remedy] = argument.startsWith("--")
    ? [argument.replace(/=.*/s, ""), "list less, such as the folder above"]
    : ["its modules", "list fewer in modules, or give it the permissions read and import in full"];
  throw new ValueError(
    `Cannot ${what}: the command line is too long: ${bytes} bytes for ${of}, at most ${LONGEST} ` +
      `fit: ${remedy}`,
  );
}
