/**
 * Starting the process of a manager: what it is told, where it listens, and what it says.
 */

import type { Address } from "../connections/_address.ts";
import { lateTypes } from "./_late_types.ts";
import type { ManagerCallable, Registered } from "./_manager_registry.ts";
import { waitableOf } from "../connections/_news.ts";
import type { ServerNews, ServerProcess, ServerSetup, TypeSetup } from "./_server_process.ts";
import { privatePath, removeAtExit } from "../connections/_socket_path.ts";
import { type CallDescription, describe } from "../callable.ts";
import { ProcessError } from "../errors.ts";
import type { Queue } from "../queue.ts";

/** Where a server is to listen, and a folder that was made for that, to be removed. */
export function placeFor(
  address: Address | undefined,
): { where: Address | undefined; folder: string | undefined } {
  if (address !== undefined || Deno.build.os === "windows") {
    return { where: address, folder: undefined };
  }
  const { path, folder } = privatePath();
  removeAtExit(folder);
  return { where: path, folder };
}

/** What the process is told. Throws what is wrong with a callable. */
export async function serverSetup(
  types: ReadonlyMap<string, Registered>,
  { initializer, initargs = [] }: {
    readonly initializer?: ManagerCallable | undefined;
    readonly initargs?: readonly unknown[] | undefined;
  },
  rest: Pick<ServerSetup, "hasOwnTypes" | "address" | "authkey">,
): Promise<ServerSetup> {
  const setups = await Promise.all([...types].map(([typeid, type]) => setupOf(typeid, type)));
  return {
    ...rest,
    lateTypes: lateTypes(),
    types: setups.filter((setup) => setup !== undefined),
    initializer: initializer === undefined ? null : await descriptionOf(initializer),
    initargs,
  };
}

async function setupOf(typeid: string, type: Registered): Promise<TypeSetup | undefined> {
  if (type.callable === undefined) return undefined;
  return {
    typeid,
    callable: await descriptionOf(type.callable),
    exposed: type.exposed ?? null,
    method_to_typeid: type.method_to_typeid ?? {},
  };
}

/** What a realm has to know of a callable. Throws why it can't be sent. */
export async function descriptionOf(callable: ManagerCallable): Promise<CallDescription> {
  const call = describe(callable);
  await call.described;
  if (call.description === undefined) throw call.refusal;
  return call.description;
}

/**
 * What the process of a server says, or that it has ended.
 *
 * @param what Completes "Cannot …".
 */
export async function newsOf(
  process: ServerProcess,
  news: Queue<ServerNews>,
  what: string,
): Promise<ServerNews> {
  const end = new AbortController();
  const got = news.get({ signal: end.signal }).catch(() => undefined);
  const ended = Promise.withResolvers<undefined>();
  // Not by awaiting the sentinel, which would keep the program alive for as long as the server runs.
  const stop = waitableOf(process.sentinel)!.watch(() => ended.resolve(undefined));
  // What it has said before its end has come before that is seen.
  const first = await Promise.race([got, ended.promise]) ??
    await news.get({ block: false }).catch(() => undefined);
  stop();
  end.abort();
  if (first !== undefined) return first;
  throw new ProcessError(
    `Cannot ${what}: its process ended, with code ${process.exitcode}: ` +
      `what it wrote to standard error says why`,
  );
}
