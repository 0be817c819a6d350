/**
 * Ends children that their parent has left behind, even when their own event loops never turn again.
 *
 * A process of its own reads the IDs of this realm's children from its standard input, a line with all of
 * them whenever they change. When that ends, the parent is gone, however it went: children that do not
 * go by themselves within {@linkcode GRACE}, as their channels have ended, get SIGKILL. It starts with
 * the first child and ends with the last; what it has not read yet outlives the parent in the pipe. It is
 * in a process group of its own, so that Ctrl-C does not reach it.
 *
 * It is a shell where there is one that this program may run, which takes a millisecond to start and
 * 1 MB, else Deno, which takes as much as another child. A thread in each child could do the same without
 * a process, but takes 12 ms and 8 MB in each of them.
 */

import { extent } from "./_permission_kinds.ts";

/** Milliseconds for children to end by themselves. */
const GRACE = 500;

const SHELL = "/bin/sh";

/** Not every `sleep` knows parts of a second. */
const SCRIPT = `
while read -r line; do all=$line; done
[ -z "$all" ] || { sleep ${GRACE / 1000} || sleep 1; kill -KILL $all; }
`;

const MODULE = `
let all = "";
let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\\n");
  rest = lines.pop();
  all = lines.at(-1) ?? all;
}
const children = all.split(" ").filter((id) => id !== "");
if (children.length > 0) await new Promise((done) => setTimeout(done, ${GRACE}));
for (const id of children) {
  try {
    Deno.kill(Number(id), "SIGKILL");
  } catch {}
}
`;

/** @param deno The program that starts Deno. */
function start(deno: string): Deno.ChildProcess {
  if (Deno.build.os !== "windows" && extent("run", SHELL) === "all") {
    try {
      return spawn(SHELL, ["-c", SCRIPT]);
    } catch {
      // There is none: some containers have nothing but Deno.
    }
  }
  const flags = ["--no-prompt", "--quiet", "--no-lock", "--no-config", "--allow-run"];
  return spawn(deno, ["run", ...flags, `data:text/javascript,${encodeURIComponent(MODULE)}`]);
}

function spawn(program: string, args: string[]): Deno.ChildProcess {
  return new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
}

/** The process, while there are children. */
class Reaper {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #children = new Set<number>();

  constructor(deno: string) {
    this.#process = start(deno);
    this.#process.unref();
    this.#writer = this.#process.stdin.getWriter();
  }

  add(pid: number): void {
    this.#children.add(pid);
    this.#tell();
  }

  /** The child has ended; whether it was the last one. */
  delete(pid: number): boolean {
    if (this.#children.delete(pid)) this.#tell();
    return this.#children.size === 0;
  }

  #tell(): void {
    const line = `${[...this.#children].join(" ")}\n`;
    // A reaper that is gone can't be told.
    this.#writer.write(new TextEncoder().encode(line)).catch(() => {});
  }

  /** Resolves when it is gone. */
  async end(): Promise<void> {
    this.#process.ref();
    this.#writer.close().catch(() => {});
    await this.#process.status;
  }
}

let reaper: Reaper | undefined;

/**
 * Sees to it that a child does not outlive this realm.
 *
 * @param deno The program that starts Deno.
 * @returns To be called when the child has ended; resolves when nothing is left of all this.
 */
export function reapLater(deno: string, pid: number): () => Promise<void> {
  const mine = reaper ??= new Reaper(deno);
  mine.add(pid);
  return async () => {
    if (!mine.delete(pid)) return;
    reaper = undefined;
    await mine.end();
  };
}
