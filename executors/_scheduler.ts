/**
 * Gives tasks to workers, whatever kind of worker they are.
 *
 * ```
 * submit ─► TaskQueue ─► flush, once a microtask ─► batch ─► PoolWorker.send
 *              ▲                                                  │
 *              └── stolen, or its worker died before it began ────┤
 * future settled ◄── answers ◄────────────────────────────────────┘
 * ```
 *
 * A task is in exactly one place: in the queue, or in a slot of one worker, until it is settled. Every
 * way out of a slot passes `PoolWorker.take` or `revokeLatest`; every way to an outcome passes
 * {@linkcode Scheduler.settled}, which keeps the count that `shutdown` waits for.
 */

import type { Death } from "../ipc/workers/_channel.ts";
import { ANSWER_HEAD, type AnswersMessage, Status } from "../ipc/workers/_protocol.ts";
import { mainModule } from "../ipc/values/_main_module.ts";
import type { Call } from "../ipc/callable.ts";
import { CancelledError, RuntimeError } from "../sync/errors.ts";
import { nextMean, nextWindow } from "./_batching.ts";
import { Books } from "./_books.ts";
import { Dispatcher } from "./_dispatcher.ts";
import type { BrokenExecutor } from "./errors.ts";
import { Origins } from "./_origin.ts";
import { Overseer } from "./_overdue.ts";
import { nameOf, type PoolWorker } from "./_pool_worker.ts";
import { Roster, type RosterOptions } from "./_roster.ts";
import { hasRaised, settle } from "./_settle.ts";
import type { Task, TaskOwner } from "./_task.ts";
import type { TaskTrace } from "./_trace.ts";
import { TaskQueue } from "./_task_queue.ts";
import { Thief } from "./_thief.ts";

/** What a scheduler is made of. */
export interface SchedulerOptions extends RosterOptions {
  readonly onWorkerDeath: "replace" | "break";
  readonly broken: new (message: string, options?: ErrorOptions) => BrokenExecutor;
}

/** How many workers may die with a task before they begin it. */
const MOST_LOST_STARTS = 3;
/** Somebody who submits tasks little by little. */
export interface Feeder {
  /** Nothing more is wanted, and why. */
  stop(error: Error): void;
}

/** Counts of workers and tasks at one moment. */
export interface Snapshot {
  readonly workers: number;
  readonly idle: number;
  readonly queued: number;
  readonly running: number;
}

/** See the head of the file. */
export class Scheduler implements TaskOwner {
  readonly books = new Books();
  readonly origins = new Origins();
  /** Where what becomes of each task is written down. */
  trace: TaskTrace | undefined = undefined;
  readonly #options: SchedulerOptions;
  readonly #queue = new TaskQueue();
  readonly #roster: Roster;
  readonly #dispatcher: Dispatcher;
  readonly #overseer: Overseer;
  readonly #thief: Thief;
  /** Tasks without an outcome, and feeders that will submit more. */
  #pending = 0;
  #flushScheduled = false;
  #closed = false;
  /** What has not begun when it comes back from a worker is not to be run any more. */
  #cancelsUnbegun = false;
  /** The workers were ended, and nothing is to be run any more. */
  #terminated = false;
  #brokenBy: { message: string; cause: unknown } | undefined = undefined;
  #laterTimer: ReturnType<typeof setTimeout> | undefined = undefined;
  /** Keeps the program alive while tasks wait; those in workers do so by their worker. */
  #anchor: ReturnType<typeof setTimeout> | undefined = undefined;
  readonly #drainWaiters: (() => void)[] = [];
  readonly #feeders = new Set<Feeder>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#roster = new Roster(options, {
      message: (worker, message) => {
        this.#overseer.heard(worker);
        switch (message.kind) {
          case "answers":
            return this.#answered(worker, message);
          case "started": {
            const task = worker.taskIn(message.slot);
            if (task !== undefined) this.#overseer.started(task, worker);
            return;
          }
          case "pong":
            return;
          default:
            message satisfies never;
        }
      },
      changed: this.#scheduleFlush,
      died: (worker, death, wasStarting) => this.#died(worker, death, wasStarting),
      left: (worker) => this.#overseer.gone(worker),
      broken: (message, cause) => this.#break(message, cause),
    });
    this.#dispatcher = new Dispatcher(this.#queue, this.#roster, options, {
      sentFirst: (task, worker) => this.#overseer.sent(task, worker),
      described: this.#scheduleFlush,
    });
    this.#thief = new Thief(this.#roster, options, {
      mayHaveMore: (worker) => this.#dispatcher.mayHaveMore(worker),
      isWanted: () => this.#queue.size === 0 && !this.broken,
      giveOut: (tasks) => {
        this.#queue.unshift(tasks);
        this.#dispatcher.assign();
      },
      requeue: (tasks) => this.#requeue(tasks),
    });
    this.#overseer = new Overseer({
      condemn: (worker) => this.#condemn(worker),
      dismiss: (worker, how) => this.#dismiss(worker, how),
    });
  }

  /** Whether `shutdown` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether no worker can be had any more. */
  get broken(): boolean {
    return this.#brokenBy !== undefined;
  }

  /** A new instance of the error by which the executor is broken. */
  brokenError(): BrokenExecutor {
    const { message, cause } = this.#brokenBy!;
    return new this.#options.broken(message, { cause });
  }

  /** Tells its workers from those of any other. */
  get id(): string {
    return this.#roster.id;
  }

  /** Whether a worker of this name lives. */
  hasWorker(name: string): boolean {
    return this.#roster.all.some((worker) => worker.name === name);
  }

  /** What there is at this moment. */
  snapshot(): Snapshot {
    const { all, active } = this.#roster;
    const counts = all.map((worker) => worker.count());
    return {
      workers: active.size,
      idle: [...active].filter((worker) => worker.state === "ready" && worker.tasks === 0).length,
      queued: counts.reduce((sum, { waiting }) => sum + waiting, this.#queue.size),
      running: counts.reduce((sum, { running }) => sum + running, 0),
    };
  }

  /** Takes a task on. */
  submit(task: Task): void {
    this.#pending++;
    this.#queue.push(task);
    task.settings.signal?.add(task);
    this.#scheduleFlush();
  }

  /** Somebody is going to submit more: a shutdown waits for them, or stops them. */
  addFeeder(feeder: Feeder): void {
    this.#feeders.add(feeder);
    this.#pending++;
  }

  /** They have no more to submit. */
  removeFeeder(feeder: Feeder): void {
    if (this.#feeders.delete(feeder)) this.#finishOne();
  }

  settled(task: Task): void {
    if (task.queued) {
      this.#queue.settled();
      this.#holdProgram();
    } else if (task.worker !== undefined) {
      task.worker.settled();
      this.#scheduleFlush();
    }
    task.settings.signal?.delete(task);
    if (task.settings.deadline !== undefined) this.#overseer.settled(task);
    this.books.settled(task, task.rows);
    this.trace?.settled(task);
    this.#finishOne();
  }

  #finishOne(): void {
    if (--this.#pending > 0) return;
    for (const drained of this.#drainWaiters.splice(0)) drained();
    if (this.#closed) queueMicrotask(() => this.#closeAll());
  }

  /** Starts all workers; resolves when they are ready. */
  ready(): Promise<void> {
    const ready = this.#roster.ready();
    this.#scheduleFlush();
    return ready;
  }

  /** Takes no more tasks; `wait` for those that it has. */
  async shutdown(wait: boolean, cancelFutures: boolean): Promise<void> {
    this.#closed = true;
    this.#cancelsUnbegun ||= cancelFutures;
    if (cancelFutures) {
      for (const feeder of [...this.#feeders]) {
        feeder.stop(new CancelledError("Cannot go on with a map: the executor was shut down"));
      }
      const sent = this.#roster.all.flatMap((worker) => worker.revokeLatest(Infinity));
      for (const task of [...sent, ...this.#queue.drain()]) task.cancel();
      this.#scheduleFlush();
      this.#holdProgram();
    }
    this.#roster.failReady(() =>
      new RuntimeError("Cannot start the workers: the executor was shut down")
    );
    if (this.#pending === 0) this.#closeAll();
    else if (this.#queue.size === 0) this.#roster.closeIdle(0);
    if (!wait) return;
    if (this.#pending > 0) {
      await new Promise<void>((resolve) => this.#drainWaiters.push(resolve));
      this.#closeAll();
    }
    await this.#roster.ended();
  }

  /** Ends all workers: what they run fails with their death, what has not begun is cancelled. */
  terminate(signal: "SIGTERM" | "SIGKILL"): void {
    const workers = this.#roster.all;
    this.#terminated = true;
    this.shutdown(false, true);
    for (const worker of workers) worker.channel.kill(signal);
  }

  #closeAll(): void {
    if (this.#pending > 0) return;
    this.#stopTimers();
    this.#endTrace();
    // What still runs was dropped by a signal or a deadline, and asked to stop.
    for (const worker of this.#roster.closeAll()) this.#overseer.retire(worker);
  }

  /** Nobody is there to be told what goes wrong with it. */
  #endTrace(): void {
    try {
      this.trace?.stop();
    } catch (error) {
      console.error("Cannot finish the trace of an executor:", error);
    }
  }

  readonly #scheduleFlush = (): void => {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(() => {
      this.#flushScheduled = false;
      this.origins.endTurn();
      this.#flush();
    });
  };

  /** Gives out what can be given out now, and starts a worker when that is not enough. */
  #flush(): void {
    if (this.broken) return;
    this.#dispatcher.assign();
    if (this.#needsWorker() && this.#roster.start()) {
      this.#dispatcher.assign();
      if (this.#needsWorker()) this.#flushLater();
    }
    this.#thief.watch();
    for (const worker of this.#roster.active) worker.relax();
    for (const worker of this.#roster.condemned) worker.relax();
    this.#holdProgram();
  }

  /** Has what waits for the event loop served before another worker is started. */
  #flushLater(): void {
    this.#laterTimer ??= setTimeout(() => {
      this.#laterTimer = undefined;
      this.#flush();
    });
  }

  #stopTimers(): void {
    clearTimeout(this.#laterTimer);
    this.#thief.stop();
    this.#laterTimer = undefined;
  }

  #holdProgram(): void {
    if (this.#queue.size > 0) this.#anchor ??= setTimeout(() => {}, 2 ** 31 - 1);
    else if (this.#anchor !== undefined) {
      clearTimeout(this.#anchor);
      this.#anchor = undefined;
    }
  }

  #needsWorker(): boolean {
    if (this.#roster.isAwaited) return true;
    // While a function is being analysed one worker may start, so that it is there in time.
    return this.#queue.size > 0 &&
      (!this.#dispatcher.headIsUndescribed || this.#roster.active.size === 0);
  }

  /** Tasks that were taken back from workers are the next to run. */
  #requeue(tasks: readonly Task[]): void {
    if (this.#cancelsUnbegun) { for (const task of tasks) task.cancel(); }
    else this.#queue.unshift(tasks);
    this.#scheduleFlush();
  }

  #answered(worker: PoolWorker, { heads, values }: AnswersMessage): void {
    const measured: Call[] = [];
    const givenBack: Task[] = [];
    let hasRun = false;
    for (let i = 0; i < values.length; i++) {
      const head = i * ANSWER_HEAD;
      let status = heads[head + 1]!;
      if (status === Status.skipped) {
        if (worker.skipped(heads[head]!)) continue;
        const task = worker.givenBack(heads[head]!);
        if (task !== undefined) {
          givenBack.push(task);
          continue;
        }
        // Where no memory is shared, it was asked to stop before it began.
        status = Status.cancelled;
      }
      hasRun = true;
      const task = worker.take(heads[head]!);
      if (task === undefined) continue;
      if (task.settings.deadline !== undefined) this.#overseer.settled(task);
      const duration = heads[head + 3]! / 1000;
      const { call, rows } = task;
      if (call.runs === 0) measured.push(call);
      call.runs += Math.max(1, rows);
      call.runTime += duration;
      const started = heads[head + 2]! / 1000 + worker.clockOffset;
      this.books.ran(started - task.origin.time, duration, rows);
      this.trace?.ran(task, {
        worker: worker.name,
        started,
        duration,
        failed: hasRaised(status, values[i]),
      });
      settle(task, [status, values[i]], worker.channel.objects, this.#isListed);
    }
    if (hasRun) worker.progressed();
    if (givenBack.length > 0) this.#requeue(givenBack.sort((a, b) => a.order - b.order));
    if (measured.length > 0) worker.window = nextWindow(worker.window, remeasure(measured));
    if (worker.tasks === 0) {
      this.#roster.becameIdle(worker);
      if (this.#closed && this.#queue.size === 0) this.#roster.closeIdle(0);
    }
    // With nothing to give out, whoever awaited the answers goes first: they may have the next task.
    if (this.#queue.size > 0) this.#flush();
    else this.#scheduleFlush();
  }

  readonly #isListed = (url: string): boolean =>
    url === mainModule() || this.#options.modules.includes(url);

  /** A task overran its deadline: what its worker has not begun goes to others. */
  #condemn(worker: PoolWorker): void {
    this.#roster.condemn(worker);
    this.#queue.unshift(worker.revokeLatest(Infinity));
    this.#flush();
  }

  /** A condemned worker has had its time. */
  #dismiss(worker: PoolWorker, how: string): void {
    if (worker.tasks === 0) return this.#roster.close(worker);
    this.#roster.abandon(worker);
    this.#failAll(worker.takeAll(), `worker ${worker.name} ${how}`, {});
  }

  #died(worker: PoolWorker, death: Death, wasStarting: boolean): void {
    const about = `worker ${worker.name} ${death.how}`;
    const { cause } = death;
    const nothingBegun = worker.running().length === 0;
    const unstarted = worker.revokeLatest(Infinity);
    this.#failAll(worker.takeAll(), about, death);
    // Whoever was next may have killed it, by loading its module; not for ever.
    const [next] = unstarted;
    if (nothingBegun && !wasStarting && next !== undefined) {
      if (++next.lostStarts >= MOST_LOST_STARTS) {
        const many = `${MOST_LOST_STARTS} workers died`;
        this.#fail(next, `Cannot begin ${nameOf(next)}: ${many}: ${about}`, death);
      }
    }
    if (this.#terminated) { for (const task of unstarted) task.cancel(); }
    else this.#queue.unshift(unstarted);
    if (this.#options.onWorkerDeath === "break" && !this.#closed) {
      this.#break(withNote(`Cannot run tasks: ${about}`, death), cause);
    } else this.#flush();
  }

  #failAll(tasks: readonly Task[], about: string, death: Omit<Death, "how">): void {
    const why = `${about} while it had the task${death.unsure ? ", which may have run" : ""}`;
    for (const task of tasks) this.#fail(task, `Cannot finish ${nameOf(task)}: ${why}`, death);
  }

  #fail(task: Task, message: string, death: Omit<Death, "how">): void {
    if (task.done()) return;
    const { cause } = death;
    const options = cause === undefined ? {} : { cause };
    task.set_exception(new this.#options.broken(withNote(message, death), options));
  }

  /** No more workers: everything pending fails, each task with an error of its own. */
  #break(message: string, cause: unknown): void {
    if (this.broken) return;
    this.#brokenBy = { message, cause };
    this.#stopTimers();
    const tasks = this.#queue.drain();
    this.#holdProgram();
    for (const worker of this.#roster.all) for (const task of worker.takeAll()) tasks.push(task);
    for (const worker of this.#roster.closeAll()) this.#roster.abandon(worker);
    for (const task of tasks) if (!task.done()) task.set_exception(this.brokenError());
    for (const feeder of [...this.#feeders]) feeder.stop(this.brokenError());
    this.#roster.failReady(() => this.brokenError());
    this.#endTrace();
  }
}

function withNote(message: string, { note }: Omit<Death, "how">): string {
  return note === undefined ? message : `${message}; ${note}`;
}

/** Takes the new times of `calls` into their means; returns the mean over all that ran. */
function remeasure(calls: readonly Call[]): number {
  let runs = 0;
  let time = 0;
  for (const call of calls) {
    call.mean = nextMean(call.mean, call.runTime / call.runs, call.runs);
    runs += call.runs;
    time += call.runs * call.mean;
    call.runs = call.runTime = 0;
  }
  return time / runs;
}
