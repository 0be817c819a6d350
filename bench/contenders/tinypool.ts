import { Tinypool } from "npm:tinypool@2.2.0";
import process from "node:process";
import type { Contender, Tuning } from "./contender.ts";

const filename = new URL("../kernels.ts", import.meta.url).href;

const onNode = process.versions["deno"] === undefined;

const kinds = {
  threads: {
    // On Deno a single last answer stays away with `useAtomics`, and it is no faster with it.
    options: () => ({ runtime: "worker_threads", useAtomics: onNode }) as const,
    settings: "runtime: worker_threads, useAtomics on Node only (on Deno it hangs)",
  },
  processes: {
    // JSON is faster, but for bytes; on Deno no child starts with another setting.
    options: (tuning: Tuning) =>
      ({
        runtime: "child_process",
        serialization: onNode && tuning === "bulk" ? "advanced" : "json",
      }) as const,
    settings: "runtime: child_process; bytes: serialization advanced on Node (on Deno it fails)",
  },
};

/** tinypool: the small fork of piscina that Vitest uses. */
export function tinypool(kind: keyof typeof kinds): Contender {
  const { options, settings } = kinds[kind];
  return {
    settings: `${settings}; burst and queue: concurrentTasksPerWorker 100; first: minThreads 1`,
    longestQueue: 50_000,
    start(workers, tuning) {
      const pool = new Tinypool({
        ...options(tuning),
        filename,
        minThreads: tuning === "lazy" ? 1 : workers,
        maxThreads: workers,
        concurrentTasksPerWorker: tuning === "throughput" ? 100 : 1,
      });
      return {
        run: (kernel, arg) => pool.run(arg, { name: kernel }),
        stop: () => pool.destroy(),
      };
    },
  };
}
