/**
 * The process of a manager.
 */

import type { Address } from "../connections/_address.ts";
import { decodeError, encodeError, type WireError } from "../values/_error_codec.ts";
import type { LateType } from "./_late_types.ts";
import { type ManagerType, ManagerTypes, ownTypes } from "./_manager_types.ts";
import { ObjectServer } from "./_object_server.ts";
import { serverPermissions } from "./_server_permissions.ts";
import { chosenMethod } from "../processes/_start_method.ts";
import { isThreadOfParent, thisProcess } from "../processes/_this_process.ts";
import { thisResolver } from "../values/_this_resolver.ts";
import type { CallDescription } from "../callable.ts";
import { Process } from "../process.ts";
import type { Queue } from "../queue.ts";
import type { ProcessOptions, StartOptions } from "../processes/_process_options.ts";

/** A type on its way to the process. */
export interface TypeSetup {
  readonly typeid: string;
  readonly callable: CallDescription;
  readonly exposed: readonly string[] | null;
  readonly method_to_typeid: Readonly<Record<string, string>>;
}

/** What the process is to serve. */
export interface ServerSetup {
  /** Whether it has the types of every `SyncManager`. */
  readonly hasOwnTypes: boolean;
  /** Those of them that the layers above have. */
  readonly lateTypes: readonly (readonly [string, LateType])[];
  readonly types: readonly TypeSetup[];
  readonly address: Address | undefined;
  readonly authkey: Uint8Array;
  readonly initializer: CallDescription | null;
  readonly initargs: readonly unknown[];
}

/** How it is started. */
export type ServerOptions = StartOptions & Pick<ProcessOptions, "context">;

/** What it says when it has come up, or why it has not. */
export type ServerNews = { readonly address: Address } | { readonly error: WireError };

/** What the news throws, or tells. */
export function addressIn(news: ServerNews): Address {
  if ("error" in news) throw decodeError(news.error);
  return news.address;
}

/** See the head of the file. */
export class ServerProcess extends Process {
  static override readonly module = import.meta.url;

  readonly setup: ServerSetup;
  /** Gets one item. */
  readonly news: Queue<ServerNews>;

  /** @param manager What the manager's class is called. */
  constructor(
    setup: ServerSetup,
    news: Queue<ServerNews>,
    manager: string,
    options: ServerOptions,
  ) {
    // A thread shares what the program may do.
    const permissions = chosenMethod(options.context) === "worker"
      ? options.permissions
      : serverPermissions(options.permissions, setup.address);
    super({ ...options, permissions, daemon: true });
    this.setup = setup;
    this.news = news;
    this.name = `${manager}-${this.name.slice(this.name.lastIndexOf("-") + 1)}`;
  }

  /** Serves until it is told to stop. */
  override async run(): Promise<void> {
    // It ends with its parent as a daemon does, and may have children, as CPython's may.
    thisProcess().daemon = false;
    // Ctrl-C is for the program, which then has it stop: but a Web Worker would take it from the program.
    if (!isThreadOfParent()) Deno.addSignalListener("SIGINT", () => {});
    const server = await open(this);
    await this.news.put({ address: server.address });
    await server.serve();
    Deno.exit(0);
  }
}

async function open({ setup, news }: ServerProcess): Promise<ObjectServer> {
  try {
    const { initializer, initargs, types, hasOwnTypes, lateTypes, address, authkey } = setup;
    if (initializer !== null) {
      const { fn } = await thisResolver().resolve(initializer);
      await fn(...initargs);
    }
    const resolved = await Promise.all(types.map(resolveType));
    const all = new ManagerTypes([...(hasOwnTypes ? ownTypes(lateTypes) : []), ...resolved]);
    return new ObjectServer(all, address, authkey);
  } catch (error) {
    await news.put({ error: encodeError(error) });
    Deno.exit(1);
  }
}

async function resolveType(
  { typeid, callable, exposed, method_to_typeid }: TypeSetup,
): Promise<[string, ManagerType]> {
  const { fn } = await thisResolver().resolve(callable);
  return [typeid, { make: fn, exposed, method_to_typeid }];
}
