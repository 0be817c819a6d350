/**
 * Random deaths: processes end themselves and are killed at any moment, by the numbers of a seed. Every
 * future comes to a true end, nothing runs twice, and nothing is left.
 */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { BrokenProcessPool, type Future, type ProcessPoolExecutor, task } from "../../mod.ts";
import { CapturedErrors } from "../support/captured_errors.ts";
import { noZombies } from "../support/processes.ts";
import { below, pick, type Random, randomFrom } from "../support/random_values.ts";
import { type Deed, performAt } from "./process_crash_tasks.ts";
import { HANG, within } from "../support/hang_guards.ts";
import { both, Folder, type Make, marked, TASKS } from "./process_pools.ts";

const PERFORM_AT = task(TASKS, performAt);

const DEADLY: readonly Deed[] = [
  "Deno.exit",
  "self.close",
  "process.exit",
  "process.abort",
  "SIGKILL",
  "SIGTERM",
  "throw in a timer",
  "reject unawaited",
  "return an exiting getter",
  "return a killing getter",
];

/** Kills processes that have run a task, now and then, until told to stop. */
class Killer {
  readonly #random: Random;
  readonly #executor: ProcessPoolExecutor;
  /** Processes that have come up: too many deaths at the start would break the pool. */
  readonly known = new Set<number>();
  #stopped = false;

  constructor(random: Random, executor: ProcessPoolExecutor) {
    this.#random = random;
    this.#executor = executor;
  }

  async run(kills: number): Promise<void> {
    while (kills > 0 && !this.#stopped) {
      const pause = below(this.#random, 40);
      await new Promise((resolve) => setTimeout(resolve, pause));
      const alive = marked.alive().map(({ pid }) => pid).filter((pid) => this.known.has(pid));
      if (alive.length === 0 || this.#executor.stats().workers === 0) continue;
      kills--;
      this.#kill(pick(this.#random, alive));
    }
  }

  #kill(pid: number): void {
    const signals = pick<readonly Deno.Signal[]>(this.#random, [
      ["SIGKILL"],
      ["SIGTERM"],
      ["SIGSTOP", "SIGCONT"],
      ["SIGSTOP", "SIGKILL"],
    ]);
    try {
      for (const signal of signals) Deno.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }

  stop(): void {
    this.#stopped = true;
  }
}

async function survive(make: Make, seed: number): Promise<void> {
  const random = randomFrom(seed);
  using folder = new Folder();
  await using executor = make({
    max_workers: pick(random, [1, 2, 3]),
    concurrency: pick(random, [1, 1, 4]),
  });
  const share = pick(random, [0, 20, 50]);
  const deeds = Array.from({ length: 300 }, (): Deed => {
    if (below(random, 1000) < share) return pick(random, DEADLY);
    return pick(random, ["return", "return", "return", "throw"]);
  });
  const killer = new Killer(random, executor);
  const killing = killer.run(8);
  const futures: Future<[unknown, number]>[] = [];
  for (const [i, deed] of deeds.entries()) {
    if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, below(random, 30)));
    const future = executor.submit(PERFORM_AT, folder.path, i, deed);
    future.add_done_callback(() => {
      future.then(([, pid]) => killer.known.add(pid), () => {});
    });
    futures.push(future);
  }
  for (const [i, future] of futures.entries()) {
    const about = `seed ${seed}, task ${i} (${deeds[i]})`;
    const [result] = await Promise.allSettled([future.result(HANG)]);
    const runs = folder.runs(i);
    assert(runs <= 1, `${about} ran ${runs} times`);
    if (result.status === "fulfilled") {
      assertEquals([result.value[0], runs], [i, 1], about);
      assertEquals(deeds[i], "return", about);
    } else if (!(result.reason instanceof BrokenProcessPool)) {
      assertInstanceOf(result.reason, RangeError, `${about}: ${result.reason}`);
      assertEquals(deeds[i], "throw", about);
    }
  }
  killer.stop();
  await within(killing, "the killer");
  const { queued, cancelled } = executor.stats();
  assertEquals([queued, cancelled], [0, 0]);
}

both("Random deaths: every future comes to a true end, and nothing runs twice", async (make) => {
  using _errors = new CapturedErrors();
  for (let seed = 1; seed <= 5; seed++) await survive(make, seed);
});

Deno.test("No process of these tests is left, nor a zombie", async () => {
  await marked.gone();
  await noZombies();
});
