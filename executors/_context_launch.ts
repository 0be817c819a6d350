/**
 * How the workers of a context are started: as `deno run` children, or as Web Workers.
 */

import type { Launch } from "../ipc/workers/_channel.ts";
import type { ChildOptions } from "../ipc/processes/_child_spec.ts";
import { processLauncher } from "../ipc/workers/_launch_process.ts";
import { checkMayLoadWorkers, workerLauncher } from "../ipc/workers/_launch_worker.ts";
import type { StartMethod } from "../ipc/processes/_start_method.ts";
import { workerPermissions } from "../ipc/permissions.ts";

/**
 * A way to start workers.
 *
 * @param what Completes "Cannot …".
 * @throws {Deno.errors.NotCapable} When the permissions are more than the program has, or it may not
 * start such workers.
 */
export function contextLaunch(what: string, method: StartMethod, options: ChildOptions): Launch {
  if (method === "spawn") return processLauncher(what, options);
  checkMayLoadWorkers(what);
  return workerLauncher(workerPermissions(what, options.permissions));
}
