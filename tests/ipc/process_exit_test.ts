/**
 * Tests of how programs with processes end, and of what is seen of their children: each runs as a program
 * of its own, to the end of its last child. Names such as P06 are the lines of CPython's own tests.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Marked } from "../support/processes.ts";
import { type RunOptions, runProgram } from "../support/program.ts";

const PROGRAMS = new URL("./programs/processes.ts", import.meta.url);

function run(name: string, options?: RunOptions) {
  return runProgram([PROGRAMS.pathname, name], options);
}

/** What a program prints, that says nothing on standard error. */
async function assertPrints(name: string, stdout: string, code = 0, options?: RunOptions) {
  const ending = await run(name, options);
  assertEquals(ending, { code, signal: null, stdout, stderr: "" });
}

/** A parent that has to do with pipes, and is permitted no more than it needs. */
const LEAST: RunOptions = { permissions: ["--allow-run"] };

for (const [how, options] of [["by a socket", {}], ["by pipes", LEAST]] as const) {
  Deno.test(`a function of the main module that uses variables of it, ${how}`, async () => {
    await assertPrints("greet", "Process-1: hello, herd\n0\n", 0, options);
  });

  Deno.test(`a child that nobody joins keeps the program alive, ${how}`, async () => {
    await assertPrints("a child is not joined", "main ends\nchild ends\n", 5, options);
  });

  Deno.test(`a large argument arrives, ${how}`, async () => {
    await assertPrints("a large argument", "5000000 true\n0\n", 0, options);
  });

  Deno.test(`errors are on standard error, with their causes, ${how}`, async () => {
    const { code, stdout, stderr } = await run("everything that fails", options);
    assertEquals([code, stdout], [0, "1\n1\n1\n"]);
    const text = stderr.replaceAll(PROGRAMS.href, "FILE").replaceAll(/:\d+:\d+/g, ":N:N");
    assertEquals(text, FAILURES);
  });

  Deno.test(`a target that never ends, with nothing left to do, is a failure, ${how}`, async () => {
    const { code, stdout, stderr } = await run(
      "a target that never ends, with nothing left to do",
      options,
    );
    assertEquals([code, stdout], [0, "1\n"]);
    assertEquals(
      stderr,
      'error: Process "child" ended before its target did: ' +
        "the target awaits a promise that nothing is left to settle\n",
    );
    await assertPrints("a target that never ends, and Deno.exit", "4\n", 0, options);
  });
}

const FAILURES = `\
error: Uncaught (in process "child") AggregateError: all failed
    at fail (FILE:N:N) {
  [cause]: RangeError: too much
      at fail (FILE:N:N) {
    [cause]: "child"
  },
  [errors]: [
    TypeError: first
        at fail (FILE:N:N),
    Error: second
        at fail (FILE:N:N)
  ]
}
error: Uncaught (in process "\\"child\\"") RangeError: no "child"
    at Failing.run (FILE:N:N) {
  code: "E_NONE"
}
error: Uncaught (in process "child") "a string"
`;

Deno.test("an error outside of the target ends the process as it ends any program", async () => {
  const { code, stdout, stderr } = await run("an error in a timer");
  assertEquals([code, stdout], [0, "1\n"]);
  assertMatch(stderr, /^error: Uncaught RangeError: late\n/);
});

Deno.test("P32: a traceback is on standard error as a whole", async () => {
  const { code, stdout, stderr } = await run("a long traceback");
  assertEquals([code, stdout], [0, "1\n"]);
  assertStringIncludes(stderr, "Error: " + "x".repeat(300_000) + "end\n");
});

Deno.test("what a process prints is in order", async () => {
  const lines = Array.from({ length: 5000 }, (_, i) => `line ${i}\n`).join("");
  await assertPrints("output in order", lines + "0\n");
});

Deno.test("P25: a program whose standard error is closed still has exit codes", async () => {
  await assertPrints("standard streams that are closed", "0\n");
});

Deno.test("a process that uses up its memory ends by SIGTRAP, as Deno does", async () => {
  const { code, stdout, stderr } = await run("a limit on memory");
  assertEquals([code, stdout], [0, "-5\n"]);
  assertStringIncludes(stderr, "JavaScript out of memory");
});

Deno.test("a task may start a process and join it", async () => {
  await assertPrints("a process in a task", "child: hello, task\n0\n");
});

Deno.test("a process that serves may start processes, also for functions of the main module", async () => {
  await assertPrints("a server that starts a process", "grandchild: hello, child\n0\n0\n");
});

Deno.test("without permission to run Deno the constructor names the flag", async () => {
  const { code, stderr } = await run("greet", { permissions: [] });
  assertEquals(code, 1);
  assertMatch(stderr, /NotCapable: Cannot make a Process: .*: add --allow-run=/);
});

Deno.test("a process can't be given more than the program has", async () => {
  const { code, stderr } = await run("a process that may read", LEAST);
  assertEquals(code, 1);
  assertMatch(stderr, /NotCapable: Cannot make a Process: .* read access .*--allow-read/);
});

// ---- Targets that don't arrive

for (
  const [name, message] of [
    [
      "a target that uses what is not exported",
      "TypeError: Cannot send target to a worker: it uses secret of its module or closure: " +
      "export it from the main module",
    ],
    [
      "a module that does not load",
      `TypeError: Cannot run nothing: its module ${new URL(
        "./nowhere.ts",
        PROGRAMS,
      )} does not load: `,
    ],
    [
      "a module that starts processes whenever it is imported",
      "RuntimeError: Cannot start another: child is importing the module of its target: " +
      "start processes and threads in functions, or under if (import.meta.main) { … }",
    ],
    [
      "a class that its module does not export",
      `TypeError: Cannot run Hidden: module ${PROGRAMS} does not export it: `,
    ],
  ] as const
) {
  Deno.test(`${name} ends the process with code 1 and says so`, async () => {
    const { code, stdout, stderr } = await run(name);
    assertEquals([code, stdout], [0, "1\n"], stderr);
    const [first] = stderr.split("\n");
    assertStringIncludes(first!, `error: Uncaught (in process `);
    assertStringIncludes(first!, message);
  });
}

for (const how of ["source", "reference", "subclass", "nobody awaits it", "timer"]) {
  Deno.test(`P41: a main module without a guard starts nothing anew (${how})`, async () => {
    const UNGUARDED = new URL("./programs/unguarded.ts", import.meta.url).pathname;
    const { code, stdout, stderr } = await runProgram([UNGUARDED], { env: { HERD_HOW: how } });
    assertEquals(code, 0, stderr);
    const lines = stdout.trimEnd().split("\n").filter((line) => line !== "done");
    // The second time it begins is in the child, which imports it.
    assertEquals(lines, ["begins", "begins", "1"]);
    assertMatch(
      stderr,
      /RuntimeError: Cannot start \S+: this worker imports the main module to find a function in it: put the program's own code under if \(import\.meta\.main\) \{ … \}/,
    );
  });
}

Deno.test("P41: the missing guard is named also where a child may do less than the program", async () => {
  const UNGUARDED = new URL("./programs/unguarded_least.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await runProgram([UNGUARDED], {
    // What a program has in part, its children do not inherit.
    permissions: [`--allow-run=${Deno.execPath()}`],
  });
  assertEquals([code, stdout], [0, "1\n"], stderr);
  assertStringIncludes(
    stderr,
    "RuntimeError: Cannot start a process: this worker imports the main",
  );
});

// ---- Ends of the program

Deno.test("a daemon does not keep the program alive, and ends with it", async () => {
  await assertPrints("a daemon is not joined", "main ends\n", 5);
});

Deno.test("a daemon that is waited for does keep the program alive", async () => {
  await assertPrints("a daemon is joined", "daemon ends\n0\n");
  await assertPrints("the sentinel of a daemon is awaited", "daemon ends\n0\n");
  const { code, stdout } = await run("a daemon is waited for a moment");
  assertEquals([code, stdout.split("\n")[0]], [0, "null"]);
});

/** What the children of `beside` print when they are up. */
const UP = ["lingering lingers", "daemon lingers", "spinning spins", "grandchild spins"];
const allAreUp = (stdout: string) => UP.every((line) => stdout.includes(line));

for (
  const [how, permissions] of [["by a socket", ["-A"]], ["by pipes", LEAST.permissions!]] as const
) {
  for (
    const [name, signal, code] of [
      ["Deno.exit(7) beside children", "SIGUSR1", 7],
      ["an uncaught error beside children", "SIGUSR1", 1],
      ["a signal beside children", "SIGTERM", 143],
      ["a signal beside children", "SIGINT", 130],
      ["a signal beside children", "SIGKILL", 137],
    ] as const
  ) {
    Deno.test(`no child or grandchild outlives ${name}: ${signal}, ${how}`, async () => {
      const marked = new Marked();
      const ending = await run(name, { permissions, signal, when: allAreUp, env: marked.env });
      assertEquals(ending.code, code, ending.stderr);
      const errors = code === 1 ? /^error: Uncaught .*thrown by main\n/ : /^$/;
      assertMatch(ending.stderr, errors);
      if (code === 7) assertStringIncludes(ending.stdout, "daemon terminated");
      if (Deno.build.os === "linux") await marked.gone();
    });
  }
}

for (
  const [who, permissions] of [
    ["runs a shell", ["--allow-run"]],
    ["may not run a shell", [`--allow-run=${Deno.execPath()}`]],
    ["may run all but a shell", ["--allow-run", "--deny-run=/bin/sh"]],
  ] as const
) {
  Deno.test(`a busy child does not outlive a killed parent that ${who}`, async () => {
    const marked = new Marked();
    const ending = await run("a signal beside a busy child", {
      permissions,
      signal: "SIGKILL",
      when: (stdout) => stdout.includes("spinning spins"),
      env: marked.env,
    });
    assertEquals([ending.code, ending.stderr], [137, ""]);
    if (Deno.build.os === "linux") await marked.gone();
  });
}

Deno.test({
  name: "Ctrl-C ends a program and its children, without a word",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const marked = new Marked();
    const ending = await run("a signal beside children", {
      signal: "SIGINT",
      when: allAreUp,
      group: true,
      env: marked.env,
    });
    assertEquals([ending.code, ending.stderr], [130, ""]);
    await marked.gone();
  },
});

Deno.test("P06: a grandchild sees that its parent has ended", async () => {
  let middle = 0;
  const { stdout } = await run("a parent that is watched", {
    when: (text) => {
      middle = Number(/middle is (\d+)/.exec(text)?.[1]);
      if (!text.includes("middle lives: true\n")) return false;
      Deno.kill(middle, "SIGKILL");
      return true;
    },
  });
  assert(middle > 0);
  assertEquals(stdout.split("\n").slice(-3), ["middle lives: true", "middle lives: false", ""]);
});

// ---- What handles let go of

for (
  const [line, name, stdout] of [
    ["P22", "the target is let go of", "[ true, true ] 0\n"],
    ["P20", "a closed process is let go of", "true\n"],
  ] as const
) {
  Deno.test(`${line}: ${name}`, async () => {
    const ending = await runProgram(["--v8-flags=--expose-gc", PROGRAMS.pathname, name]);
    assertEquals(ending, { code: 0, signal: null, stdout, stderr: "" });
  });
}
