import { CommandExecutor, task, ThreadPoolExecutor } from "@herd/concurrent";
import { kernels } from "../kernels.ts";
import type { Contender } from "./contender.ts";

const module = new URL("../kernels.ts", import.meta.url);
const callables = {
  empty: task(module, kernels.empty),
  square: task(module, kernels.square),
  spin: task(module, kernels.spin),
  crunch: task(module, kernels.crunch),
};

/** Herd's `ThreadPoolExecutor` with its defaults, functions by reference. */
export const herd: Contender = {
  settings: "ThreadPoolExecutor({ max_workers }), functions by reference with task(), defaults; " +
    "commands: a new CommandExecutor({ allow, max_workers }) each time",
  start(workers) {
    const pool = new ThreadPoolExecutor({ max_workers: workers });
    return {
      run: (kernel, arg) => pool.submit(callables[kernel], arg),
      async map(kernel, items) {
        let sum = 0;
        for await (const value of pool.map(callables[kernel], items)) sum += value ?? 0;
        return sum;
      },
      stop: () => pool.shutdown(),
    };
  },
  async runPrograms(count, limit) {
    await using executor = new CommandExecutor({ allow: ["true"], max_workers: limit });
    const futures = Array.from({ length: count }, () => executor.submit("true"));
    for (const { code } of await Promise.all(futures)) {
      if (code !== 0) throw new Error(`true ended with code ${code}`);
    }
  },
};
