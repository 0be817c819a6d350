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
 * A task whose future is settled, since it was aborted, may run on: its deadline still holds for the
 * worker, but does not keep the program alive. A shutdown gives such tasks the same grace.
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

/** A longer wait is none: timers can't take it. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** What the overseer asks of the scheduler. */
export interface Bench {
  /** Gives the worker's waiting tasks to others and sends it no more. */
  condemn(worker: PoolWorker): void;
  /** Closes or abandons the worker; fails what it still has. */
  dismiss(worker: PoolWorker, why: string): void;
}

/** A task that has a deadline, in the worker that has it. */
interface Watch {
  readonly worker: PoolWorker;
  /** Milliseconds. */
  readonly deadline: number;
  /** When it is up, by `performance.now()`. */
  readonly end: number;
  readonly stop: () => void;
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
  readonly #watches = new Map<Task, Watch>();
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
    if (task.settings.deadline === undefined) return;
    const deadline = task.settings.deadline * Math.max(1, task.rows);
    this.#forget(task); // It may have begun before, in a worker that died or lost it.
    const ms = deadline + more;
    const stop = after(ms, () => this.#missed(task));
    this.#watches.set(task, { worker, deadline, end: performance.now() + ms, stop });
    if (task.done()) this.settled(task);
  }

  #forget(task: Task): void {
    this.#watches.get(task)?.stop();
    this.#watches.delete(task);
  }

  /** A task has its outcome, or its worker has answered for it. */
  settled(task: Task): void {
    const watch = this.#watches.get(task);
    if (watch === undefined) return;
    this.#forget(task);
    const { worker, end } = watch;
    const left = Math.max(0, end - performance.now());
    if (task.worker !== worker || !worker.isRunning(task) || left > LONGEST_TIMER) return;
    const timer = setTimeout(() => this.#missed(task), left);
    timer.unref();
    this.#watches.set(task, { ...watch, stop: () => clearTimeout(timer) });
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
    for (const [task, watch] of this.#watches) {
      if (watch.worker === worker && task.done()) this.#forget(task);
    }
    clearTimeout(this.#condemned.get(worker)?.timer);
    this.#condemned.delete(worker);
  }

  #missed(task: Task): void {
    const { worker, deadline } = this.#watches.get(task)!;
    this.#forget(task);
    if (task.worker !== worker) return;
    if (!task.done()) {
      worker.revokeOrStop(task);
      task.set_exception(
        new TimeoutError(
          `Cannot finish ${nameOf(task)}: ` +
            `it ran longer than its deadline of ${deadline} ms`,
        ),
      );
    }
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
