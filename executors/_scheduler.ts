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

import type { ChannelEvents, Death, Launch, WorkerSetup } from "../ipc/_channel.ts";
import type { Call } from "../ipc/callable.ts";
import { ANSWER_HEAD, type AnswersMessage, Status } from "../ipc/_protocol.ts";
import {
  batchSize,
  IN_FLIGHT,
  LARGEST_WINDOW,
  nextMean,
  nextWindow,
  wantsMore,
} from "./_batching.ts";
import { CancelledError, RuntimeError } from "../sync/errors.ts";
import { Books } from "./_books.ts";
import type { BrokenExecutor } from "./errors.ts";
import { Overseer } from "./_overdue.ts";
import { expectedTime, PoolWorker } from "./_pool_worker.ts";
import { settle } from "./_settle.ts";
import type { Task, TaskOwner } from "./_task.ts";
import { TaskQueue } from "./_task_queue.ts";

/** What a scheduler is made of. */
export interface SchedulerOptions {
  readonly launch: Launch;
  /** Workers are named `<prefix>_<n>`. */
  readonly prefix: string;
  /** Called once in each worker. */
  readonly initializer: { readonly call: Call; readonly args: readonly unknown[] } | null;
  readonly maxWorkers: number;
  /** Tasks a worker runs at once. */
  readonly concurrency: number;
  /** Tasks after which a worker is replaced. */
  readonly tasksPerWorker: number;
  /** Milliseconds after which an idle worker is let go. */
  readonly idleTimeout: number;
  readonly onWorkerDeath: "replace" | "break";
  readonly broken: new (message: string, options?: ErrorOptions) => BrokenExecutor;
  /** Modules whose functions workers look for. */
  readonly modules: readonly string[];
}

/** How many workers in a row may die before they are ready. */
const MOST_FAILED_STARTS = 3;
/** How many workers may die with a task before they begin it. */
const MOST_LOST_STARTS = 3;
/** Milliseconds before another start after a failed one; doubles. */
const BACK_OFF = 50;
/** Expected milliseconds of work that make it worth to move tasks to an idle worker at once. */
const WORTH_STEALING = 0.2;
/** Milliseconds after which tasks that were not expected to take long are moved all the same. */
const STEAL_DELAY = 2;

/** See the head of the file. */
export class Scheduler implements TaskOwner {
  readonly books = new Books();
  readonly #options: SchedulerOptions;
  readonly #queue = new TaskQueue();
  /** Workers that get tasks; condemned ones are not among them. */
  readonly #workers = new Set<PoolWorker>();
  readonly #condemned = new Set<PoolWorker>();
  readonly #overseer: Overseer;
  /** Tasks without an outcome, and feeders that will submit more. */
  #pending = 0;
  #flushScheduled = false;
  #closed = false;
  #cancelsFeeders = false;
  #brokenBy: { message: string; cause: unknown } | undefined = undefined;
  #launched = 0;
  #failedStarts = 0;
  #retry: ReturnType<typeof setTimeout> | undefined = undefined;
  #stealTimer: ReturnType<typeof setTimeout> | undefined = undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined = undefined;
  readonly #drainWaiters: (() => void)[] = [];
  readonly #readyWaiters: PromiseWithResolvers<void>[] = [];
  /** Workers on their way out, for whoever waits for the shutdown. */
  readonly #closing = new Set<Promise<void>>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#overseer = new Overseer({
      condemn: (worker) => this.#condemn(worker),
      dismiss: (worker, how) => this.#lose(worker, { how }),
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

  /**
   * Throws when a feeder shall stop, since nothing more is wanted.
   *
   * @throws {BrokenExecutor | CancelledError} Why.
   */
  checkFeeding(): void {
    if (this.broken) throw this.brokenError();
    if (!this.#cancelsFeeders) return;
    throw new CancelledError("Cannot go on with a map: the executor was shut down");
  }

  /** A new instance of the error by which the executor is broken. */
  brokenError(): BrokenExecutor {
    const { message, cause } = this.#brokenBy!;
    return new this.#options.broken(message, { cause });
  }

  /** Counts of workers and tasks at this moment. */
  snapshot(): { workers: number; idle: number; queued: number; running: number } {
    const all = [...this.#workers, ...this.#condemned];
    const running = all.reduce((sum, worker) => sum + worker.running().length, 0);
    const sent = all.reduce((sum, worker) => sum + worker.tasks, 0);
    return {
      workers: this.#workers.size,
      idle: [...this.#workers].filter((w) => w.tasks === 0 && w.state === "ready").length,
      queued: this.#queue.size + sent - running,
      running,
    };
  }

  /** Takes a task on. */
  submit(task: Task): void {
    this.#pending++;
    this.#queue.push(task);
    task.settings.signal?.add(task);
    this.#scheduleFlush();
  }

  /** Somebody is going to submit more: a shutdown waits for them. */
  addFeeder(): void {
    this.#pending++;
  }

  /** They have no more to submit. */
  removeFeeder(): void {
    this.#finishOne();
  }

  settled(task: Task): void {
    if (task.queued) this.#queue.settled();
    else task.worker?.settled();
    task.settings.signal?.delete(task);
    if (task.settings.deadline !== undefined) this.#overseer.settled(task);
    this.books.settled(task);
    this.#finishOne();
  }

  #finishOne(): void {
    if (--this.#pending > 0) return;
    for (const drained of this.#drainWaiters.splice(0)) drained();
    if (this.#closed) queueMicrotask(() => this.#closeAll());
  }

  /** Starts all workers; resolves when they are ready. */
  ready(): Promise<void> {
    if (this.broken) return Promise.reject(this.brokenError());
    const waiter = Promise.withResolvers<void>();
    this.#readyWaiters.push(waiter);
    for (const worker of this.#workers) worker.awaitReady();
    this.#flush();
    this.#checkReady();
    return waiter.promise;
  }

  #checkReady(): void {
    const ready = [...this.#workers].filter((worker) => worker.state === "ready").length;
    if (ready < this.#options.maxWorkers) return;
    for (const { resolve } of this.#readyWaiters.splice(0)) resolve();
  }

  /** Takes no more tasks; `wait` for those that it has. */
  async shutdown(wait: boolean, cancelFutures: boolean): Promise<void> {
    this.#closed = true;
    if (cancelFutures) {
      this.#cancelsFeeders = true;
      const unstarted = [...this.#workers].flatMap((worker) => worker.revokeLatest(Infinity));
      for (const task of [...unstarted, ...this.#queue.drain()]) task.cancel();
    }
    for (const waiter of this.#readyWaiters.splice(0)) {
      waiter.reject(new RuntimeError("Cannot start the workers: the executor was shut down"));
    }
    if (this.#pending === 0) this.#closeAll();
    else this.#closeIdle(0);
    if (!wait) return;
    if (this.#pending > 0) {
      await new Promise<void>((resolve) => this.#drainWaiters.push(resolve));
      this.#closeAll();
    }
    await Promise.all(this.#closing);
  }

  readonly #scheduleFlush = (): void => {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  };

  /** Gives out what can be given out now, and starts a worker when that is not enough. */
  #flush(): void {
    if (this.broken) return;
    this.#assign();
    const short = this.#queue.size > 0 && !this.#headIsUndescribed;
    if (short || this.#readyWaiters.length > 0) this.#startWorker();
    if (this.#queue.size === 0) this.#steal(false);
  }

  /** Whether the first task waits for its function to be analysed. */
  #headIsUndescribed = false;

  #assign(): void {
    const byLoad = [...this.#workers].sort((a, b) => a.tasks - b.tasks);
    for (const worker of byLoad) {
      while (this.#queue.size > 0 && this.#mayHaveMore(worker)) {
        const batch = this.#nextBatch(worker);
        if (batch.length === 0) return;
        worker.send(batch);
      }
    }
  }

  #mayHaveMore(worker: PoolWorker): boolean {
    const { concurrency, tasksPerWorker } = this.#options;
    if (worker.sent >= tasksPerWorker || worker.room === 0) return false;
    return worker.tasks < concurrency || wantsMore({
      tasks: worker.tasks - concurrency + 1,
      work: worker.work / concurrency,
      window: worker.window,
    });
  }

  /** The tasks of one message; fewer than there is room for when they are expected to be long. */
  #nextBatch(worker: PoolWorker): Task[] {
    const { concurrency, tasksPerWorker } = this.#options;
    const atLeast = Math.max(concurrency - worker.tasks, worker.tasks === 0 ? 1 : 0);
    const size = Math.min(
      Math.max(batchSize(worker.window), atLeast),
      tasksPerWorker - worker.sent,
      worker.room,
    );
    const now = performance.now();
    let work = worker.work;
    const batch: Task[] = [];
    this.#headIsUndescribed = false;
    while (batch.length < size && (batch.length < atLeast || work / concurrency < IN_FLIGHT)) {
      const task = this.#queue.take(now);
      if (task === undefined) break;
      const { call } = task;
      if (call.description === undefined) {
        if (call.refusal !== undefined) {
          task.set_exception(call.refusal);
          continue;
        }
        this.#headIsUndescribed = true;
        this.#queue.unshift([task]);
        call.described!.then(this.#scheduleFlush);
        break;
      }
      work += expectedTime(task);
      batch.push(task);
    }
    return batch;
  }

  /** Starts one worker, if there may be one more, and comes back for others in another turn. */
  #startWorker(): void {
    if (this.#workers.size >= this.#options.maxWorkers || this.#retry !== undefined) return;
    const call = this.#options.initializer?.call;
    if (call !== undefined && call.description === undefined) {
      if (call.refusal !== undefined) this.#break("Cannot call the initializer", call.refusal);
      else call.described!.then(this.#scheduleFlush);
      return;
    }
    let worker: PoolWorker;
    try {
      worker = this.#launch();
    } catch (cause) {
      this.#break("Cannot start a worker", cause);
      return;
    }
    this.#workers.add(worker);
    if (this.#readyWaiters.length > 0) worker.awaitReady();
    this.#assign();
    if (this.#queue.size > 0 || this.#readyWaiters.length > 0) setImmediate(this.#scheduleFlush);
  }

  #launch(): PoolWorker {
    const { launch, prefix, modules, concurrency, initializer } = this.#options;
    const setup: WorkerSetup = {
      name: `${prefix}_${this.#launched++}`,
      modules,
      concurrency,
      slots: LARGEST_WINDOW + concurrency,
      initializer: initializer &&
        { call: initializer.call.description!, args: initializer.args },
    };
    const events: ChannelEvents = {
      message: (message) => {
        this.#overseer.heard(worker);
        switch (message.kind) {
          case "ready":
            return this.#workerReady(worker, message.timeOrigin);
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
      initializerFailed: (error) => {
        this.#break(`Cannot run tasks: the initializer of worker ${worker.name} failed`, error);
      },
      closed: (death) => this.#lose(worker, death),
    };
    const worker = new PoolWorker(launch, setup, events);
    return worker;
  }

  #workerReady(worker: PoolWorker, timeOrigin: number): void {
    worker.becomesReady(timeOrigin - performance.timeOrigin);
    this.#failedStarts = 0;
    this.#checkReady();
    if (worker.tasks === 0) this.#becameIdle(worker);
    this.#flush();
  }

  #answered(worker: PoolWorker, { heads, values }: AnswersMessage): void {
    const measured: Call[] = [];
    for (let i = 0; i < values.length; i++) {
      const head = i * ANSWER_HEAD;
      const status = heads[head + 1]!;
      const task = worker.take(heads[head]!);
      if (status === Status.skipped) continue;
      const duration = heads[head + 3]! / 1000;
      if (task === undefined) continue;
      const { call, rows } = task;
      if (call.runs === 0) measured.push(call);
      call.runs += Math.max(1, rows);
      call.runTime += duration;
      const started = heads[head + 2]! / 1000 + worker.clockOffset;
      this.books.ran(task, started - task.origin.time, duration);
      settle(task, status, values[i], this.#isLoaded);
    }
    if (measured.length > 0) worker.window = nextWindow(worker.window, remeasure(measured));
    if (worker.tasks === 0) this.#becameIdle(worker);
    this.#flush();
  }

  readonly #isLoaded = (url: string): boolean => this.#options.modules.includes(url);

  #becameIdle(worker: PoolWorker): void {
    if (worker.state !== "ready") return;
    worker.idleSince = performance.now();
    if (worker.sent >= this.#options.tasksPerWorker) this.#close(worker);
    else if (this.#closed) this.#closeIdle(0);
    else this.#armIdleTimer();
  }

  #armIdleTimer(): void {
    if (this.#idleTimer !== undefined || this.#options.idleTimeout === Infinity) return;
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      this.#closeIdle(this.#options.idleTimeout);
      if (this.#workers.size > 0) this.#armIdleTimer();
    }, Math.min(this.#options.idleTimeout, 2 ** 31 - 1));
    this.#idleTimer.unref();
  }

  /** Closes workers that have been idle for `ms` and are not needed. */
  #closeIdle(ms: number): void {
    if (this.#queue.size > 0) return;
    const now = performance.now();
    for (const worker of this.#workers) {
      if (worker.tasks === 0 && worker.state === "ready" && now - worker.idleSince >= ms) {
        this.#close(worker);
      }
    }
  }

  /** Nothing is pending and nothing will come. */
  #closeAll(): void {
    if (this.#pending > 0) return;
    clearTimeout(this.#retry);
    for (const worker of [...this.#workers, ...this.#condemned]) {
      if (worker.tasks === 0) this.#close(worker);
      else this.#abandon(worker);
    }
  }

  #close(worker: PoolWorker): void {
    this.#forget(worker);
    const closing = worker.channel.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #abandon(worker: PoolWorker): void {
    this.#forget(worker);
    worker.channel.abandon();
  }

  #forget(worker: PoolWorker): void {
    worker.state = "gone";
    this.#workers.delete(worker);
    this.#condemned.delete(worker);
    this.#overseer.gone(worker);
    if (this.#workers.size > 0) return;
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#stealTimer);
    this.#idleTimer = this.#stealTimer = undefined;
  }

  /** Moves tasks that have not begun from the busiest worker to those that have nothing to do. */
  #steal(now: boolean): void {
    const { concurrency } = this.#options;
    for (const thief of this.#workers) {
      if (thief.state !== "ready" || thief.tasks > 0 || !this.#mayHaveMore(thief)) continue;
      const waiting = (w: PoolWorker) => w.tasks - (w.state === "ready" ? concurrency : 0);
      const victim = [...this.#workers].reduce((a, b) => waiting(b) > waiting(a) ? b : a);
      if (waiting(victim) <= 0) return;
      if (!now && victim.state === "ready" && victim.work < WORTH_STEALING) {
        this.#stealTimer ??= setTimeout(() => {
          this.#stealTimer = undefined;
          if (this.#queue.size === 0) this.#steal(true);
        }, STEAL_DELAY);
        return;
      }
      const stolen = victim.revokeLatest(Math.ceil(waiting(victim) / 2));
      if (stolen.length === 0) return;
      this.#queue.unshift(stolen);
      this.#assign();
    }
  }

  /** The worker gets no more tasks and no longer counts; what it has not begun goes to others. */
  #condemn(worker: PoolWorker): void {
    this.#workers.delete(worker);
    this.#condemned.add(worker);
    worker.state = "condemned";
    this.#queue.unshift(worker.revokeLatest(Infinity));
    this.#flush();
  }

  /** A worker is gone, or given up. */
  #lose(worker: PoolWorker, { how, cause }: Death): void {
    const wasStarting = worker.state === "starting";
    const unstarted = worker.revokeLatest(Infinity);
    this.#forget(worker);
    worker.channel.abandon();
    const about = `worker ${worker.name} ${how}`;
    for (const task of worker.takeAll()) {
      if (task.done()) continue;
      const name = task.call.name || "the task";
      const message = `Cannot finish ${name}: ${about} while it had the task`;
      this.#fail(task, message, cause);
    }
    const again = unstarted.filter((task) => {
      if (++task.lostStarts < MOST_LOST_STARTS) return true;
      const name = task.call.name || "the task";
      this.#fail(task, `Cannot begin ${name}: ${MOST_LOST_STARTS} workers died: ${about}`, cause);
      return false;
    });
    this.#queue.unshift(again);
    if (wasStarting && ++this.#failedStarts >= MOST_FAILED_STARTS) {
      this.#break(`Cannot start workers: ${about}`, cause);
    } else if (this.#options.onWorkerDeath === "break" && !this.#closed) {
      this.#break(`Cannot run tasks: ${about}`, cause);
    } else if (wasStarting) this.#startAgainLater();
    else this.#flush();
  }

  #fail(task: Task, message: string, cause: unknown): void {
    task.set_exception(new this.#options.broken(message, cause === undefined ? {} : { cause }));
  }

  #startAgainLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#flush();
    }, BACK_OFF * 2 ** (this.#failedStarts - 1));
  }

  /** No more workers: everything pending fails, each task with an error of its own. */
  #break(message: string, cause: unknown): void {
    if (this.broken) return;
    this.#brokenBy = { message, cause };
    clearTimeout(this.#retry);
    const tasks = this.#queue.drain();
    for (const worker of [...this.#workers, ...this.#condemned]) {
      tasks.push(...worker.takeAll());
      this.#abandon(worker);
    }
    for (const task of tasks) if (!task.done()) task.set_exception(this.brokenError());
    for (const waiter of this.#readyWaiters.splice(0)) waiter.reject(this.brokenError());
  }
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
