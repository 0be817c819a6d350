/**
 * Tests of how programs with threads end, and of what is seen of threads from outside: each runs as a program of
 * its own. Names such as Z08 are the lines of CPython's own tests.
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type RunOptions, runProgram } from "../support/program.ts";

const PROGRAMS = new URL("./programs/threads.ts", import.meta.url);

function run(name: string, options?: RunOptions) {
  return runProgram([PROGRAMS.pathname, name], options);
}

/** What a program prints, that says nothing on standard error. */
async function assertPrints(name: string, stdout: string, code = 0, options?: RunOptions) {
  const ending = await run(name, options);
  assertEquals(ending, { code, signal: null, stdout, stderr: "" });
}

/** All that a program with threads needs. */
const LEAST: RunOptions = { permissions: ["--allow-read"] };

Deno.test("a function of the main module that uses variables of it", async () => {
  await assertPrints("greet", "thread: hello, herd\nfalse\n", 0, LEAST);
});

// ---- Ends of the program

Deno.test("Z08: a thread that nobody joins keeps the program alive", async () => {
  await assertPrints("a thread is not joined", "main ends\nthread ends\n", 5, LEAST);
});

Deno.test("Z32: daemons do not keep the program alive, whatever they do", async () => {
  await assertPrints("daemons are not joined", "main ends\n", 5, LEAST);
  await assertPrints("daemons that are processes are not joined", "main ends\n", 5, LEAST);
  await assertPrints("a daemon waits for what the main thread has", "main ends\n", 0, LEAST);
});

Deno.test("a daemon that is waited for does keep the program alive", async () => {
  await assertPrints("a daemon is joined", "daemon ends\nfalse\n", 0, LEAST);
  await assertPrints("a daemon is waited for a moment", "true\n", 0, LEAST);
});

Deno.test("no thread holds a program that calls Deno.exit, fails, or is killed", async () => {
  await assertPrints("Deno.exit(7) beside threads", "", 7, LEAST);
  const failed = await run("an uncaught error beside threads", LEAST);
  assertEquals([failed.code, failed.stdout], [1, ""]);
  assertMatch(failed.stderr, /^error: Uncaught .*RangeError: thrown by main\n/);
  for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
    const ended = await run("a signal beside threads", { ...LEAST, signal });
    assertEquals([ended.code, ended.stdout, ended.stderr], [code, "now\n", ""]);
  }
});

Deno.test("a Process over a worker that was terminated does not hold the program", async () => {
  await assertPrints("terminated workers are not waited for", "-15\n".repeat(4), 0, LEAST);
});

Deno.test("a manager in a thread neither holds the program nor keeps Ctrl-C from it", async () => {
  await assertPrints("a manager in a thread is not shut down", "1\n");
  const ended = await run("a signal beside a manager in a thread", { signal: "SIGINT" });
  assertEquals([ended.code, ended.stdout, ended.stderr], [130, "1\nnow\n", ""]);
});

Deno.test("a daemon of a thread's ends with the thread", async () => {
  await assertPrints("a thread leaves a daemon", "gone\n");
});

// ---- Errors

Deno.test("Z26, Z27: an error is on standard error, with its causes, and the program goes on", async () => {
  const { code, stdout, stderr } = await run("everything that fails", LEAST);
  assertEquals([code, stdout], [0, "false\nfalse\nfalse\n1\n"]);
  const text = stderr.replaceAll(PROGRAMS.href, "FILE").replaceAll(/:\d+:\d+/g, ":N:N");
  assertEquals(text, FAILURES);
});

const FAILURE = (who: string, name: string) =>
  `\
error: Uncaught (in ${who}) AggregateError: all failed
    at fail (FILE:N:N) {
  [cause]: RangeError: too much
      at fail (FILE:N:N) {
    [cause]: "${name}"
  },
  [errors]: [
    TypeError: first
        at fail (FILE:N:N),
    Error: second
        at fail (FILE:N:N)
  ]
}
`;

const FAILURES = FAILURE(`thread "thread"`, "thread") + `\
error: Uncaught (in thread "\\"thread\\"") RangeError: no "thread"
    at Failing.run (FILE:N:N) {
  code: "E_NONE"
}
error: Uncaught (in thread "thread") "a string"
` + FAILURE(`process "worker"`, "MainThread");

Deno.test("an error outside of the target ends the thread, and nothing else", async () => {
  const { code, stdout, stderr } = await run("an error outside of the target", LEAST);
  assertEquals([code, stdout], [0, "false\nfalse\n"]);
  const lines = stderr.split("\n").filter((line) => line.startsWith("error"));
  const line = `error: Uncaught (in thread "thread") RangeError: late`;
  assertEquals(lines, [line, line]);
});

Deno.test("Z28: Deno.exit in a thread says nothing", async () => {
  await assertPrints("an end without a word", "false\n", 0, LEAST);
});

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
      "a module that starts threads whenever it is imported",
      "RuntimeError: Cannot start another: thread is importing the module of its target: " +
      "start processes and threads in functions, or under if (import.meta.main) { … }",
    ],
    [
      "a class that its module does not export",
      `TypeError: Cannot run Hidden: module ${PROGRAMS} does not export it: `,
    ],
  ] as const
) {
  Deno.test(`${name} ends the thread and says so`, async () => {
    const { code, stdout, stderr } = await run(name, LEAST);
    assertEquals([code, stdout], [0, "false\n"], stderr);
    const [first] = stderr.split("\n");
    assertStringIncludes(first!, `error: Uncaught (in thread "thread") `);
    assertStringIncludes(first!, message);
  });
}

Deno.test("a main module without a guard starts no threads without end", async () => {
  const UNGUARDED = new URL("./programs/unguarded_thread.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await runProgram([UNGUARDED], LEAST);
  assertEquals([code, stdout], [0, "begins\nbegins\n"], stderr);
  assertStringIncludes(
    stderr,
    "RuntimeError: Cannot start Thread-2 (say): this worker imports the main module",
  );
});

// ---- Permissions

Deno.test("without permission to read its code the constructor names the flag", async () => {
  const { code, stderr } = await run("greet", { permissions: [] });
  assertEquals(code, 1);
  assertMatch(stderr, /NotCapable: Cannot make a Thread: .*: add --allow-read/);
});

Deno.test("a thread can't be given more than the program has", async () => {
  const { code, stderr } = await run("a thread that may read", {
    permissions: [`--allow-read=${new URL("../..", import.meta.url).pathname}`],
  });
  assertEquals(code, 1);
  assertMatch(stderr, /NotCapable: Cannot make a Thread: .* read access .*--allow-read/);
});

Deno.test("a thread without permissions runs, also a function of the main module", async () => {
  const permissions = ["-A", "--unstable-worker-options"];
  await assertPrints(
    "a thread without permissions",
    "[]\nfalse\nthread: hello, none\nfalse\n1\nfalse\n",
    0,
    { permissions },
  );
});

Deno.test("Z12: the target and its arguments are let go of", async () => {
  const name = "the target is let go of";
  const ending = await runProgram(["--v8-flags=--expose-gc", PROGRAMS.pathname, name]);
  assertEquals(ending, { code: 0, signal: null, stdout: "[ true, true ]\n", stderr: "" });
});
