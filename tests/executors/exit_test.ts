/**
 * Tests of how programs with pools end: each runs in a child, must end by itself, with the right code,
 * with all that it should have done, and without a word on stderr that it does not owe.
 *
 * S02, S06, S13 are those of CPython's `test_shutdown.py`.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { runProgram } from "../support/program.ts";

const EXITS = new URL("./programs/exits.ts", import.meta.url).pathname;

function times(count: number, line: string): string {
  return `${line}\n`.repeat(count);
}

const ENDINGS: readonly [program: string, code: number, stdout: string][] = [
  ["never used", 5, ""],
  ["idle", 5, ""],
  ["ready is the last statement", 5, "ready\n"],
  ["ready is not awaited", 5, ""],
  ["busy", 5, "done: 200\n"],
  ["busy with an asynchronous task", 5, "done: slept\n"],
  ["queued", 0, times(50, "done: 1")],
  ["queued, and shutdown not awaited", 0, times(50, "done: 1")],
  ["queued, and shutdown that does not wait", 0, times(50, "done: 1")],
  ["a runaway worker past its deadline", 5, "failed: TimeoutError\ndone: 1\n"],
  ["a runaway worker past its deadline, and await using", 5, "failed: TimeoutError\n"],
  ["an aborted task that goes on", 5, "failed: CancelledError\n"],
  ["an aborted task that goes on, and await using", 5, "failed: CancelledError\n"],
  ["an aborted asynchronous task that goes on", 5, "failed: CancelledError\n"],
  ["a timed-out wait", 5, "waited: true\ndone: 200\n"],
  ["Deno.exit(7) beside busy workers", 7, ""],
  ["half a map", 0, "{ value: 1, done: false }\n"],
  ["half a map with a buffer", 0, "{ value: 1, done: false }\n"],
  ["half a map of endless inputs with a buffer", 0, "{ value: 1, done: false }\n"],
  ["break out of a map", 0, "1\n"],
  ["nested pools", 0, "4\n"],
  ["nested pools, forgotten", 0, "4\n"],
  ["dead workers", 0, "done: 1\nfailed: BrokenThreadPool\n"],
  ["a broken pool", 0, "failed: BrokenThreadPool\nready: BrokenThreadPool\n"],
  ["everything in order", 0, "42\n1 4 9\n"],
];

const sorted = (text: string) =>
  text.replace("{ done: false, value: 1 }", "{ value: 1, done: false }").split("\n").sort();

/** What a program's workers are: how a test is told from its like, and the argument that says so. */
const KINDS: readonly [about: string, args: string[]][] = [
  ["", []],
  [", with killable threads", ["killable"]],
];

for (const [about, args] of KINDS) {
  for (const [program, code, stdout] of ENDINGS) {
    Deno.test(`A program ends by itself: ${program}${about}`, async () => {
      const ending = await runProgram([EXITS, program, ...args]);
      assertEquals(ending.stderr, "");
      assertEquals(ending.code, code);
      assertEquals(sorted(ending.stdout), sorted(stdout));
    });
  }
}

const FAILURES = [
  ["an uncaught error beside busy workers", "RangeError: thrown by main"],
  ["an unhandled rejection beside busy workers", "RangeError: rejected by main"],
] as const;

for (const [about, args] of KINDS) {
  for (const [program, message] of FAILURES) {
    Deno.test(`A program ends with code 1: ${program}${about}`, async () => {
      const { code, stderr } = await runProgram([EXITS, program, ...args]);
      assertEquals(code, 1);
      assertMatch(stderr, new RegExp(`^error: Uncaught \\(in promise\\) ${message}\n`));
      assertEquals(stderr.match(/^error: /gm)?.length, 1, stderr);
    });
  }

  for (const state of ["idle", "lingering", "spinning"]) {
    for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      Deno.test(`${signal} ends a program whose workers are ${state}, without a word${about}`, async () => {
        const ending = await runProgram([EXITS, `wait for a signal, ${state}`, ...args], {
          signal,
        });
        assertEquals(ending, { code, signal, stdout: "now\n", stderr: "" });
      });
    }
  }
}

// ---- Main modules that workers import

const UNGUARDED =
  "Cannot start an executor's workers: this worker imports the main module to find " +
  "a function in it: put the program's own code under if (import.meta.main) { … }";

function program(name: string): string {
  return new URL(`./programs/${name}.ts`, import.meta.url).pathname;
}

Deno.test("Functions that use variables of a guarded main module work", async () => {
  const ending = await runProgram([program("guarded")]);
  assertEquals(ending, { code: 0, signal: null, stdout: "42\n", stderr: "" });
});

Deno.test("A main module without a guard: a RuntimeError explains it, and nothing starts anew", async () => {
  const { code, stdout, stderr } = await runProgram([program("unguarded")]);
  assertEquals(stderr, "");
  assertEquals(code, 0);
  // The second time it begins is in the worker that imports it.
  assertEquals(stdout, `begins\nbegins\nRuntimeError: ${UNGUARDED}\n`);
});

for (
  const [name, how] of [
    ["unguarded_async", "in an async function that nobody awaits"],
    ["unguarded_timer", "by a timer"],
  ] as const
) {
  Deno.test(`A main module without a guard that starts its pool ${how}`, async () => {
    const { code, stdout, stderr } = await runProgram([program(name)]);
    assertEquals(stderr, "");
    assertEquals(code, 0);
    const lines = stdout.trimEnd().split("\n");
    const ends = lines.filter((line) => line !== "begins");
    assertEquals(ends, Array(3).fill(`BrokenThreadPool because of RuntimeError: ${UNGUARDED}`));
    // Once itself, and at most three workers for each of the three tasks.
    assert(lines.length - ends.length <= 10, stdout);
  });
}

// ---- What pools leave behind

for (const [how, pools] of [["disposed", 100], ["dropped", 40]] as const) {
  Deno.test({
    name: `${pools} pools that are ${how}${how === "dropped" ? " (S11)" : ""} leave nothing behind`,
    // The program counts its threads in /proc. Under coverage each start of a worker takes a second.
    ignore: Deno.build.os !== "linux" || Deno.env.has("DENO_COVERAGE_DIR"),
    fn: async () => {
      const args = ["--v8-flags=--expose-gc", program("many_pools"), how, String(pools)];
      const { code, stdout, stderr } = await runProgram(args);
      assertEquals(stderr, "");
      assertEquals(code, 0);
      const { threads, memory } = JSON.parse(stdout);
      assert(threads <= 4, `${threads} more threads are left`);
      assert(memory < 60, `${memory} MB more are left`);
    },
  });
}
