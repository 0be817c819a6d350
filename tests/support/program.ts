/**
 * Programs that tests run as their users would: in a process of their own, to the end.
 */

import { assert } from "@std/assert";

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** Milliseconds after which a program hangs; it is killed, and its test fails. */
const HANG = 60_000;

/** What a program came to. */
export interface Ending {
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
}

/** How to run a program. */
export interface RunOptions {
  /** Its permissions, as flags; default all. */
  permissions?: readonly string[];
  /** Beside this program's environment. */
  env?: Readonly<Record<string, string>>;
  /** Sent to it, once. */
  signal?: Deno.Signal | undefined;
  /** Whether to send it, by what has been printed; default once a line is `now`. */
  when?: (stdout: string) => boolean;
  /** Whether it is sent to its children too, as by a terminal. */
  group?: boolean;
}

/** Runs a program to its end, and that of its children: they write to the same standard output. */
export async function runProgram(args: string[], options: RunOptions = {}): Promise<Ending> {
  const { permissions = ["-A"], signal, when = (stdout) => stdout.includes("now\n") } = options;
  const [program, ...before] = options.group ? ["setsid", Deno.execPath()] : [Deno.execPath()];
  const child = new Deno.Command(program!, {
    args: [
      ...before,
      "run",
      "--no-prompt",
      "--quiet",
      "--no-lock",
      `--config=${CONFIG}`,
      ...permissions,
      ...args,
    ],
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, HANG);
  const read = async (stream: ReadableStream<Uint8Array>, seen: (text: string) => void) => {
    let text = "";
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      text += part;
      seen(text);
    }
    return text;
  };
  let sent = false;
  const onOutput = (text: string) => {
    if (sent || !when(text)) return;
    sent = true;
    if (signal !== undefined) Deno.kill(options.group ? -child.pid : child.pid, signal);
  };
  const [status, stdout, stderr] = await Promise.all([
    child.status,
    read(child.stdout, onOutput),
    read(child.stderr, () => {}),
  ]);
  clearTimeout(timer);
  assert(!hung, `the program does not end; it printed ${stdout} and ${stderr}`);
  return { code: status.code, signal: status.signal, stdout, stderr };
}
