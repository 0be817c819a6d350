/**
 * Tests of how a child process resolves modules: as its parent does, whose main module lies in a project
 * of its own. The children have no permission, another working directory, and a generated main module.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { lines, ROOT } from "../support/run_deno.ts";
import type { Answer, Request } from "./programs/user_config.ts";

const PROGRAM = new URL("tests/ipc/programs/user_config.ts", ROOT).href;

/** The acorn that this checkout's lock file pins, which is therefore in the cache. */
const ACORN = "npm:acorn@^8.15.0";

type Files = Readonly<Record<string, string>>;

/** A folder with these files, whose name takes care to quote. */
class Project implements AsyncDisposable {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(files: Files): Promise<Project> {
    const project = new Project(`${await Deno.realPath(await Deno.makeTempDir())}/a #1%20é`);
    await project.write({ "main.ts": `import ${JSON.stringify(PROGRAM)};`, ...files });
    return project;
  }

  async write(files: Files): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const path = this.path(name);
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(path, text);
    }
  }

  path(name: string): string {
    return `${this.root}/${name}`;
  }

  url(name: string): string {
    const path = this.path(name).split("/").map(encodeURIComponent).join("/");
    return `file://${path}`;
  }

  /** What a parent says whose main module is `main`. */
  async ask(
    request: Request,
    { flags = ["-A"], main = "main.ts", env = {} }: {
      flags?: string[];
      main?: string;
      env?: Record<string, string>;
    } = {},
  ): Promise<Answer> {
    const file = main.startsWith("data:") ? main : this.path(main);
    const args = ["--quiet", "--no-prompt", "--no-lock", ...flags, file, JSON.stringify(request)];
    const [answer] = await lines(args, { cwd: this.root, env });
    return JSON.parse(answer!);
  }

  /** What the task of a module in the project returns in a child with these flags. */
  async runTask(flags: readonly string[] | undefined, name = "task.ts"): Promise<string> {
    const main = `data:text/javascript,${encodeURIComponent(this.mainThatRuns(name))}`;
    const [line] = await lines(["--quiet", "--no-prompt", ...flags!, main], { cwd: "/" });
    return line!;
  }

  mainThatRuns(name = "task.ts"): string {
    return `const { run } = await import(${JSON.stringify(this.url(name))}); console.log(run());`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root.slice(0, this.root.lastIndexOf("/")), { recursive: true });
  }
}

const TASK = `
  import { colour } from "colours";
  export function run() { return colour; }
`;

const COLOURS = `export const colour = "blue";`;

const CONFIG = JSON.stringify({ imports: { colours: "./lib/colours.ts" } });

Deno.test("The project's import map, packages and unstable features reach a child without permissions", async () => {
  await using project = await Project.make({
    "deno.json": JSON.stringify({
      imports: { colours: "./lib/colours.ts", acorn: ACORN },
      unstable: ["kv"],
    }),
    "lib/colours.ts": COLOURS,
    "task.ts": `
      import { colour } from "colours";
      import { parse } from "acorn";
      export function run() {
        return colour + " " + parse("1", { ecmaVersion: 2022 }).type + " " + typeof Deno.openKv;
      }
    `,
    "src/deep/main.ts": `import ${JSON.stringify(PROGRAM)};`,
  });
  for (const main of ["main.ts", "src/deep/main.ts"]) {
    for (const flags of [["-A"], [`--allow-read=${project.root}`]]) {
      const answer = await project.ask({}, { main, flags });
      assertEquals(answer.flags, [`--config=${project.path("deno.json")}`]);
      assertEquals(answer.lock, project.path("deno.lock"));
      assertEquals(await project.runTask(answer.flags), "blue Program function");
    }
  }
});

Deno.test("A deno.jsonc may have comments and trailing commas", async () => {
  await using project = await Project.make({
    "deno.jsonc": `{
      // "lock": "no.lock",
      "imports": { "colours": "./lib//*no comment*/colours.ts", /* , */ },
      "lock": "./my //.lock", // where else
    }`,
    "lib/*no comment*/colours.ts": COLOURS,
    "my /.lock": `{"version":"5"}`,
    "task.ts": TASK,
  });
  const main = `data:text/javascript,${encodeURIComponent(project.mainThatRuns())}`;
  const { flags, lock, child } = await project.ask({ main });
  assertEquals(flags, [`--config=${project.path("deno.jsonc")}`]);
  assertEquals(lock, project.path("my /.lock"));
  assertEquals(child, "blue\n");
});

Deno.test("Packages of a package.json come from its node_modules, CommonJS ones too", async () => {
  const files = {
    "package.json": JSON.stringify({ type: "commonjs", dependencies: { colours: "1" } }),
    "node_modules/colours/package.json": JSON.stringify({ name: "colours", version: "1.0.0" }),
    "node_modules/colours/index.js": `exports.colour = "blue";`,
    "task.ts": TASK,
    "task.js": `exports.run = () => require("colours").colour;`,
    "src/main.mts": `import ${JSON.stringify(PROGRAM)};`,
  };
  await using project = await Project.make(files);
  const expected = ["--node-modules-dir=manual", "--unstable-detect-cjs"];
  for (const main of ["main.ts", "src/main.mts"]) {
    for (const flags of [["-A"], [`--allow-read=${project.root}`]]) {
      const answer = await project.ask({}, { main, flags });
      assertEquals(answer.flags, expected);
      assertEquals(await project.runTask(answer.flags), "blue");
      assertEquals(await project.runTask(answer.flags, "task.js"), "blue");
    }
  }
  await project.write({ "deno.json": "{}" });
  const { flags } = await project.ask({}, { main: "src/main.mts" });
  assertEquals(flags, [`--config=${project.path("deno.json")}`]);
  assertEquals(await project.runTask(flags), "blue");
  assertEquals(await project.runTask(flags, "task.js"), "blue");
});

Deno.test("Members of a workspace have its import map and its lock file", async () => {
  const member = { "main.ts": `import ${JSON.stringify(PROGRAM)};`, "task.ts": TASK };
  const inFolder = (folder: string, more: Files) =>
    Object.fromEntries(
      Object.entries({ ...member, ...more }).map(([name, text]) => [`${folder}/${name}`, text]),
    );
  await using project = await Project.make({
    "deno.json": JSON.stringify({
      imports: { colours: "./lib/colours.ts" },
      workspace: { members: ["./one", "packages/*"] },
      lock: { path: "./root.lock" },
    }),
    "root.lock": `{"version":"5"}`,
    "lib/colours.ts": COLOURS,
    ...inFolder("one", { "deno.json": "{}" }),
    ...inFolder("packages/two", { "package.json": JSON.stringify({ name: "two" }) }),
    ...inFolder("stranger", {
      "deno.json": JSON.stringify({ imports: { colours: "./colours.ts" } }),
      "colours.ts": `export const colour = "red";`,
    }),
    ...inFolder("strange_package", { "package.json": JSON.stringify({ name: "strange" }) }),
  });
  const rows: [folder: string, config: string, lock: string, colour: string][] = [
    ["one", "one/deno.json", "root.lock", "blue"],
    ["packages/two", "deno.json", "root.lock", "blue"],
    ["stranger", "stranger/deno.json", "stranger/deno.lock", "red"],
  ];
  for (const [folder, config, lockFile, colour] of rows) {
    const main = `data:text/javascript,${
      encodeURIComponent(project.mainThatRuns(`${folder}/task.ts`))
    }`;
    const { flags, lock, child } = await project.ask({ main }, { main: `${folder}/main.ts` });
    assertEquals(flags, [`--config=${project.path(config)}`]);
    assertEquals(lock, project.path(lockFile));
    assertEquals(child, `${colour}\n`);
  }
  const { flags } = await project.ask({}, { main: "strange_package/main.ts" });
  assertEquals(flags![0], "--node-modules-dir=manual");
});

Deno.test("config names a configuration elsewhere, by path or URL", async () => {
  await using project = await Project.make({
    "other/my.json": CONFIG,
    "other/lib/colours.ts": COLOURS,
    "deno.json": "{}",
    "task.ts": TASK,
  });
  const path = project.path("other/my.json");
  for (
    const config of [
      "other/my.json",
      path,
      project.url("other/my.json"),
      `URL ${project.url("other/my.json")}`,
    ]
  ) {
    for (const flags of [["-A"], []]) {
      const answer = await project.ask({ config }, { flags });
      assertEquals(answer.flags, [`--config=${path}`]);
    }
  }
  const { flags } = await project.ask({ config: path });
  assertEquals(await project.runTask(flags), "blue");
});

Deno.test("A config that is no file is refused", async () => {
  await using project = await Project.make({ "folder/x": "" });
  for (const config of ["nothing.json", "folder"]) {
    const { error } = await project.ask({ config });
    const path = project.path(config);
    assertEquals(
      error,
      `NotFound: Cannot start a child: config is ${path}: there is no such file`,
    );
  }
  const { error } = await project.ask({ config: "https://example.org/deno.json" });
  assertEquals(
    error,
    "TypeError: Cannot start a child: config is https://example.org/deno.json: " +
      "a path or a file URL is wanted",
  );
});

Deno.test("Without the permission to read, or a main module that is a file, there is no search", async () => {
  await using project = await Project.make({ "deno.json": CONFIG, "deno.lock": `{"version":"5"}` });
  for (const flags of [[], ["--allow-read=/etc"]]) {
    assertEquals(await project.ask({}, { flags }), { flags: [] });
  }
  const main = `data:text/javascript,import ${JSON.stringify(PROGRAM)}`;
  assertEquals(await project.ask({}, { main }), { flags: [] });
});

Deno.test("The configuration is looked up once", async () => {
  await using project = await Project.make({ "deno.json": CONFIG });
  const { flags, lock, again } = await project.ask({ remove: project.path("deno.json") });
  assertEquals(flags, [`--config=${project.path("deno.json")}`]);
  assertEquals(again, { flags: flags!, lock });
});

/** Serves modules over HTTP, which lock files pin without a registry. */
class Server implements AsyncDisposable {
  readonly #server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    ({ url }) =>
      new Response(`export const name = ${JSON.stringify(new URL(url).pathname)};`, {
        headers: { "content-type": "application/javascript" },
      }),
  );

  url(path: string): string {
    return `http://127.0.0.1:${this.#server.addr.port}${path}`;
  }

  /** A lock file that pins these modules, to what they are or to something else. */
  async lock(paths: readonly string[], truly: boolean): Promise<string> {
    const remote: Record<string, string> = {};
    for (const path of paths) {
      const text = truly ? await (await fetch(this.url(path))).text() : "another text";
      const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
      remote[this.url(path)] = new Uint8Array(hash).toHex();
    }
    return JSON.stringify({ version: "5", remote });
  }

  main(path: string): string {
    const url = JSON.stringify(this.url(path));
    return `data:text/javascript,import { name } from ${url}; console.log(name);`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}

Deno.test("A child keeps to the pins of the lock file, and never writes it", async (t) => {
  await using server = new Server();
  const good = await server.lock(["/pinned"], true);
  const bad = await server.lock(["/pinned"], false);
  const unreadable = "--no-lock";
  const rows: [
    what: string,
    lock: { file: string; text: string; config?: unknown },
    module: string,
    flags: string[],
    flag: RegExp | string,
    outcome: RegExp,
  ][] = [
    ["pinned", { file: "deno.lock", text: good }, "/pinned", ["-A"], /^--lock=/, /^\/pinned\n$/],
    ["wrong", { file: "deno.lock", text: bad }, "/pinned", ["-A"], /^--lock=/, /Integrity check/],
    [
      "named",
      { file: "x/my.lock", text: bad, config: "x/my.lock" },
      "/pinned",
      ["-A"],
      /^--lock=/,
      /Integrity check/,
    ],
    [
      "named by an object",
      { file: "x/my.lock", text: bad, config: { path: "./x/my.lock" } },
      "/pinned",
      ["-A"],
      /^--lock=/,
      /Integrity check/,
    ],
    ["not pinned yet", { file: "deno.lock", text: good }, "/new", ["-A"], /^--lock=/, /^\/new\n$/],
    [
      "not pinned yet, frozen",
      { file: "deno.lock", text: good, config: { frozen: true } },
      "/new",
      ["-A"],
      /^--lock=/,
      /lockfile is out of date/,
    ],
    [
      "switched off",
      { file: "deno.lock", text: bad, config: false },
      "/pinned",
      ["-A"],
      unreadable,
      /^\/pinned\n$/,
    ],
    [
      "no place for a copy",
      { file: "deno.lock", text: bad },
      "/pinned",
      ["--allow-read", "--allow-run"],
      unreadable,
      /^\/pinned\n$/,
    ],
    [
      "only /tmp for a copy",
      { file: "deno.lock", text: bad },
      "/pinned",
      ["--allow-read", "--allow-run", "--allow-write=/tmp"],
      /^--lock=\/tmp\//,
      /Integrity check/,
    ],
  ];
  for (const [what, { file, text, config }, module, flags, flag, outcome] of rows) {
    await t.step(what, async () => {
      await using project = await Project.make({
        "deno.json": JSON.stringify(config === undefined ? {} : { lock: config }),
        [file]: text,
      });
      const env = { DENO_DIR: project.path("cache") };
      const answer = await project.ask({ main: server.main(module) }, { flags, env });
      const lock = answer.copy!;
      if (typeof flag === "string") assertEquals(lock, flag);
      else assertMatch(lock, flag);
      assertMatch(answer.child!, outcome);
      assertEquals(await Deno.readTextFile(project.path(file)), text);
      const copy = lock.startsWith("--lock=") ? lock.slice("--lock=".length) : undefined;
      if (copy !== undefined) {
        assert(copy !== project.path(file));
        const error = await Deno.stat(copy).then(() => undefined, (error) => error);
        assert(error instanceof Deno.errors.NotFound, `the copy is left behind: ${copy}`);
      }
    });
  }
});

Deno.test("A lock file of a project with a package.json only is kept to as well", async () => {
  await using server = new Server();
  await using project = await Project.make({
    "package.json": "{}",
    "deno.lock": await server.lock(["/pinned"], false),
  });
  const env = { DENO_DIR: project.path("cache") };
  const { copy, child } = await project.ask({ main: server.main("/pinned") }, { env });
  assertMatch(copy!, /^--lock=/);
  assertStringIncludes(child!, "Integrity check");
});
