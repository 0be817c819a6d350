/**
 * Where connections are made: what may be an address, whether this program may use it, and the sockets.
 */

import { ValueError } from "../../sync/errors.ts";
import { show } from "../../sync/_options.ts";
import type { Socket } from "./_socket_transport.ts";
import { OSError } from "../errors.ts";

/**
 * Where a listener listens: a host and a port, or the path of a Unix socket. On Linux a name that begins
 * with a NUL is one that is in no file system.
 */
export type Address = readonly [host: string, port: number] | string;

const HIGHEST_PORT = 65_535;
const NUL = "\0";

/** Its connections come from one of these, whatever the address. */
export interface ListeningSocket {
  accept(): Promise<Deno.Conn>;
  close(): void;
  ref(): void;
  unref(): void;
  readonly addr: Deno.Addr;
}

/**
 * An address of our own, checked.
 *
 * @param what Completes "Cannot …".
 * @throws {TypeError} When it is of another type.
 * @throws {ValueError} When it can't be one.
 */
export function checkedAddress(what: string, address: unknown): Address {
  if (typeof address === "string") return checkedPath(what, address);
  if (!Array.isArray(address)) throw notAnAddress(what, address);
  const [host, port, ...more] = address as unknown[];
  if (typeof host !== "string" || typeof port !== "number" || more.length > 0) {
    throw notAnAddress(what, address);
  }
  if (!Number.isInteger(port) || port < 0 || port > HIGHEST_PORT) {
    throw new ValueError(
      `Cannot ${what}: the port is ${port}: an integer from 0 to ${HIGHEST_PORT} is wanted`,
    );
  }
  if (host === "") {
    throw new ValueError(
      `Cannot ${what}: the host is empty: a name or a number is wanted, such as "127.0.0.1" for ` +
        `this machine only or "0.0.0.0" for all of its networks`,
    );
  }
  return [host, port];
}

function checkedPath(what: string, path: string): string {
  const reason = path === ""
    ? "it is empty"
    : path.startsWith("\\\\")
    ? "it is the name of a Windows pipe, which Deno does not have"
    : path.lastIndexOf(NUL) > 0 || (path.startsWith(NUL) && Deno.build.os !== "linux")
    ? "it has a NUL in it, which it may begin with on Linux only"
    : undefined;
  if (reason === undefined) return path;
  throw new ValueError(
    `Cannot ${what}: ${show(path)} is no address: ${reason}: a path or [host, port] is wanted`,
  );
}

function notAnAddress(what: string, address: unknown): TypeError {
  return new TypeError(
    `Cannot ${what}: the address is ${show(address)}: a path or [host, port] is wanted`,
  );
}

/** An address in a message. */
export function showAddress(address: Address): string {
  if (typeof address === "string") return show(address);
  const [host, port] = address;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** An address of Deno's. */
export function addressOf(address: Deno.Addr): Address {
  if ("hostname" in address) return [address.hostname, address.port];
  // A client's end of a Unix socket has no name.
  return "path" in address ? address.path ?? "" : "";
}

/**
 * Listens.
 *
 * @throws {OSError} When the system refuses.
 * @throws {Deno.errors.NotCapable} When the program may not.
 */
export function listenAt(address: Address, backlog: number | undefined): ListeningSocket {
  const what = `listen at ${showAddress(address)}`;
  checkMayUse(what, address);
  try {
    if (typeof address === "string") return Deno.listen({ transport: "unix", path: address });
    const [hostname, port] = address;
    return Deno.listen({
      hostname,
      port,
      ...(backlog === undefined ? {} : { tcpBacklog: backlog }),
    });
  } catch (error) {
    throw systemError(what, error);
  }
}

/**
 * Connects.
 *
 * @throws {OSError} When nobody is there.
 * @throws {Deno.errors.NotCapable} When the program may not.
 */
export async function connectTo(address: Address, signal: AbortSignal): Promise<Socket> {
  const what = `connect to ${showAddress(address)}`;
  checkMayUse(what, address);
  try {
    if (typeof address === "string") {
      return await Deno.connect({ transport: "unix", path: address });
    }
    const [hostname, port] = address;
    return withoutDelay(await Deno.connect({ hostname, port, signal }));
  } catch (error) {
    throw systemError(what, error);
  }
}

/** A connection whose small messages leave at once. */
export function withoutDelay<T extends Socket>(socket: T): T {
  // It may be broken already, which shows at the first use.
  try {
    if ("setNoDelay" in socket) (socket as unknown as Deno.TcpConn).setNoDelay();
  } catch { /* see above */ }
  return socket;
}

/** What the system refused; a missing permission stays what it is. */
export function systemError(what: string, cause: unknown): unknown {
  if (cause instanceof Deno.errors.NotCapable) return cause;
  const reason = cause instanceof Deno.errors.AddrInUse
    ? "the address is in use"
    : cause instanceof Error
    ? cause.message
    : String(cause);
  return new OSError(`Cannot ${what}: ${reason}`, { cause });
}

/**
 * Throws when this program lacks a permission, instead of having Deno ask its user.
 *
 * @param what Completes "Cannot …".
 * @throws {Deno.errors.NotCapable} Naming the flags to add.
 */
function checkMayUse(what: string, address: Address): void {
  const isPath = typeof address === "string";
  const host = isPath ? `unix:${address}` : showAddress(address);
  const needed: [flag: string, descriptor: Deno.PermissionDescriptor][] = [
    [`--allow-net=${host}`, { name: "net", host }],
  ];
  if (isPath) {
    needed.push([`--allow-read=${address}`, { name: "read", path: address }]);
    needed.push([`--allow-write=${address}`, { name: "write", path: address }]);
  }
  const missing = needed.filter(([, descriptor]) => !isGranted(descriptor)).map(([flag]) => flag);
  if (missing.length === 0) return;
  throw new Deno.errors.NotCapable(
    `Cannot ${what}: this program may not: add ${missing.join(" ")}`,
  );
}

function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  try {
    return Deno.permissions.querySync(descriptor).state === "granted";
  } catch {
    // Deno can't be asked about it: it will say so itself.
    return true;
  }
}
