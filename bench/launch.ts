/** Starting one child on one runtime, with a time limit. */
import { type Answer, type Job, MARK, type Outcome } from "./job.ts";

/** How a runtime's child is started; the job follows as the last argument. */
export interface Launcher {
  readonly command: string;
  readonly args: readonly string[];
}

/** Deno's child: this version of Deno, without touching the lock file. */
export const denoLauncher: Launcher = {
  command: Deno.execPath(),
  args: [
    "run",
    "-A",
    "--quiet",
    "--no-lock",
    "--v8-flags=--expose-gc",
    new URL("./child.ts", import.meta.url).href,
  ],
};

/** The output of `command --version`, or undefined where it is not installed. */
export async function versionOf(command: string): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args: ["--version"] }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

/** Every contender of the job has failed for the same reason. */
function failure(job: Job, reason: string): Answer {
  const outcome: Outcome = { samples: {}, notes: [], settings: "", failed: reason };
  return Object.fromEntries(job.contenders.map((name) => [name, outcome]));
}

/** Ends the child and whatever it has started: it leads a process group of its own. */
function kill(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself in this very moment.
  }
}

/** Runs one job to its end or its time limit; failures are answers too. */
export async function launch({ command, args }: Launcher, job: Job): Promise<Answer> {
  const child = new Deno.Command(command, {
    args: [...args, JSON.stringify(job)],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill(child.pid);
  }, job.limit);
  const interrupted = () => {
    kill(child.pid);
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", interrupted);
  const { code, stdout, stderr } = await child.output();
  Deno.removeSignalListener("SIGINT", interrupted);
  clearTimeout(timer);
  // A child that ended may have left workers behind that are processes.
  kill(child.pid);
  if (late) return failure(job, `no answer within ${job.limit / 1000} s`);
  const line = new TextDecoder().decode(stdout).split("\n").findLast((l) => l.startsWith(MARK));
  if (line !== undefined) return JSON.parse(line.slice(MARK.length));
  const told = new TextDecoder().decode(stderr).trim().split("\n").slice(-3).join(" ");
  return failure(job, `exit code ${code}: ${told}`);
}
