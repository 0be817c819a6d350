/**
 * Tests of what tasks in processes write and read: their output is the program's, whole and in order,
 * whatever the channel is, and nothing that they do with it harms the channel.
 */

import { assert, assertEquals } from "@std/assert";
import { runProgram } from "../support/program.ts";

const PROGRAMS = new URL("./programs/process_output.ts", import.meta.url).pathname;

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** One test for each way to the children. */
function both(name: string, program: string, check: (output: Output) => void): void {
  for (const way of ["socket", "pipes"]) {
    Deno.test(`${name} (${way})`, async () => {
      const { code, stdout, stderr } = await runProgram([PROGRAMS, program, way]);
      assertEquals(code, 0, stderr);
      check({ stdout, stderr });
    });
  }
}

const times = (count: number, text: string) => text.repeat(count);

both("Lines of tasks arrive whole, each task's in order, and nothing else", "lines", (output) => {
  assertEquals(output.stderr, "");
  const lines = output.stdout.trimEnd().split("\n");
  for (const who of ["a", "b"]) {
    const own = lines.filter((line) => line.startsWith(`${who} `));
    const expected = Array.from(
      { length: 2000 },
      (_, i) => `${who} ${i} ${times(i * 31 % 1000, "-")}.`,
    );
    assertEquals(own, expected);
  }
  assertEquals(lines.length, 4000);
});

both("A very long line arrives whole", "long", ({ stdout, stderr }) => {
  assertEquals(stderr, "");
  assertEquals(stdout.length, 3_000_001);
  assert(stdout === `${times(3_000_000, "L")}\n`);
});

both("Every way to write to standard output works, in order", "everywhere", (output) => {
  assertEquals(output.stderr, "");
  const marker = /(?<=process\.stdout\.write\n)[^]+?(?=end\n)/g;
  assertEquals(output.stdout.match(marker)?.length, 3);
  const once = [
    ...["console.log", "Deno.stdout.writeSync", "console.info", "Deno.stdout.write"],
    ...["Deno.stdout.writable", "process.stdout.write", "end"],
  ].join("\n") + "\n";
  assertEquals(output.stdout.replaceAll(marker, ""), times(3, once));
});

both("What tasks write to standard error is passed on whole", "errors", (output) => {
  assertEquals(output.stdout, "");
  // What is no text reads as the sign for that.
  const odd = "\uFFFD\uFFFD\0\uFFFD\n";
  const expected = `console.error\nconsole.warn\n${odd}ä\nDeno.stderr.writable\n`;
  assertEquals(output.stderr, expected);
});

both("10 MB on standard error are passed on, and the tasks go on", "much", ({ stdout, stderr }) => {
  assertEquals(stdout, "10 50\n");
  assertEquals(stderr.length, 10 * 1024 * 1024);
  assert(stderr === times(10 * 1024, `${times(1023, "e")}\n`));
});

both("A task that reads standard input finds it at its end", "input", ({ stdout, stderr }) => {
  assertEquals(stderr, "");
  assertEquals(stdout, `[null,null,0,null,false,""]\ngoes on\n`);
});

both("Programs that a task starts share its output, and find no input", "programs", (output) => {
  assertEquals(output.stdout, "program\nread\nprogram\nread\ntrue true\ngoes on\n");
  assertEquals(output.stderr, "its errors\nits errors\n");
});

both("A Worker that a task starts shares its output", "Worker", ({ stdout, stderr }) => {
  assertEquals(stdout, "Worker\ndone\ngoes on\n");
  assertEquals(stderr, "its errors\n");
});

const hasPython = (await new Deno.Command("sh", { args: ["-c", "command -v python3"] }).output())
  .success;

if (hasPython) {
  both(
    "A pipe that a program has made one that does not wait loses nothing",
    "not waiting",
    (output) => {
      assertEquals(output, { stdout: "1000000,1000000,1000000\n", stderr: "" });
    },
  );
}
