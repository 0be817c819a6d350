/**
 * A command on its way through its executor: the future that the user holds, and what is run for it.
 */

import type { Program, ProgramCall } from "../ipc/programs/_program.ts";
import type { CommandEncoding, CommandResult } from "./command.ts";
import { cancelBecause, Future, passForPromise } from "./future.ts";
import type { Origin } from "./_origin.ts";
import type { SignalGroup } from "./_signal_group.ts";

/** What was asked for. */
export interface CommandOrder {
  readonly call: ProgramCall;
  readonly encoding: CommandEncoding;
  /** Longest run time in milliseconds. */
  readonly deadline: number | undefined;
  readonly signal: SignalGroup<CommandTask> | undefined;
  readonly origin: Origin;
}

/** Who keeps track of commands. */
export interface CommandOwner {
  /** Called once a command, after it got its outcome from whomever, before its callbacks run. */
  settled(task: CommandTask): void;
}

/** See the head of the file. */
export class CommandTask extends Future<CommandResult<CommandEncoding>> {
  readonly order: CommandOrder;
  readonly #owner: CommandOwner;
  /** Whether it stands in the queue; the queue writes this. */
  queued = false;
  /** Set from its start until nothing of it is left. */
  program: Program | undefined = undefined;
  /** Stops the deadline's clock. */
  stopClock: (() => void) | undefined = undefined;

  constructor(owner: CommandOwner, order: CommandOrder) {
    super();
    this.#owner = owner;
    this.order = order;
  }

  static {
    passForPromise(CommandTask);
  }

  /** A program can be ended, so that this succeeds unless there is an outcome. */
  override cancel(): boolean {
    return super.cancel() || cancelBecause(this, undefined);
  }

  override running(): boolean {
    return !this.done() && this.program !== undefined;
  }

  protected override onSettled(): void {
    this.#owner.settled(this);
  }
}
