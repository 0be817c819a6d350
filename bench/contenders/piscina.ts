import { Piscina } from "npm:piscina@5.3.2";
import type { Contender } from "./contender.ts";

const filename = new URL("../kernels.ts", import.meta.url).href;

/** piscina: worker threads fed over MessagePorts, with `Atomics.wait` between tasks. */
export const piscina: Contender = {
  settings: "atomics: sync, recordTiming: false; burst and queue: concurrentTasksPerWorker 100; " +
    "first: minThreads 1",
  start(workers, tuning) {
    const pool = new Piscina({
      filename,
      minThreads: tuning === "lazy" ? 1 : workers,
      maxThreads: workers,
      idleTimeout: Infinity,
      concurrentTasksPerWorker: tuning === "throughput" ? 100 : 1,
      atomics: "sync",
      recordTiming: false,
    });
    return {
      run: (kernel, arg) => pool.run(arg, { name: kernel }),
      stop: () => pool.destroy(),
    };
  },
};
