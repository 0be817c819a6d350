/**
 * A call on its way through an executor: the future that the user holds, and what the scheduler needs.
 */

import type { Call } from "../ipc/callable.ts";
import { Future, passForPromise } from "./future.ts";
import type { Origin } from "./_origin.ts";
import type { SignalGroup } from "./_signal_group.ts";

/** What a submitter's options say of all of its tasks. */
export interface TaskSettings {
  readonly priority: number;
  /** Longest run time in milliseconds. */
  readonly deadline: number | undefined;
  readonly transfer: readonly Transferable[];
  /** Cancels the tasks of one signal. */
  readonly signal: SignalGroup<Task> | undefined;
  /** Whether every row of a chunk is called, also those after one that fails. */
  readonly everyRow?: true;
}

/** Who keeps the books on tasks. */
export interface TaskOwner {
  /** Called once a task, after it got its outcome from whomever, before its callbacks run. */
  settled(task: Task): void;
}

/** Who has been sent a task. */
export interface TaskHolder {
  /** Takes the task back, which is then `true`; one that has begun is asked to stop instead. */
  revokeOrStop(task: Task): boolean;
  /** Whether the task has begun. */
  isRunning(task: Task): boolean;
  /** One of its tasks got its outcome. */
  settled(): void;
}

/** How many rows a chunk has; 0 for a single call. */
export type Rows = number;

/** See the head of the file. */
export class Task<T = unknown> extends Future<T> {
  readonly call: Call;
  readonly settings: TaskSettings;
  readonly rows: Rows;
  /** Counts an executor's tasks, in the order of their submission. */
  readonly order: number;
  readonly origin: Origin;
  readonly #owner: TaskOwner;
  /** Arguments, or a chunk's columns; let go when the task is settled. */
  args: readonly unknown[];
  /** Whether it stands in the queue; the queue writes this. */
  queued = false;
  /** Who has been sent the task, until the answer. */
  worker: TaskHolder | undefined = undefined;
  /** The task's slot there. */
  slot = -1;
  /** How many workers died with the task before they began it. */
  lostStarts = 0;
  /** Something of its arguments is with a worker for good: it can't be sent again. */
  moved = false;

  constructor(
    owner: TaskOwner,
    call: Call,
    args: readonly unknown[],
    rows: Rows,
    settings: TaskSettings,
    order: number,
    origin: Origin,
  ) {
    super();
    this.#owner = owner;
    this.call = call;
    this.args = args;
    this.rows = rows;
    this.settings = settings;
    this.order = order;
    this.origin = origin;
  }

  static {
    passForPromise(Task);
  }

  override cancel(): boolean {
    if (!this.done() && this.worker?.revokeOrStop(this) === false) return false;
    return super.cancel();
  }

  override running(): boolean {
    return !this.done() && this.worker !== undefined && this.worker.isRunning(this);
  }

  protected override onSettled(): void {
    this.#owner.settled(this);
    this.args = NONE;
  }
}

const NONE: readonly unknown[] = [];
