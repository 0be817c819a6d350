/**
 * Tests of what running commands needs. Each runs a program in a child, with exactly the flags that it
 * names.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { CONFIG, lines as runLines } from "../support/run_deno.ts";
import { Folder } from "../support/shell.ts";

const PROGRAM = new URL("./programs/commands.ts", import.meta.url).pathname;

/** Runs a program that ends well; returns what it printed. */
function lines(flags: readonly string[], program: string, folder = ""): Promise<string[]> {
  return runLines([
    ...["--quiet", "--no-lock", "--no-prompt", CONFIG],
    ...flags,
    ...[PROGRAM, program, folder],
  ]);
}

function refused(command: string): string {
  return `refused: NotCapable: Cannot make a CommandExecutor: this program may not run ${command}: ` +
    `add --allow-run=${command} (Deno grants only what is there when the program starts)`;
}

const REFUSALS: readonly [flags: string[], program: string, line: string][] = [
  [[], "cat", refused("cat")],
  [["--allow-read", "--allow-env", "--allow-net"], "cat", refused("cat")],
  [["--allow-run=true"], "cat", refused("cat")],
  [["--allow-run=cat"], "true and cat", refused("true")],
  [["--allow-run=cat"], "a program that is not there", refused("herd-no-such-program")],
  [
    ["--allow-run", "--deny-run=cat"],
    "cat",
    "refused: NotCapable: Cannot make a CommandExecutor: this program may not run cat: " +
    "take it from --deny-run",
  ],
];

for (const [flags, program, line] of REFUSALS) {
  Deno.test(`with ${flags.join(" ") || "no flag"} an executor for ${program} is refused, and the flag named`, async () => {
    assertEquals(await lines(flags, program), [line]);
  });
}

Deno.test("--allow-run with the program's name is all that it needs", async () => {
  assertEquals(await lines(["--allow-run=cat"], "cat"), ["0: fed"]);
  assertEquals(await lines(["--allow-run=true,cat"], "true and cat"), ["0: fed"]);
  assertEquals(await lines(["--allow-run"], "cat"), ["0: fed"]);
});

Deno.test("cwd and env need no permission of their own", async () => {
  const [first, ...rest] = await lines(["--allow-run=env"], "cwd and env");
  assertMatch(first!, /^0: /);
  assert([first!.slice(3), ...rest].includes("HERD_A=1"));
});

Deno.test("with --allow-run a program that is not there fails its future", async () => {
  const [line] = await lines(["--allow-run"], "a program that is not there");
  assertMatch(line!, /^NotFound: Cannot run herd-no-such-program: there is no such program/);
});

/** A folder with a program in it. */
function toolbox(): Folder {
  const folder = new Folder();
  Deno.writeTextFileSync(`${folder.path}/tool`, "#!/bin/sh\necho tool\n", { mode: 0o755 });
  return folder;
}

Deno.test("a path that Deno can only judge at the start is not refused before", async () => {
  using folder = toolbox();
  const flag = `--allow-run=${folder.path}/tool`;
  for (const program of ["a relative path", "a PATH of its own", "an absolute path"]) {
    assertEquals(await lines([flag], program, folder.path), ["0: tool"], program);
  }
});

Deno.test("a path that Deno refuses at the start fails its future, and the flag is named", async () => {
  using folder = toolbox();
  for (const [program, command] of [["a relative path", "./tool"], ["a PATH of its own", "tool"]]) {
    const [line] = await lines(["--allow-run=cat"], program!, folder.path);
    assertEquals(
      line,
      `NotCapable: Cannot run ${command}: Requires run access to "${command}", ` +
        `run again with the --allow-run flag: add --allow-run=${command}`,
    );
  }
  assertEquals(
    await lines(["--allow-run=cat"], "an absolute path", folder.path),
    [refused(`${folder.path}/tool`)],
  );
});

Deno.test("a permission that is revoked later fails what is run then", async () => {
  const [before, after] = await lines(["--allow-run=cat"], "revoked");
  assertEquals(before, "0: before");
  assertMatch(after!, /^NotCapable: Cannot run cat: Requires run access .*: add --allow-run=cat$/);
});

Deno.test("a variable that Deno guards fails the future with Deno's reason", async () => {
  const [line] = await lines(["--allow-run=cat"], "LD_PRELOAD");
  assertMatch(line!, /^NotCapable: Cannot run cat: Requires --allow-run permissions .*LD_PRELOAD/);
});
