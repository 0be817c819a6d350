/**
 * Programs of `child_permissions_test.ts`: the first argument is JSON, what they print is too. They need
 * no permission but those that a test is about.
 */

import { denoProgram } from "../../../ipc/processes/_deno_program.ts";
import { rendezvous } from "../../../ipc/processes/_rendezvous.ts";
import { startFlags, type StartNeeds } from "../../../ipc/processes/_start_flags.ts";
import { type Permissions, processPermissions } from "../../../ipc/permissions.ts";

/** What to do, and with what. */
export interface Request {
  permissions?: Permissions;
  needs?: Partial<StartNeeds>;
  /** Ask for the program that starts children instead. */
  program?: true;
  /** Ask whether a child would be reached by a socket instead. */
  meeting?: true;
}

function answer({ permissions, needs, program, meeting }: Request): unknown {
  if (program) return { program: denoProgram("start a child") };
  if (meeting) {
    using found = rendezvous(() => false);
    return { socket: found !== undefined };
  }
  const entry = import.meta.url;
  return startFlags(
    processPermissions("start a child", permissions)(),
    { entry, modules: [], ...needs },
  );
}

/** Puts URLs in the place of strings that start with "URL ": JSON has none. */
function withUrls(_key: string, value: unknown): unknown {
  return typeof value === "string" && value.startsWith("URL ") ? new URL(value.slice(4)) : value;
}

if (import.meta.main) {
  try {
    console.log(JSON.stringify(answer(JSON.parse(Deno.args[0]!, withUrls))));
  } catch (error) {
    const { name, message } = error as Error;
    const kind = error instanceof Deno.errors.NotCapable ? "NotCapable" : name;
    console.log(JSON.stringify({ error: `${kind}: ${message}` }));
  }
}
