import { DynamicThreadPool, FixedThreadPool } from "npm:poolifier-web-worker@0.5.15";
import { fileURLToPath } from "node:url";
import process from "node:process";
import type { Contender, Tuning } from "./contender.ts";

const entry = new URL("../peers/poolifier_worker.ts", import.meta.url);

/** Its sister package for Node takes a path. */
const specifier = process.versions["deno"] === undefined ? fileURLToPath(entry) : entry;

function open(workers: number, tuning: Tuning): FixedThreadPool<number, unknown> {
  const events = { enableEvents: false };
  if (tuning === "lazy") return new DynamicThreadPool(1, workers, specifier, events);
  // With its queue a worker holds one task; without, all are posted at once, which is faster.
  return new FixedThreadPool(workers, specifier, {
    ...events,
    enableTasksQueue: tuning === "balance",
  });
}

/** poolifier-web-worker on Deno, poolifier on Node. */
export const poolifier: Contender = {
  settings: "FixedThreadPool, LEAST_USED (measured equal to ROUND_ROBIN), enableEvents: false; " +
    "cpu and mixed: enableTasksQueue with its stealing; first: DynamicThreadPool from 1",
  start(workers, tuning) {
    const pool = open(workers, tuning);
    return {
      run: (kernel, arg) => pool.execute(arg, kernel),
      stop: () => pool.destroy(),
    };
  },
};
