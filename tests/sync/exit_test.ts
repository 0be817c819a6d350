/**
 * Tests of how programs end that wait for shared objects, or have threads and processes that do: each must
 * end by itself, when nothing is waited for any more and not before.
 */

import { assert, assertEquals } from "@std/assert";
import { runProgram } from "../support/program.ts";

const WAITS = new URL("./programs/waits.ts", import.meta.url).pathname;

const GONE = "the process that the object lives in has ended, or let go of this one";

/** Without permission to listen, a parent speaks with its children by pipes. */
const PIPES = ["--allow-run", "--allow-read"];

/** What a program prints and what code it ends with; the code is 5 where it ends by having come to its end. */
const PROGRAMS: readonly [program: string, code: number, stdout: string][] = [
  ["waits with a limit", 5, "false\nfalse\nfalse\n"],
  ["a wait that is not awaited", 5, "false\n"],
  ["nothing is waited for any more", 5, "[ false, true, true ] true\ntrue\nBrokenBarrierError\n"],
  ["a process that has used a lock", 5, "child: used\n"],
  ["a process that leaves a wait behind", 5, "released\nchild: acquired\n"],
  ["a daemon that waits for ever", 5, ""],
  ["a wait for a lock of an idle child", 5, "true\n"],
  [
    "a lock of a child that has gone",
    5,
    `RuntimeError: Cannot go on: ${GONE}\nRuntimeError: Cannot call release: ${GONE}\n`,
  ],
];

/** With threads of either kind. */
const THREADED: typeof PROGRAMS = [
  ["a wait that a thread ends", 5, "true\n"],
  ["an idle thread has a lock", 5, "true\n"],
  ["a blocked thread, and Deno.exit", 7, ""],
  ["a blocked thread, and an uncaught error", 1, ""],
  ["a blocked thread past its deadline", 5, "TimeoutError\n"],
  ["a blocked thread past its deadline, and await using", 5, "TimeoutError\n"],
];

function test(
  about: string,
  args: string[],
  code: number,
  stdout: string,
  permissions: readonly string[] = ["-A"],
): void {
  Deno.test(`A program ends by itself: ${about}`, async () => {
    const ending = await runProgram([WAITS, ...args], { permissions });
    if (code === 1) assert(ending.stderr.includes("Error: of the program"), ending.stderr);
    else assertEquals(ending.stderr, "");
    assertEquals([ending.code, ending.stdout], [code, stdout]);
  });
}

for (const [program, code, stdout] of PROGRAMS) {
  test(program, [program], code, stdout);
  if (!/process|daemon|child/.test(program)) continue;
  test(`${program}, by pipes`, [program], code, stdout, PIPES);
}
for (const [program, code, stdout] of THREADED) {
  test(program, [program], code, stdout);
  test(`${program}, with killable threads`, [program, "killable"], code, stdout);
}
