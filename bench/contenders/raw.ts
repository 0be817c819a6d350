import process from "node:process";
import { Worker as NodeWorker } from "node:worker_threads";
import type { KernelName } from "../kernels.ts";
import type { Contender, Session } from "./contender.ts";

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

/** A worker and the callers that wait for it; it answers in the order it was asked. */
class Line {
  readonly #worker = open((value) => this.#answer(value));
  #waiting: ((value: unknown) => void)[] = [];
  #head = 0;

  get length(): number {
    return this.#waiting.length - this.#head;
  }

  ask(kernel: KernelName, arg: number): Promise<unknown> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#worker.postMessage([kernel, arg]);
    });
  }

  close(): void {
    this.#worker.terminate();
  }

  #answer(value: unknown): void {
    this.#waiting[this.#head++]?.(value);
    if (this.length > 0) return;
    this.#waiting = [];
    this.#head = 0;
  }
}

/** What anyone can write by hand: one message a task, to the worker with the fewest in hand. */
export const raw: Contender = {
  settings: "hand-written workers, one postMessage a task and one for its answer",
  start(workers, tuning): Session {
    const lines = Array.from({ length: tuning === "lazy" ? 1 : workers }, () => new Line());
    const shortest = () => lines.reduce((best, line) => line.length < best.length ? line : best);
    return {
      run: (kernel, arg) => shortest().ask(kernel, arg),
      stop() {
        for (const line of lines) line.close();
        return Promise.resolve();
      },
    };
  },
};
