/**
 * Which command runs when.
 *
 * ```
 * submit ─► Fifo ─► flush, once a microtask ─► Program, at most `maxWorkers` ─► over ─► flush
 * ```
 *
 * A slot is held by a program, not by a future: one whose future is settled (cancelled, aborted, past
 * its deadline) is told to end, and holds its slot until it is gone. Programs start in a microtask of
 * their own, so that no callback of the user's runs inside `submit`.
 *
 * Whatever waits in the queue, there is a flush to come or a program that runs. Programs keep Deno's
 * event loop alive, so the queue needs no timer to do it.
 */

import { appendFrames } from "../ipc/values/_error_codec.ts";
import { Program, type ProgramEnd } from "../ipc/programs/_program.ts";
import { startError } from "../ipc/programs/_program_errors.ts";
import { after } from "../sync/_deadline.ts";
import { RuntimeError, TimeoutError } from "../sync/errors.ts";
import { Books } from "./_books.ts";
import type { CommandOwner, CommandTask } from "./_command_task.ts";
import { Fifo } from "./_fifo.ts";
import { outcomeOf } from "./future.ts";
import { type Origin, Origins, stackOf } from "./_origin.ts";

/**
 * Milliseconds after which the event loop has a turn between starts, each of which blocks it: there may
 * be very many slots, or commands that fail at once and take none.
 */
const LONGEST_FLUSH = 20;

/** See the head of the file. */
export class CommandRunner implements CommandOwner {
  readonly books = new Books();
  readonly origins = new Origins();
  readonly #maxWorkers: number;
  readonly #queue = new Fifo<CommandTask>();
  /** Programs that are not over. */
  #programs = 0;
  /** Futures without an outcome. */
  #pending = 0;
  #flushScheduled = false;
  #closed = false;
  readonly #idleWaiters: (() => void)[] = [];

  constructor(maxWorkers: number) {
    this.#maxWorkers = maxWorkers;
  }

  /** Whether `shutdown` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Commands that have not begun. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Programs that are not over, those that are being ended included. */
  get running(): number {
    return this.#programs;
  }

  /** Takes a command on. */
  submit(task: CommandTask): void {
    this.#pending++;
    this.#queue.push(task);
    task.order.signal?.add(task);
    this.#scheduleFlush();
  }

  /** Takes no more commands; `wait` for those that it has, and until their programs are gone. */
  async shutdown(wait: boolean, cancelFutures: boolean): Promise<void> {
    this.#closed = true;
    if (cancelFutures) { for (const task of this.#queue.drain()) task.cancel(); }
    if (!wait || this.#isIdle()) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  settled(task: CommandTask): void {
    const { order: { call, signal }, program } = task;
    this.#pending--;
    this.books.settled(task);
    if (task.queued) this.#queue.settled();
    signal?.delete(task);
    task.stopClock?.();
    // These may run code of the user's: the source of the input learns that it is not wanted.
    if (program !== undefined) program.end(errorOf(task));
    else if (call.input !== undefined) call.input.cancel(errorOf(task));
    this.#tellIdle();
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushScheduled = false;
    this.origins.endTurn();
    const end = performance.now() + LONGEST_FLUSH;
    while (this.#programs < this.#maxWorkers) {
      const task = this.#queue.take();
      if (task === undefined) return;
      this.#start(task);
      if (performance.now() > end && this.#queue.size > 0) {
        this.#flushScheduled = true;
        return void setTimeout(this.#flush);
      }
    }
  };

  #start(task: CommandTask): void {
    const { call, deadline, origin } = task.order;
    let program: Program;
    try {
      program = new Program(call);
    } catch (cause) {
      return task.set_exception(placed(startError(call, cause), origin));
    }
    this.#programs++;
    task.program = program;
    const started = performance.now();
    if (deadline !== undefined) task.stopClock = after(deadline, () => overdue(task, deadline));
    program.over.then(
      (end) => this.#over(task, started, () => succeed(task, end)),
      (cause) => this.#over(task, started, () => task.set_exception(unkept(task, cause))),
    );
    program.feed((error) => task.set_exception(error));
  }

  #over(task: CommandTask, started: number, settle: () => void): void {
    this.#programs--;
    // Who keeps the future shall not keep the bytes of its output beside the text.
    task.program = undefined;
    this.books.ran(started - task.order.origin.time, performance.now() - started);
    this.#scheduleFlush();
    if (task.done()) this.#tellIdle();
    else settle();
  }

  #isIdle(): boolean {
    return this.#pending === 0 && this.#programs === 0;
  }

  #tellIdle(): void {
    if (!this.#isIdle()) return;
    for (const idle of this.#idleWaiters.splice(0)) idle();
  }
}

/** What a future that is done has failed with, if it has. */
function errorOf(task: CommandTask): unknown {
  const outcome = outcomeOf(task);
  return "error" in outcome ? outcome.error : undefined;
}

function overdue(task: CommandTask, deadline: number): void {
  const { call: { command }, origin } = task.order;
  const error = new TimeoutError(
    `Cannot finish ${command}: it ran longer than its deadline of ${deadline} ms`,
  );
  task.set_exception(placed(error, origin));
}

/** Has the error's stack show who submitted the command: nothing else of it says anything. */
function placed<E extends Error>(error: E, { caller }: Origin): E {
  const frames = stackOf(caller);
  if (frames === undefined) return error;
  error.stack = String(error);
  appendFrames(error, frames);
  return error;
}

function succeed(task: CommandTask, { code, signal, stdout, stderr }: ProgramEnd): void {
  let outputs;
  try {
    outputs = task.order.encoding === "bytes"
      ? { stdout, stderr }
      : { stdout: decode(stdout), stderr: decode(stderr) };
  } catch (cause) {
    return task.set_exception(unkept(task, cause));
  }
  task.set_result({ code, signal, ...outputs });
}

/** The error of a program that wrote more than a string or an array can hold. */
function unkept({ order: { call: { command }, origin } }: CommandTask, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  const what = `Cannot finish ${command}: its output can't be read or kept: ${why}`;
  return placed(new RuntimeError(what, { cause }), origin);
}

/** A byte order mark stays: it is part of the output. */
function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
