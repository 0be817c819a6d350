/**
 * A program of `exit_test.ts`: makes pool after pool, in three waves, and looks at what the last adds. The first
 * argument says how a pool ends: `disposed`, or `dropped` with nothing but the collector to notice.
 */

import { ThreadPoolExecutor } from "../../../mod.ts";

/** The program's threads, and its resident memory in MB. */
function usage(): { threads: number; memory: number } {
  const status = Deno.readTextFileSync("/proc/self/status");
  const field = (name: string) => Number(status.match(new RegExp(`^${name}:\\s*(\\d+)`, "m"))![1]);
  return { threads: field("Threads"), memory: field("VmRSS") / 1024 };
}

const { gc } = globalThis as unknown as { gc: () => void };

async function usePool(dispose: boolean): Promise<void> {
  const executor = new ThreadPoolExecutor(1);
  await executor.submit((n: number) => n + 1, 1);
  if (dispose) await executor.shutdown();
}

/** Uses pools, and waits until their threads are gone. */
async function wave(pools: number, dispose: boolean, threads: number): Promise<void> {
  for (let i = 0; i < pools; i++) await usePool(dispose);
  for (let i = 0; i < 200 && usage().threads > threads; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

if (import.meta.main) {
  const dispose = Deno.args[0] === "disposed";
  const pools = Number(Deno.args[1]);
  await wave(5, true, Infinity);
  const threads = usage().threads + 4;
  // What many threads at a time take, the allocator keeps for the next ones.
  for (let i = 0; i < 2; i++) await wave(pools / 2, dispose, threads);
  const before = usage();
  await wave(pools / 2, dispose, threads);
  const after = usage();
  console.log(JSON.stringify({
    threads: after.threads - before.threads,
    memory: Math.round(after.memory - before.memory),
  }));
}
