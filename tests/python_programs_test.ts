/**
 * The programs of the Python tutorials, in `examples/python/`: in Herd, run as a user runs them with the
 * permissions that they need and no more, and in Python, where there is one. Both must print the same.
 */

import { assertEquals } from "@std/assert";
import { type Program, PROGRAMS } from "./python_programs/expected.ts";
import { noPython } from "./support/python.ts";
import { type Ending, ROOT, run } from "./support/run_deno.ts";

const FOLDER = new URL("examples/python/", ROOT).pathname;

/** Milliseconds after which a program hangs. */
const HANG = 60_000;

/** Writes whole lines, at once, as on a terminal; so do its processes, which inherit that by a fork. */
const RUN_PYTHON = `
import multiprocessing, runpy, sys
sys.stdout.reconfigure(line_buffering=True)
multiprocessing.set_start_method("fork")
runpy.run_path(sys.argv[1], run_name="__main__")
`;

/** Why Python's programs are not run; `undefined` where they are. */
const skipped = Deno.build.os === "windows" ? "Windows has no fork" : noPython;

/** What Python prints, as Herd prints it. */
const WORDS: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null" };

async function runPython(file: string): Promise<Ending> {
  const { code, stdout, stderr } = await new Deno.Command("python3", {
    args: ["-c", RUN_PYTHON, file],
    env: { PYTHONUNBUFFERED: "", PYTHONDONTWRITEBYTECODE: "1", PYTHONWARNINGS: "ignore" },
    stdin: "null",
    signal: AbortSignal.timeout(HANG),
  }).output();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout).replace(/\b(True|False|None)\b/g, (word) => WORDS[word]!);
  return { code, lines: text.split("\n").slice(0, -1), stderr: decoder.decode(stderr) };
}

function check({ prints, fails }: Program, { code, lines, stderr }: Ending): void {
  if (fails === undefined) assertEquals(stderr, "");
  else fails(stderr.split("\n"));
  assertEquals(code, 0);
  prints(lines);
}

for (const [name, program] of Object.entries(PROGRAMS)) {
  Deno.test(`examples/python/${name}.ts prints what it should`, async () => {
    check(program, await run(["--no-prompt", ...program.flags, `${FOLDER}${name}.ts`]));
  });

  Deno.test({
    name: `examples/python/${name}.py prints the same${skipped ? ` (skipped: ${skipped})` : ""}`,
    ignore: skipped !== undefined,
    async fn() {
      check(program, await runPython(`${FOLDER}${name}.py`));
    },
  });
}

Deno.test("each program of examples/python is there in both languages, and is run", async () => {
  const files = await Array.fromAsync(Deno.readDir(FOLDER), ({ name }) => name);
  const expected = Object.keys(PROGRAMS).flatMap((name) => [`${name}.py`, `${name}.ts`]);
  assertEquals(files.toSorted(), expected.toSorted());
});
