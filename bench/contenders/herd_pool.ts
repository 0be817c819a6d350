import { Pool, task } from "@herd/concurrent";
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

/** Herd's `Pool` over processes with its defaults, functions by reference. */
export const herdPool: Contender = {
  settings: "Pool(processes), functions by reference with task(), defaults",
  start(workers) {
    const pool = new Pool(workers);
    return {
      run: (kernel, arg) => pool.apply_async(callables[kernel], [arg]),
      async map(kernel, items) {
        const values = await pool.map(callables[kernel], items) as number[];
        return values.reduce((sum, value) => sum + value, 0);
      },
      async imap(kernel, items) {
        let sum = 0;
        for await (const value of pool.imap(callables[kernel], items)) sum += value as number;
        return sum;
      },
      stop: () => pool[Symbol.asyncDispose](),
    };
  },
};
