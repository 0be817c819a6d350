/**
 * Ends children that their parent has left behind, even when their own event loops never turn again.
 *
 * A process of its own reads the IDs of this realm's children from its standard input. When that ends,
 * the parent is gone, however it went: children that do not go by themselves within {@linkcode GRACE},
 * as their channels have ended, get SIGKILL. It starts with the first child and ends with the last; what
 * it has not read yet outlives the parent in the pipe. It is in a process group of its own, so that
 * Ctrl-C does not reach it.
 *
 * A thread in each child could do the same without a process, but takes 12 ms and 8 MB in each of them.
 */

/** Milliseconds for children to end by themselves. */
const GRACE = 500;

const SOURCE = `
const children = new Set();
let rest = "";
const decoder = new TextDecoder();
for await (const chunk of Deno.stdin.readable) {
  const lines = (rest + decoder.decode(chunk)).split("\\n");
  rest = lines.pop();
  for (const line of lines) {
    if (line[0] === "+") children.add(Number(line.slice(1)));
    else children.delete(Number(line.slice(1)));
  }
}
if (children.size > 0) await new Promise((done) => setTimeout(done, ${GRACE}));
for (const pid of children) {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {}
}
`;

/** The process, while there are children. */
class Reaper {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #children = new Set<number>();

  constructor(program: string) {
    this.#process = new Deno.Command(program, {
      args: [
        "run",
        "--no-prompt",
        "--quiet",
        "--no-lock",
        "--no-config",
        "--allow-run",
        `data:text/javascript,${encodeURIComponent(SOURCE)}`,
      ],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
    this.#process.unref();
    this.#writer = this.#process.stdin.getWriter();
  }

  #write(line: string): void {
    // A reaper that is gone can't be told.
    this.#writer.write(new TextEncoder().encode(line)).catch(() => {});
  }

  add(pid: number): void {
    this.#children.add(pid);
    this.#write(`+${pid}\n`);
  }

  /** The child has ended; whether it was the last one. */
  delete(pid: number): boolean {
    if (this.#children.delete(pid)) this.#write(`-${pid}\n`);
    return this.#children.size === 0;
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
 * @param program The program that starts Deno.
 * @returns To be called when the child has ended; resolves when nothing is left of all this.
 */
export function reapLater(program: string, pid: number): () => Promise<void> {
  const mine = reaper ??= new Reaper(program);
  mine.add(pid);
  return async () => {
    if (!mine.delete(pid)) return;
    reaper = undefined;
    await mine.end();
  };
}
