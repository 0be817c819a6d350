/**
 * Tests of what a child process may do. A parent program, with exactly the flags that a test names, says
 * which flags its child gets; a child started with these then looks what it has.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { StartFlags, StartNeeds } from "../../ipc/processes/_start_flags.ts";
import type { Permissions } from "../../ipc/permissions.ts";
import { CONFIG, lines, ROOT, type run } from "../support/run_deno.ts";
import type { Request } from "./programs/permissions.ts";

const PROGRAM = new URL("./programs/permissions.ts", import.meta.url).pathname;

const KINDS = ["env", "ffi", "import", "net", "read", "run", "sys", "write"] as const;
type Kind = typeof KINDS[number];

/** Two items of each kind, and the key of a descriptor that takes them. */
const ITEMS: Record<Kind, [key: string, one: string, other: string]> = {
  env: ["variable", "HOME", "PATH"],
  ffi: ["path", "/usr/lib", "/opt"],
  import: ["host", "one.example:443", "other.example:443"],
  net: ["host", "one.example:443", "other.example:443"],
  read: ["path", "/usr", "/etc"],
  run: ["command", "/bin/sh", "/bin/cat"],
  sys: ["kind", "hostname", "osRelease"],
  write: ["path", "/usr", "/etc"],
};

/** The seven hosts that Deno lets every program import from. */
const DEFAULT_HOSTS = [
  "cdn.jsdelivr.net",
  "deno.land",
  "esm.sh",
  "gist.githubusercontent.com",
  "jsr.io",
  "raw.esm.sh",
  "raw.githubusercontent.com",
].map((host) => `${host}:443`);

type Answer = Partial<StartFlags> & { error?: string; program?: string; socket?: boolean };

async function ask(
  flags: readonly string[],
  request: Omit<Request, "permissions"> & { permissions?: unknown },
  options: Parameters<typeof run>[1] = {},
): Promise<Answer> {
  const args = ["--quiet", "--no-lock", "--no-prompt", CONFIG, ...flags, PROGRAM];
  const [answer] = await lines([...args, JSON.stringify(request)], options);
  return JSON.parse(answer!);
}

/** What a child says that is started with these flags: `env`, `read=/etc`, … of those it is asked for. */
async function granted(
  { flags, revoke, error }: Answer,
  wanted: readonly string[],
  options: Parameters<typeof run>[1] = {},
) {
  if (error !== undefined) return error;
  const source = `
    for (const one of ${JSON.stringify(revoke)}) Deno.permissions.revokeSync(one);
    const keys = ${JSON.stringify(Object.fromEntries(KINDS.map((kind) => [kind, ITEMS[kind][0]])))};
    const granted = ${JSON.stringify(wanted)}.filter((one) => {
      const [name, item] = one.split("=");
      const descriptor = item === undefined ? { name } : { name, [keys[name]]: item };
      return Deno.permissions.querySync(descriptor).state === "granted";
    });
    console.log(granted.join(" "));
  `;
  const main = `data:text/javascript,${encodeURIComponent(source)}`;
  const [line] = await lines(["--quiet", "--no-prompt", ...flags!, main], options);
  return line;
}

const EACH = KINDS.flatMap((kind) => {
  const [, one, other] = ITEMS[kind];
  return [kind, `${kind}=${one}`, `${kind}=${other}`];
});

/** Everything that {@linkcode EACH} asks for, of these kinds. */
function all(...kinds: readonly string[]): string {
  return EACH.filter((one) => kinds.includes(one.split("=")[0]!)).join(" ");
}

for (const kind of KINDS) {
  const [, one, other] = ITEMS[kind];
  const forms: [what: string, permissions: unknown, expected: string][] = [
    ["true", { [kind]: true }, all(kind)],
    ["inherit", { [kind]: "inherit" }, all(kind)],
    ["a list", { [kind]: [one] }, `${kind}=${one}`],
    ["an empty list", { [kind]: [] }, ""],
    ["false", { [kind]: false }, ""],
    ["true but for a list", { [kind]: true, deny: { [kind]: [one] } }, `${kind} ${kind}=${other}`],
    [
      "a list but for one",
      { [kind]: [one, other], deny: { [kind]: [one] } },
      `${kind}=${other}`,
    ],
    ["true but denied", { [kind]: true, deny: { [kind]: true } }, ""],
    ["a list but denied", { [kind]: [one], deny: { [kind]: true } }, ""],
    ["inherit but denied", { [kind]: "inherit", deny: { [kind]: true } }, ""],
    ["denied only", { deny: { [kind]: [one] } }, ""],
  ];
  Deno.test(`A child has exactly the ${kind} permission that it is given`, async (t) => {
    for (const [what, permissions, expected] of forms) {
      await t.step(what, async () => {
        assertEquals(await granted(await ask(["-A"], { permissions }), EACH), expected);
      });
    }
  });
}

const DEFAULTS = DEFAULT_HOSTS.map((host) => `import=${host}`);

/** Parents, and what their children have by default. */
const INHERITED: [flags: string[], asked: readonly string[], expected: string][] = [
  [["-A"], EACH, EACH.join(" ")],
  [[], EACH, ""],
  [[], DEFAULTS, DEFAULTS.join(" ")],
  [["--allow-net", "--allow-env"], EACH, all("env", "net")],
  [["--allow-read=/usr", "--allow-net"], EACH, all("net")],
  [["-A", "--deny-read=/usr"], EACH, all(...KINDS.filter((kind) => kind !== "read"))],
  [["-A", "--deny-run"], EACH, all(...KINDS.filter((kind) => kind !== "run"))],
  [["--allow-import"], EACH, all("import")],
  [["--allow-import=one.example:443"], [...EACH, ...DEFAULTS], ""],
  [["--allow-import=deno.land:443"], DEFAULTS, "import=deno.land:443"],
  [
    ["--deny-import=jsr.io:443"],
    DEFAULTS,
    DEFAULTS.filter((one) => one !== "import=jsr.io:443").join(" "),
  ],
];

for (const [flags, asked, expected] of INHERITED) {
  const parent = flags.join(" ") || "no flags";
  const about = asked === DEFAULTS ? ", asked for the hosts to import from" : "";
  Deno.test(`By default a child has what its parent has in full: ${parent}${about}`, async () => {
    assertEquals(await granted(await ask(flags, {}), asked), expected);
    assertEquals(await granted(await ask(flags, { permissions: "inherit" }), asked), expected);
    const each = Object.fromEntries(KINDS.map((kind) => [kind, "inherit"])) as Permissions;
    assertEquals(await granted(await ask(flags, { permissions: each }), asked), expected);
  });
}

Deno.test("A child of a parent that may do everything may, like it, read what takes all access", async () => {
  const { flags } = await ask(["-A"], {});
  const source = `Deno.openSync("/proc/self/environ").close(); console.log("open");`;
  assertEquals(
    await lines(["--quiet", "--no-prompt", ...flags!, `data:text/javascript,${source}`]),
    [
      "open",
    ],
  );
});

Deno.test("Under none a child has nothing, not even Deno's default hosts to import from", async () => {
  for (const flags of [["-A"], [], ["--allow-import"], ["--allow-import=one.example"]]) {
    for (const permissions of ["none", {}] as const) {
      assertEquals(await granted(await ask(flags, { permissions }), [...EACH, ...DEFAULTS]), "");
    }
  }
});

Deno.test("A child may import from the registry that JSR_URL names only if its parent may", async () => {
  const env = { JSR_URL: "https://registry.example/" };
  const registry = "import=registry.example:443";
  for (const flags of [["-A"], [], ["--allow-import=registry.example:443"]]) {
    const none = await ask(flags, { permissions: "none" }, { env });
    assertEquals(await granted(none, [registry], { env }), "");
  }
  const rows: [flags: string[], expected: string][] = [
    [["-A"], registry],
    [[], registry],
    [["--allow-import=one.example"], ""],
  ];
  for (const [flags, expected] of rows) {
    assertEquals(await granted(await ask(flags, {}, { env }), [registry], { env }), expected);
  }
});

Deno.test("What a child has by list is all that it has, also of hosts that it loads its code from", async () => {
  const needs = {
    entry: "https://jsr.io/@herd/concurrent/entry.ts",
    modules: ["https://one.example/task.ts", "http://other.example:8080/task.ts"],
  };
  const asked = [
    ...EACH,
    ...DEFAULTS,
    "import=jsr.io",
    "import=other.example:8080",
    "import=a.jsr.io:443",
  ];
  const rows: [list: string[], expected: string[]][] = [
    [["one.example:443"], ["import=one.example:443"]],
    [["one.example"], ["import=one.example:443"]],
    [["jsr.io"], ["import=jsr.io:443", "import=jsr.io"]],
    [["jsr.io:80"], []],
    [["asr.io", "*.a.io"], []],
    [["*.jsr.io", "JSR.io"], ["import=jsr.io:443", "import=jsr.io", "import=a.jsr.io:443"]],
  ];
  for (const [list, expected] of rows) {
    const answer = await ask(["-A"], { permissions: { import: list }, needs });
    assertEquals(await granted(answer, asked), expected.join(" "));
    const before = (await granted({ ...answer, revoke: [] }, asked))!.split(" ");
    for (const host of ["jsr.io:443", "one.example:443", "other.example:8080"]) {
      assert(before.includes(`import=${host}`), `${list}: can't load from ${host}`);
    }
  }
});

Deno.test("What a child is given to reach its parent is gone once it is given back", async () => {
  const needs: Partial<StartNeeds> = {
    channel: { read: ["/usr/s"], write: ["/usr/s"], net: ["unix:/usr/s"] },
  };
  const asked = [...EACH, "read=/usr/s", "write=/usr/s", "net=unix:/usr/s", "read=/usr/other"]
    .concat("read=/usr/s/x");
  const rows: [permissions: Permissions, expected: string][] = [
    ["none", ""],
    [{ read: ["/etc"], net: ["one.example:443"] }, "net=one.example:443 read=/etc"],
    // It lies within what the child has anyway, and giving it back would take that along.
    [{ read: ["/usr/"] }, "read=/usr read=/usr/s read=/usr/other read=/usr/s/x"],
    [{ read: ["/usr/s"] }, "read=/usr/s read=/usr/s/x"],
    [{ read: ["/us", "/usr/s/x"] }, "read=/usr/s/x"],
    [
      { read: true, deny: { net: true } },
      `${all("read")} read=/usr/s read=/usr/other read=/usr/s/x`,
    ],
  ];
  for (const [permissions, expected] of rows) {
    const answer = await ask(["-A"], { permissions, needs });
    assertEquals(await granted(answer, asked), expected);
    const before = await granted({ ...answer, revoke: [] }, asked);
    for (const one of ["read=/usr/s", "write=/usr/s", "net=unix:/usr/s"]) {
      assertMatch(before!, new RegExp(`(^| )${one}( |$)`));
    }
  }
});

function tooMuch(reason: string): string {
  return `NotCapable: Cannot start a child: a child can't have more than this program: ${reason}`;
}

Deno.test("More than the parent has is refused, and the flag is named", async () => {
  for (const kind of KINDS) {
    const [, one, other] = ITEMS[kind];
    const whole = tooMuch(`${kind} access is not granted: add --allow-${kind}`);
    assertEquals((await ask([], { permissions: { [kind]: true } })).error, whole);
    const flags = [`--allow-${kind}=${one}`];
    assertEquals((await ask(flags, { permissions: { [kind]: true } })).error, whole);
    assertEquals(
      (await ask(flags, { permissions: { [kind]: [one, other] } })).error,
      tooMuch(`${kind} access to ${other} is not granted: add --allow-${kind}=${other}`),
    );
    assertEquals((await ask(flags, { permissions: { [kind]: [one] } })).error, undefined);
  }
});

Deno.test("What the parent has but for something denied can't be passed on whole", async () => {
  for (const kind of KINDS) {
    const [, one, other] = ITEMS[kind];
    const flags = ["-A", `--deny-${kind}=${one}`];
    assertEquals(
      (await ask(flags, { permissions: { [kind]: true } })).error,
      tooMuch(`${kind} access is granted only in part: list what it needs`),
    );
    assertEquals(
      (await ask(flags, { permissions: { [kind]: [one] } })).error,
      tooMuch(`${kind} access to ${one} is not granted: add --allow-${kind}=${one}`),
    );
    const answer = await ask(flags, { permissions: { [kind]: [other] } });
    assertEquals(await granted(answer, EACH), `${kind}=${other}`);
  }
});

Deno.test("An item that could hide something denied is refused", async () => {
  const folder = await ask(["-R", "--deny-read=/usr/lib"], { permissions: { read: ["/usr"] } });
  assertEquals(
    folder.error,
    tooMuch("read access to /usr is granted only in part: list what it needs within"),
  );
  const pattern = "can't be looked up in a list: list what it stands for, or add --allow-";
  const rows: [flags: string[], permissions: unknown, reason: string][] = [
    [["--allow-env=A*", "--deny-env=AB"], { env: ["A*"] }, `env access to A* ${pattern}env`],
    [["-N", "--deny-net=a.b.c"], { net: ["*.b.c"] }, `net access to *.b.c ${pattern}net`],
    [
      ["--allow-net=10.0.0.0/8"],
      { net: ["10.0.0.0/8"] },
      `net access to 10.0.0.0/8 ${pattern}net`,
    ],
    [["-N", "--deny-net=a.b:1"], { net: [":80"] }, `net access to :80 ${pattern}net`],
    [
      ["-N", "--deny-net=a.b:1"],
      { net: ["a.b"] },
      "net access to a.b may be denied in part: list it with its port, such as example.org:443",
    ],
  ];
  for (const [flags, permissions, reason] of rows) {
    assertEquals((await ask(flags, { permissions })).error, tooMuch(reason));
  }
  const withPort = await ask(["-N", "--deny-net=a.b:1"], { permissions: { net: ["a.b:2"] } });
  assertEquals(withPort.error, undefined);
  const whole = { env: ["A*"], net: ["*.b.c", "10.0.0.0/8", ":80"] };
  const { flags } = await ask(["-A"], { permissions: whole });
  assertEquals(flags!.filter((flag) => /env|net/.test(flag)), [
    "--allow-env=A*",
    "--allow-net=*.b.c,10.0.0.0/8,:80",
  ]);
});

Deno.test("Paths are the parent's: relative ones start at its working directory, URLs are taken", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const permissions = {
      read: ["a/../b c", ".//d", ".", "URL file:///etc/%23x%20y%zz"],
      run: ["cat", "./bin/sh", "URL file:///bin/sh"],
      deny: { write: ["e"] },
    };
    const { flags } = await ask(["-A"], { permissions }, { cwd: folder });
    const here = await Deno.realPath(folder);
    assertEquals(flags!.filter((flag) => !flag.includes("import")), [
      `--allow-read=${here}/b c,${here}/d,${here}/,/etc/#x y%zz`,
      `--allow-run=cat,${here}/bin/sh,/bin/sh`,
      `--deny-write=${here}/e`,
    ]);
    const asked = [`read=${here}/b c/x`, `read=${here}/z`, "read=/etc/#x y%zz", "read=/etc"];
    assertEquals(
      await granted({ flags: flags!, revoke: [] }, asked),
      `read=${here}/b c/x read=${here}/z read=/etc/#x y%zz`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Permissions of no form that Deno knows are a TypeError that says what is wanted", async () => {
  const known = "env, ffi, import, net, read, run, sys, write are known";
  const hosts = "hosts such as example.org or example.org:443 are wanted";
  const comma = "a comma can't be put into a flag of deno: list the folder above, or rename it";
  const rows: [permissions: unknown, reason: string][] = [
    ["all", `permissions is "all": "inherit", "none" or an object is wanted`],
    [null, `permissions is null: "inherit", "none" or an object is wanted`],
    [{ all: true }, `there is no permission all: ${known}`],
    [{ read: 1 }, `permission read is 1: true, false, "inherit" or a list is wanted`],
    [{ read: null }, `permission read is null: true, false, "inherit" or a list is wanted`],
    [{ read: [""] }, "permission read lists an empty string: strings and file URLs are wanted"],
    [{ sys: [1] }, "permission sys lists 1: strings are wanted"],
    [{ net: ["https://a.b"] }, `permission net lists https://a.b: ${hosts}`],
    [{ net: ["a b"] }, `permission net lists a b: ${hosts}`],
    [{ net: ["unix:a"] }, `permission net lists unix:a: ${hosts}`],
    [{ import: ["https://a.b/c.ts"] }, `permission import lists https://a.b/c.ts: ${hosts}`],
    [{ env: ["A=B"] }, "permission env lists A=B: names of variables are wanted"],
    [{ read: ["/a,b"] }, `permission read lists /a,b: ${comma}`],
    [{ deny: { read: ["/a,b"] } }, `permission deny.read lists /a,b: ${comma}`],
    [{ deny: true }, "permission deny is true: an object is wanted"],
    [{ deny: { all: true } }, `there is no permission all: ${known}`],
    [
      { deny: { read: "inherit" } },
      `permission deny.read is "inherit": true, false or a list is wanted`,
    ],
    [{ deny: { env: ["A=B"] } }, "permission deny.env lists A=B: names of variables are wanted"],
  ];
  for (const [permissions, reason] of rows) {
    const { error } = await ask(["-A"], { permissions });
    assertEquals(error, `TypeError: Cannot start a child: ${reason}`);
  }
  const { error } = await ask(["--allow-sys=hostname"], { permissions: { sys: ["weather"] } });
  assertMatch(error!, /^TypeError: Cannot start a child: permission sys lists weather: .*weather/);
});

Deno.test({
  name: "Children are reached by a socket where there is a place for one, whatever else is denied",
  ignore: Deno.build.os === "windows",
  async fn() {
    const rows: [flags: string[], socket: boolean][] = [
      [["-R", "-W", "--allow-net"], true],
      // Deno denies writing to what may be run.
      [["-R", "-W", "--allow-net", `--allow-run=${Deno.execPath()}`], true],
      [["-R", "-W=/tmp", "--allow-net"], true],
      [["-R", "-W", "--allow-net", "--deny-write=/tmp"], false],
      [["-R", "-W=/usr", "--allow-net"], false],
      [["-R=/", "-W", "--allow-net=127.0.0.1"], false],
    ];
    for (const [flags, socket] of rows) {
      assertEquals(await ask(flags, { meeting: true }), { socket }, flags.join(" "));
    }
  },
});

Deno.test("Children are started with the deno that the parent may run", async (t) => {
  const real = Deno.execPath();
  const folder = await Deno.makeTempDir();
  const env = { PATH: folder };
  try {
    await Deno.symlink(real, `${folder}/deno`);
    const request: Request = { program: true };
    const rows: [flags: string[], program: string][] = [
      [["-A"], real],
      [["--allow-run"], real],
      [[`--allow-run=${real}`], real],
      [["--allow-run=deno"], "deno"],
      [[`--allow-run=${folder}/deno`], "deno"],
    ];
    for (const [flags, program] of rows) {
      await t.step(flags[0]!, async () => {
        assertEquals(await ask(flags, request, { env }), { program });
        const parent = `console.log((await new Deno.Command(${JSON.stringify(program)}, {
          args: ["run", "--quiet", "data:text/javascript,"],
        }).output()).code)`;
        const main = `data:text/javascript,${encodeURIComponent(parent)}`;
        assertEquals(await lines(["--quiet", "--no-prompt", ...flags, main], { env }), ["0"]);
      });
    }
    for (const flags of [[], ["--allow-run=cat"], ["-A", "--deny-run"]]) {
      const { error } = await ask(flags, request, { env });
      assertEquals(
        error,
        "NotCapable: Cannot start a child: child processes are started with deno, which this " +
          `program may not run: add --allow-run=deno, or --allow-run=${real} where deno is not on ` +
          `the PATH; for a child process, grant it run: ["deno"]`,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Runs a program that uses Herd, with all permissions; returns what it printed. */
function linesOf(program: string, env: Record<string, string> = {}): Promise<string[]> {
  const source = `import * as herd from ${JSON.stringify(new URL("mod.ts", ROOT))};
    const config = ${JSON.stringify(new URL("deno.json", ROOT))};
    const state = (name, path) => Deno.permissions.querySync({ name, path }).state;
    ${program}`;
  const main = `data:text/javascript,${encodeURIComponent(source)}`;
  return lines(["--quiet", "--no-lock", "--no-prompt", CONFIG, "-A", main], { env });
}

Deno.test("A comma in the path of temporary files grants a child nothing", async () => {
  const folder = await Deno.makeTempDir();
  const [before, whole] = [`${folder}/one`, `${folder}/one,two`];
  await Deno.mkdir(whole);
  const program = `
    await using executor = new herd.ProcessPoolExecutor({
      max_workers: 1,
      permissions: { read: [${JSON.stringify(folder)}] },
      config,
    });
    console.log(await executor.submit(state, "write", ${JSON.stringify(before)}));`;
  try {
    assertEquals(await linesOf(program, { TMPDIR: whole }), ["prompt"]);
    assertEquals([...Deno.readDirSync(whole)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("What a program has given back its later children do not get", async () => {
  const program = `
    const make = (permissions) =>
      new herd.ProcessPoolExecutor({ max_workers: 1, permissions, config });
    await using inherits = make("inherit");
    await using inheritsKind = make({ net: "inherit", read: true });
    await using lists = make({ net: ["example.org:80"] });
    Deno.permissions.revokeSync({ name: "net" });
    console.log(await inherits.submit(state, "net"), await inherits.submit(state, "read"));
    console.log(await inheritsKind.submit(state, "net"), await inheritsKind.submit(state, "read"));
    const { name, cause } = await lists.submit(state, "net").exception();
    console.log(name, cause.message);`;
  assertEquals(await linesOf(program), [
    "prompt granted",
    "prompt granted",
    "BrokenProcessPool Cannot make a ProcessPoolExecutor: a child can't have more than this " +
    "program: net access to example.org:80 is not granted: add --allow-net=example.org:80",
  ]);
});
