import { DynamicThreadPool, FixedThreadPool } from "npm:poolifier-web-worker@0.5.15";
import { fileURLToPath } from "node:url";
import process from "node:process";
import type { Value } from "../kernels.ts";
import type { Contender, Tuning } from "./contender.ts";

const entry = new URL("../peers/poolifier_worker.ts", import.meta.url);

/** Its sister package for Node takes a path. */
const specifier = process.versions["deno"] === undefined ? fileURLToPath(entry) : entry;

function open(workers: number, tuning: Tuning): FixedThreadPool<Value, unknown> {
  const settings = { enableEvents: false };
  return tuning === "lazy"
    ? new DynamicThreadPool(1, workers, specifier, settings)
    : new FixedThreadPool(workers, specifier, settings);
}

/** poolifier-web-worker on Deno, poolifier on Node. */
export const poolifier: Contender = {
  settings: "FixedThreadPool, LEAST_USED (as fast as ROUND_ROBIN), enableEvents: false, no tasks " +
    "queue (with it bursts are 5 times slower, and its stealing runs all on one of two workers); " +
    "first: DynamicThreadPool from 1",
  start(workers, tuning) {
    const pool = open(workers, tuning);
    return {
      run: (kernel, arg) => pool.execute(arg, kernel),
      stop: () => pool.destroy(),
    };
  },
};
