/**
 * The program of `user_config_test.ts`, whose projects' main modules import it: prints the flags that the
 * project's children get, and what becomes of one.
 */

import { userConfig } from "../../../ipc/_user_config.ts";

/** What to do; JSON, the first argument. */
export interface Request {
  config?: string;
  /** A folder to delete before asking again. */
  remove?: string;
  /** Starts a child with this main module. */
  main?: string;
}

/** What it prints, as JSON. */
export interface Answer {
  flags?: string[];
  again?: string[];
  error?: string;
  child?: string;
}

function answer({ config, remove, main }: Request): Answer {
  const url = config?.startsWith("URL ") ? new URL(config.slice(4)) : config;
  const flags = [...userConfig(url, "start a child")];
  if (remove !== undefined) {
    Deno.removeSync(remove, { recursive: true });
    return { flags, again: [...userConfig(url, "start a child")] };
  }
  if (main === undefined) return { flags };
  const { stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-import", ...flags, main],
    cwd: "/",
    env: { NO_COLOR: "1" },
  }).outputSync();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { flags, child: out! + err! };
}

try {
  console.log(JSON.stringify(answer(JSON.parse(Deno.args[0]!))));
} catch (error) {
  const { name, message } = error as Error;
  console.log(JSON.stringify({ error: `${name}: ${message}` }));
}
