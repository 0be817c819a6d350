import { fileURLToPath } from "node:url";
import { type KernelName, kernels, type Value } from "../kernels.ts";
import { RawLink } from "../peers/raw_link.ts";
import type { Contender, Session } from "./contender.ts";
import { Line, shortest } from "./line.ts";

const child = fileURLToPath(new URL("../peers/raw_child.ts", import.meta.url));
const tags = new Map(Object.keys(kernels).map((name, i) => [name, i]));

/** A child and the callers that wait for it. */
class RawChild {
  readonly line = new Line();
  readonly #early: [number, Value][] = [];
  #link: RawLink | undefined = undefined;
  readonly #ended: Promise<void>;

  constructor() {
    this.#ended = this.#run();
  }

  ask(kernel: KernelName, arg: Value): Promise<unknown> {
    const answer = this.line.wait();
    const tag = tags.get(kernel) ?? 0;
    if (this.#link === undefined) this.#early.push([tag, arg]);
    else this.#link.send(tag, arg);
    return answer;
  }

  close(): Promise<void> {
    this.#link?.close();
    return this.#ended;
  }

  async #run(): Promise<void> {
    const folder = await Deno.makeTempDir({ prefix: "herd_bench_" });
    const path = `${folder}/socket`;
    using listener = Deno.listen({ transport: "unix", path });
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-config", "--no-lock", child, path],
      stdin: "null",
      stdout: "null",
    }).spawn();
    const link = this.#link = new RawLink(await listener.accept());
    await Deno.remove(folder, { recursive: true });
    for (const [tag, arg] of this.#early) link.send(tag, arg);
    await link.listen((_tag, value) => this.line.answer(value)).catch(() => {});
    await process.status;
  }
}

/** What anyone can write by hand: one frame a task, to the child with the fewest in hand. */
export const rawProcess: Contender = {
  settings: "hand-written deno children on Unix sockets, one binary frame a task and one for its " +
    "answer, frames written together where they meet",
  start(workers, tuning): Session {
    const children = Array.from({ length: tuning === "lazy" ? 1 : workers }, () => new RawChild());
    return {
      run: (kernel, arg) => shortest(children).ask(kernel, arg),
      stop: async () => void await Promise.all(children.map((child) => child.close())),
    };
  },
};
