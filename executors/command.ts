/**
 * The executor of external programs.
 *
 * @module
 */

import { checkMayRun } from "../ipc/programs/_may_run.ts";
import { ProgramInput } from "../ipc/programs/_program_input.ts";
import { RuntimeError } from "../sync/errors.ts";
import type { BookStats } from "./_books.ts";
import { commandCall, executorOptions } from "./_command_options.ts";
import { CommandRunner } from "./_command_runner.ts";
import { CommandTask } from "./_command_task.ts";
import type { Future } from "./future.ts";
import { checkShutdownOptions } from "./_shutdown_options.ts";
import { type SignalGroup, signalGroup } from "./_signal_group.ts";

/** Options of {@linkcode CommandExecutor}. */
export interface CommandExecutorOptions {
  /** The programs that it may run, by exactly the name or path that `submit` is given. */
  allow: readonly string[];
  /** The most programs at a time; default the number of processors. */
  max_workers?: number | undefined;
  /** Environment variables of all programs, added to this program's. */
  env?: Readonly<Record<string, string>> | undefined;
  /** Whether programs get `env` and nothing of this program's environment; default `false`. */
  clearEnv?: boolean | undefined;
  /** The programs' working directory; default this program's. */
  cwd?: string | URL | undefined;
}

/** In what form a program's output is given. */
export type CommandEncoding = keyof CommandOutput;

/** The forms of a program's output. */
export interface CommandOutput {
  /** Read as UTF-8; what is none becomes U+FFFD. */
  text: string;
  /** As it is. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** Options of one command, for {@linkcode CommandExecutor.submit}. */
export interface CommandOptions<E extends CommandEncoding = "text"> {
  /** What the program reads; default nothing. A stream is locked at the call. */
  stdin?:
    | string
    | Uint8Array
    | ReadableStream<string>
    | ReadableStream<Uint8Array>
    | ReadableStream<string | Uint8Array>
    | null
    | undefined;
  /** The program's working directory, instead of the executor's. */
  cwd?: string | URL | undefined;
  /** Environment variables, added to the executor's. */
  env?: Readonly<Record<string, string>> | undefined;
  /** Aborting it cancels the future at once, and ends the program. */
  signal?: AbortSignal | undefined;
  /** The longest run time, in milliseconds from the program's start; then the program is ended. */
  deadline?: number | undefined;
  /** Whether the output is given as text (default) or as bytes. */
  encoding?: E | undefined;
}

/** How a program ended, and what it wrote. */
export interface CommandResult<E extends CommandEncoding = "text"> {
  /** The exit code; 128 and the number of the signal for a program that a signal ended. */
  readonly code: number;
  /** The signal that ended the program, as `"SIGKILL"`; `null` for one that ended by itself. */
  readonly signal: Deno.Signal | null;
  /** What it wrote to its standard output. */
  readonly stdout: CommandOutput[E];
  /** What it wrote to its standard error. */
  readonly stderr: CommandOutput[E];
}

/** What a {@linkcode CommandExecutor} is doing, and has done. */
export interface CommandStats extends BookStats {
  /** Commands that have not begun. */
  readonly queued: number;
  /** Programs that run, those that are being ended included. */
  readonly running: number;
}

/** One listener a signal, however many commands it is for. */
const groups = new WeakMap<AbortSignal, SignalGroup<CommandTask>>();

/**
 * Runs external programs, so many at a time, and gives futures of how they ended and what they wrote.
 *
 * - Commands begin in the order of their submission, at most `max_workers` at once.
 * - Only programs that `allow` names are run, and none through a shell. It compares names: what a
 *   program then does, and which programs it runs itself, `allow` does not limit.
 * - An exit code that is not 0 is a result and no error. The future fails when the program can't be
 *   started, overruns its `deadline`, or when its input fails.
 * - A program ends when its future is cancelled, its `signal` aborted or its `deadline` over: by SIGTERM,
 *   and two seconds later by SIGKILL. The future is done at once; the program holds its slot until it
 *   is gone, and is always reaped. Its own children are not touched.
 * - A program that ends by itself is done when its output has come to its end, as in a shell's
 *   pipeline: children of its own that still hold the output are waited for, unless the future is
 *   cancelled or past its deadline.
 * - The output is kept in memory whole, `stdout` and `stderr` apart.
 * - A busy executor keeps the program alive, an idle one does not. An uncaught error and `Deno.exit()`
 *   kill what runs; when this program itself is killed, what runs lives on.
 *
 * It is no `Executor`, since it runs programs and not functions. It needs `--allow-run` for each program
 * of `allow`, and nothing else. Python has nothing like it but `subprocess.run` in a thread pool.
 *
 * @example
 * ```ts
 * import { CommandExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new CommandExecutor({ allow: ["sort", "sh"], max_workers: 2 });
 * const sorted = executor.submit("sort", ["-n"], { stdin: "10\n9\n" });
 * const failed = executor.submit("sh", ["-c", "echo no >&2; exit 3"]);
 * assertEquals((await sorted).stdout, "9\n10\n");
 * assertEquals(await failed, { code: 3, signal: null, stdout: "", stderr: "no\n" });
 * ```
 */
export class CommandExecutor implements AsyncDisposable, Disposable {
  readonly #allow: ReadonlySet<string>;
  readonly #options: CommandExecutorOptions;
  readonly #runner: CommandRunner;

  /**
   * Makes the executor; starts nothing.
   *
   * @param options `allow`, and what else shall not be as usual.
   * @throws {ValueError} When an option is out of range.
   * @throws {TypeError} When `allow` is missing, or an option is of the wrong type or unknown.
   * @throws {Deno.errors.NotCapable} When Deno does not let this program run one that `allow` names. Of a
   * relative path, or with a `PATH` in `env`, that shows only when it is run.
   */
  constructor(options: CommandExecutorOptions) {
    this.#options = executorOptions(options);
    this.#allow = new Set(this.#options.allow);
    checkMayRun("make a CommandExecutor", this.#allow, this.#options.env ?? {});
    this.#runner = new CommandRunner(this.#options.max_workers ?? navigator.hardwareConcurrency);
  }

  /**
   * Has a program run.
   *
   * @param command Its name or path, as `allow` has it.
   * @param args Its arguments; default none. They reach it as they are.
   * @param options What it reads, where and how long it runs, and what form its output shall have.
   * @returns The future of how it ended. It fails with `Deno.errors.NotFound` when there is no such program
   * or working directory, `Deno.errors.PermissionDenied` or `Deno.errors.NotCapable` when the system or
   * Deno does not let it run, `TimeoutError` past its deadline, `CancelledError` when it was cancelled,
   * and with the error of its `stdin`.
   * @throws {Deno.errors.NotCapable} When `allow` does not name the program.
   * @throws {ValueError} When an option is out of range, or a text has a NUL character.
   * @throws {TypeError} When an argument or option is of the wrong type or unknown.
   * @throws {RuntimeError} When the executor was shut down.
   */
  submit<E extends CommandEncoding = "text">(
    command: string,
    args: readonly string[] = [],
    options: CommandOptions<E> = {},
  ): Future<CommandResult<E>> {
    const own = commandCall(command, args, options);
    if (!this.#allow.has(command)) throw this.#notAllowed(command);
    if (this.#runner.closed) {
      throw new RuntimeError(`Cannot run ${command}: the executor was shut down`);
    }
    const { stdin, cwd, env, signal, deadline, encoding } = own.options;
    const task = new CommandTask(this.#runner, {
      call: {
        command,
        args: own.args,
        cwd: cwd ?? this.#options.cwd,
        env: { ...this.#options.env, ...env },
        clearEnv: this.#options.clearEnv ?? false,
        input: stdin === undefined || stdin === null ? undefined : new ProgramInput(command, stdin),
      },
      encoding: encoding ?? "text",
      deadline: deadline === Infinity ? undefined : deadline,
      signal: signal && groupOf(signal),
      origin: this.#runner.origins.take(command, this.submit),
    });
    this.#runner.submit(task);
    return task as Future<unknown> as Future<CommandResult<E>>;
  }

  /**
   * Takes no more commands, and waits for those that it has.
   *
   * @param options `wait` (default `true`): resolve only when all futures are done and all programs
   * gone, those that are being ended included; `cancel_futures` (default `false`): cancel what has not
   * begun.
   * @returns When the shutdown is complete; at once without `wait`.
   * @throws {TypeError} When an option is of the wrong type or unknown.
   */
  shutdown(
    options: { wait?: boolean | undefined; cancel_futures?: boolean | undefined } = {},
  ): Promise<void> {
    checkShutdownOptions(options);
    return this.#runner.shutdown(options.wait ?? true, options.cancel_futures ?? false);
  }

  /** `shutdown({ wait: true })`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown({ wait: true });
  }

  /** `shutdown({ wait: false })`. */
  [Symbol.dispose](): void {
    this.shutdown({ wait: false });
  }

  /**
   * What the executor is doing and has done. Always counted; asking costs microseconds.
   *
   * @returns Counts of commands, whatever their exit codes, and the times that they waited and ran, in
   * milliseconds.
   */
  stats(): CommandStats {
    const { queued, running, books } = this.#runner;
    return { queued, running, ...books.stats() };
  }

  #notAllowed(command: string): Error {
    const names = [...this.#allow].map((name) => JSON.stringify(name)).join(", ");
    return new Deno.errors.NotCapable(
      `Cannot run ${command}: the executor's allow does not name it: ${
        names || "nothing"
      } is allowed`,
    );
  }
}

function groupOf(signal: AbortSignal): SignalGroup<CommandTask> {
  let group = groups.get(signal);
  if (group === undefined) groups.set(signal, group = signalGroup<CommandTask>(signal));
  return group;
}
