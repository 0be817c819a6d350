/**
 * Deadlines: what becomes of a task that runs too long, and of its worker.
 *
 * 1. The worker says when a task with a deadline begins; the time runs from there. One that has nothing
 *    else to do and does not say so for {@linkcode STUCK} more is stopped, or spins: the task is overdue.
 * 2. When it is up, the future fails with a `TimeoutError` and the task is asked to stop. The worker is
 *    condemned: it gets no more tasks, what it had not begun goes to others, and it no longer counts.
 *    Where what was sent can't be taken back, nothing is sent behind a task with a deadline.
 * 3. It has {@linkcode GRACE} to obey. If it does, it is closed. If it does not, it is let go: a
 *    synchronous loop in a Web Worker can't be stopped, but it holds neither tasks nor the program.
 * 4. Other tasks that it runs at the same time (`concurrency`) may finish, as long as its event loop
 *    turns; the worker is asked each second.
 *
 * A shutdown gives the same grace to tasks that run on although their futures are settled.
 */

import { after } from "../sync/_deadline.ts";
import { TimeoutError } from "../sync/errors.ts";
import { nameOf, type PoolWorker } from "./_pool_worker.ts";
import type { Task } from "./_task.ts";

/** Milliseconds for a task to notice that it shall stop. */
const GRACE = 100;
/** Milliseconds for a worker's event loop to turn. */
const RESPONSE = 1000;

/**
 * Milliseconds for a worker to begin a task. Less, and the time that the longest message takes on a busy
 * machine would count.
 */
const STUCK = 10_000;

/** What the overseer asks of the scheduler. */
export interface Bench {
  /** Gives the worker's waiting tasks to others and sends it no more. */
  condemn(worker: PoolWorker): void;
  /** Closes or abandons the worker; fails what it still has. */
  dismiss(worker: PoolWorker, why: string): void;
}

/** A worker that gets no more tasks. */
interface Condemned {
  /** Ends its time. */
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether it sent anything since it was last asked. */
  answered: boolean;
  /** Whether a shutdown waits for it. */
  awaited: boolean;
}

/** Watches the deadlines of one executor's tasks. */
export class Overseer {
  readonly #bench: Bench;
  readonly #stops = new Map<Task, () => void>();
  readonly #condemned = new Map<PoolWorker, Condemned>();

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** A task was sent to a worker that has nothing else to do. */
  sent(task: Task, worker: PoolWorker): void {
    this.#watch(task, worker, STUCK);
  }

  /** A task with a deadline has begun. */
  started(task: Task, worker: PoolWorker): void {
    this.#watch(task, worker, 0);
  }

  #watch(task: Task, worker: PoolWorker, more: number): void {
    if (task.settings.deadline === undefined || task.done()) return;
    const deadline = task.settings.deadline * Math.max(1, task.rows);
    this.settled(task); // It may have begun before, in a worker that died or lost it.
    this.#stops.set(task, after(deadline + more, () => this.#missed(task, worker, deadline)));
  }

  /** A task has its outcome. */
  settled(task: Task): void {
    this.#stops.get(task)?.();
    this.#stops.delete(task);
  }

  /** Nothing is wanted of the worker any more: what it still runs has as long as an overdue task. */
  retire(worker: PoolWorker): void {
    const known = this.#condemned.get(worker);
    if (known !== undefined) {
      known.awaited = true;
      known.timer?.ref();
      return;
    }
    this.#condemned.set(worker, { timer: undefined, answered: false, awaited: true });
    this.#bench.condemn(worker);
    this.#giveTime(worker, GRACE);
  }

  /** A worker sent a message: its event loop turns. */
  heard(worker: PoolWorker): void {
    const condemned = this.#condemned.get(worker);
    if (condemned === undefined) return;
    condemned.answered = true;
    if (worker.tasks === 0) this.#dismiss(worker);
  }

  /** A worker is gone. */
  gone(worker: PoolWorker): void {
    clearTimeout(this.#condemned.get(worker)?.timer);
    this.#condemned.delete(worker);
  }

  #missed(task: Task, worker: PoolWorker, deadline: number): void {
    this.#stops.delete(task);
    if (task.done() || task.worker !== worker) return;
    worker.revokeOrStop(task);
    task.set_exception(
      new TimeoutError(
        `Cannot finish ${nameOf(task)}: ` +
          `it ran longer than its deadline of ${deadline} ms`,
      ),
    );
    if (this.#condemned.has(worker)) return;
    this.#condemned.set(worker, { timer: undefined, answered: false, awaited: false });
    this.#bench.condemn(worker);
    this.#giveTime(worker, GRACE);
  }

  #giveTime(worker: PoolWorker, ms: number): void {
    const condemned = this.#condemned.get(worker);
    if (condemned === undefined) return;
    condemned.answered = false;
    worker.channel.post({ kind: "ping" }, []);
    condemned.timer = setTimeout(() => {
      const others = worker.running().some((task) => !task.done());
      if (others && (condemned.answered || ms < RESPONSE)) this.#giveTime(worker, RESPONSE);
      else this.#dismiss(worker);
    }, ms);
    // Only tasks that are still wanted keep the program alive, and the worker is held for those.
    if (!condemned.awaited) condemned.timer.unref();
  }

  #dismiss(worker: PoolWorker): void {
    this.gone(worker);
    this.#bench.dismiss(worker, "was abandoned because another task overran its deadline");
  }
}
