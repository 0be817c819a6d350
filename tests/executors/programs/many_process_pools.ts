/**
 * A program of `process_pool_exit_test.ts`: makes pool after pool, whose processes end in all ways, and
 * looks at what the second half adds. The first argument says how the children are reached.
 */

import { BrokenProcessPool, ProcessPoolExecutor } from "../../../mod.ts";

const { gc } = globalThis as unknown as { gc: () => void };

const ALL = { env: true, ffi: true, import: true, net: true, read: true, run: true, sys: true };
const PIPES = { ...ALL, write: true, deny: { net: ["192.0.2.1"] } };
const OPTIONS = Deno.args[0] === "by pipes" ? { permissions: PIPES } : {};

/** The program's open descriptors, and its resident memory in MB. */
function usage(): { descriptors: number; memory: number } {
  const status = Deno.readTextFileSync("/proc/self/status");
  return {
    descriptors: [...Deno.readDirSync("/proc/self/fd")].length,
    memory: Number(status.match(/^VmRSS:\s*(\d+)/m)![1]) / 1024,
  };
}

/** What a task does to its process. */
export function act(n: number): number {
  if (n % 97 === 5) Deno.exit(3);
  if (n % 97 === 50) Deno.kill(Deno.pid, "SIGKILL");
  return n + 1;
}

/** Whether all that a pool gave was right. */
async function usePool(): Promise<boolean> {
  const executor = new ProcessPoolExecutor({ max_workers: 2, ...OPTIONS });
  const futures = Array.from({ length: 200 }, (_, n) => executor.submit(act, n));
  const large = executor.submit((bytes: Uint8Array) => bytes, new Uint8Array(1_000_000));
  const outcomes = await Promise.allSettled([...futures, large]);
  const killed = executor.submit(() => new Promise<never>(() => {}));
  while (!killed.running()) await new Promise((resolve) => setTimeout(resolve, 1));
  executor.kill_workers();
  await killed.exception();
  await executor.shutdown();
  return outcomes.every((outcome, n) =>
    outcome.status === "fulfilled"
      ? n === 200 || outcome.value === n + 1
      : outcome.reason instanceof BrokenProcessPool
  );
}

async function wave(pools: number): Promise<boolean> {
  let right = true;
  for (let i = 0; i < pools; i++) right = await usePool() && right;
  for (let i = 0; i < 5; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return right;
}

if (import.meta.main) {
  let right = await wave(8);
  const before = usage();
  right = await wave(8) && right;
  const after = usage();
  console.log(JSON.stringify({
    descriptors: after.descriptors - before.descriptors,
    memory: Math.round(after.memory - before.memory),
    right,
  }));
}
