/**
 * Programs of `command_exit_test.ts` and `command_permissions_test.ts`, by the name given as first
 * argument; the second is a folder, for those that need one. Each prints what it saw.
 */

import {
  CommandExecutor,
  type CommandOptions,
  type CommandResult,
  type Future,
} from "../../../mod.ts";
import { processes, type ProcessInfo } from "../../support/processes.ts";

const [name = "", folder = ""] = Deno.args;

function describe(error: unknown): string {
  const { name, message } = error as Error;
  const isNotCapable = error instanceof Deno.errors.NotCapable;
  return `${isNotCapable ? "NotCapable" : name}: ${message}`;
}

/** What a command wrote, or why it failed. */
async function outcome(future: Future<CommandResult>): Promise<void> {
  try {
    const { code, stdout } = await future;
    console.log(`${code}: ${stdout.trimEnd()}`);
  } catch (error) {
    console.log(describe(error));
  }
}

/** Makes an executor that allows `allow`, and has it run the last of these. */
async function attempt(
  allow: string[],
  options: CommandOptions = {},
  env: Record<string, string> = {},
): Promise<void> {
  try {
    await using executor = new CommandExecutor({ allow, env });
    await outcome(executor.submit(allow.at(-1)!, [], options));
  } catch (error) {
    console.log(`refused: ${describe(error)}`);
  }
}

/** Starts a shell script, and resolves when it has left its process number in the folder. */
async function start(
  executor: CommandExecutor,
  script: string,
  before = ":",
): Promise<{ future: Future<CommandResult> }> {
  const leavePid = 'echo $$ > "$0/pid.new"; mv "$0/pid.new" "$0/pid"';
  const future = executor.submit("sh", ["-c", `${before}; ${leavePid}; ${script}`, folder]);
  for (;;) {
    try {
      Deno.statSync(`${folder}/pid`);
      return { future };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

const shells = () => new CommandExecutor({ allow: ["sh", "cat", "true"], max_workers: 2 });

const IGNORE = `trap '' TERM; while [ -e "$0" ]; do sleep 0.05; done`;

/** This program's children, those included that have ended and are not reaped. */
function children(): ProcessInfo[] {
  return processes().filter(({ ppid }) => ppid === Deno.pid);
}

const programs: Record<string, () => unknown> = {
  // ---- Of command_exit_test.ts
  "never used"() {
    shells();
    Deno.exitCode = 5;
  },
  async "idle"() {
    await outcome(shells().submit("true"));
    Deno.exitCode = 5;
  },
  "busy, and not awaited"() {
    outcome(shells().submit("sh", ["-c", "sleep 0.2; echo done"]));
    Deno.exitCode = 5;
  },
  "queued, and not awaited"() {
    const executor = shells();
    for (let i = 0; i < 20; i++) outcome(executor.submit("sh", ["-c", "sleep 0.02; echo done"]));
  },
  "queued, and shutdown that does not wait"() {
    using executor = shells();
    for (let i = 0; i < 20; i++) outcome(executor.submit("sh", ["-c", "sleep 0.02; echo done"]));
  },
  async "a cancelled program that ignores SIGTERM, and nothing else to do"() {
    const { future } = await start(shells(), IGNORE);
    console.log(future.cancel());
  },
  async "a child that holds the output of a cancelled program"() {
    const { future } = await start(shells(), "wait", 'sleep 100 & echo $! > "$0/child"');
    console.log(future.cancel());
  },
  async "a child that holds the input of a program and does not read it"() {
    const executor = shells();
    const script = 'exec 3<&0; sleep 100 <&3 >/dev/null 2>&1 & echo $! > "$0/child"';
    const stdin = new Uint8Array(2 ** 22);
    await outcome(executor.submit("sh", ["-c", script, folder], { stdin }));
    await executor.shutdown();
    console.log("shut down");
    Deno.kill(Number(Deno.readTextFileSync(`${folder}/child`)), "SIGKILL");
  },
  async "Deno.exit(7)"() {
    await start(shells(), IGNORE);
    Deno.exit(7);
  },
  async "an uncaught error"() {
    await start(shells(), IGNORE);
    setTimeout(() => {
      throw new RangeError("thrown by main");
    });
  },
  async "an unhandled rejection"() {
    await start(shells(), IGNORE);
    Promise.reject(new RangeError("rejected by main"));
  },
  async "wait for a signal"() {
    await start(shells(), "exec sleep 100");
    console.log("now");
  },
  async "many commands, ended in many ways"() {
    const executor = new CommandExecutor({ allow: ["sh", "nowhere"], max_workers: 8 });
    const controller = new AbortController();
    const futures = Array.from({ length: 200 }, (_, i) => {
      const script = ["exit 1", "kill -9 $$", "sleep 0.01", "exec sleep 100"][i % 4]!;
      const options = [{ deadline: 5 }, { signal: controller.signal }][i % 2]!;
      if (i % 10 === 0) return executor.submit("nowhere");
      return executor.submit("sh", ["-c", script], options);
    });
    setTimeout(() => controller.abort(), 300);
    for (const [i, future] of futures.entries()) {
      if (i % 7 === 0) setTimeout(() => future.cancel(), i);
    }
    await Promise.allSettled(futures);
    await executor.shutdown();
    console.log(executor.stats().finished > 0, children());
  },

  // ---- Of command_permissions_test.ts
  "cat": () => attempt(["cat"], { stdin: "fed" }),
  "true and cat": () => attempt(["true", "cat"], { stdin: "fed" }),
  "a program that is not there": () => attempt(["herd-no-such-program"]),
  "a relative path": () => attempt(["./tool"], { cwd: folder }),
  "an absolute path": () => attempt([`${folder}/tool`]),
  "a PATH of its own": () => attempt(["tool"], {}, { PATH: `${folder}:/usr/bin:/bin` }),
  "cwd and env": () => attempt(["env"], { cwd: "/", env: { HERD_A: "1" } }),
  "LD_PRELOAD": () => attempt(["cat"], { env: { LD_PRELOAD: "nowhere.so" } }),
  async "revoked"() {
    await using executor = new CommandExecutor({ allow: ["cat"] });
    await outcome(executor.submit("cat", [], { stdin: "before" }));
    Deno.permissions.revokeSync({ name: "run", command: "cat" });
    await outcome(executor.submit("cat", [], { stdin: "after" }));
  },
};

await programs[name]!();
