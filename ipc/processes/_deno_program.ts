/**
 * The program that child processes are started with.
 */

import { RuntimeError } from "../../sync/errors.ts";
import { extent } from "./_permission_kinds.ts";

/** What the choice depends on. */
export interface Surroundings {
  /** Whether this program was made by `deno compile`. */
  readonly standalone: boolean;
  /** Where this Deno is. */
  readonly execPath: string;
  /** Whether this program may run a command. */
  readonly mayRun: (command: string) => boolean;
}

/**
 * The command that starts Deno.
 *
 * @param what Completes "Cannot …".
 * @throws {Deno.errors.NotCapable} Naming the flag to add.
 * @throws {RuntimeError} When there is no Deno, in a compiled program.
 */
export function denoProgram(what: string): string {
  return chooseProgram(what, {
    standalone: Deno.build.standalone,
    execPath: Deno.execPath(),
    mayRun: (command) => extent("run", command) !== "none",
  });
}

/** {@linkcode denoProgram} in any surroundings. */
export function chooseProgram(
  what: string,
  { standalone, execPath, mayRun }: Surroundings,
): string {
  if (standalone) {
    throw new RuntimeError(
      `Cannot ${what}: a compiled program can't run deno, which child processes are started with: ` +
        `use a ProcessPoolExecutor with mp_context: "worker"`,
    );
  }
  // Where deno is a link, a grant of the one is none of the other.
  const program = [execPath, "deno"].find(mayRun);
  if (program !== undefined) return program;
  throw new Deno.errors.NotCapable(
    `Cannot ${what}: child processes are started with deno, which this program may not run: ` +
      `add --allow-run=deno, or --allow-run=${execPath} where deno is not on the PATH; ` +
      `for a child process, grant it run: ["deno"]`,
  );
}
