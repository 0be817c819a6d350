/**
 * A thread of `node:worker_threads`, in the realm that starts it.
 */

import type * as WorkerThreads from "node:worker_threads";
import { nodeThreads, type ThreadPort } from "./_node_threads.ts";

/** What a thread is started with. */
export interface ThreadSpec {
  /** Its main module, a `file:` or `data:` URL. */
  readonly url: string;
  readonly name: string;
  /** Its end of the way to the pool; moved. */
  readonly port: ThreadPort;
  /** Megabytes of heap; `undefined` for what V8 thinks fit. */
  readonly memoryLimit: number | undefined;
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
  /** Stops it by force, if it holds a Web Lock; never while it boots. */
  stop(): void;
  /** It has ended: nothing of it is needed any more. */
  release(): void;
}

/** Starts a thread; it does not keep the program alive. */
export function startThread(spec: ThreadSpec, ended: (end: ThreadEnd) => void): HostedThread {
  const { SHARE_ENV, Worker } = nodeThreads();
  const thread = new Worker(new URL(spec.url), {
    name: spec.name,
    workerData: { port: spec.port },
    transferList: [spec.port as unknown as WorkerThreads.Transferable],
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
  let stopped = false;
  thread.on("error", (reason: Error) => error = reason);
  thread.on("exit", (code) => {
    // After a forced stop it is said before it is so.
    if (stopped) return;
    const outOfMemory = error?.code === "ERR_WORKER_OUT_OF_MEMORY";
    ended({ code, outOfMemory, error: error?.message });
  });
  return {
    stop() {
      stopped = true;
      thread.terminate();
    },
    release() {},
  };
}
