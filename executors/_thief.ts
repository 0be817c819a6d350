/**
 * Work stealing: tasks that were sent ahead and wait behind others go to workers that have nothing to do.
 *
 * - When the waiting tasks are expected to take a while, at once; half of them at a time.
 * - Else, since most are done before a message could reach another worker, after
 *   {@linkcode STEAL_DELAY}: a task that was expected to be tiny may have turned out long.
 * - Where a worker does not answer for that long while another has nothing to do or could be started, or for
 *   {@linkcode LONG_SILENCE} in any case, its task was mistaken for a short one: it may even wait for one of those
 *   behind it. All of these go back to the front of the queue, and the worker gets no more until it answers.
 *
 * Whether a task is taken back is settled by its claim word alone where memory is shared; else the worker is
 * asked, and gives back what it has not begun. So nothing here can make it run twice.
 */

import type { PoolWorker } from "./_pool_worker.ts";
import type { Roster } from "./_roster.ts";
import type { Task } from "./_task.ts";

/** Expected milliseconds of work that make it worth to move tasks at once. */
const WORTH_STEALING = 0.2;
/** Milliseconds after which tasks that were not expected to take long are moved all the same. */
const STEAL_DELAY = 2;
/**
 * Milliseconds of silence after which tasks do not wait behind another any more, though all workers have something
 * to do. Larger has them wait longer, smaller takes a busy machine's pauses for long tasks.
 */
const LONG_SILENCE = 50;

/** What the thief asks of the scheduler. */
export interface Fence {
  /** Whether a worker may be sent tasks. */
  mayHaveMore(worker: PoolWorker): boolean;
  /** Whether there is nothing else to give to idle workers. */
  isWanted(): boolean;
  /** Gives stolen tasks to whoever has the least to do. */
  giveOut(tasks: readonly Task[]): void;
  /** Has tasks wait for whoever is free next, before all others. */
  requeue(tasks: readonly Task[]): void;
}

/** See the head of the file. */
export class Thief {
  readonly #roster: Roster;
  readonly #maxWorkers: number;
  readonly #concurrency: number;
  readonly #fence: Fence;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  /** What the timer was set to. */
  #delay = 0;

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

  /** Looks after tasks that wait in workers: now, or a little later. */
  watch(): void {
    if (this.#fence.isWanted()) this.#steal(false);
    this.#lookLater();
  }

  /** Moves tasks from the busiest worker to those that have nothing to do. */
  #steal(now: boolean): void {
    const { active } = this.#roster;
    for (let thieves = active.size; thieves > 0; thieves--) {
      const victim = this.#busiest();
      if (victim === undefined) return;
      const worthIt = now || victim.state === "starting" || victim.work >= WORTH_STEALING;
      if (!worthIt || !this.#isAnyIdle()) return;
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

  #isAnyIdle(): boolean {
    for (const worker of this.#roster.active) if (this.#isIdle(worker)) return true;
    return false;
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

  /** Whether tasks that wait in a worker could begin elsewhere soon. */
  #isHelpAtHand(): boolean {
    return this.#roster.active.size < this.#maxWorkers || this.#isAnyIdle();
  }

  /** Looks again whether tasks still wait that wait in workers now. */
  #lookLater(): void {
    if (this.#timer !== undefined && this.#delay === STEAL_DELAY) return;
    const delay = this.#isHelpAtHand() ? STEAL_DELAY : LONG_SILENCE;
    if (this.#timer !== undefined && this.#delay === delay) return;
    const victims = this.#victims();
    if (victims.length === 0) return;
    const before = victims.map(({ answers }) => answers);
    clearTimeout(this.#timer);
    this.#delay = delay;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const [i, victim] of victims.entries()) {
        const isSilent = victim.state === "ready" && victim.answers === before[i];
        if (isSilent && victim.waiting(this.#concurrency) > 0) this.#relieve(victim);
      }
      if (this.#fence.isWanted()) this.#steal(true);
      this.#lookLater();
    }, delay);
  }

  #victims(): PoolWorker[] {
    const { active } = this.#roster;
    return [...active].filter((worker) => worker.waiting(this.#concurrency) > 0);
  }

  /** Takes back all that waits behind what takes long. */
  #relieve(victim: PoolWorker): void {
    const tasks = victim.relieve(this.#concurrency);
    if (tasks.length > 0) this.#fence.requeue(tasks);
  }
}

/** At once: where no memory is shared, a worker has to be asked; until it is up, nothing is sent. */
function canBeTakenBack({ channel, state }: PoolWorker): boolean {
  return channel.claims.shared || state === "starting";
}
