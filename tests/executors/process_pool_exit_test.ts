/**
 * Tests of how programs with pools of processes end: each runs as a program of its own, must end with the
 * right code, with all that it should have done and without a word on standard error that it does not
 * owe, and leave neither a process nor a file behind, however it ends.
 *
 * S02, S06, S11 to S14 are those of CPython's `test_shutdown.py`.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Marked } from "../support/processes.ts";
import { type Ending, type RunOptions, runProgram } from "../support/program.ts";

const PROGRAMS = new URL("./programs/", import.meta.url).pathname;
const PROGRAM = "process_pools.ts";
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** Milliseconds that a left-behind child may live, and its children. */
const LONGEST_LIFE = 5000;

/** By which channel the program reaches its children. */
const WAYS: readonly [how: string, permissions: readonly string[]][] = [
  ["by a socket", ["-A"]],
  ["by pipes", ["--allow-run", "--allow-read", "--allow-env=TMPDIR"]],
];

/** Runs a program, and sees that nothing is left of it. */
async function run(
  args: string[],
  { program = PROGRAM, ...options }: RunOptions & { program?: string } = {},
): Promise<Ending> {
  const marked = new Marked();
  const folder = Deno.makeTempDirSync({ prefix: "herd-test-" });
  try {
    const env = { ...marked.env, TMPDIR: folder };
    const ending = await runProgram([PROGRAMS + program, ...args], { ...options, env });
    if (Deno.build.os === "linux") await marked.gone(LONGEST_LIFE);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [], "files are left");
    return ending;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const times = (count: number, line: string) => `${line}\n`.repeat(count);
const sorted = (text: string) => text.split("\n").sort();

// ---- Programs that end by themselves

const ENDINGS: readonly [program: string, code: number, stdout: string, stderr?: string][] = [
  ["never used", 5, ""],
  ["idle", 5, ""],
  ["idle, and something was written to standard error", 5, "", "e".repeat(100_000) + "\n"],
  ["ready is the last statement", 5, "ready\n"],
  ["ready is not awaited", 5, ""],
  ["busy", 5, "done: 200\n"],
  ["busy with an asynchronous task", 5, "done: finished\n"],
  ["queued", 0, times(20, "done: 1")],
  ["queued, and shutdown that does not wait", 0, times(20, "done: 1")],
  ["a runaway past its deadline", 5, "spins\ntrue\ndone: 1\n"],
  ["a runaway past its deadline, and await using", 5, "spins\ntrue\n"],
  ["an aborted task that goes on", 5, "failed: CancelledError\n"],
  ["half a map", 0, "1\n"],
  ["nested pools", 0, "4\n"],
  ["nested pools, forgotten", 0, "4\n"],
  ["dead workers", 0, "failed: BrokenProcessPool\ndone: 1\n"],
  ["a broken pool", 0, "BrokenProcessPool\n"],
  ["in a thread", 0, "4\n"],
  ["in a thread, forgotten, and it spins", 0, "left\n"],
  ["everything in order", 0, "4\n1 2 3\n"],
];

for (const [how, permissions] of WAYS) {
  for (const [program, code, stdout, stderr = ""] of ENDINGS) {
    Deno.test(`A program with processes ends by itself: ${program}, ${how}`, async () => {
      const ending = await run([program], { permissions });
      assertEquals(ending.stderr, stderr);
      assertEquals(ending.code, code);
      // Whether the task had begun to run when it was aborted is not certain.
      assertEquals(sorted(ending.stdout.replace("lingers\n", "")), sorted(stdout));
    });
  }
}

Deno.test("A folder for temporary files that can't hold a socket is no obstacle", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "herd-test-" });
  const long = `${folder}/${"x".repeat(120)}`;
  Deno.mkdirSync(long);
  try {
    for (const TMPDIR of [long, `${folder}/not-there`]) {
      const ending = await runProgram([PROGRAMS + PROGRAM, "everything in order"], {
        env: { TMPDIR },
      });
      assertEquals(ending, { code: 0, signal: null, stdout: "4\n1 2 3\n", stderr: "" });
    }
    assertEquals([...Deno.readDirSync(long)], [], "files are left");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

// ---- Programs that are ended

/** What children say when they are where the test wants them, by their state. */
const SAYS = {
  spin: "spins",
  linger: "lingers",
  stop: "stops",
  flood: "floods",
  nest: "nests",
} as const;
type State = keyof typeof SAYS;

/** The states of the children, each in a pool of its own. */
const SITUATIONS: readonly (readonly State[])[] = [
  ["linger"],
  ["spin"],
  ["nest"],
  ["flood"],
  ["linger", "spin", "nest"],
];

/** Whether all children are where the test wants them; a nested pool spins as well. */
function areUp(states: readonly State[]) {
  return (stdout: string) => {
    const lines = stdout.split("\n");
    const count = (word: string) => lines.filter((line) => line === word).length;
    const spinning = states.filter((state) => state === "spin" || state === "nest").length;
    return states.every((state) => count(SAYS[state]) >= 1) && count("spins") >= spinning;
  };
}

for (const [how, permissions] of WAYS) {
  for (const states of SITUATIONS) {
    const ENDS = [
      ["Deno.exit(7)", "SIGUSR1", 7],
      ["throw", "SIGUSR1", 1],
      ["wait for a signal", "SIGTERM", 143],
      ["wait for a signal", "SIGINT", 130],
      ["wait for a signal", "SIGKILL", 137],
    ] as const;
    for (const [program, signal, code] of ENDS) {
      Deno.test(`No process outlives its program: ${states.join(", ")}; ${program}, ${signal}, ${how}`, async () => {
        const when = areUp(states);
        const ending = await run([program, ...states], { permissions, signal, when });
        assertEquals(ending.code, code);
        const errors = ending.stderr.replaceAll(/^x*\n|x+$/gm, "");
        const expected = code === 1 ? /^error: Uncaught .*thrown by main\n/ : /^$/;
        assertMatch(errors, expected);
        assertEquals(errors.match(/^error: /gm)?.length ?? 0, code === 1 ? 1 : 0, errors);
      });
    }
  }

  Deno.test(`A stopped process does not outlive its program either, ${how}`, async () => {
    const options = { permissions, signal: "SIGKILL" as const, when: areUp(["stop"]) };
    assertEquals((await run(["wait for a signal", "stop"], options)).code, 137);
  });

  for (const signal of ["SIGTERM", "SIGINT", "SIGKILL"] as const) {
    Deno.test(`${signal} ends a program whose processes are idle, without a word, ${how}`, async () => {
      const ending = await run(["wait for a signal, idle"], { permissions, signal });
      assertEquals([ending.signal, ending.stdout, ending.stderr], [signal, "now\n", ""]);
    });
  }

  for (const ms of [0, 5, 15, 30, 60]) {
    Deno.test(`No process outlives a program that ends ${ms} ms after it has started one, ${how}`, async () => {
      const exit = await run(["Deno.exit(7) while it starts", String(ms)], { permissions });
      assertEquals([exit.code, exit.stderr], [7, ""]);
      for (const signal of ["SIGKILL", "SIGINT"] as const) {
        const args = ["wait for a signal, starting", String(ms)];
        const ending = await run(args, { permissions, signal });
        assertEquals([ending.signal, ending.stderr], [signal, ""]);
      }
    });
  }
}

// ---- What pools leave behind

for (const [how] of WAYS) {
  Deno.test({
    name: `Pools whose processes die leave no descriptors and no memory behind, ${how}`,
    // The program looks into /proc.
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const flags = ["--v8-flags=--expose-gc"];
      const { code, stdout, stderr } = await run([how], {
        program: "many_process_pools.ts",
        permissions: ["-A", ...flags],
      });
      assertEquals([code, stderr], [0, ""]);
      const { descriptors, memory, right } = JSON.parse(stdout);
      assertEquals(descriptors, 0, "descriptors are left");
      assert(memory < 40, `${memory} MB more are left`);
      assertEquals(right, true);
    },
  });
}

// ---- Ctrl-C

for (const [how, permissions] of WAYS) {
  Deno.test({
    name: `SIGINT for a whole group ends a program and its processes, without a word, ${how}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const states = ["linger", "spin", "nest"] as const;
      const options = { permissions, signal: "SIGINT" as const, when: areUp(states), group: true };
      const ending = await run(["wait for a signal", ...states], options);
      assertEquals([ending.code, ending.stderr], [130, ""]);
    },
  });

  Deno.test({
    name: `SIGINT for a whole group leaves the tasks to a program that listens for it, ${how}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const options = { permissions, signal: "SIGINT" as const, group: true };
      const ending = await run(["SIGINT is listened for"], options);
      const stdout = "now\ninterrupted\nfinished finished\n";
      assertEquals(ending, { code: 0, signal: null, stdout, stderr: "" });
    },
  });
}

/** Whether a program can be run in a terminal here. */
const hasScript = Deno.build.os === "linux" &&
  (await new Deno.Command("sh", { args: ["-c", "command -v script"] }).output()).success;

/** Runs a program in a terminal, and presses Ctrl-C when it has printed `now` or all is up. */
async function runInTerminal(
  args: readonly string[],
  when: (stdout: string) => boolean,
): Promise<{ code: number; printed: string }> {
  const marked = new Marked();
  // The shell gets Ctrl-C too: it must not be there to die of it.
  const command = "exec " + [
    ...[Deno.execPath(), "run", "--quiet", "--no-lock", `--config=${CONFIG}`, "-A"],
    ...[PROGRAMS + PROGRAM, ...args],
  ].map((arg) => `'${arg}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", command, "/dev/null"],
    env: { ...marked.env, NO_COLOR: "1", SHELL: "/bin/sh" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const keyboard = child.stdin.getWriter();
  let printed = "";
  let pressed = false;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += part.replaceAll("\r\n", "\n");
    if (pressed || !when(printed)) continue;
    pressed = true;
    await keyboard.write(new Uint8Array([3]));
  }
  const { code } = await child.status;
  await keyboard.close().catch(() => {});
  await child.stderr.cancel();
  assert(pressed, printed);
  await marked.gone(LONGEST_LIFE);
  return { code, printed };
}

Deno.test({
  name: "Ctrl-C in a terminal ends a program and its processes, without a word",
  ignore: !hasScript,
  async fn() {
    const states = ["linger", "spin", "nest"] as const;
    const { code, printed } = await runInTerminal(["wait for a signal", ...states], areUp(states));
    assertEquals(code, 130);
    assertEquals(sorted(printed.replace("^C", "")), sorted("lingers\nnests\nspins\nspins\n"));
  },
});

Deno.test({
  name: "Ctrl-C in a terminal leaves the tasks to a program that listens for it",
  ignore: !hasScript,
  async fn() {
    const when = (printed: string) => printed.includes("now\n");
    const { code, printed } = await runInTerminal(["SIGINT is listened for"], when);
    assertEquals([code, printed.replace("^C", "")], [0, "now\ninterrupted\nfinished finished\n"]);
  },
});
