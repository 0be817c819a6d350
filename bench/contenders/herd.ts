import { ProcessPoolExecutor, task, ThreadPoolExecutor } from "@herd/concurrent";
import { kernels } from "../kernels.ts";
import type { Contender } from "./contender.ts";

const module = new URL("../kernels.ts", import.meta.url);
const callables = {
  empty: task(module, kernels.empty),
  square: task(module, kernels.square),
  spin: task(module, kernels.spin),
  crunch: task(module, kernels.crunch),
  weigh: task(module, kernels.weigh),
  give: task(module, kernels.give),
  echo: task(module, kernels.echo),
};

const executors = { threads: ThreadPoolExecutor, processes: ProcessPoolExecutor };

/** Herd's pools with their defaults, functions by reference. */
export function herd(kind: keyof typeof executors): Contender {
  const Executor = executors[kind];
  return {
    settings: `${Executor.name}({ max_workers }), functions by reference with task(), defaults`,
    start(workers) {
      const pool = new Executor({ max_workers: workers });
      return {
        run: (kernel, arg) => pool.submit(callables[kernel], arg),
        async map(kernel, items) {
          let sum = 0;
          for await (const value of pool.map(callables[kernel], items)) sum += value as number;
          return sum;
        },
        stop: () => pool.shutdown(),
      };
    },
  };
}
