/**
 * One run of an external program, from its start until nothing of it is left.
 *
 * Guarantees: the program is reaped, whatever happens. One that is told to end is gone after
 * {@linkcode TERMINATION_GRACE} at the latest, unless the system does not let this process signal it.
 *
 * | state    | the program                                                                         |
 * | -------- | ----------------------------------------------------------------------------------- |
 * | running  | lives, or has exited while children of its own still hold its output open           |
 * | ending   | was told to end: SIGTERM, then SIGKILL. Its output is read and thrown away          |
 * | over     | is reaped, and its pipes are closed                                                 |
 *
 * running → ending: {@linkcode Program.end}. running, ending → over: the program has exited, and
 *
 * - running: its output has come to its end, as in a shell's pipeline. Children of the program that
 *   inherited its output are waited for, and may read what is left of the input;
 * - ending: nothing else. Nobody wants the output, and children that hold it may live for ever.
 *
 * Only the program itself is signalled, not its children: Deno lets no process signal a group without
 * permission to run everything.
 */

import { CancelledError } from "../../sync/errors.ts";
import { kill, killAtExit } from "./_kill_at_exit.ts";
import type { ProgramInput } from "./_program_input.ts";
import { ProgramOutput } from "./_program_output.ts";

/**
 * Milliseconds from SIGTERM to SIGKILL. Larger: a program that ignores SIGTERM holds its slot, and a
 * shutdown, for longer. Smaller: programs are killed while they tidy up.
 */
export const TERMINATION_GRACE = 2000;

/**
 * Milliseconds for a write to a program that is gone to fail. It does at once, unless a child of the
 * program holds the other end and does not read: such a write can't be called back, and is left behind.
 */
const WRITE_GRACE = 100;

/** What is run, and how. */
export interface ProgramCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string | URL | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly clearEnv: boolean;
  /** Nothing to read when left out. */
  readonly input: ProgramInput | undefined;
}

/** How a program ended, and what it wrote. */
export interface ProgramEnd {
  /** 128 and the number of the signal where a signal ended it. */
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: Uint8Array<ArrayBuffer>;
  readonly stderr: Uint8Array<ArrayBuffer>;
}

/** See the head of the file. */
export class Program {
  /** Resolves when the program is over; rejects, then too, when its output could not be kept. */
  readonly over: Promise<ProgramEnd>;
  readonly #child: Deno.ChildProcess;
  readonly #call: ProgramCall;
  readonly #stdout: ProgramOutput;
  readonly #stderr: ProgramOutput;
  #feeding: Promise<void> | undefined = undefined;
  #state: "running" | "ending" | "over" = "running";
  #hasExited = false;
  #killTimer: ReturnType<typeof setTimeout> | undefined = undefined;

  /** Starts the program; throws what Deno throws when it can't be started. */
  constructor(call: ProgramCall) {
    this.#call = call;
    this.#child = new Deno.Command(call.command, {
      args: [...call.args],
      ...(call.cwd === undefined ? {} : { cwd: call.cwd }),
      env: call.env,
      clearEnv: call.clearEnv,
      stdin: call.input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdout = new ProgramOutput(this.#child.stdout);
    this.#stderr = new ProgramOutput(this.#child.stderr);
    for (const { ended } of [this.#stdout, this.#stderr]) {
      // Without a reader the program would wait for ever.
      ended.catch((error) => this.end(error));
    }
    this.over = this.#follow();
  }

  /** Gives the program its input, if it has any; `onBadInput` is told what is wrong with that. */
  feed(onBadInput: (error: unknown) => void): void {
    this.#feeding = this.#call.input?.feed(this.#child.stdin).catch((error) => {
      if (this.#state === "running") onBadInput(error);
    });
  }

  /** Has the program end; `reason` is for the source of its input. */
  end(reason: unknown): void {
    if (this.#state !== "running") return;
    this.#state = "ending";
    if (this.#hasExited) this.#giveUpOutput();
    else {
      this.#stdout.discard();
      this.#stderr.discard();
      kill(this.#child, "SIGTERM");
      this.#killTimer = setTimeout(() => kill(this.#child, "SIGKILL"), TERMINATION_GRACE);
    }
    // Last, because it runs code of the user's, which may do anything.
    this.#call.input?.cancel(reason);
  }

  async #follow(): Promise<ProgramEnd> {
    const release = killAtExit(this.#child);
    const { code, signal } = await this.#child.status;
    this.#hasExited = true;
    release();
    clearTimeout(this.#killTimer);
    if (this.#state === "ending") this.#giveUpOutput();
    const read = await Promise.allSettled([this.#stdout.ended, this.#stderr.ended]);
    await this.#closeInput();
    this.#state = "over";
    for (const output of read) if (output.status === "rejected") throw output.reason;
    return { code, signal, stdout: this.#stdout.take(), stderr: this.#stderr.take() };
  }

  #giveUpOutput(): void {
    this.#stdout.giveUp();
    this.#stderr.giveUp();
  }

  async #closeInput(): Promise<void> {
    const { input, command } = this.#call;
    if (input === undefined) return;
    input.cancel(new CancelledError(`Cannot feed ${command}: it has ended`));
    let timer;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, WRITE_GRACE));
    await Promise.race([Promise.all([this.#feeding, input.close()]), late]);
    clearTimeout(timer);
  }
}
