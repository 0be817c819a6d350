/**
 * Whether Deno lets this program run others, asked before anything starts.
 */

/**
 * Throws for the first command that Deno will refuse to run, as far as can be told beforehand.
 *
 * A path relative to the working directory, and a name that is looked up in a PATH of the executor's
 * own, mean another file to this question than they do at the start: for these Deno decides then.
 *
 * @param what Completes "Cannot …".
 * @param env What the commands' environment will have beside or instead of this program's.
 * @throws {Deno.errors.NotCapable} Naming the flag.
 */
export function checkMayRun(
  what: string,
  commands: Iterable<string>,
  env: Readonly<Record<string, string>>,
): void {
  const hasOwnPath = Object.keys(env).some((name) => name.toUpperCase() === "PATH");
  for (const command of commands) {
    if (isRelative(command) || (!isAbsolute(command) && hasOwnPath)) continue;
    const { state } = Deno.permissions.querySync({ name: "run", command });
    if (state === "granted") continue;
    throw new Deno.errors.NotCapable(
      `Cannot ${what}: this program may not run ${command}: ` +
        (state === "denied"
          ? "take it from --deny-run"
          : `add --allow-run=${command} (Deno grants only what is there when the program starts)`),
    );
  }
}

const isWindows = Deno.build.os === "windows";

function isAbsolute(command: string): boolean {
  return command.startsWith("/") || (isWindows && /^([A-Za-z]:)?[\\/]/.test(command));
}

function isRelative(command: string): boolean {
  return !isAbsolute(command) && (isWindows ? /[\\/]/ : /\//).test(command);
}
