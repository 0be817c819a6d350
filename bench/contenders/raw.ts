import process from "node:process";
import { Worker as NodeWorker } from "node:worker_threads";
import type { KernelName, Value } from "../kernels.ts";
import type { Contender, Session } from "./contender.ts";
import { Line, shortest } from "./line.ts";

/** The little that is needed of a worker. */
interface Thread {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

/** A Web Worker on Deno, a worker thread on Node. */
function open(onAnswer: (value: unknown) => void): Thread {
  if (process.versions["deno"] === undefined) {
    const thread = new NodeWorker(new URL("../peers/raw_thread.ts", import.meta.url));
    return thread.on("message", onAnswer);
  }
  const worker = new Worker(new URL("../peers/raw_worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = (event: MessageEvent<unknown>) => onAnswer(event.data);
  return worker;
}

/** A worker and the callers that wait for it. */
class RawThread {
  readonly line = new Line();
  readonly #worker = open((value) => this.line.answer(value));

  ask(kernel: KernelName, arg: Value): Promise<unknown> {
    const answer = this.line.wait();
    this.#worker.postMessage([kernel, arg]);
    return answer;
  }

  close(): void {
    this.#worker.terminate();
  }
}

/** What anyone can write by hand: one message a task, to the worker with the fewest in hand. */
export const raw: Contender = {
  settings: "hand-written workers, one postMessage a task and one for its answer",
  start(workers, tuning): Session {
    const threads = Array.from({ length: tuning === "lazy" ? 1 : workers }, () => new RawThread());
    return {
      run: (kernel, arg) => shortest(threads).ask(kernel, arg),
      stop() {
        for (const thread of threads) thread.close();
        return Promise.resolve();
      },
    };
  },
};
