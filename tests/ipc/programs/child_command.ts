/**
 * The parent of `child_command_test.ts`. Started with JSON as first argument it prints the arguments of a
 * child, or, when it is told to, starts that child, all with the permissions that it is run with.
 */

import { childCommand, type ChildStart } from "../../../ipc/processes/_child_command.ts";
import { denoProgram } from "../../../ipc/processes/_deno_program.ts";
import { userConfig } from "../../../ipc/processes/_user_config.ts";
import { type Permissions, processPermissions } from "../../../ipc/permissions.ts";

/** What to do; what is left out is as little as possible. */
export interface Request extends Partial<Omit<ChildStart, "permissions" | "config">> {
  permissions?: Permissions;
  config?: string;
  /** Start the child. */
  start?: true;
}

/** The arguments of the child that a request describes. */
export function argumentsFor({ permissions, config, ...rest }: Request): string[] {
  const { args } = childCommand("start a child", {
    permissions: processPermissions("start a child", permissions ?? "none")(),
    config: config === undefined
      ? { flags: [], lock: undefined }
      : userConfig(config, "start a child"),
    entry: import.meta.resolve("./child_entry.ts"),
    serve: "serve",
    modules: [],
    referenced: [],
    settings: {},
    ...rest,
  });
  return args;
}

if (import.meta.main) {
  const { start, ...request }: Request = JSON.parse(Deno.args[0]!);
  const args = argumentsFor(request);
  if (start) {
    const command = new Deno.Command(denoProgram("start a child"), { args, cwd: "/" });
    const { stdout, stderr } = await command.output();
    for (const text of [stdout, stderr]) console.log(new TextDecoder().decode(text).trimEnd());
  } else console.log(JSON.stringify(args));
}
