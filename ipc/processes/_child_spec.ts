/**
 * Children that run Herd's code: the same program, the user's imports, and no more permissions than given.
 */

import type { ChildSpec } from "./_child.ts";
import { childCommand } from "./_child_command.ts";
import { denoProgram } from "./_deno_program.ts";
import { checkMayStart, mainModule } from "../values/_main_module.ts";
import { deniesChannel } from "./_start_flags.ts";
import { userConfig } from "./_user_config.ts";
import { referencedModules } from "../callable.ts";
import { type Permissions, processPermissions } from "../permissions.ts";

/** What users say of a child; each may be left out. */
export interface ChildOptions {
  /** What it may do; default `"inherit"`. */
  readonly permissions?: Permissions | undefined;
  /** Megabytes of heap. */
  readonly memoryLimit?: number | undefined;
  /** Environment variables, beside those that it inherits. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Its working directory. */
  readonly cwd?: string | URL | undefined;
  /** The `deno.json` by which it finds imports. */
  readonly config?: string | URL | undefined;
}

/** What a child runs. */
export interface ChildEntry {
  /** The URL of Herd's code for it, and the export to call. */
  readonly url: URL;
  readonly serve: string;
  /** Modules that it must be able to import. */
  readonly modules: readonly string[];
}

/**
 * Checks the options once, for any number of children; permissions again for each.
 *
 * @param what Completes "Cannot …".
 * @throws {TypeError} When an option is of the wrong form.
 * @throws {Deno.errors.NotCapable} When a child would have more permissions than this realm, or this
 * realm may not run Deno.
 * @throws {Deno.errors.NotFound} When there is no such `config`.
 * @throws {RuntimeError} In a compiled program.
 */
export function childSpecs(what: string, options: ChildOptions): (entry: ChildEntry) => ChildSpec {
  const { permissionsNow, program, config } = look(what, options);
  const { memoryLimit, env, cwd } = options;
  return ({ url, serve, modules }) => {
    const permissions = permissionsNow();
    return {
      program,
      env: { ...env },
      cwd,
      isDenied: (channel) => deniesChannel(permissions, channel),
      command: (settings, channel) =>
        childCommand(what, {
          permissions,
          config,
          memoryLimit,
          entry: url.href,
          serve,
          modules,
          referenced: [...referencedModules(), mainModule()].filter((url) => url !== undefined),
          channel,
          settings,
        }),
    };
  };
}

function look(what: string, { permissions, config }: ChildOptions) {
  try {
    return {
      permissionsNow: processPermissions(what, permissions),
      program: denoProgram(what),
      config: userConfig(config, what),
    };
  } catch (error) {
    // A main module without its guard may lack, in a worker, what its program has.
    checkMayStart("a process");
    throw error;
  }
}
