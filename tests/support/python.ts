/** CPython on the other side of a connection. */

import { assertEquals } from "@std/assert";

/** Why there is none; `undefined` where there is one. */
export const noPython: string | undefined = await findPython();

async function findPython(): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("python3", {
      args: ["-c", "import sys, multiprocessing.connection; print(sys.version_info >= (3, 8))"],
    }).output();
    const isNew = new TextDecoder().decode(stdout).trim() === "True";
    return success && isNew ? undefined : "python3 is older than 3.8";
  } catch {
    return "there is no python3";
  }
}

/** A program of CPython's that has begun; see {@linkcode startPython}. */
export interface PythonProgram extends AsyncDisposable {
  /** The next line that it prints. */
  line(): Promise<string>;
}

/** Starts a program; at the end of the scope it must have ended well, with nothing on standard error. */
export function startPython(source: string, ...args: string[]): PythonProgram {
  const child = new Deno.Command("python3", {
    args: ["-c", source, ...args],
    stdout: "piped",
    stderr: "piped",
    stdin: "null",
  }).spawn();
  const errors = child.stderr.text();
  const lines = child.stdout
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new LineStream())
    .getReader();
  return {
    async line() {
      const { value } = await lines.read();
      return value ?? `nothing: it has ended: ${await errors}`;
    },
    async [Symbol.asyncDispose]() {
      await lines.cancel();
      const [{ code }, text] = await Promise.all([child.status, errors]);
      assertEquals([code, text], [0, ""]);
    },
  };
}

/** Lines of a text that comes in pieces. */
class LineStream extends TransformStream<string, string> {
  constructor() {
    let rest = "";
    super({
      transform(chunk, controller) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) controller.enqueue(line);
      },
    });
  }
}
