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

/** Python writes through as on a terminal: whole lines, at once, also those of processes. */
const WRITE_LINES = `
import runpy, sys
sys.stdout.reconfigure(line_buffering=True, write_through=False)
runpy.run_path(sys.argv[1], run_name="__main__")
`;

/** What Python prints, as Herd prints it. */
const WORDS: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null" };

async function runPython(file: string): Promise<Ending> {
  const { code, stdout, stderr } = await new Deno.Command("python3", {
    args: ["-c", WRITE_LINES, file],
    env: { PYTHONUNBUFFERED: "", PYTHONDONTWRITEBYTECODE: "1" },
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
    name: `examples/python/${name}.py prints the same${noPython ? ` (skipped: ${noPython})` : ""}`,
    ignore: noPython !== undefined,
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
