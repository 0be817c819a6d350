/**
 * The workers of one executor: starting them, when there is need and a place; knowing when they are
 * ready; letting them go, when they have been idle for long, have done their share, or are done for.
 *
 * | a worker is … | counts towards `max_workers` | leaves by                                |
 * | ------------- | ---------------------------- | ---------------------------------------- |
 * | active        | yes                          | `condemn`, `close`, `abandon`, its death |
 * | condemned     | no                           | `close`, `abandon`, its death            |
 *
 * Starting a Web Worker blocks the caller for milliseconds, so only one is started a turn. A worker that
 * dies before it is ready, or for which the system has no room at the moment, is followed by another after
 * a pause; after a few in a row none is tried. Those that died of Ctrl-C, which the program has survived,
 * do not count.
 */

import type { ChannelEvents, Death, Launch, WorkerSetup } from "../ipc/workers/_channel.ts";
import type { AnswersMessage, PongMessage, StartedMessage } from "../ipc/workers/_protocol.ts";
import { isShortage } from "../ipc/processes/_shortage.ts";
import { lineage } from "../ipc/workers/_lineage.ts";
import type { Call } from "../ipc/callable.ts";
import { after } from "../sync/_deadline.ts";
import { LARGEST_WINDOW } from "./_batching.ts";
import { PoolWorker } from "./_pool_worker.ts";

/** What all workers of an executor have in common. */
export interface RosterOptions {
  readonly launch: Launch;
  /** Workers are named `<prefix>_<n>`. */
  readonly prefix: string;
  /** Modules whose functions workers look for. */
  readonly modules: readonly string[];
  /** Called once in each worker. */
  readonly initializer: { readonly call: Call; readonly args: readonly unknown[] } | null;
  readonly maxWorkers: number;
  /** Tasks a worker runs at once. */
  readonly concurrency: number;
  /** Tasks after which a worker is replaced. */
  readonly tasksPerWorker: number;
  /** Milliseconds after which an idle worker is let go. */
  readonly idleTimeout: number;
}

/** What the roster tells the scheduler. */
export interface RosterEvents {
  message(worker: PoolWorker, message: AnswersMessage | StartedMessage | PongMessage): void;
  /** A worker can take tasks, or one may be started: whoever has tasks may give them out. */
  changed(): void;
  /** A worker died, perhaps before it was ready; it is in no list any more, and has its tasks. */
  died(worker: PoolWorker, death: Death, wasStarting: boolean): void;
  /** A worker is in no list any more, for whatever reason. */
  left(worker: PoolWorker): void;
  /** No worker can be had. */
  broken(message: string, cause: unknown): void;
}

/** How many starts in a row may fail. */
const MOST_FAILED_STARTS = 3;
/** Milliseconds before another start after a failed one; doubles. */
const BACK_OFF = 50;

/** See the head of the file. */
export class Roster {
  /** Tells its workers from those of any other. */
  readonly id: string = crypto.randomUUID();
  readonly active = new Set<PoolWorker>();
  readonly condemned = new Set<PoolWorker>();
  readonly #options: RosterOptions;
  readonly #events: RosterEvents;
  #launched = 0;
  #failedStarts = 0;
  #stopBackOff: (() => void) | undefined = undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined = undefined;
  readonly #readyWaiters: PromiseWithResolvers<void>[] = [];
  readonly #closing = new Set<Promise<void>>();
  /** Called when a worker has left. */
  readonly #leaveWaiters: (() => void)[] = [];

  constructor(options: RosterOptions, events: RosterEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** All that live. */
  get all(): PoolWorker[] {
    return [...this.active, ...this.condemned];
  }

  /** Whether somebody waits for all workers to be ready. */
  get isAwaited(): boolean {
    return this.#readyWaiters.length > 0;
  }

  /** Resolves when as many workers as there may be are ready; they have to be started. */
  ready(): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    this.#readyWaiters.push(waiter);
    for (const worker of this.active) worker.awaitReady();
    this.#checkReady();
    return waiter.promise;
  }

  #checkReady(): void {
    const ready = [...this.active].filter((worker) => worker.state === "ready").length;
    if (ready < this.#options.maxWorkers) return;
    for (const { resolve } of this.#readyWaiters.splice(0)) resolve();
    this.#armIdleTimer();
  }

  /** Nobody will be ready any more; each waiter gets an error of its own. */
  failReady(newError: () => unknown): void {
    for (const { reject } of this.#readyWaiters.splice(0)) reject(newError());
  }

  /** Starts a worker, if there may be one more now; whether it did. */
  start(): boolean {
    const { maxWorkers, initializer } = this.#options;
    if (this.active.size >= maxWorkers || this.#stopBackOff !== undefined) return false;
    const call = initializer?.call;
    if (call !== undefined && call.description === undefined) {
      if (call.refusal === undefined) call.described!.then(this.#events.changed);
      else this.#events.broken("Cannot call the initializer", call.refusal);
      return false;
    }
    let worker: PoolWorker;
    try {
      worker = this.#launch();
    } catch (cause) {
      if (isShortage(cause)) this.#noRoom(cause);
      else this.#events.broken("Cannot start a worker", cause);
      return false;
    }
    this.active.add(worker);
    if (this.isAwaited) worker.awaitReady();
    return true;
  }

  #launch(): PoolWorker {
    const { launch, prefix, modules, concurrency, initializer } = this.#options;
    const name = `${prefix}_${this.#launched++}`;
    const setup: WorkerSetup = {
      name,
      lineage: [...lineage(), { pool: this.id, worker: name }],
      modules,
      concurrency,
      slots: LARGEST_WINDOW + concurrency,
      initializer: initializer && {
        call: initializer.call.description!,
        args: initializer.args,
      },
    };
    const events: ChannelEvents = {
      message: (message) => {
        if (message.kind !== "ready") this.#events.message(worker, message);
        else this.#becameReady(worker, message.timeOrigin);
      },
      initializerFailed: (error) => {
        const message = `Cannot run tasks: the initializer of worker ${worker.name} failed`;
        this.#events.broken(message, error);
      },
      closed: (death) => this.#died(worker, death),
    };
    const worker = new PoolWorker(launch, setup, events);
    return worker;
  }

  #becameReady(worker: PoolWorker, timeOrigin: number): void {
    worker.becomesReady(timeOrigin - performance.timeOrigin);
    this.#failedStarts = 0;
    this.#checkReady();
    if (worker.tasks === 0) this.becameIdle(worker);
    this.#events.changed();
  }

  #died(worker: PoolWorker, death: Death): void {
    const wasStarting = worker.state === "starting";
    this.#forget(worker);
    // What was kept for its sake may still be going.
    this.#awaitEnd(worker.channel.abandon());
    // The pause must stand before anybody asks for the next worker.
    if (wasStarting && death.interrupted !== true) this.#backOff();
    this.#events.died(worker, death, wasStarting);
    const note = death.note === undefined ? "" : `; ${death.note}`;
    this.#checkFailedStarts(`worker ${worker.name} ${death.how}${note}`, death.cause);
  }

  #noRoom(error: Error): void {
    this.#backOff();
    this.#checkFailedStarts(error.message, error);
  }

  #checkFailedStarts(why: string, cause: unknown): void {
    if (this.#failedStarts < MOST_FAILED_STARTS) return;
    this.#events.broken(`Cannot start workers: ${why}`, cause);
  }

  #backOff(): void {
    const pause = BACK_OFF * 2 ** this.#failedStarts++;
    this.#stopBackOff ??= after(pause, () => {
      this.#stopBackOff = undefined;
      this.#events.changed();
    });
  }

  /** The worker has no task left. */
  becameIdle(worker: PoolWorker): void {
    if (worker.state !== "ready") return;
    worker.idleSince = performance.now();
    if (worker.sent >= this.#options.tasksPerWorker) this.close(worker);
    else this.#armIdleTimer();
  }

  /** Looks again when the worker that has been idle longest has been so for long enough. */
  #armIdleTimer(): void {
    const { idleTimeout } = this.#options;
    if (this.#idleTimer !== undefined || idleTimeout > LONGEST_TIMER) return;
    const idle = [...this.active].filter((worker) => worker.isIdle);
    if (idle.length === 0) return;
    const end = Math.min(...idle.map(({ idleSince }) => idleSince)) + idleTimeout;
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      this.closeIdle(idleTimeout);
      this.#armIdleTimer();
    }, Math.max(1, Math.ceil(end - performance.now())));
    this.#idleTimer.unref();
  }

  /** Closes the workers that have been idle for `ms` milliseconds. */
  closeIdle(ms: number): void {
    // Whoever waits for all to be ready would wait for ever if the first ones left again.
    if (this.isAwaited) return;
    const now = performance.now();
    for (const worker of this.active) {
      if (worker.isIdle && now - worker.idleSince >= ms) this.close(worker);
    }
  }

  /** The worker gets no more tasks, and its place is free for another. */
  condemn(worker: PoolWorker): void {
    this.active.delete(worker);
    this.condemned.add(worker);
    worker.state = "condemned";
  }

  /** Ends a worker that has no tasks. */
  close(worker: PoolWorker): void {
    this.#forget(worker);
    this.#awaitEnd(worker.channel.close());
  }

  /** Gets rid of a worker that may never stop. */
  abandon(worker: PoolWorker): void {
    this.#forget(worker);
    this.#awaitEnd(worker.channel.abandon());
  }

  #awaitEnd(end: Promise<void>): void {
    const closing = end.finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Ends all workers that have no tasks, and starts no more; gives those that have. */
  closeAll(): PoolWorker[] {
    this.#stopBackOff?.();
    for (const worker of this.all) if (worker.tasks === 0) this.close(worker);
    return this.all;
  }

  /** Resolves when all workers have left, and those that were closed have ended. */
  async ended(): Promise<void> {
    while (this.all.length > 0 || this.#closing.size > 0) {
      if (this.#closing.size > 0) await Promise.all(this.#closing);
      else await new Promise<void>((resolve) => this.#leaveWaiters.push(resolve));
    }
  }

  #forget(worker: PoolWorker): void {
    worker.left();
    this.active.delete(worker);
    this.condemned.delete(worker);
    this.#events.left(worker);
    for (const left of this.#leaveWaiters.splice(0)) left();
    if (this.active.size > 0) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
  }
}

/** A longer time-out is none: timers can't take it. */
const LONGEST_TIMER = 2 ** 31 - 1;
