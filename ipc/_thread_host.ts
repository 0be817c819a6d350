/**
 * A thread of `node:worker_threads`, in the realm that starts it.
 *
 * The race that this prevents: to stop a thread by force while Deno loads a module of its own into it, as it
 * does when one is first used, ends the program. A thread is asked before it is stopped by force, and ends
 * by itself if its event loop turns. If it does not, it is stopped when it has used the processor for
 * longer than such a load takes, or has not used it at all for a while, so that it must be blocked. Time
 * alone would not tell: on a busy machine a load of 30 ms was seen to take more than 100.
 */

import type * as WorkerThreads from "node:worker_threads";
import { nodeThreads, type ThreadPort } from "./_node_threads.ts";

/** What a thread is started with. */
export interface ThreadSpec {
  /** Its main module, a `file:` or `data:` URL. */
  readonly url: string;
  readonly name: string;
  /** Its ends of the ways to the pool; moved. */
  readonly ports: ThreadPorts;
  /** Megabytes of heap; `undefined` for what V8 thinks fit. */
  readonly memoryLimit: number | undefined;
}

/** One end of the ways between a pool and its thread. */
export interface ThreadPorts {
  /** For tasks and whatever concerns them, and all that the thread sends. */
  readonly tasks: ThreadPort;
  /** For the thread's start and end. */
  readonly control: ThreadPort;
}

/** How a thread ended. */
export interface ThreadEnd {
  readonly code: number;
  readonly outOfMemory: boolean;
  /** The message of the error that ended it. */
  readonly error: string | undefined;
}

/** A thread, as its pool knows it, wherever it was started. */
export interface HostedThread {
  /**
   * Stops it by force, unless it ends before: for a thread that was asked to end. One that holds no Web
   * Lock is not stopped by force.
   */
  stop(): void;
  /** It has ended: nothing of it is needed any more. */
  release(): void;
}

/** Milliseconds of processor time after which no module is being loaded. The longest load takes 30. */
const LONGEST_LOAD = 200;
/** Milliseconds without any processor time after which a thread is blocked. */
const BLOCKED = 500;
/** Milliseconds between two looks. */
const LOOK = 20;

/** Starts a thread; it does not keep the program alive. */
export function startThread(spec: ThreadSpec, ended: (end: ThreadEnd) => void): HostedThread {
  const { SHARE_ENV, Worker } = nodeThreads();
  const thread = new Worker(new URL(spec.url), {
    name: spec.name,
    workerData: spec.ports,
    transferList: Object.values(spec.ports) as WorkerThreads.Transferable[],
    // Without any limits, running out of memory would end the program.
    resourceLimits: spec.memoryLimit === undefined
      ? {}
      : { maxOldGenerationSizeMb: spec.memoryLimit },
    // Else the environment is read, whatever this realm may read of it, and copied.
    env: SHARE_ENV as typeof WorkerThreads.SHARE_ENV,
  });
  thread.unref();
  // What the thread writes by `process.stdout` is printed there, and queues up here unless it is read.
  thread.stdout.resume();
  thread.stderr.resume();
  let error: (Error & { code?: string }) | undefined;
  let watch: StopWatch | undefined;
  thread.on("error", (reason: Error) => error = reason);
  thread.on("exit", (code) => {
    // After a forced stop it is said before it is so.
    if (watch?.stopped) return;
    watch?.release();
    const outOfMemory = error?.code === "ERR_WORKER_OUT_OF_MEMORY";
    ended({ code, outOfMemory, error: error?.message });
  });
  return {
    stop: () => watch ??= new StopWatch(thread),
    release: () => watch?.release(),
  };
}

/** The part of a thread that Deno has and its types lack. */
interface StoppableThread extends Pick<WorkerThreads.Worker, "terminate"> {
  /** Processor time in microseconds; where Deno can't tell, 0 for ever. */
  cpuUsage?(): Promise<{ user: number; system: number }>;
}

/** Stops a thread by force when it is safe to do so; see the head of the file. */
class StopWatch {
  readonly #thread: StoppableThread;
  #timer: ReturnType<typeof setInterval> | undefined;
  #first: number | undefined = undefined;
  #latest = -1;
  #changedAt = 0;
  stopped = false;

  constructor(thread: StoppableThread) {
    this.#thread = thread;
    this.#timer = setInterval(() => this.#look(), LOOK);
    this.#look();
  }

  /** The thread has ended. */
  release(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    let usage: { user: number; system: number } | undefined;
    try {
      usage = await this.#thread.cpuUsage?.();
    } catch {
      return this.release(); // It has ended.
    }
    if (this.#timer === undefined) return;
    const used = usage === undefined ? 0 : (usage.user + usage.system) / 1000;
    const now = performance.now();
    this.#first ??= used;
    if (used !== this.#latest) this.#changedAt = now;
    this.#latest = used;
    if (used - this.#first < LONGEST_LOAD && now - this.#changedAt < BLOCKED) return;
    this.release();
    this.stopped = true;
    this.#thread.terminate();
  }
}
