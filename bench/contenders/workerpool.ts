import workerpool_ from "npm:workerpool@10.0.3";
import { fileURLToPath } from "node:url";
import type { Contender, Tuning } from "./contender.ts";

const entry = fileURLToPath(new URL("../peers/workerpool_worker.ts", import.meta.url));

const kinds = {
  threads: {
    options: () => ({ workerType: "thread" }) as const,
    settings: "workerType: thread (web fails on Deno)",
  },
  processes: {
    // JSON is faster on Node, but for bytes.
    options: (tuning: Tuning) =>
      ({
        workerType: "process",
        forkOpts: { serialization: tuning === "bulk" ? "advanced" : "json" },
      }) as const,
    settings: "workerType: process; bytes: serialization advanced",
  },
};

/** workerpool: its Web Workers do not start on Deno, its threads and processes do. */
export function workerpool(kind: keyof typeof kinds): Contender {
  const { options, settings } = kinds[kind];
  return {
    settings: `${settings}; first: minWorkers 0`,
    longestQueue: 50_000,
    start(workers, tuning) {
      const pool = workerpool_.pool(entry, {
        ...options(tuning),
        maxWorkers: workers,
        minWorkers: tuning === "lazy" ? 0 : workers,
      });
      return {
        run: (kernel, arg) => pool.exec(kernel, [arg]),
        stop: async () => void await pool.terminate(),
      };
    },
  };
}
