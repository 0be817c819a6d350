/**
 * Processes of one's own.
 *
 * @module
 */

import { registerUnsendable } from "./values/_unsendable.ts";
import { checkTimeout } from "../sync/_deadline.ts";
import { RuntimeError, ValueError } from "../sync/errors.ts";
import { addActive, deleteActive } from "./processes/_active_processes.ts";
import { type Charge, ChildLife } from "./processes/_child_life.ts";
import { nameOf } from "./values/_function_text.ts";
import { launcherOf } from "./processes/_launch_method.ts";
import { Lifecycle } from "./processes/_lifecycle.ts";
import { checkMayStart } from "./values/_main_module.ts";
import { registerWaitable } from "./connections/_news.ts";
import { doWork, Inherited, newWork, NO_WORK, type Work } from "./processes/_own_work.ts";
import {
  checkProcessOptions,
  type ProcessOptions,
  type StartOptions,
} from "./processes/_process_options.ts";
import { chosenMethod, START_METHODS, type StartMethod } from "./processes/_start_method.ts";
import { subclassOf } from "./values/_subclass.ts";
import {
  checkIsPrepared,
  checkMayHaveChildren,
  newChildRecord,
  type ProcessRecord,
} from "./processes/_this_process.ts";
import { describe } from "./callable.ts";

/** Becomes ready when a process has ended; {@linkcode Process.sentinel} gives it. */
export interface Sentinel extends PromiseLike<void> {
  /** Whether the process has ended. */
  readonly ready: boolean;
}

/**
 * A process of the operating system that calls one function, as Python's `multiprocessing.Process`: a
 * `deno run` child with the permissions that it was given and no others.
 *
 * - The target travels by reference or by source, as a task of an executor; its arguments are copied.
 *   Its result is dropped.
 * - The process ends as every program of Deno's does, when the target has returned and nothing is left to
 *   do. Its exit code is then 0 (or its `Deno.exitCode`), N after `Deno.exit(N)`, 1 after an uncaught
 *   error, whose traceback is on standard error, and -N when signal N ended it.
 * - It keeps this program alive until it ends. A daemon does not: it is ended, by SIGTERM, when the program
 *   ends. No process outlives a program that is killed or calls `Deno.exit()`; one that is busy then goes
 *   within a second or so.
 * - A finished process is reaped at once, joined or not.
 *
 * A subclass that a module exports may override `run()` instead of giving a target. It says where it is
 * by `static override module = import.meta.url`. Its own fields travel, private ones (`#x`) excepted, and
 * its constructor does not run in the child.
 *
 * Semantics: CPython's `multiprocessing.Process`.
 *
 * @example
 * ```ts
 * import { Process } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const process = new Process({
 *   target: (name: string) => console.log(`hello, ${name}`),
 *   args: ["herd"],
 * });
 * process.start();
 * await process.join();
 * assertEquals(process.exitcode, 0);
 * ```
 */
export class Process implements AsyncDisposable {
  static {
    registerUnsendable(Process.prototype, "a handle is its thread's: send its pid or its name");
  }

  /** For subclasses: the URL of the module that exports the class. */
  static readonly module?: string | URL;

  readonly #method: StartMethod;
  readonly #options: StartOptions;
  readonly #record: ProcessRecord;
  readonly #lifecycle: Lifecycle;
  #work: Work;
  #sentinel: Sentinel | undefined = undefined;
  #closed = false;

  /**
   * Makes a process that has not started.
   *
   * @param options What it is to call, and how it is to be started.
   * @throws {TypeError} When an option is of the wrong type or unknown, or the target can't be sent.
   * @throws {ValueError} When an option is out of range.
   * @throws {Deno.errors.NotCapable} When the permissions are more than the program has, or it may not
   * run Deno.
   */
  constructor(options?: ProcessOptions);
  constructor(given: ProcessOptions | Inherited<ProcessRecord> = {}) {
    this.#lifecycle = new Lifecycle("process", given instanceof Inherited);
    if (given instanceof Inherited) {
      this.#method = START_METHODS[0]!;
      this.#options = {};
      this.#record = given.record;
      this.#work = given.work;
      return;
    }
    const what = `make a ${nameOf(new.target) || "Process"}`;
    checkProcessOptions(what, given);
    const { target, args, kwargs, name, daemon, context, ...options } = given;
    if (target !== undefined) describe(target);
    this.#method = chosenMethod(context);
    launcherOf(what, this.#method, options);
    this.#options = options;
    this.#work = newWork(target, args, kwargs);
    this.#record = newChildRecord(
      this.#method,
      (identity) => name ?? `${nameOf(new.target) || "Process"}-${identity.join(":")}`,
    );
    if (daemon !== undefined) this.#record.daemon = daemon;
  }

  /** What the process is called; only for people, and need not be unique. */
  get name(): string {
    return this.#record.name;
  }

  set name(name: string) {
    checkProcessOptions("set the name of a process", { name });
    this.#record.name = name;
  }

  /** Whether it is ended with this program and may have no children; can be set before the start. */
  get daemon(): boolean {
    return this.#record.daemon;
  }

  set daemon(daemon: boolean) {
    const what = `make ${this.name} a daemon or none`;
    checkProcessOptions(what, { daemon });
    if (this.#lifecycle.status !== "initial") {
      throw new RuntimeError(`Cannot ${what}: it has started: set daemon before start()`);
    }
    this.#record.daemon = daemon;
  }

  /** The key that its connections and managers authenticate with: random bytes, the same as its parent's. */
  get authkey(): Uint8Array<ArrayBuffer> {
    return this.#record.authkey.slice();
  }

  set authkey(key: Uint8Array) {
    if (!(key instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot set the authkey of ${this.name}: it is ${typeof key}: a Uint8Array is wanted`,
      );
    }
    this.#record.authkey = new Uint8Array(key);
  }

  /** The process ID; `null` before the start. With context `"worker"` this program's own. */
  get pid(): number | null {
    this.#checkOpen("tell the pid of");
    return this.#pid;
  }

  get #pid(): number | null {
    return this.#lifecycle.isThis ? Deno.pid : this.#lifecycle.life?.pid ?? null;
  }

  /** The same as `pid`. */
  get ident(): number | null {
    return this.pid;
  }

  /** The exit code, or -N when signal N ended it; `null` before that. */
  get exitcode(): number | null {
    this.#checkOpen("tell the exit code of");
    return this.#lifecycle.life?.exitcode ?? null;
  }

  /**
   * Becomes ready when the process has ended. It can be awaited, which keeps the program alive, and given
   * to `connection.wait`.
   *
   * @throws {ValueError} Before the start.
   */
  get sentinel(): Sentinel {
    this.#checkOpen("watch");
    const { life } = this.#lifecycle;
    if (life === undefined) {
      throw new ValueError(`Cannot watch ${this.name}: it has not started: call start() before`);
    }
    return this.#sentinel ??= sentinelOf(life);
  }

  /**
   * Starts the process, and returns before it has come up. The arguments are copied now, and this handle
   * lets go of them and of the target.
   *
   * What shows only later ends the process, with code 1 and a traceback: a target that uses variables of
   * a module that neither the main module nor one of `modules` is, or a module that does not load.
   *
   * @throws {RuntimeError} When it was started before, is the current process, when the current process is
   * a daemon, or when a module does so while a process imports it to find what it is to run.
   * @throws {ValueError} When the handle is closed, or the arguments and fields are more than 2 GiB.
   * @throws {TypeError} When a subclass overrides `run()` and does not say its module.
   * @throws {DOMException} A `DataCloneError`, when the arguments or fields can't be cloned.
   * @throws {Deno.errors.NotCapable} As the constructor, when the program has given permissions back since.
   */
  start(): void {
    const what = `start ${this.name}`;
    this.#checkOpen("start");
    const check = () => {
      checkMayHaveChildren(what);
      checkMayStart(this.name);
      checkIsPrepared(what);
    };
    this.#lifecycle.start(what, check, () => {
      const life = new ChildLife(this.#launch(what), this.daemon, () => deleteActive(this));
      addActive(this, life);
      this.#work = NO_WORK;
      return life;
    });
  }

  #launch(what: string): Charge {
    const subclass = subclassOf(this, Process, what);
    const { target, args } = this.#work;
    return launcherOf(what, this.#method, this.#options)({
      name: this.name,
      process: { ...this.#record },
      subclass,
      target: target === undefined ? null : describe(target),
      args,
      fields: subclass === null ? {} : Object.fromEntries(Object.entries(this)),
      modules: (this.#options.modules ?? []).map(String),
    });
  }

  /**
   * What the process does: calls the target. To be overridden by subclasses that do something else.
   *
   * @returns Anything; the process waits for a promise.
   */
  run(): unknown {
    return doWork(this.#work);
  }

  /**
   * Waits for the process to end; joining one that has ended is fine.
   *
   * @param timeout Milliseconds after which to wait no longer; 0 or less to have a look. `exitcode` or
   * `is_alive()` then tells whether it has ended.
   * @returns Resolves in either case.
   * @throws {RuntimeError} When it has not started, or is the current process.
   * @throws {ValueError} When the handle is closed.
   */
  async join(timeout?: number): Promise<void> {
    this.#checkOpen("join");
    checkTimeout(timeout);
    await this.#lifecycle.started(`join ${this.name}`).wait(timeout);
  }

  /**
   * Whether the process has been started and has not ended.
   *
   * @returns `true` for the current process.
   * @throws {ValueError} When the handle is closed.
   */
  is_alive(): boolean {
    this.#checkOpen("ask after");
    return this.#lifecycle.isAlive;
  }

  /**
   * Asks the process to end, by SIGTERM; exit hooks of the process don't run. Does nothing when it has
   * ended.
   *
   * @throws {RuntimeError} When it has not started, or is the current process.
   * @throws {ValueError} When the handle is closed.
   */
  terminate(): void {
    this.#signal("terminate", "SIGTERM");
  }

  /** As {@linkcode Process.terminate}, by SIGKILL, which no process can ignore. */
  kill(): void {
    this.#signal("kill", "SIGKILL");
  }

  /** As {@linkcode Process.terminate}, by SIGINT, which is what Ctrl-C sends. */
  interrupt(): void {
    this.#signal("interrupt", "SIGINT");
  }

  /**
   * Lets go of a process that has ended, or never started. Afterwards only its name and `daemon` can be
   * asked for; to close it again is fine.
   *
   * @throws {ValueError} When it runs.
   */
  close(): void {
    if (!this.#closed && this.is_alive()) {
      throw new ValueError(
        `Cannot close ${this.name}: it runs: join() it, or terminate() it and join()`,
      );
    }
    this.#closed = true;
    this.#work = NO_WORK;
  }

  /**
   * Does with the process what the end of the program would do, and closes it: waits for it to end; a
   * daemon is told to, by SIGTERM.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const { life } = this.#lifecycle;
    if (!this.#closed && life !== undefined) {
      if (this.daemon) this.terminate();
      await life.wait();
    }
    this.close();
  }

  /**
   * Describes the process.
   *
   * @returns For example `<Process name="Process-1" pid=123 parent=122 stopped exitcode=-SIGTERM>`.
   */
  toString(): string {
    const { life, status } = this.#lifecycle;
    const info = [
      nameOf(this.constructor) || "Process",
      `name=${JSON.stringify(this.name)}`,
      ...(this.#pid === null ? [] : [`pid=${this.#pid}`]),
      `parent=${this.#record.parent?.pid ?? null}`,
      this.#closed ? "closed" : status,
      ...(this.#closed || life === undefined || life.isAlive ? [] : [
        `exitcode=${life.endSignal === null ? life.exitcode : `-${life.endSignal}`}`,
      ]),
      ...(this.daemon ? ["daemon"] : []),
    ];
    return `<${info.join(" ")}>`;
  }

  /** How `console.log` shows it. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  #signal(action: string, signal: Deno.Signal): void {
    this.#checkOpen(action);
    this.#lifecycle.started(`${action} ${this.name}`).signal(signal);
  }

  #checkOpen(action: string): void {
    if (!this.#closed) return;
    throw new ValueError(`Cannot ${action} ${this.name}: it is closed`);
  }
}

function sentinelOf(life: ChildLife): Sentinel {
  const sentinel: Sentinel = {
    get ready() {
      return !life.isAlive;
    },
    then: (onReady, onError) => life.wait().then(onReady, onError),
  };
  registerWaitable(sentinel, {
    get isReady() {
      return !life.isAlive;
    },
    watch(tell) {
      if (life.isAlive) return life.watch(tell);
      queueMicrotask(tell);
      return () => {};
    },
    look: () => life.wait(0),
    check: () => {},
  });
  return sentinel;
}
