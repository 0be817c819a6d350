/**
 * A program of `killable_test.ts`: ends killable threads at random moments, from their boot on, in all the
 * ways in which a pool does. Arguments: how many, and the seed. Prints what became of them and how many
 * threads are left.
 */

import { task, ThreadPoolExecutor } from "../../../mod.ts";
import { DEEDS, perform } from "../kill_tasks.ts";

const TASKS = import.meta.resolve("../kill_tasks.ts");

const PERFORM = task(TASKS, perform);

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  return () => {
    seed = seed + 0x6D2B79F5 | 0;
    let bits = Math.imul(seed ^ seed >>> 15, 1 | seed);
    bits = bits + Math.imul(bits ^ bits >>> 7, 61 | bits) ^ bits;
    return ((bits ^ bits >>> 14) >>> 0) / 2 ** 32;
  };
}

function threads(): number {
  return [...Deno.readDirSync("/proc/self/task")].length;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Rounds at once: most of their time they wait. */
const AT_ONCE = 4;

const outcomes: Record<string, number> = {};

/** Ends up to two threads at a random moment. */
async function round(seed: number): Promise<number> {
  const random = randomFrom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const workers = pick([1, 2]);
  const executor = new ThreadPoolExecutor({
    max_workers: workers,
    killable: true,
    modules: random() < 0.3 ? [TASKS] : [],
  });
  const controller = new AbortController();
  // From the boot, which takes some 40 ms, to the middle of the task.
  const moment = random() * 80;
  const way = pick(["deadline", "abort", "shutdown"]);
  const options = way === "deadline" ? { deadline: moment } : { signal: controller.signal };
  const futures = Array.from(
    { length: workers },
    () => executor.options(options).submit(PERFORM, pick(DEEDS)),
  );
  if (way !== "deadline") {
    await pause(moment);
    if (way === "abort") controller.abort();
    else {
      executor.shutdown({ wait: false, cancel_futures: true });
      await pause(random() * 10);
      controller.abort();
    }
  } else if (random() < 0.2) controller.abort();
  for (const future of futures) {
    const error = await future.exception().catch((error: Error) => error) as Error | null;
    const name = error?.name ?? "result";
    outcomes[name] = (outcomes[name] ?? 0) + 1;
  }
  await executor.shutdown();
  return workers;
}

const [kills, seed] = Deno.args.map(Number) as [number, number];
const before = threads();
for (let done = 0, next = seed * 1e6; done < kills;) {
  const rounds = Array.from({ length: AT_ONCE }, () => round(next++));
  for (const workers of await Promise.all(rounds)) done += workers;
}
for (let turns = 0; turns < 1000 && threads() > before; turns++) await pause(10);
console.log(JSON.stringify({ outcomes, left: threads() - before }));
