/**
 * The program of `user_config_test.ts`, whose projects' main modules import it: prints the flags that the
 * project's children get, and what becomes of one.
 */

import { copyLock } from "../../../ipc/processes/_lock_copy.ts";
import { type UserConfig, userConfig } from "../../../ipc/processes/_user_config.ts";

/** What to do; JSON, the first argument. */
export interface Request {
  config?: string;
  /** A folder to delete before asking again. */
  remove?: string;
  /** Starts a child with this main module. */
  main?: string;
}

/** What it prints, as JSON. */
export interface Answer extends Partial<UserConfig> {
  again?: UserConfig;
  error?: string;
  /** The flag for the child's lock file. */
  copy?: string;
  child?: string;
}

function answer({ config, remove, main }: Request): Answer {
  const url = config?.startsWith("URL ") ? new URL(config.slice(4)) : config;
  const found = userConfig(url, "start a child");
  if (remove !== undefined) {
    Deno.removeSync(remove, { recursive: true });
    return { ...found, again: userConfig(url, "start a child") };
  }
  if (main === undefined) return { ...found };
  const copy = copyLock(found.lock).flag;
  const { stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-import", ...found.flags, copy, main],
    cwd: "/",
    env: { NO_COLOR: "1" },
  }).outputSync();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { ...found, copy, child: out! + err! };
}

try {
  console.log(JSON.stringify(answer(JSON.parse(Deno.args[0]!))));
} catch (error) {
  const { name, message } = error as Error;
  console.log(JSON.stringify({ error: `${name}: ${message}` }));
}
