/**
 * Web Workers that run Herd's code.
 */

import { entryModule } from "../processes/_entry_module.ts";
import { mainModule } from "../values/_main_module.ts";
import { OBJECT_SUPPORT } from "../objects/_shared_objects.ts";
import { referencedModules } from "../callable.ts";

/** Which worker to start. */
export interface WebWorkerSpec {
  /** Herd's code for it, and the export that serves the parent. */
  readonly entry: URL;
  readonly serve: string;
  readonly name: string;
  /** Modules that it must be able to import. */
  readonly modules: readonly string[];
  /** What it may do; `undefined` shares the parent's permissions. */
  readonly permissions: Deno.PermissionOptions | undefined;
}

/** Starts one. */
export function newWebWorker({ entry, serve, name, modules, permissions }: WebWorkerSpec): Worker {
  if (permissions === undefined) return new Worker(entry, { type: "module", name });
  const url = entryModule({
    entry: entry.href,
    serve,
    modules: [...modules, ...referencedModules(), mainModule(), OBJECT_SUPPORT]
      .filter((url) => url !== undefined),
  });
  return new Worker(url, { type: "module", name, deno: { permissions } });
}

/**
 * Throws when this program may not load the code of a worker.
 *
 * @param what Completes "Cannot …".
 * @throws {Deno.errors.NotCapable} Naming the flag to add.
 */
export function checkMayLoad(what: string, entry: URL): void {
  if (entry.protocol !== "file:") return;
  if (Deno.permissions.querySync({ name: "read", path: entry }).state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Cannot ${what}: workers load their modules from files, and this program may not read ` +
      `${entry.pathname}: add --allow-read`,
  );
}
