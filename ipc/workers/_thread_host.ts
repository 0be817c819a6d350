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
  readonly links: ThreadLinks;
  /** Megabytes of heap; `undefined` for what V8 thinks fit. */
  readonly memoryLimit: number | undefined;
}

/** What connects a thread with its pool and its host. */
export interface ThreadLinks {
  /** The thread's end of the way for tasks and whatever concerns them, and for all that it sends. */
  readonly tasks: ThreadPort;
  /** Its end of the way for its start and its end. */
  readonly control: ThreadPort;
  /** `[0]`: how many modules the thread is importing; in shared memory. */
  readonly imports: Int32Array;
}

/** What of the links is moved to the thread. */
export function movedLinks({ tasks, control }: ThreadLinks): Transferable[] {
  return [tasks, control];
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
   * Lock is not stopped by force. Resolves when it has been stopped, which may take effect later, or has ended.
   */
  stop(): Promise<void>;
  /** It has ended: nothing of it is needed any more. */
  release(): void;
}

/** Milliseconds of processor time that no load of Deno's takes; 30 have been seen. */
const LONGEST_LOAD = 200;
/** The same while modules are imported for tasks: many of them may have such loads follow each other. */
const LONGEST_IMPORT = 2000;
/**
 * Milliseconds without any processor time after which a thread is blocked. With 500, threads of a busy
 * machine that only waited for their turn were taken for blocked.
 */
const BLOCKED = 1000;
/** Milliseconds between two looks. */
const LOOK = 20;
/** The most that the time between two looks counts: who looks late had to wait for a processor too. */
const LATEST_LOOK = 2 * LOOK;

/** Starts a thread; it does not keep the program alive. */
export function startThread(spec: ThreadSpec, ended: (end: ThreadEnd) => void): HostedThread {
  const { SHARE_ENV, Worker } = nodeThreads();
  const thread = new Worker(new URL(spec.url), {
    name: spec.name,
    workerData: spec.links,
    transferList: movedLinks(spec.links) as unknown as WorkerThreads.Transferable[],
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
    if (watch?.hasStopped) return;
    watch?.release();
    const outOfMemory = error?.code === "ERR_WORKER_OUT_OF_MEMORY";
    ended({ code, outOfMemory, error: error?.message });
  });
  return {
    stop: () => (watch ??= new StopWatch(thread, spec.links.imports)).done,
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
  readonly #imports: Int32Array;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Processor time, in milliseconds: at the first look, and at the latest. */
  #first: number | undefined = undefined;
  #latest = 0;
  /** How long that has not changed, in milliseconds. */
  #still = 0;
  #lookedAt = performance.now();
  readonly #done = Promise.withResolvers<void>();
  hasStopped = false;

  constructor(thread: StoppableThread, imports: Int32Array) {
    this.#thread = thread;
    this.#imports = imports;
    this.#timer = setInterval(() => this.#look(), LOOK);
    this.#look();
  }

  /** Resolves when the thread has been stopped by force, or has ended. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** The thread has ended. */
  release(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#done.resolve();
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
    const elapsed = Math.min(now - this.#lookedAt, LATEST_LOOK);
    this.#lookedAt = now;
    this.#first ??= used;
    this.#still = used === this.#latest ? this.#still + elapsed : 0;
    this.#latest = used;
    const longest = Atomics.load(this.#imports, 0) > 0 ? LONGEST_IMPORT : LONGEST_LOAD;
    if (used - this.#first < longest && this.#still < BLOCKED) return;
    this.release();
    this.hasStopped = true;
    this.#thread.terminate();
  }
}
