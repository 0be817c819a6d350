/**
 * Why a program could not be started, in terms of who asked for it.
 */

import { RuntimeError } from "../../sync/errors.ts";
import type { ProgramCall } from "./_program.ts";

/** The error to give for what `Deno.Command` threw, which becomes its `cause`. */
export function startError(call: ProgramCall, cause: unknown): Error {
  const { command } = call;
  const why = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Deno.errors.NotFound) {
    return new Deno.errors.NotFound(`Cannot run ${command}: ${notFound(call, why)}`, { cause });
  }
  if (cause instanceof Deno.errors.NotCapable) {
    const flag = why.startsWith("Requires run access") ? `: add --allow-run=${command}` : "";
    return new Deno.errors.NotCapable(`Cannot run ${command}: ${why}${flag}`, { cause });
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return new Deno.errors.PermissionDenied(
      `Cannot run ${command}: the system does not let this user run it: ` +
        "a file is wanted that may be executed, in a folder that may be entered",
      { cause },
    );
  }
  return new RuntimeError(`Cannot run ${command}: ${why}`, { cause });
}

/** Deno throws `NotFound` for a missing working directory too, and only its message tells. */
function notFound({ command, cwd }: ProgramCall, why: string): string {
  const about = /: (?:(No such cwd)|cwd is not a directory) '[^]*'$/.exec(why);
  if (cwd !== undefined && about !== null) {
    const reason = about[1] === undefined ? "is no directory" : "is not there";
    return `its working directory ${reason}: ${cwd}`;
  }
  if (/[\\/]/.test(command)) {
    const where = cwd === undefined ? "" : ` in ${cwd}`;
    return `there is no such file${where}, or the interpreter that its first line names is missing`;
  }
  return "there is no such program: install it, give its path, or mend PATH";
}
