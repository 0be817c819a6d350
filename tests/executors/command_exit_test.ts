/**
 * Tests of how programs that run commands end, and what becomes of the commands. Each runs a program in a
 * child, which must end by itself, with the right code, and without a word on stderr that it does not owe.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { type Ending, runProgram } from "../support/program.ts";
import { Folder, gone } from "../support/shell.ts";

const PROGRAM = new URL("./programs/commands.ts", import.meta.url).pathname;

/** Runs a program to its end; `signal` is sent once it has printed `now`. */
function run(name: string, folder: Folder, signal?: Deno.Signal): Promise<Ending> {
  return runProgram([PROGRAM, name, folder.path], { signal });
}

const ENDINGS: readonly [program: string, code: number, stdout: string][] = [
  ["never used", 5, ""],
  ["idle", 5, "0: \n"],
  ["busy, and not awaited", 5, "0: done\n"],
  ["queued, and not awaited", 0, "0: done\n".repeat(20)],
  ["queued, and shutdown that does not wait", 0, "0: done\n".repeat(20)],
  ["a child that holds the input of a program and does not read it", 0, "0: \nshut down\n"],
];

for (const [program, code, stdout] of ENDINGS) {
  Deno.test(`a program with commands ends by itself: ${program}`, async () => {
    using folder = new Folder();
    assertEquals(await run(program, folder), { code, signal: null, stdout, stderr: "" });
  });
}

Deno.test("a program stays until a cancelled command that ignores SIGTERM is gone", async () => {
  using folder = new Folder();
  const program = "a cancelled program that ignores SIGTERM, and nothing else to do";
  const ending = await run(program, folder);
  assertEquals(ending, { code: 0, signal: null, stdout: "true\n", stderr: "" });
  await gone(await folder.pid());
});

Deno.test("a program does not stay for the child of a cancelled command, which lives on", async () => {
  using folder = new Folder();
  const ending = await run("a child that holds the output of a cancelled program", folder);
  assertEquals(ending, { code: 0, signal: null, stdout: "true\n", stderr: "" });
  await gone(await folder.pid());
  // It throws when there is nothing to kill.
  Deno.kill(await folder.pid("child"), "SIGKILL");
});

Deno.test("Deno.exit() takes running commands along, also those that ignore SIGTERM", async () => {
  using folder = new Folder();
  const ending = await run("Deno.exit(7)", folder);
  assertEquals(ending, { code: 7, signal: null, stdout: "", stderr: "" });
  await gone(await folder.pid());
});

for (
  const [program, message] of [
    ["an uncaught error", "RangeError: thrown by main"],
    ["an unhandled rejection", "RangeError: rejected by main"],
  ] as const
) {
  Deno.test(`${program} takes running commands along, and stays the only thing said`, async () => {
    using folder = new Folder();
    const { code, stdout, stderr } = await run(program, folder);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, new RegExp(`^error: Uncaught (\\(in promise\\) )?${message}\n`));
    assertEquals(stderr.match(/^error: /gm)?.length, 1, stderr);
    await gone(await folder.pid());
  });
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`${signal} ends a program whose commands run, without a word`, async () => {
    using folder = new Folder();
    const ending = await run("wait for a signal", folder, signal);
    assertEquals(ending, { code, signal, stdout: "now\n", stderr: "" });
    // Such a death Herd can't see, and kills nobody.
    Deno.kill(await folder.pid(), "SIGKILL");
  });
}

Deno.test({
  name: "200 commands that end in many ways leave no child and no zombie",
  ignore: Deno.build.os !== "linux", // It looks into /proc.
  async fn() {
    using folder = new Folder();
    const ending = await run("many commands, ended in many ways", folder);
    assertEquals(ending, { code: 0, signal: null, stdout: "true []\n", stderr: "" });
  },
});
