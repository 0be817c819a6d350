/**
 * Threads of one's own.
 *
 * @module
 */

import { registerUnsendable } from "./values/_unsendable.ts";
import { checkTimeout } from "../sync/_deadline.ts";
import { RuntimeError } from "../sync/errors.ts";
import { thisRealm } from "../sync/_realm.ts";
import { addActiveThread, deleteActiveThread } from "./processes/_active_threads.ts";
import { type Charge, ChildLife } from "./processes/_child_life.ts";
import { nameOf } from "./values/_function_text.ts";
import { checkMayLoadThreads, launchThread } from "./processes/_launch_thread.ts";
import { Lifecycle } from "./processes/_lifecycle.ts";
import { checkMayStart } from "./values/_main_module.ts";
import { doWork, Inherited, newWork, NO_WORK, type Work } from "./processes/_own_work.ts";
import { subclassOf } from "./values/_subclass.ts";
import { checkIsPrepared, newThreadNumber, sharedRecord } from "./processes/_this_process.ts";
import { thisThread, type ThreadRecord } from "./processes/_this_thread.ts";
import { checkThreadOptions, type ThreadOptions } from "./processes/_thread_options.ts";
import { describe } from "./callable.ts";
import { workerPermissions } from "./permissions.ts";

/** What of the options is needed at the start. */
type StartOptions = Pick<ThreadOptions, "modules" | "permissions">;

/**
 * A thread that calls one function, as Python's `threading.Thread`: a Web Worker of its own, which shares no
 * variables with the program, only what it is given that is shared.
 *
 * - The target travels by reference or by source, as a task of an executor; its arguments are copied. Its
 *   result is dropped: let it put what it finds into a queue.
 * - The thread ends when the target has returned, or the promise that it returned is settled, and the threads
 *   and processes that it has started have ended, but for daemons. `Deno.exit` and `self.close` in it end it
 *   alone. Timers that are left then are not waited for.
 * - An uncaught error ends it, with a traceback on standard error; `join` resolves all the same.
 * - It keeps the program alive until it ends. A daemon does so only while somebody joins it: it ends with the
 *   program, or with the thread that has started it.
 * - Locks that it holds when it ends go to others, and are `abandoned`.
 *
 * A subclass that a module exports may override `run()` instead of giving a target. It says where it is
 * by `static override module = import.meta.url`. Its own fields travel, private ones (`#x`) excepted, and
 * its constructor does not run in the thread.
 *
 * Semantics: CPython's `threading.Thread`.
 *
 * @example
 * ```ts
 * import { Queue, Thread } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const squares = new Queue<number>();
 * const thread = new Thread({
 *   target: (n: number, squares: Queue<number>) => squares.put(n * n),
 *   args: [7, squares],
 * });
 * thread.start();
 * assertEquals(await squares.get(), 49);
 * await thread.join();
 * assertEquals(thread.is_alive(), false);
 * ```
 */
export class Thread implements AsyncDisposable {
  static {
    registerUnsendable(Thread.prototype, "a handle is its thread's: send its name");
  }

  /** For subclasses: the URL of the module that exports the class. */
  static readonly module?: string | URL;

  readonly #options: StartOptions;
  readonly #record: ThreadRecord;
  readonly #lifecycle: Lifecycle;
  #ident: number | undefined = undefined;
  #work: Work;

  /**
   * Makes a thread that has not started.
   *
   * @param options What it is to call, and what it may do.
   * @throws {TypeError} When an option is of the wrong type or unknown, or the target can't be sent.
   * @throws {Deno.errors.NotCapable} When the permissions are more than the program has, or it may not
   * read the file that its threads run.
   */
  constructor(options?: ThreadOptions);
  constructor(given: ThreadOptions | Inherited<ThreadRecord> = {}) {
    this.#lifecycle = new Lifecycle("thread", given instanceof Inherited);
    if (given instanceof Inherited) {
      this.#options = {};
      this.#record = given.record;
      this.#work = given.work;
      return;
    }
    const what = `make a ${nameOf(new.target) || "Thread"}`;
    checkThreadOptions(what, given);
    const { target, args, kwargs, name, daemon, ...options } = given;
    const called = target === undefined ? "" : describe(target).name;
    checkMayLoadThreads(what);
    workerPermissions(what, options.permissions);
    this.#options = options;
    this.#work = newWork(target, args, kwargs);
    this.#record = {
      name: name || `Thread-${newThreadNumber()}${called === "" ? "" : ` (${called})`}`,
      daemon: daemon ?? thisThread().daemon,
    };
  }

  /** What the thread is called; only for people, and need not be unique. */
  get name(): string {
    return this.#record.name;
  }

  set name(name: string) {
    checkThreadOptions("set the name of a thread", { name });
    this.#record.name = name;
  }

  /** Whether it ends with this program; can be set before the start. */
  get daemon(): boolean {
    return this.#record.daemon;
  }

  set daemon(daemon: boolean) {
    const what = `make ${this.name} a daemon or none`;
    checkThreadOptions(what, { daemon });
    if (this.#lifecycle.status !== "initial") {
      throw new RuntimeError(`Cannot ${what}: it has started: set daemon before start()`);
    }
    this.#record.daemon = daemon;
  }

  /** Its number, which no other living thread of the process has; `null` before the start. */
  get ident(): number | null {
    return this.#lifecycle.isThis ? thisRealm().id : this.#ident ?? null;
  }

  /**
   * Starts the thread, and returns before it has come up. The arguments are copied now, and this handle lets
   * go of them and of the target.
   *
   * What shows only later ends the thread, with a traceback: a target that uses variables of a module that
   * neither the main module nor one of `modules` is, or a module that does not load.
   *
   * @throws {RuntimeError} When it was started before, is the current thread, or when a module does so while
   * a process or thread imports it to find what it is to run.
   * @throws {TypeError} When a subclass overrides `run()` and does not say its module.
   * @throws {DOMException} A `DataCloneError`, when the arguments or fields can't be cloned.
   * @throws {Deno.errors.NotCapable} As the constructor, when the program has given permissions back since.
   */
  start(): void {
    const what = `start ${this.name}`;
    const check = () => {
      checkMayStart(this.name);
      checkIsPrepared(what);
    };
    this.#lifecycle.start(what, check, () => {
      const life = new ChildLife(this.#launch(what), this.daemon, () => deleteActiveThread(this));
      addActiveThread(this, life);
      this.#work = NO_WORK;
      return life;
    });
  }

  #launch(what: string): Charge {
    const subclass = subclassOf(this, Thread, what);
    const { target, args } = this.#work;
    checkMayLoadThreads(what);
    const thread = launchThread({
      name: this.name,
      process: sharedRecord(),
      thread: { ...this.#record },
      permissions: workerPermissions(what, this.#options.permissions),
      subclass,
      target: target === undefined ? null : describe(target),
      args,
      fields: subclass === null ? {} : Object.fromEntries(Object.entries(this)),
      modules: (this.#options.modules ?? []).map(String),
    });
    this.#ident = thread.ident;
    return thread;
  }

  /**
   * What the thread does: calls the target. To be overridden by subclasses that do something else.
   *
   * @returns Anything; the thread waits for a promise.
   */
  run(): unknown {
    return doWork(this.#work);
  }

  /**
   * Waits for the thread to end; joining one that has ended is fine.
   *
   * @param timeout Milliseconds after which to wait no longer; 0 or less to have a look. `is_alive()` then
   * tells whether it has ended.
   * @returns Resolves in either case.
   * @throws {RuntimeError} When it has not started, or is the current thread.
   */
  async join(timeout?: number): Promise<void> {
    checkTimeout(timeout);
    await this.#lifecycle.started(`join ${this.name}`).wait(timeout);
  }

  /**
   * Whether the thread has been started and has not ended.
   *
   * @returns `true` for the current thread.
   */
  is_alive(): boolean {
    return this.#lifecycle.isAlive;
  }

  /** Waits for the thread to end, if it has started. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lifecycle.life?.wait();
  }

  /**
   * Describes the thread.
   *
   * @returns For example `<Thread name="Thread-1 (work)" started ident=2051 daemon>`.
   */
  toString(): string {
    const info = [
      nameOf(this.constructor) || "Thread",
      `name=${JSON.stringify(this.name)}`,
      this.#lifecycle.status,
      ...(this.ident === null ? [] : [`ident=${this.ident}`]),
      ...(this.daemon ? ["daemon"] : []),
    ];
    return `<${info.join(" ")}>`;
  }

  /** How `console.log` shows it. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}
