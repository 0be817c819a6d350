import workerpool_ from "npm:workerpool@10.0.3";
import { fileURLToPath } from "node:url";
import type { Contender } from "./contender.ts";

const entry = fileURLToPath(new URL("../peers/workerpool_worker.ts", import.meta.url));

/** workerpool: its Web Workers do not start on Deno, its threads and processes do. */
export const workerpool: Contender = {
  settings: "workerType: thread (process is no faster, web fails on Deno); first: minWorkers 0",
  longestQueue: 50_000,
  start(workers, tuning) {
    const pool = workerpool_.pool(entry, {
      workerType: "thread",
      maxWorkers: workers,
      minWorkers: tuning === "lazy" ? 0 : workers,
    });
    return {
      run: (kernel, arg) => pool.exec(kernel, [arg]),
      stop: async () => void await pool.terminate(),
    };
  },
};
