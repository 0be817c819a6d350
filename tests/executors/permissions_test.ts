/**
 * Tests of what a pool's workers may do. Each runs a program in a child, with exactly the flags that it
 * names.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { CONFIG, type Ending, ROOT, run as runDeno } from "../support/run_deno.ts";

const PROGRAM = new URL("./programs/permissions.ts", import.meta.url).pathname;

/** Workers need to read their modules, and nothing else. */
const READ_HERE = `--allow-read=${ROOT.pathname}`;
const OPTION = "--unstable-worker-options";

/** What a program's workers are. */
type Kind = "Web Worker" | "killable";
const KINDS: readonly Kind[] = ["Web Worker", "killable"];

/** Runs a program with these flags. */
function run(
  flags: readonly string[],
  program: string,
  { config = CONFIG, kind }: { config?: string; kind?: Kind } = {},
): Promise<Ending> {
  const args = kind === "killable" ? [program, kind] : [program];
  return runDeno(["--quiet", "--no-lock", "--no-prompt", config, ...flags, PROGRAM, ...args]);
}

/** Runs a program that ends well, with nothing on stderr; returns what it printed. */
async function lines(flags: readonly string[], program: string, kind?: Kind): Promise<string[]> {
  const { code, lines, stderr } = await run(flags, program, { ...(kind && { kind }) });
  assertEquals(stderr, "");
  assertEquals(code, 0);
  return lines;
}

const ALL_BUT_RUN = ["env", "ffi", "import", "net", "read", "sys", "write"]
  .map((kind) => `--allow-${kind}`);

/** Each kind, and what is granted of those that the program looks at. */
const GRANTS: readonly [program: string, flags: readonly string[], granted: string][] = [
  ["by default", [READ_HERE, "--allow-net"], "net"],
  ["by default", ["--allow-read", "--allow-env"], "env read"],
  ["inherit", [READ_HERE, "--allow-net", OPTION], "net"],
  ["inherit", ["-A", OPTION], "env ffi import net read run sys write"],
  ["none", ["-A", OPTION], "nothing"],
  ["none", [READ_HERE, OPTION], "nothing"],
  ["empty", ["-A", OPTION], "nothing"],
  ["one kind", ["-A", OPTION], "net"],
  ["one kind", [...ALL_BUT_RUN, OPTION], "net"],
  ["each kind as it is", ["--allow-read", "--allow-net", "--allow-env", OPTION], "net read"],
  ["each kind as it is", [READ_HERE, "--allow-env", OPTION], "nothing"],
  ["lists", ["-A", OPTION], "env=HOME net=localhost:80 read=/etc"],
  [
    "lists",
    [`${READ_HERE},/etc`, "--allow-env=HOME,PATH", "--allow-net=localhost", OPTION],
    "env=HOME net=localhost:80 read=/etc",
  ],
  ["a list with a URL", ["-A", OPTION], "read=/etc"],
  ["an empty list", ["-A", OPTION], "nothing"],
];

for (const [program, flags, granted] of GRANTS) {
  const given = flags.join(" ").replaceAll(ROOT.pathname, ".");
  for (const kind of KINDS) {
    Deno.test(`Permissions of a ${kind}: ${program}, of a program with ${given}`, async () => {
      assertEquals(await lines(flags, program, kind), [granted]);
    });
  }
}

/** A lock is sent to threads that may read Herd's modules, and to those that may do nothing. */
const LOCKS: readonly [program: string, flags: readonly string[]][] = [
  ["a lock", ["--allow-read"]],
  ["a lock", [READ_HERE]],
  ["a lock, with no permissions", [READ_HERE, OPTION]],
];

for (const [program, flags] of LOCKS) {
  const given = flags.join(" ").replaceAll(ROOT.pathname, "./");
  Deno.test(`Permissions of a Web Worker: it can be sent ${program}, of a program with ${given}`, async () => {
    assertEquals(await lines(flags, program), ["false true"]);
  });
}

function tooMuch(what: string, flag: string): string {
  return `NotCapable: Cannot make a ThreadPoolExecutor: a worker can't have more than this program: ` +
    `${what} is not granted: add ${flag}`;
}

Deno.test("More than the program has is refused at once, and the flag is named", async () => {
  const kinds = ["env", "ffi", "import", "net", "read", "run", "sys", "write"];
  assertEquals(await lines([READ_HERE, OPTION], "too much"), [
    ...kinds.map((kind) => tooMuch(`${kind} access`, `--allow-${kind}`)),
    tooMuch("read access to /etc", "--allow-read=/etc"),
    tooMuch("env access to HOME", "--allow-env=HOME"),
    tooMuch("net access to localhost:80", "--allow-net=localhost:80"),
  ]);
});

Deno.test("The refusal comes before Deno would end the program for want of the option", async () => {
  const [first] = await lines([READ_HERE], "too much");
  assertEquals(first, tooMuch("env access", "--allow-env"));
});

Deno.test("Of a permission that the program has in part, a worker may have what lies within", async () => {
  assertEquals(await lines([`${READ_HERE},/etc`, OPTION], "part of a list"), [
    "made",
    tooMuch("read access to /var", "--allow-read=/var"),
    tooMuch("read access", "--allow-read"),
  ]);
});

Deno.test("Permissions of no form that Deno knows are a TypeError that says what is wanted", async () => {
  const forms = `"inherit", "none" or an object is wanted`;
  const known = "env, ffi, import, net, read, run, sys, write are known";
  const grants = `true, false, "inherit" or a list is wanted`;
  const items = "strings and file URLs are wanted";
  const expected = [
    ...[`"all"`, `""`, "5", "true", "null", "[]"]
      .map((form) => `permissions is ${form}: ${forms}`),
    `there is no permission reed: ${known}`,
    `permission read is 1: ${grants}`,
    `permission read is "all": ${grants}`,
    `permission read lists 5: ${items}`,
    `permission read lists an empty string: ${items}`,
    `permission read lists https://example.org/: ${items}`,
    "permission net lists file:///etc: strings are wanted",
    "a thread can't have a deny list: grant what it needs, or use a process",
    `there is no permission all: ${known}`,
  ];
  assertEquals(
    await lines(["-A", OPTION], "bad forms"),
    expected.map((text) => `TypeError: Cannot make a ThreadPoolExecutor: ${text}`),
  );
});

Deno.test("An item that Deno does not understand is a TypeError that gives Deno's reason", async () => {
  const [host, kind] = await lines([READ_HERE, OPTION], "items that Deno does not know");
  const start = "^TypeError: Cannot make a ThreadPoolExecutor: permission ";
  assertMatch(host!, new RegExp(`${start}net lists https://example.org: .+`));
  assertMatch(kind!, new RegExp(`${start}sys lists weather: .+weather`));
});

for (const kind of KINDS) {
  Deno.test(`Under none, functions work by source, by reference and out of listed modules, in a ${kind}`, async () => {
    for (const flags of [["-A"], ["--allow-read"], [READ_HERE]]) {
      assertEquals(await lines([...flags, OPTION], "tasks", kind), ["2", "0", "0", "6", "9"]);
    }
  });

  Deno.test(`Under none, a module that a ${kind} did not know at its start: the error says what to do`, async () => {
    const program = "a module that is not known at the start";
    const [error, next] = await lines(["-A", OPTION], program, kind);
    assertMatch(
      error!,
      /^TypeError: Cannot run work: its module file:\S+exits\.ts does not load: Requires read access/,
    );
    assertMatch(error!, /: list it in modules$/);
    assertEquals(next, "2", "the worker lives on");
  });

  Deno.test(`A ${kind} that was given permissions revokes only its own`, async () => {
    const flags = [READ_HERE, "--allow-net", OPTION];
    assertEquals(await lines(flags, "revoke", kind), ["prompt", "granted"]);
  });
}

Deno.test("A program that may not read its modules gets an error that names the flag, and ends", async () => {
  for (const flags of [[], ["--allow-net"], ["--allow-read=/etc"], [OPTION]]) {
    const { code, lines, stderr } = await run(flags, "no read");
    assertMatch(
      [...lines, stderr].join("\n"),
      /NotCapable: Cannot make .* may not read .*--allow-read/,
    );
    assertEquals(code, 1);
  }
  assertEquals(await lines([READ_HERE], "no read"), ["2"]);
});

Deno.test("The option can stand in deno.json", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    const config = `${folder}/deno.json`;
    const text = JSON.stringify({ unstable: ["worker-options"], imports });
    await Deno.writeTextFile(config, text);
    const { code, lines, stderr } = await run(["-A"], "none", { config: `--config=${config}` });
    assertEquals(stderr, "");
    assertEquals(code, 0);
    assertEquals(lines, ["nothing"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Without the option Deno ends a program whose workers are given permissions, and names it", async () => {
  const { code, stderr } = await run(["-A"], "none");
  assertEquals(code, 70);
  assertMatch(stderr, /--unstable-worker-options/);
});
