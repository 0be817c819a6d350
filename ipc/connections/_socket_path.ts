/**
 * The files of this program's Unix sockets: where to put one that nobody has named, and what has to be
 * removed when it is done with.
 */

import { OSError } from "../errors.ts";

/** What is removed when the program ends without having done so: sockets, and folders made for one. */
const paths = new Set<string>();
const folders = new Set<string>();
let isListening = false;

/**
 * Makes a folder that only this user can look into, for one socket.
 *
 * @returns The path for the socket, and the folder.
 * @throws {OSError} When there can't be one.
 * @throws {Deno.errors.NotCapable} Naming the flags, when the program may not.
 */
export function privatePath(): { path: string; folder: string } {
  const what = "Cannot make a folder for a socket";
  try {
    // Nobody can be granted a path that is drawn here.
    if (Deno.permissions.querySync({ name: "net" }).state !== "granted") {
      throw new Deno.errors.NotCapable("Requires net access, run again with the --allow-net flag");
    }
    const folder = Deno.makeTempDirSync({ prefix: "herd-" });
    folders.add(folder);
    return { path: `${folder}/listener`, folder };
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      throw new Deno.errors.NotCapable(
        `${what}: this program may not: add --allow-net, and --allow-read and --allow-write in full ` +
          `or for the folder of temporary files; or give an address`,
        { cause },
      );
    }
    throw new OSError(`${what}: ${String(cause)}: give an address`, { cause });
  }
}

/** Has a socket, or a folder of {@linkcode privatePath}, removed at the end of the program, if not before. */
export function removeAtExit(path: string): void {
  if (!isListening) addEventListener("unload", removeAll);
  isListening = true;
  paths.add(path);
}

/** Removes it now. */
export function removeNow(path: string): void {
  paths.delete(path);
  try {
    if (folders.delete(path)) Deno.removeSync(path, { recursive: true });
    // Something else may have come to be at a path that was given.
    else if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch {
    // Somebody else has, or the program may not any more: it is nothing but a name.
  }
}

function removeAll(): void {
  for (const path of paths) removeNow(path);
}
