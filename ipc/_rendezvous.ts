/**
 * A Unix socket on which one child is expected, where this program may listen on one and the child may
 * be let connect.
 */

/** The permissions that a socket needs, on either side. */
const KINDS = ["read", "write", "net"] as const;
type Kind = typeof KINDS[number];

/** A socket that a child has to connect to. */
export interface Rendezvous extends Disposable {
  readonly path: string;
  readonly listener: Deno.UnixListener;
  /** The permissions that the child lacks, and has to be given for the socket alone. */
  readonly missing: readonly Kind[];
}

/**
 * Listens where nobody else can connect.
 *
 * @param flags What the child is permitted otherwise.
 * @returns `undefined` where there can't be a socket.
 */
export function rendezvous(flags: readonly string[]): Rendezvous | undefined {
  if (Deno.build.os === "windows" || !KINDS.every(isGrantedInFull)) return undefined;
  let folder: string;
  try {
    folder = Deno.makeTempDirSync({ prefix: "herd-" });
  } catch {
    return undefined;
  }
  const remove = () => {
    try {
      Deno.removeSync(folder, { recursive: true });
    } catch {
      // Somebody else has: what matters is that it is gone.
    }
  };
  const path = `${folder}/s`;
  try {
    const access = KINDS.map((kind) => [kind, accessOf(kind, path, flags)] as const);
    if (access.some(([, access]) => access === "denied")) throw new Deno.errors.NotCapable();
    const listener = Deno.listen({ transport: "unix", path });
    return {
      path,
      listener,
      missing: access.filter(([, access]) => access === "missing").map(([kind]) => kind),
      [Symbol.dispose]() {
        listener.close();
        remove();
      },
    };
  } catch {
    // Not permitted to the child, a path too long, a file system without sockets: there are pipes.
    remove();
    return undefined;
  }
}

/** The flags by which a child may connect. */
export function meetingFlags(meeting: Rendezvous | undefined): string[] {
  if (meeting === undefined) return [];
  return meeting.missing.map((kind) =>
    kind === "net" ? `--allow-net=unix:${meeting.path}` : `--allow-${kind}=${meeting.path}`
  );
}

/** What a child with these flags may do with the socket. */
function accessOf(kind: Kind, path: string, flags: readonly string[]) {
  const names = (verb: "allow" | "deny") =>
    flags.some((flag) => {
      if (
        flag === `--${verb}-${kind}` ||
        (verb === "allow" && (flag === "-A" || flag === "--allow-all"))
      ) return true;
      if (kind === "net" || !flag.startsWith(`--${verb}-${kind}=`)) return false;
      const items = flag.slice(flag.indexOf("=") + 1).split(",");
      return items.some((item) => item === "/" || `${path}/`.startsWith(`${item}/`));
    });
  if (names("deny")) return "denied";
  return names("allow") ? "granted" : "missing";
}

function isGrantedInFull(name: Kind): boolean {
  const { state, partial } = Deno.permissions.querySync({ name });
  return state === "granted" && !partial;
}
