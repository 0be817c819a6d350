import { Tinypool } from "npm:tinypool@2.2.0";
import process from "node:process";
import type { Contender } from "./contender.ts";

const filename = new URL("../kernels.ts", import.meta.url).href;

/** On Deno a single last answer stays away with `useAtomics`, and it is no faster with it. */
const useAtomics = process.versions["deno"] === undefined;

/** tinypool: the small fork of piscina that Vitest uses. */
export const tinypool: Contender = {
  settings: "runtime: worker_threads, useAtomics on Node only (on Deno it hangs); burst and " +
    "queue: concurrentTasksPerWorker 100; first: minThreads 1",
  longestQueue: 50_000,
  start(workers, tuning) {
    const pool = new Tinypool({
      filename,
      runtime: "worker_threads",
      minThreads: tuning === "lazy" ? 1 : workers,
      maxThreads: workers,
      concurrentTasksPerWorker: tuning === "throughput" ? 100 : 1,
      useAtomics,
    });
    return {
      run: (kernel, arg) => pool.run(arg, { name: kernel }),
      stop: () => pool.destroy(),
    };
  },
};
