/**
 * Starting a {@linkcode Process} by the method that it is to be started by.
 */

import type { Charge } from "./_child_life.ts";
import { launchTarget, type TargetSetup } from "./_launch_target.ts";
import { checkMayLoadThreads, launchThread } from "./_launch_thread.ts";
import { processSpecs, type StartOptions } from "./_process_options.ts";
import type { StartMethod } from "./_start_method.ts";
import { refuseForThreads } from "../workers/_worker_rules.ts";
import { workerPermissions } from "../permissions.ts";

/**
 * Checks what a process with these options may be, and says how it is started.
 *
 * @param what Completes "Cannot …".
 * @throws {TypeError} When an option is of the wrong form, or of none for this method.
 * @throws {Deno.errors.NotCapable} When it would have more permissions than this program, or this program may
 * not start it.
 */
export function launcherOf(
  what: string,
  method: StartMethod,
  options: StartOptions,
): (setup: TargetSetup) => Charge {
  if (method === "worker") {
    refuseForThreads(what, options, `context "worker"`);
    checkMayLoadThreads(what);
    const permissions = workerPermissions(what, options.permissions);
    return ({ process: record, ...order }) =>
      launchThread({ ...order, process: { record, counts: null }, thread: null, permissions });
  }
  const specFor = processSpecs(what, options);
  return (setup) => {
    const { subclass, modules } = setup;
    return launchTarget(setup, specFor(subclass === null ? modules : [...modules, subclass.url!]));
  };
}
