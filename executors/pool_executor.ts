/**
 * An executor over a scheduler: everything that pools of threads and of processes share.
 *
 * @module
 */

import { checkMayNest } from "../ipc/workers/_lineage.ts";
import { checkMayStart } from "../ipc/values/_main_module.ts";
import { registerUnsendable } from "../ipc/values/_unsendable.ts";
import { type Callable, describe } from "../ipc/callable.ts";
import { RuntimeError } from "../sync/errors.ts";
import type { BookStats } from "./_books.ts";
import { Inputs } from "./_inputs.ts";
import { type MapBackend, MapIterator, type MapOptions } from "./_map.ts";
import {
  aTypeOf,
  checkOptions,
  integerFrom,
  MILLISECONDS,
  type OptionRules,
} from "../sync/_options.ts";
import { Scheduler, type SchedulerOptions } from "./_scheduler.ts";
import type { ChunkOutcome } from "./_settle.ts";
import { shutDownWhenDropped } from "./_dropped.ts";
import { checkShutdownOptions } from "./_shutdown_options.ts";
import { signalGroup } from "./_signal_group.ts";
import { Task, type TaskSettings } from "./_task.ts";
import { TaskTrace, type Trace } from "./_trace.ts";
import {
  Executor,
  type Inputs as MapInputs,
  type Submitter,
  type TaskOptions,
} from "./executor.ts";
import type { Future } from "./future.ts";

/** What an executor is doing, and has done. */
export interface ExecutorStats extends BookStats {
  /** Workers that live, starting ones included. */
  readonly workers: number;
  /** Workers that have nothing to do. */
  readonly idle: number;
  /** Tasks that have not begun. */
  readonly queued: number;
  /** Tasks that run. */
  readonly running: number;
}

const TASK_RULES: OptionRules = {
  signal: aTypeOf("an AbortSignal", (value) => value instanceof AbortSignal),
  deadline: MILLISECONDS,
  priority: {
    wanted: "a number",
    allows: (value) => typeof value === "number" && !Number.isNaN(value),
  },
  transfer: aTypeOf("an array", Array.isArray),
  timeout: {
    wanted: "a number of milliseconds",
    allows: (value) => typeof value === "number" && !Number.isNaN(value),
  },
  chunksize: integerFrom(1),
  buffersize: integerFrom(1),
};

/** What a view's tasks have in common. */
interface View {
  readonly settings: TaskSettings;
  readonly map: MapOptions;
}

const PLAIN: View = view({});

function view({ signal, deadline, priority, transfer, ...map }: TaskOptions): View {
  return {
    settings: {
      priority: priority ?? 0,
      deadline: deadline === Infinity ? undefined : deadline,
      transfer: transfer ?? [],
      signal: signal && signalGroup<Task>(signal, (task) => task.worker?.revokeOrStop(task)),
    },
    map: {
      timeout: map.timeout,
      signal,
      chunksize: map.chunksize,
      buffersize: map.buffersize,
    },
  };
}

/**
 * What executors that keep a pool of workers have in common.
 *
 * @example
 * ```ts
 * import { PoolExecutor, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assert, assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor(1);
 * assert(executor instanceof PoolExecutor);
 *
 * await executor.ready();
 * assertEquals(executor.stats().workers, 1);
 * ```
 */
export abstract class PoolExecutor extends Executor {
  readonly #scheduler: Scheduler;
  readonly #maxWorkers: number;
  #submissions = 0;

  static {
    registerUnsendable(
      PoolExecutor.prototype,
      "an executor is its thread's: make one in the task",
    );
  }

  /** For subclasses. */
  constructor(options: SchedulerOptions) {
    super();
    this.#scheduler = new Scheduler(options);
    this.#maxWorkers = options.maxWorkers;
    shutDownWhenDropped(this, this.#scheduler);
  }

  /** See {@linkcode Executor.submit}. */
  override submit<A extends unknown[], R>(fn: Callable<A, R>, ...args: A): Future<Awaited<R>> {
    return this.#submit(PLAIN, this.submit, fn, args);
  }

  /** See {@linkcode Executor.map}. */
  override map<A extends unknown[], R>(
    fn: Callable<A, R>,
    ...iterables: MapInputs<A>
  ): AsyncIterableIterator<Awaited<R>> {
    return this.#map(PLAIN, this.map, fn, iterables);
  }

  /** See {@linkcode Executor.options}. */
  override options(options: TaskOptions): Submitter {
    checkOptions("submit with these options", options, TASK_RULES);
    const own = view(options);
    const submitter: Submitter = {
      submit: (fn, ...args) => this.#submit(own, submitter.submit, fn, args),
      map: (fn, ...iterables) => this.#map(own, submitter.map, fn, iterables),
    };
    return submitter;
  }

  /** See {@linkcode Executor.shutdown}. */
  override shutdown(
    options: { wait?: boolean | undefined; cancel_futures?: boolean | undefined } = {},
  ): Promise<void> {
    checkShutdownOptions(options);
    return this.#scheduler.shutdown(options.wait ?? true, options.cancel_futures ?? false);
  }

  /**
   * Starts all workers now, instead of when they are needed.
   *
   * @returns When each is ready, its initializer included.
   * @throws {RuntimeError} When the executor was shut down.
   * @throws {BrokenExecutor} When the executor is or gets broken.
   */
  async ready(): Promise<void> {
    this.#checkOpen("start workers");
    await this.#scheduler.ready();
  }

  /**
   * What the executor is doing and has done. Always counted; asking costs microseconds.
   *
   * @returns Counts of workers and tasks, and the times that tasks waited and ran, in milliseconds.
   */
  stats(): ExecutorStats {
    return { ...this.#scheduler.snapshot(), ...this.#scheduler.books.stats() };
  }

  /**
   * Writes a trace of every task from now on, for the viewers of `chrome://tracing` and ui.perfetto.dev: a lane
   * for each worker with what it ran, and how long each task had waited for that. It costs about 400 bytes and
   * some microseconds a task, or a chunk of a `map`.
   *
   * The file is complete when the executor has shut down, or {@linkcode Trace.stop} was called. What
   * has been written of it is of use however the program ends.
   *
   * @param file A path or file URL; a file that is there is replaced.
   * @returns The trace, to end it before the executor.
   * @throws {RuntimeError} When a trace is being written, or the executor was shut down.
   * @throws {Deno.errors.NotCapable} Without the permission to write the file (`--allow-write`).
   *
   * @example
   * ```ts
   * import { ThreadPoolExecutor } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const file = await Deno.makeTempFile();
   * const executor = new ThreadPoolExecutor(1);
   * executor.trace(file);
   * await executor.submit(function double(n: number) {
   *   return n * 2;
   * }, 21);
   * await executor.shutdown();
   *
   * const events: { ph: string; name: string }[] = JSON.parse(await Deno.readTextFile(file));
   * assertEquals(events.filter(({ ph }) => ph === "X").map(({ name }) => name), ["double"]);
   * await Deno.remove(file);
   * ```
   */
  trace(file: string | URL): Trace {
    this.#checkOpen("trace");
    if (this.#scheduler.trace?.isActive) {
      throw new RuntimeError("Cannot trace: the executor is being traced; stop that trace first");
    }
    return this.#scheduler.trace = new TaskTrace(file);
  }

  /**
   * For subclasses whose workers can be ended: ends all of them, and takes no more tasks. What runs fails,
   * what has not begun is cancelled.
   */
  protected endWorkers(signal: "SIGTERM" | "SIGKILL"): void {
    this.#scheduler.terminate(signal);
  }

  #checkOpen(action: string): void {
    checkMayStart("an executor's workers");
    checkMayNest("an executor's workers");
    if (this.#scheduler.broken) throw this.#scheduler.brokenError();
    if (this.#scheduler.closed) {
      throw new RuntimeError(`Cannot ${action}: the executor was shut down`);
    }
  }

  #submit<A extends unknown[], R>(
    { settings }: View,
    boundary: (...args: never[]) => unknown,
    fn: Callable<A, R>,
    args: A,
  ): Future<Awaited<R>> {
    this.#checkOpen("submit a task");
    const call = describe(fn);
    const origin = this.#scheduler.origins.take(call, boundary);
    const task = new Task(this.#scheduler, call, args, 0, settings, this.#submissions++, origin);
    this.#scheduler.submit(task);
    return task as Future<unknown> as Future<Awaited<R>>;
  }

  #map<A extends unknown[], R>(
    { settings, map }: View,
    boundary: (...args: never[]) => unknown,
    fn: Callable<A, R>,
    iterables: readonly unknown[],
  ): AsyncIterableIterator<Awaited<R>> {
    this.#checkOpen("map");
    const call = describe(fn);
    const origin = this.#scheduler.origins.take(call, boundary);
    const inputs = new Inputs(iterables);
    const backend: MapBackend = {
      maxWorkers: this.#maxWorkers,
      addFeeder: (feeder) => this.#scheduler.addFeeder(feeder),
      removeFeeder: (feeder) => this.#scheduler.removeFeeder(feeder),
      submitChunk: (columns, rows) => {
        if (map.buffersize !== undefined) this.#checkOpen("go on with a map");
        if (this.#scheduler.broken) throw this.#scheduler.brokenError();
        const order = this.#submissions++;
        const now = { caller: origin.caller, time: performance.now() };
        const chunk = new Task(this.#scheduler, call, columns, rows, settings, order, now);
        this.#scheduler.submit(chunk);
        return chunk as Future<unknown> as Task<ChunkOutcome>;
      },
    };
    // A missed deadline must hit one item only.
    const chunksize = map.chunksize ?? (settings.deadline === undefined ? undefined : 1);
    return new MapIterator<Awaited<R>>(call, inputs, { ...map, chunksize }, backend);
  }
}
