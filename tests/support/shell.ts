/** What tests of external programs have in common: a folder by which programs and test can meet. */

import { CommandExecutor, type CommandExecutorOptions } from "../../mod.ts";
import { until } from "../suites/executor_tasks.ts";

/** Milliseconds after which a wait is a hang. */
export const HANG = 30_000;

/** Whether there is a process of that number; one that has ended and is not reaped counts. */
export function exists(pid: number): boolean {
  try {
    // Ignored by whoever does not ask for it, and wakes nobody who was stopped.
    Deno.kill(pid, "SIGURG");
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Resolves when the process has ended and is reaped. */
export function gone(pid: number): Promise<void> {
  return until(() => !exists(pid), `process ${pid} to be gone`);
}

/** An executor that may run a shell, and some small programs. */
export function shells(options: Partial<CommandExecutorOptions> = {}): CommandExecutor {
  return new CommandExecutor({
    allow: ["sh", "cat", "true", "sleep", "/nowhere/at/all"],
    ...options,
  });
}

/**
 * A folder of its own for one test, whose path scripts get as `$0`. Made after the test's executor, it is
 * removed before that waits for its programs, which ends every {@linkcode WAIT}: a test that fails does
 * not hang.
 */
export class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "herd_commands_" });

  /** Arguments for `sh`: a script, and the folder. */
  script(text: string): [string, string, string] {
    return ["-c", text, this.path];
  }

  /** Whether there is a file of that name. */
  has(name: string): boolean {
    return this.read(name) !== undefined;
  }

  /** What is in a file. */
  read(name: string): string | undefined {
    try {
      return Deno.readTextFileSync(`${this.path}/${name}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Resolves when the file has a whole line. */
  async line(name: string): Promise<string> {
    await until(() => this.read(name)?.endsWith("\n") ?? false, `a line in ${name}`);
    return this.read(name)!.trimEnd();
  }

  /** The process number that a script has left in a file. */
  async pid(name = "pid"): Promise<number> {
    return Number(await this.line(name));
  }

  /** Ends every {@linkcode WAIT}. */
  open(): void {
    Deno.writeTextFileSync(`${this.path}/open`, "");
  }

  [Symbol.dispose](): void {
    for (let attempt = 1;; attempt++) {
      try {
        return Deno.removeSync(this.path, { recursive: true });
      } catch (error) {
        // A script has put a file into it just then.
        if (attempt === 100) throw error;
      }
    }
  }
}

/** Script: leaves the shell's process number in the file `pid`. */
export const LEAVE_PID = 'echo $$ > "$0/pid.new"; mv "$0/pid.new" "$0/pid"';

/** Script: waits until the test opens the folder, or is over. */
export const WAIT = 'while [ -e "$0" ] && [ ! -e "$0/open" ]; do sleep 0.02; done';
