/** Running Deno as a child, with exactly the arguments that a test names. */

import { assert, assertEquals } from "@std/assert";

/** This checkout. */
export const ROOT = new URL("../../", import.meta.url);

/** Herd's own configuration, as a flag: with it, its sources resolve their imports. */
export const CONFIG = `--config=${new URL("deno.json", ROOT).pathname}`;

/** Milliseconds after which a program hangs; it is killed, and its test fails. */
const HANG = 60_000;

/** What became of a program. */
export interface Ending {
  code: number;
  /** What it printed. */
  lines: string[];
  stderr: string;
}

/** Runs `deno run` with these arguments. */
export async function run(
  args: readonly string[],
  { cwd, env = {}, command = Deno.execPath() }: {
    cwd?: string;
    env?: Record<string, string>;
    command?: string;
  } = {},
): Promise<Ending> {
  const signal = AbortSignal.timeout(HANG);
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: ["run", ...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    ...(cwd === undefined ? {} : { cwd }),
    signal,
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert(!signal.aborted, `the program does not end; it printed ${out} and ${err}`);
  return { code, lines: out!.split("\n").slice(0, -1), stderr: err! };
}

/** Runs a program that ends well, with nothing on stderr; returns what it printed. */
export async function lines(...program: Parameters<typeof run>): Promise<string[]> {
  const { code, lines, stderr } = await run(...program);
  assertEquals(stderr, "");
  assertEquals(code, 0);
  return lines;
}
