/**
 * Tests of everything by which a task can harm itself or its process: what its own future gets, that the
 * others come to a true end, and that the pool is whole again afterwards. Both ways to a child are gone:
 * the socket, and the pipes of a child that must not connect.
 *
 * Names with D and a number are those of CPython's `test_deadlock.py` and `test_process_pool.py`. What
 * of them has no test here:
 *
 * - D04, D05, D08 as segmentation faults: JavaScript has none; SIGKILL and SIGABRT stand for them.
 * - D02, D03 while unpickling: structured clone runs no code of the user's when it reads. Loading the
 *   task's module is the step that does.
 * - D20, D21: there is no feeder thread, and `sysconf` is not used.
 */

import { assert, assertEquals } from "@std/assert";
import {
  BrokenProcessPool,
  type ProcessPoolExecutor,
  type ProcessPoolOptions,
  TimeoutError,
} from "../../mod.ts";
import { FrameError } from "../../ipc/bytes/_frame_error.ts";
import { CapturedErrors } from "../support/captured_errors.ts";
import { noZombies } from "../support/processes.ts";
import type { Deed } from "./process_crash_tasks.ts";
import { HANG, outcome, until, within } from "../support/hang_guards.ts";
import {
  checkFailure,
  commonCrashes,
  type Crash,
  Deaths,
  type Failure,
  inModule,
  RUN,
} from "../suites/crash_suite.ts";
import {
  Folder,
  type Make,
  marked,
  meetAll,
  PERFORM,
  poolBy,
  warmUp,
  type Way,
} from "./process_pools.ts";

// ---- The table

interface ProcessCrash extends Crash<ProcessPoolExecutor, string> {
  /** Whether it dies so suddenly that others that it had been sent are lost with it. */
  readonly suddenly?: boolean;
  readonly options?: ProcessPoolOptions;
  /** The only way that it can be done. */
  readonly way?: Way;
}

function performing(deed: Deed): ProcessCrash["submit"] {
  return (executor, counts, index) => executor.submit(PERFORM, counts, index, deed);
}

const WORKER = "worker ProcessPoolExecutor-\\d+_\\d+ \\(process \\d+\\)";
const DEATHS = new Deaths(BrokenProcessPool, WORKER);

/** It said nothing. */
function killed(how: string, note = ""): Failure {
  return {
    type: BrokenProcessPool,
    name: "BrokenProcessPool",
    message: new RegExp(
      `^Cannot finish \\w+: ${WORKER} ${how} while it had the task, which may have run${note}$`,
    ),
  };
}

function sentNonsense(type: abstract new (...args: never[]) => unknown, message: RegExp): Failure {
  return { ...killed("sent what is no message of Herd's"), cause: { type, message } };
}

const CRASHES: readonly ProcessCrash[] = [
  ...commonCrashes(performing, DEATHS),
  {
    stage: "loading the module",
    what: "D02: it calls self.close after a while",
    submit: inModule(`setTimeout(() => self.close()); await new Promise(() => {}); ${RUN}`),
    ends: DEATHS.diedLoading("called self\\.close\\(\\)"),
    dies: true,
  },
  {
    stage: "loading the module",
    what: "D04: it kills its process",
    submit: inModule(`Deno.kill(Deno.pid, "SIGKILL"); await new Promise(() => {}); ${RUN}`),
    ends: killed("was killed by SIGKILL"),
    dies: true,
    suddenly: true,
  },
  {
    stage: "in the run",
    what: "Deno.exit(3) with standard error full",
    submit: performing("Deno.exit, with much to say"),
    ends: {
      ...DEATHS.died(""),
      message: new RegExp(
        `^Cannot finish perform: ${WORKER} called Deno\\.exit\\(3\\) while it had the task; ` +
          `its last lines on standard error:\n(x+\n)*x+$`,
      ),
    },
    dies: true,
  },
  {
    stage: "in the run",
    what: "last lines, then Deno.exit(3)",
    submit: performing("write to standard error and exit"),
    ends: {
      ...DEATHS.died(""),
      message: new RegExp(
        `^Cannot finish perform: ${WORKER} called Deno\\.exit\\(3\\) while it had the task; ` +
          `its last lines on standard error:\n${
            Array.from({ length: 10 }, (_, i) => `line ${i + 11}`).join("\n")
          }$`,
      ),
    },
    dies: true,
  },
  {
    stage: "in the run",
    what: "D05: process.abort()",
    submit: performing("process.abort"),
    ends: killed("was killed by SIGABRT"),
    dies: true,
    suddenly: true,
  },
  {
    stage: "in the run",
    what: "D05: SIGKILL from within",
    submit: performing("SIGKILL"),
    ends: killed("was killed by SIGKILL"),
    dies: true,
    suddenly: true,
  },
  {
    stage: "in the run",
    what: "SIGTERM from within",
    submit: performing("SIGTERM"),
    ends: killed("was killed by SIGTERM"),
    dies: true,
    suddenly: true,
  },
  {
    stage: "in the run",
    what: "SIGINT, which is for the program to decide about",
    submit: performing("SIGINT"),
    ends: "returns its index",
    dies: false,
  },
  {
    stage: "in the run",
    what: "out of memory",
    submit: performing("run out of memory"),
    ends: killed(
      "ran out of memory \\(SIG\\w+\\): its heap outgrew its memoryLimit of 32 MB",
      "; its last lines on standard error:\n[^]*JavaScript out of memory[^]*",
    ),
    dies: true,
    suddenly: true,
    options: { memoryLimit: 32 },
  },
  {
    stage: "in the run",
    what: "an endless loop with a deadline",
    submit: (executor, counts, index) =>
      executor.options({ deadline: 100 }).submit(PERFORM, counts, index, "spin"),
    ends: {
      type: TimeoutError,
      message: /^Cannot finish perform: it ran longer than its deadline of 100 ms$/,
    },
    dies: true,
  },
  {
    stage: "in the run",
    what: "SIGSTOP with a deadline",
    submit: (executor, counts, index) =>
      executor.options({ deadline: 100 }).submit(PERFORM, counts, index, "stop"),
    ends: {
      type: TimeoutError,
      message: /^Cannot finish perform: it ran longer than its deadline of 100 ms$/,
    },
    dies: true,
  },
  {
    stage: "on the channel",
    what: "garbage in a frame",
    submit: performing("send garbage"),
    ends: sentNonsense(FrameError, /./),
    dies: true,
    suddenly: true,
    way: "pipes",
  },
  {
    stage: "on the channel",
    what: "a message of an unknown kind",
    submit: performing("send an unknown kind"),
    ends: sentNonsense(TypeError, /^Cannot use a message from a worker: it is of no known kind/),
    dies: true,
    suddenly: true,
    way: "pipes",
  },
  {
    stage: "on the channel",
    what: "answers of a false shape",
    submit: performing("send a false shape"),
    ends: sentNonsense(TypeError, /./),
    dies: true,
    suddenly: true,
    way: "pipes",
  },
  {
    stage: "on the channel",
    what: "a frame over the limit",
    submit: performing("send a frame over the limit"),
    ends: sentNonsense(
      FrameError,
      /^Cannot read a frame: its message is too long: 4294967295 bytes/,
    ),
    dies: true,
    suddenly: true,
  },
  {
    stage: "on the channel",
    what: "half a frame, and SIGKILL",
    submit: performing("send half a frame and be killed"),
    ends: killed("was killed by SIGKILL"),
    dies: true,
    suddenly: true,
  },
  {
    stage: "on the channel",
    what: "answers for tasks that do not exist",
    submit: performing("answer for others"),
    ends: "returns its index",
    dies: false,
    way: "pipes",
  },
  {
    stage: "encoding the result",
    what: "D08: a getter kills its process",
    submit: performing("return a killing getter"),
    ends: killed("was killed by SIGKILL"),
    dies: true,
    suddenly: true,
  },
  {
    stage: "after the result",
    what: "SIGKILL in a timer",
    submit: performing("return, then be killed"),
    ends: "returns its index",
    dies: true,
    suddenly: true,
  },
];

/** Neighbours before and after the task that fails. */
const BESIDE = 30;

for (const crash of CRASHES) {
  for (const way of ["socket", "pipes"] as const) {
    if (crash.way !== undefined && crash.way !== way) continue;
    Deno.test(`Crash ${crash.stage}: ${crash.what} (${way})`, () => checkCrash(crash, poolBy(way)));
  }
}

async function checkCrash(crash: ProcessCrash, make: Make): Promise<void> {
  const { submit, ends, dies, suddenly, options } = crash;
  using folder = new Folder();
  using _errors = new CapturedErrors();
  await using executor = make(options);
  await within(executor.ready(), "ready()");
  const before = await meetAll(executor, 2);
  assertEquals(before.size, 2);
  const warmUps = await warmUp(executor);

  const beside = (first: number) =>
    Array.from(
      { length: BESIDE },
      (_, i) => executor.submit(PERFORM, folder.path, first + i, "return"),
    );
  const early = beside(0);
  const culprit = submit(executor, folder.path, BESIDE);
  const late = beside(BESIDE + 1);

  if (ends === "returns its index") assertEquals(await culprit.result(HANG), BESIDE);
  else await checkFailure(culprit, ends);
  const cause = ends === "returns its index" ? undefined : ends.cause;
  let lost = 0;
  for (const [i, future] of [...early, culprit, ...late].entries()) {
    const error = i === BESIDE ? null : await outcome(future);
    const runs = folder.runs(i);
    if (i === BESIDE) assert(runs <= 1, `it ran ${runs} times itself`);
    else if (suddenly && error !== null) {
      await checkFailure(future, { ...killed("(was killed|ran out|sent what).*", "[^]*"), cause });
      assert(runs <= 1, `neighbour ${i} ran ${runs} times`);
      lost++;
    } else {
      assertEquals([await future, runs], [i, 1], `neighbour ${i}`);
    }
  }

  if (dies) await until(() => isNoticed(executor, before), "the death is noticed");
  const after = await meetAll(executor, 2);
  const meetings = 2;
  assertEquals(after.size, 2);
  if (dies) assert(after.intersection(before).size < 2, "no process was replaced");
  else assertEquals(after, before, "a process was replaced");

  const isQuiet = ({ idle, running } = executor.stats()) => idle === 2 && running === 0;
  await until(isQuiet, "both workers are idle, and nothing else is left");
  const failed = lost + (ends === "returns its index" ? 0 : 1);
  const stats = executor.stats();
  assertEquals([stats.workers, stats.queued, stats.running, stats.cancelled], [2, 0, 0, 0]);
  assertEquals(stats.failed, failed);
  assertEquals(stats.finished, warmUps + 2 * BESIDE + 1 - failed + 2 * meetings);
}

/** Whether one of the processes is gone, and the pool has no more workers than there are processes. */
function isNoticed(executor: ProcessPoolExecutor, before: Set<number>): boolean {
  const alive = new Set(marked.alive().map(({ pid }) => pid));
  return !before.isSubsetOf(alive) && executor.stats().workers === alive.size;
}

Deno.test("No process of these tests is left, nor a zombie", async () => {
  await marked.gone();
  await noZombies();
});
