import type { KernelName } from "../kernels.ts";
import type { Contender, Session } from "./contender.ts";

const entry = new URL("../peers/raw_worker.ts", import.meta.url);

/** A Web Worker and the callers that wait for it; it answers in the order it was asked. */
class Line {
  readonly #worker = new Worker(entry, { type: "module" });
  #waiting: ((value: unknown) => void)[] = [];
  #head = 0;

  constructor() {
    this.#worker.onmessage = (event: MessageEvent<unknown>) => this.#answer(event.data);
  }

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
  settings: "hand-written Web Workers, one postMessage a task and one for its answer",
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
