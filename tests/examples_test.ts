/** The examples, run the way a user runs them. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { decode } from "npm:fast-png@^8.0.0";
import { analyseFile } from "../examples/demo/analyse_file.ts";
import { formatTable } from "../examples/demo/table.ts";
import { widthOf } from "../examples/demo/width.ts";
import { WordCounter } from "../examples/demo/word_counter.ts";
import { renderRow } from "../examples/mandelbrot/render_row.ts";

const ROOT = new URL("..", import.meta.url);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function deno(...args: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT })
    .output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

const demo = (...args: string[]) => deno("task", "--quiet", "demo", ...args);

/** A folder of its own for one test. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "herd_examples_" });

  /** Writes a file, in a subfolder where its name says so. */
  write(name: string, content: string | Uint8Array): string {
    const path = `${this.path}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else Deno.writeFileSync(path, content);
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}

function assertNoControlCharacters(text: string): void {
  assertEquals(text.replaceAll("\n", "").match(/\p{Cc}/gu), null);
}

/** The table at the head of the output: its cells, row by row, by the columns of its rule. */
function readTable(stdout: string): { rows: string[][]; footer: string[] } {
  const lines = stdout.slice(0, stdout.indexOf("\n\n")).split("\n");
  const rule = lines[1]!;
  assertEquals(lines.at(-2), rule);
  const columns = [...rule.matchAll(/─+/g)].map(({ 0: { length }, index }) => ({ index, length }));
  const cells = (line: string) => {
    for (const { index } of columns.slice(1)) {
      assertEquals(line.slice(index - 2, index).trim(), "", `not aligned: ${line}`);
    }
    return columns.map(({ index, length }) => line.slice(index, index + length).trim());
  };
  return { rows: lines.slice(2, -2).map(cells), footer: cells(lines.at(-1)!) };
}

Deno.test("the demo shows size, lines, checksum and words of every text file", async () => {
  using folder = new Folder();
  const poem = "Sheep and sheep,\nand more SHEEP\nthan a dog can keep";
  folder.write("poem.txt", poem);
  folder.write("deep/er/list.md", "ewes\nrams\n");
  folder.write("empty.txt", "");
  const { code, stdout, stderr } = await demo(folder.path);
  assertEquals(code, 0, stderr);
  assertNoControlCharacters(stdout);
  const { rows, footer } = readTable(stdout);
  assertEquals(rows, [
    ["poem.txt", "51 B", "3", await sha256(poem), "sheep 3, keep 1, more 1, than 1"],
    ["deep/er/list.md", "10 B", "2", await sha256("ewes\nrams\n"), "ewes 1, rams 1"],
    ["empty.txt", "0 B", "0", await sha256(""), ""],
  ]);
  assertEquals(footer, ["3 text files", "61 B", "5", "", ""]);
  assertMatch(stdout, /^Serially +\d+\.\d{3} s$/m);
  assertMatch(stdout, /^Over the pool +\d+\.\d{3} s/m);
  assertMatch(stdout, /^Speed-up +\d+\.\d\d times$/m);
  assertStringIncludes(stdout, "Both runs gave the same results.\n");
});

Deno.test("the demo says what it leaves out and goes on with the rest", async () => {
  using folder = new Folder();
  folder.write("good.txt", "wool\n");
  folder.write("picture.bin", new Uint8Array([112, 0, 113]));
  folder.write("latin1.txt", new Uint8Array([0xe4, 0x20]));
  folder.write("cut.txt", new Uint8Array([0x61, 0xc3]));
  const forbidden = folder.write("forbidden.txt", "wolf\n");
  folder.write(".git/config", "not for us");
  folder.write("a/node_modules/b.js", "nor this");
  const { code, stdout, stderr } = await deno(
    ...["run", "-R", `--deny-read=${forbidden}`, "examples/demo.ts", folder.path],
  );
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "picture.bin: binary: it has NUL bytes\n");
  assertStringIncludes(stderr, "latin1.txt: binary: it is no valid UTF-8\n");
  assertStringIncludes(stderr, "cut.txt: binary: it is no valid UTF-8\n");
  assertStringIncludes(stderr, "forbidden.txt: unreadable: ");
  assertEquals(readTable(stdout).rows.map(([name]) => name), ["good.txt"]);
});

Deno.test({
  name: "the demo notes files and folders that the user may not read",
  // Root may read everything.
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  async fn() {
    using folder = new Folder();
    folder.write("good.txt", "wool\n");
    Deno.chmodSync(folder.write("mine.txt", "wolf\n"), 0);
    folder.write("closed/inner.txt", "wolf\n");
    const closed = `${folder.path}/closed`;
    Deno.chmodSync(closed, 0);
    try {
      const { code, stdout, stderr } = await demo(folder.path);
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, "mine.txt: unreadable: permission denied\n");
      assertStringIncludes(stderr, "closed: unreadable: permission denied\n");
      assertEquals(readTable(stdout).rows.map(([name]) => name), ["good.txt"]);
    } finally {
      Deno.chmodSync(closed, 0o700);
    }
  },
});

Deno.test({
  name: "the demo ends in a folder of circular links and shows strange names harmlessly",
  ignore: Deno.build.os === "windows",
  async fn() {
    using folder = new Folder();
    folder.write("a/wool.txt", "wool\n");
    folder.write("red\x1b[31m\r\n.txt", "wool\n");
    Deno.symlinkSync("..", `${folder.path}/a/up`);
    Deno.symlinkSync("self", `${folder.path}/self`);
    const { code, stdout, stderr } = await demo(folder.path);
    assertEquals(code, 0, stderr);
    assertNoControlCharacters(stdout);
    assertEquals(readTable(stdout).rows.map(([name]) => name), [
      "a/wool.txt",
      "red\\u{1b}[31m\\u{d}\\u{a}.txt",
    ]);
  },
});

Deno.test("the demo takes many small files and shows as many as it is told to", async () => {
  using folder = new Folder();
  for (let i = 0; i < 600; i++) folder.write(`${i % 7}/${i}.txt`, "line\n".repeat(i));
  const { code, stdout, stderr } = await demo(folder.path, "--rows", "2", "--workers", "2");
  assertEquals(code, 0, stderr);
  const { rows, footer } = readTable(stdout);
  assertEquals(rows.map(([name, , lines]) => [name, lines]), [
    ["4/599.txt", "599"],
    ["3/598.txt", "598"],
  ]);
  assertEquals(footer.slice(0, 3), ["600 text files, 598 not shown", "898.5 kB", "179,700"]);
});

Deno.test("the demo refuses a folder that is not there", async () => {
  using folder = new Folder();
  const { code, stdout, stderr } = await demo(`${folder.path}/nowhere`);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, `Cannot read folder ${folder.path}/nowhere: not found\n`);
});

Deno.test("the demo explains itself and refuses what it does not know", async () => {
  const help = await demo("--help");
  assertEquals(help.code, 0);
  assertStringIncludes(help.stdout, "Usage: deno task demo [FOLDER]");
  assertStringIncludes(help.stdout, "node_modules are skipped");
  const wrong = await demo("--workers", "0");
  assertEquals([wrong.code, wrong.stdout], [2, ""]);
  assertStringIncludes(wrong.stderr, "--workers wants a whole number from 1, not 0\n");
});

Deno.test("the demo's analysis makes an outcome of a file that has vanished", () => {
  assertEquals(analyseFile("nowhere/at/all"), {
    kind: "skipped",
    reason: "not found: it vanished meanwhile",
  });
});

Deno.test("the demo's words are the same wherever a text is cut", () => {
  const text = `Été ΟΔΟΣ 𝒜𝒷𝒸𝒹 woolwool ${"a".repeat(64)} ${"b".repeat(65)} Woolwool`;
  const letters = Array.from(text);
  for (let size = 1; size <= letters.length; size++) {
    const counter = new WordCounter();
    for (let at = 0; at < letters.length; at += size) {
      counter.add(letters.slice(at, at + size).join(""));
    }
    counter.end();
    assertEquals(counter.top(9), [["woolwool", 2], ["a".repeat(64), 1], ["οδος", 1], [
      "𝒜𝒷𝒸𝒹",
      1,
    ]]);
  }
});

Deno.test("the demo's table is aligned by what letters take on a terminal", () => {
  const table = formatTable({
    columns: [{ title: "File", align: "left" }, { title: "Size", align: "right" }],
    rows: [["羊.txt", "1 B"], ["sheep.txt", "12 kB"]],
    footer: ["2 files", "12 kB"],
  });
  const lines = table.split("\n");
  assertEquals(lines.map(widthOf), lines.map(() => 16));
});

Deno.test("the Mandelbrot example writes the picture that its rows make", async () => {
  using folder = new Folder();
  const [width, height] = [60, 40];
  const out = `${folder.path}/out.png`;
  const { code, stdout, stderr } = await deno(
    ...["task", "--quiet", "mandelbrot", out, "--width", `${width}`, "--height", `${height}`],
    ...["--workers", "2"],
  );
  assertEquals(code, 0, stderr);
  assertNoControlCharacters(stdout);
  assertStringIncludes(stdout, "60 × 40 pixels");
  const png = decode(await Deno.readFile(out));
  assertEquals([png.width, png.height, png.channels, png.depth], [width, height, 3, 8]);
  const row = (y: number) => [...png.data.slice(3 * width * y, 3 * width * (y + 1))];
  for (let y = 0; y < height; y++) {
    assertEquals(row(y), [...renderRow({ y, width, height })]);
    assertEquals(row(y), row(height - 1 - y), "the set is symmetric");
  }
  const centre = 3 * width / 2;
  assertEquals(row(height / 2).slice(centre, centre + 3), [0, 0, 0], "the centre is in the set");
  assert(row(0).slice(0, 3).some((channel) => channel > 0), "a corner is not");
});

Deno.test("the Mandelbrot example says what is wrong", async () => {
  const { code, stderr } = await deno("task", "--quiet", "mandelbrot", "--width", "0");
  assertEquals(code, 1);
  assertStringIncludes(stderr, "--width wants a whole number from 1 to 20000, not 0\n");
});

const OUTPUTS = {
  "hello.ts": "42\n1\n4\n9\n",
  "cancel.ts": `\
deadline: true
cancelled before it began: true
signal: no longer needed
the worker is free again: 2
`,
  "commands.ts": `\
sorted: [ "ewe", "lamb", "ram" ]
exit code: 3 and a word: lost
deadline: true
cancelled: true
not in allow: true
`,
  "condition.ts": `\
parcels delivered: 10 of 10
parcels left: 0
`,
  "echo_server.ts": `\
"HELLO"
""
"SHEEP"
AuthenticationError
served
`,
  "errors.ts": `\
RangeError: this is no JSON, because of a SyntaxError
the worker died: true
the next task: [ 1, 2 ]
`,
  "lock.ts": `\
without the lock, one ticket was sold to: 2
with the lock: 1
`,
  "manager.ts": `\
hill: 30
meadow: 20
moor: 10
together: 60
`,
  "processes.ts": `\
Process-1: hello, herd
exit code: 0
exit code: 3
still running: true
exit code: -15
`,
  "pipe.ts": `\
a bell: 6 shillings
wool: 4 shillings
a lamb: 6 shillings
a ram: 5 shillings
true nobody is left
exit code: 0
`,
  "producer_consumer.ts": "168 primes, from 2 to 997\n",
  "joinable_queue.ts": `\
all nodes are done, and the queue is empty: true
nodes: 1023
`,
  "pool.ts": `\
from 27 it takes 112
from 6, 7 and 9: 9, 17, 20
the first odd number with more than 100 is 27
`,
  "semaphore.ts": `\
visits: 13 and never more than 5 inside: true
free seats: 2
free seats, after the process has died: 5
`,
  "threads.ts": `\
gatherer: Dolly, Molly, Polly
pieces: 3 and still alive: false
calls here: 2
WorkerProcess-1 ended with 3
`,
};

/** As a user who has `deno` on the `PATH` says by its name. */
const RUN = `--allow-run=${Deno.execPath()}`;

/** What an example needs; read access for most. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  "commands.ts": ["--allow-run=sort,sh,sleep"],
  "condition.ts": ["-R", "-W", RUN],
  "lock.ts": ["-R", "-W", RUN],
  "echo_server.ts": ["-R", "--allow-net=127.0.0.1"],
  "pipe.ts": ["-R", RUN],
  "manager.ts": ["-R", "-W", "--allow-net", "--allow-run"],
  "processes.ts": ["-R", "--allow-run"],
  "pool.ts": ["-R", RUN],
  "producer_consumer.ts": ["-R", RUN],
  "semaphore.ts": ["-R", RUN],
};

for (const [name, output] of Object.entries(OUTPUTS)) {
  Deno.test(`examples/${name} prints what it should`, async () => {
    const flags = FLAGS[name] ?? ["-R"];
    const { code, stdout, stderr } = await deno("run", ...flags, `examples/${name}`);
    assertEquals([code, stdout], [0, output], stderr);
  });
}

Deno.test("examples/trace.ts writes a trace of all that it ran", async () => {
  using folder = new Folder();
  const file = folder.write("trace.json", "");
  const { code, stdout, stderr } = await deno("run", "-R", `-W=${file}`, "examples/trace.ts", file);
  assertEquals(
    [code, stdout],
    [0, `148933 primes below 2000000; the trace is in ${file}\n`],
    stderr,
  );
  const events: { ph: string; name: string }[] = JSON.parse(await Deno.readTextFile(file));
  const runs = events.filter(({ ph }) => ph === "X").map(({ name }) => name);
  assertEquals(runs, Array(20).fill("countPrimes"));
});
