/**
 * Runs external programs, two at a time: what they write, input by a stream, and ending them early.
 *
 * Needs `--allow-run=sort,sh,sleep`, and nothing else.
 */

import { CommandExecutor, TimeoutError } from "@herd/concurrent";

await using executor = new CommandExecutor({ allow: ["sort", "sh", "sleep"], max_workers: 2 });

const flock = ReadableStream.from(["ram\n", "ewe\n", "lamb\n"]);
const { stdout } = await executor.submit("sort", [], { stdin: flock });
console.log("sorted:", stdout.trim().split("\n"));

const { code, stderr } = await executor.submit("sh", ["-c", "echo lost >&2; exit 3"]);
console.log("exit code:", code, "and a word:", stderr.trim());

const late = await executor.submit("sleep", ["60"], { deadline: 50 }).exception();
console.log("deadline:", late instanceof TimeoutError);

const unwanted = executor.submit("sleep", ["60"]);
console.log("cancelled:", unwanted.cancel());

try {
  executor.submit("rm", ["-r", "."]);
} catch (error) {
  console.log("not in allow:", error instanceof Deno.errors.NotCapable);
}
