/**
 * A Unix socket on which one child is expected, where this program may listen on one and the child may
 * be let connect.
 *
 * It stands in a folder of its own, which the child removes when it has tried to connect, whether or not
 * the parent is still there; the parent removes it for a child that did not get that far.
 */

import { extent } from "./_permission_kinds.ts";
import { canBeListed, type ChannelGrants } from "./_start_flags.ts";
import { temporaryFolder } from "./_temporary_folder.ts";

/** A socket that a child has to connect to. */
export interface Rendezvous extends Disposable {
  readonly path: string;
  /** The folder that holds nothing but the socket. */
  readonly folder: string;
  readonly listener: Deno.UnixListener;
  /** What the child needs for it. */
  readonly grants: ChannelGrants;
}

/**
 * Listens where nobody else can connect.
 *
 * @param isDenied Whether the child can't be granted what it needs.
 * @returns `undefined` where there can't be a socket.
 */
export function rendezvous(isDenied: (grants: ChannelGrants) => boolean): Rendezvous | undefined {
  if (Deno.build.os === "windows") return undefined;
  const place = temporaryFolder();
  const mayListen = place !== undefined && extent("read") === "all" && extent("net") === "all";
  if (!mayListen || isDenied(grantsFor("", ""))) return undefined;
  let folder: string | undefined;
  const remove = () => {
    try {
      if (folder !== undefined) Deno.removeSync(folder, { recursive: true });
    } catch {
      // Somebody else has: what matters is that it is gone.
    }
  };
  try {
    folder = Deno.makeTempDirSync({ ...place, prefix: "herd-" });
    if (!canBeListed(folder)) throw new TypeError("Deno would take it for two");
    const path = `${folder}/s`;
    const listener = Deno.listen({ transport: "unix", path });
    return {
      path,
      folder,
      listener,
      grants: grantsFor(folder, path),
      [Symbol.dispose]() {
        closeListener(listener);
        remove();
      },
    };
  } catch {
    // No folder for temporary files, a path too long or with a comma, a file system without sockets:
    // there are pipes.
    remove();
    return undefined;
  }
}

/** Nobody is expected any more. */
export function closeListener(listener: Deno.UnixListener): void {
  try {
    listener.close();
  } catch {
    // It was closed before.
  }
}

function grantsFor(folder: string, path: string): ChannelGrants {
  return { read: [folder], write: [folder], net: [`unix:${path}`] };
}
