import type { WorkerKind } from "../job.ts";
import type { Contender } from "./contender.ts";

/** Contenders are imported when they are measured: a package that does not load fails alone. */
type Loaders = Readonly<Record<string, () => Promise<Contender>>>;

/** The contenders that are JavaScript; the Python ones live in `peers/cpython.py`. */
const loaders: Readonly<Record<WorkerKind, Loaders>> = {
  threads: {
    herd: async () => (await import("./herd.ts")).herd("threads"),
    raw: async () => (await import("./raw.ts")).raw,
    poolifier: async () => (await import("./poolifier.ts")).poolifier,
    piscina: async () => (await import("./piscina.ts")).piscina,
    tinypool: async () => (await import("./tinypool.ts")).tinypool("threads"),
    workerpool: async () => (await import("./workerpool.ts")).workerpool("threads"),
  },
  processes: {
    herd: async () => (await import("./herd.ts")).herd("processes"),
    raw: async () => (await import("./raw_process.ts")).rawProcess,
    bare: async () => (await import("./bare_run.ts")).bareRun,
    tinypool: async () => (await import("./tinypool.ts")).tinypool("processes"),
    workerpool: async () => (await import("./workerpool.ts")).workerpool("processes"),
  },
  pools: {
    herd: async () => (await import("./herd_pool.ts")).herdPool,
  },
  programs: {
    herd: async () => (await import("./command_executor.ts")).commandExecutor,
    loop: async () => (await import("./loop.ts")).loop,
  },
  sync: {
    herd: async () => (await import("./herd_primitives.ts")).herdPrimitives,
    atomics: async () => (await import("./atomics.ts")).atomics,
  },
  queues: {
    herd: async () => (await import("./herd_queues.ts")).herdQueues,
  },
  managers: {
    herd: async () => (await import("./herd_managers.ts")).herdManagers,
  },
};

/** Loads one contender. */
export function load(name: string, kind: WorkerKind): Promise<Contender> {
  const loader = loaders[kind][name];
  if (loader === undefined) throw new Error(`no ${name} over ${kind}`);
  return loader();
}
