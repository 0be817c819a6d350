/**
 * Work stealing: tasks that were sent ahead and wait behind others go to workers that have nothing to do.
 *
 * - When the waiting tasks are expected to take a while, at once; half of them at a time.
 * - Else, since most are done before a message could reach another worker, after
 *   {@linkcode STEAL_DELAY}: a task that was expected to be tiny may have turned out long.
 * - When there is nobody to take them and there may be another worker, it is started for them, unless the
 *   busy one has answered meanwhile.
 *
 * Whether a task is taken back is settled by its claim word alone, so nothing here can make it run twice.
 */

import type { PoolWorker } from "./_pool_worker.ts";
import type { Roster } from "./_roster.ts";
import type { Task } from "./_task.ts";

/** Expected milliseconds of work that make it worth to move tasks at once. */
const WORTH_STEALING = 0.2;
/** Milliseconds after which tasks that were not expected to take long are moved all the same. */
const STEAL_DELAY = 2;

/** What the thief asks of the scheduler. */
export interface Fence {
  /** Whether a worker may be sent tasks. */
  mayHaveMore(worker: PoolWorker): boolean;
  /** Whether there is nothing else to give to idle workers. */
  isWanted(): boolean;
  /** Gives stolen tasks to whoever has the least to do. */
  giveOut(tasks: readonly Task[]): void;
}

/** See the head of the file. */
export class Thief {
  readonly #roster: Roster;
  readonly #maxWorkers: number;
  readonly #concurrency: number;
  readonly #fence: Fence;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  constructor(
    roster: Roster,
    { maxWorkers, concurrency }: { readonly maxWorkers: number; readonly concurrency: number },
    fence: Fence,
  ) {
    this.#roster = roster;
    this.#maxWorkers = maxWorkers;
    this.#concurrency = concurrency;
    this.#fence = fence;
  }

  /** Moves tasks from the busiest worker to those that have nothing to do; now or a little later. */
  steal(now = false): void {
    const { active } = this.#roster;
    for (let thieves = active.size; thieves > 0; thieves--) {
      const victim = this.#busiest();
      if (victim === undefined) return;
      const worthIt = now || victim.state === "starting" || victim.work >= WORTH_STEALING;
      const idle = [...active].some((worker) => this.#isIdle(worker));
      if (!worthIt || !idle) {
        if (idle || active.size < this.#maxWorkers) this.#stealLater(victim);
        return;
      }
      const stolen = victim.revokeLatest(Math.ceil(victim.waiting(this.#concurrency) / 2));
      if (stolen.length === 0) return;
      this.#fence.giveOut(stolen);
    }
  }

  /** Nothing is to be stolen any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #isIdle(worker: PoolWorker): boolean {
    return worker.state === "ready" && worker.tasks === 0 && this.#fence.mayHaveMore(worker);
  }

  /** The worker in which the most tasks wait, if any does. */
  #busiest(): PoolWorker | undefined {
    let [busiest, most]: [PoolWorker | undefined, number] = [undefined, 0];
    for (const worker of this.#roster.active) {
      if (!canBeTakenBack(worker)) continue;
      const waiting = worker.waiting(this.#concurrency);
      if (waiting > most) [busiest, most] = [worker, waiting];
    }
    return busiest;
  }

  /** Looks again whether the victim's tasks still wait; then even a worker is started for them. */
  #stealLater(victim: PoolWorker): void {
    const { answers } = victim;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (!this.#fence.isWanted()) return;
      const isStuck = victim.answers === answers && victim.waiting(this.#concurrency) > 0;
      const isHelpComing = [...this.#roster.active].some(({ state }) => state === "starting");
      if (isStuck && !isHelpComing) this.#roster.start();
      this.steal(true);
    }, STEAL_DELAY);
  }
}

/** Where no memory is shared, what a worker has been sent stays there; until it is up, nothing is sent. */
function canBeTakenBack({ channel, state }: PoolWorker): boolean {
  return channel.claims.shared || state === "starting";
}
