/**
 * Tests of the command line that starts a child process: that what it says arrives, and that the child
 * can load what it has to without being allowed more than it shall.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { chooseProgram } from "../../ipc/processes/_deno_program.ts";
import { deniesChannel } from "../../ipc/processes/_start_flags.ts";
import { type Permissions, processPermissions } from "../../ipc/permissions.ts";
import { RuntimeError, ValueError } from "../../sync/errors.ts";
import { CONFIG, lines } from "../support/run_deno.ts";
import { argumentsFor, type Request } from "./programs/child_command.ts";
import type { Report } from "./programs/child_entry.ts";

const PARENT = new URL("./programs/child_command.ts", import.meta.url).pathname;

/** Runs the child that a request describes; its report. */
async function report(request: Request): Promise<Report> {
  return await reportOf(argumentsFor(request));
}

async function reportOf([, ...args]: string[], env: Record<string, string> = {}): Promise<Report> {
  const [line] = await lines(args, { cwd: "/", env });
  return JSON.parse(line!);
}

/** The arguments that a parent program gives which is run with these flags. */
async function askParent(
  flags: readonly string[],
  request: Request,
  env: Record<string, string> = {},
): Promise<string[]> {
  const args = ["--quiet", "--no-lock", "--no-prompt", CONFIG, ...flags, PARENT];
  const [line] = await lines([...args, JSON.stringify(request)], { env });
  return JSON.parse(line!);
}

/** A folder of modules that export their own name, under URLs that take care to quote. */
class Modules implements AsyncDisposable {
  readonly #folder: string;
  readonly urls: string[];

  private constructor(folder: string, urls: string[]) {
    this.#folder = folder;
    this.urls = urls;
  }

  static async make(...names: string[]): Promise<Modules> {
    const folder = await Deno.makeTempDir();
    for (const name of names) {
      await Deno.writeTextFile(`${folder}/${name}`, `export const name = ${JSON.stringify(name)};`);
    }
    return new Modules(folder, names.map((name) => `file://${folder}/${encodeURIComponent(name)}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

Deno.test("Settings and URLs arrive as they are", async () => {
  const names = ["a b.ts", "é日本😀.ts", "100%.ts", "#?&.ts", `"'.ts`];
  await using modules = await Modules.make(...names);
  const echo = {
    text: ` %20 # ? & + \\ " ' \` \${} \0\t\r\n\u2028\u2029 é日本😀 \ud800 </script> `,
    list: [1, null, { a: [] }],
  };
  const { echo: echoed, spelledOut } = await report({
    modules: modules.urls,
    settings: { echo },
  });
  assertEquals(echoed, echo);
  assertEquals(Object.keys(spelledOut), modules.urls);
  assertEquals(Object.values(spelledOut), names);
});

Deno.test("A child without permissions imports the modules that it is started with, and no others", async () => {
  await using modules = await Modules.make("one.ts", "two.ts", "other.ts");
  const [one, two, other] = modules.urls;
  const { spelledOut, byUrl, granted } = await report({
    modules: [one!],
    referenced: [two!, one!],
    settings: { byUrl: [one, two, other] },
  });
  assertEquals(granted, []);
  assertEquals(spelledOut, { [one!]: "one.ts", [two!]: "two.ts" });
  assertEquals([byUrl[one!], byUrl[two!]], ["one.ts", "two.ts"]);
  assertMatch(String(byUrl[other!]), /Requires read access/);
});

Deno.test("A module that does not load harms neither the child nor the other modules", async () => {
  await using modules = await Modules.make("one.ts");
  await using broken = await Modules.make("broken.ts");
  await Deno.writeTextFile(new URL(broken.urls[0]!), "export const = ;");
  const missing = "file:///there/is/no/such/module.ts";
  const urls = [missing, broken.urls[0]!, "https://not.allowed/x.ts", modules.urls[0]!];
  const { spelledOut } = await report({ modules: urls, permissions: { import: ["a.example"] } });
  const [first, second, third, last] = urls.map((url) => String(spelledOut[url]));
  assertStringIncludes(first!, "Module not found");
  assertStringIncludes(second!, "SyntaxError");
  assertStringIncludes(third!, "not.allowed");
  assertEquals(last, "one.ts");
});

Deno.test("What a child can import by URL is not spelled out, nor what another process can't import", async () => {
  await using modules = await Modules.make("one.ts", "two.ts");
  const others = [
    "data:text/javascript,export const name = 'data';",
    "node:path",
    "npm:acorn@^8",
    "blob:null/0f1c2d3e",
  ];
  const request = { modules: [modules.urls[0]!, ...others], referenced: modules.urls };
  const settings = { byUrl: [...modules.urls, others[0]] };
  const expected = { [modules.urls[0]!]: "one.ts", [modules.urls[1]!]: "two.ts" };

  const limited = await report({ ...request, settings: { byUrl: [others[0]] } });
  assertEquals(limited.spelledOut, expected);
  assertEquals(limited.byUrl, { [others[0]!]: "data" });

  const free: Permissions[] = ["inherit", { read: true, import: true }];
  for (const permissions of free) {
    const { spelledOut, byUrl } = await report({ ...request, permissions, settings });
    assertEquals(spelledOut, {});
    assertEquals(byUrl, { ...expected, [others[0]!]: "data" });
  }
  const folder = new URL(".", modules.urls[0]);
  const notFree: Permissions[] = [
    { read: [folder], import: true },
    { read: true },
    { read: true, import: true, deny: { read: [folder] } },
    { read: true, import: true, deny: { import: ["a.example"] } },
  ];
  for (const permissions of notFree) {
    assertEquals((await report({ ...request, permissions })).spelledOut, expected);
  }
});

/** Serves these texts by path; what is not there is not found. */
function serve(texts: Readonly<Record<string, string>>): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, ({ url }) => {
    const { pathname } = new URL(url);
    const type = pathname.endsWith(".json") ? "json" : "typescript";
    const headers = { "content-type": `application/${type}` };
    const text = texts[pathname];
    return new Response(text ?? null, { headers, status: text === undefined ? 404 : 200 });
  });
}

Deno.test("Code over HTTP loads into a child that may import nothing afterwards", async (t) => {
  const texts: Record<string, string> = {
    "/entry.ts": await Deno.readTextFile(new URL("./programs/child_entry.ts", import.meta.url)),
    "/task.ts": `export { name } from "./name.ts";`,
    "/name.ts": `export const name: string = "over HTTP";`,
    "/other.ts": `export const name: string = "other";`,
  };
  await using server = serve(texts);
  const host = `127.0.0.1:${server.addr.port}`;
  const second = `localhost:${server.addr.port}`;
  texts["/mixed.ts"] = `export { name } from "http://${second}/name.ts";`;
  const task = `http://${host}/task.ts`;
  const other = `http://${host}/other.ts`;
  const onSecond = `http://${second}/task.ts`;
  const mixed = `http://${host}/mixed.ts`;

  const rows: [flags: string[], permissions: Permissions, modules: string[]][] = [
    // The parent may import whatever a module imports, so the child can load it.
    [["-A"], "none", [task, mixed]],
    [["-A"], { import: true, deny: { import: true } }, [task, mixed]],
    [["-A"], { import: ["one.example"] }, [task, onSecond]],
    [[`--allow-import=${host},${second}`], "none", [task, onSecond]],
    [[`--allow-import=${host},${second}`], "inherit", [task, onSecond]],
    [[`--allow-import=jsr.io:443,${host}`], { import: ["jsr.io:443"] }, [task]],
    // As a child is that can't import any more: its own children need Herd all the same.
    [["--deny-import=deno.land:443"], "none", [task]],
  ];
  for (const [flags, permissions, modules] of rows) {
    const name = `${flags}, ${JSON.stringify(permissions)}`.replaceAll(/:\d{4,}/g, "");
    await t.step(name, async () => {
      const cache = await Deno.makeTempDir();
      try {
        const args = await askParent(flags, {
          entry: `http://${host}/entry.ts`,
          modules,
          permissions,
          settings: { byUrl: [other] },
        });
        const { spelledOut, byUrl, granted } = await reportOf(args, { DENO_DIR: cache });
        assertEquals(granted, []);
        assertEquals(spelledOut, Object.fromEntries(modules.map((url) => [url, "over HTTP"])));
        assertMatch(String(byUrl[other]), /Requires import access/);
      } finally {
        await Deno.remove(cache, { recursive: true });
      }
    });
  }
});

Deno.test("A child imports from no host that its parent may not import from", async () => {
  await using server = serve({ "/task.ts": `export const name: string = "over HTTP";` });
  const task = `http://127.0.0.1:${server.addr.port}/task.ts`;
  for (const permissions of ["none", "inherit"] as const) {
    const { spelledOut } = await reportOf(await askParent([], { modules: [task], permissions }));
    assertMatch(String(spelledOut[task]), /Requires import access/);
  }
});

Deno.test("Packages of JSR load into a child that may import nothing afterwards", async () => {
  const texts: Record<string, string> = {};
  for (const name of ["used", "unused"]) {
    const text = `export const name: string = ${JSON.stringify(name)};`;
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    const checksum = `sha256-${new Uint8Array(hash).toHex()}`;
    texts[`/@herd-test/${name}/meta.json`] = JSON.stringify({
      scope: "herd-test",
      name,
      latest: "1.0.0",
      versions: { "1.0.0": {} },
    });
    texts[`/@herd-test/${name}/1.0.0_meta.json`] = JSON.stringify({
      manifest: { "/mod.ts": { size: text.length, checksum } },
      exports: { ".": "./mod.ts" },
      moduleGraph2: { "/mod.ts": {} },
    });
    texts[`/@herd-test/${name}/1.0.0/mod.ts`] = text;
  }
  await using registry = serve(texts);
  await using modules = await Modules.make("task.ts");
  const task = modules.urls[0]!;
  await Deno.writeTextFile(new URL(task), `export { name } from "jsr:@herd-test/used@1";`);
  const cache = await Deno.makeTempDir();
  const env = { DENO_DIR: cache, JSR_URL: `http://127.0.0.1:${registry.addr.port}/` };
  try {
    const [used, unused] = ["used", "unused"].map((name) => `jsr:@herd-test/${name}@1`);
    const request: Request = { modules: [task, used!], settings: { byUrl: [unused] } };
    for (const flags of [["-A"], []]) {
      const args = await askParent(flags, request, env);
      const { spelledOut, byUrl } = await reportOf(args, env);
      assertEquals(spelledOut, { [task]: "used", [used!]: "used" });
      assertMatch(String(byUrl[unused!]), /Requires import access/);
    }
    const { byUrl } = await reportOf(
      await askParent([], { ...request, permissions: "inherit" }, env),
      env,
    );
    assertEquals(byUrl, { [unused!]: "unused" });
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

Deno.test("Of too many modules the oldest references are left out, never those that must be there", async () => {
  await using modules = await Modules.make("first.ts", "listed.ts", "last.ts");
  const [first, listed, last] = modules.urls;
  const fillers = Array.from({ length: 3000 }, (_, i) => `file:///no/such/module/at/all/${i}.ts`);
  const args = argumentsFor({
    modules: [listed!],
    referenced: [first!, ...fillers, last!],
    // Thousands of modules that are not there would take Deno minutes.
    settings: { only: [listed, last], byUrl: [first] },
  });
  const main = args.at(-1)!;
  assert(main.length <= 131_000);
  assert(main.length > 130_000, "more was left out than had to be");
  const { spelledOut, byUrl } = await reportOf(args);
  const urls = Object.keys(spelledOut);
  assertEquals([urls[0], urls.at(-1)], [listed, last]);
  assertEquals(urls.slice(1, -1), fillers.slice(2 - urls.length));
  assertEquals([spelledOut[listed!], spelledOut[last!]], ["listed.ts", "last.ts"]);
  assertMatch(String(byUrl[first!]), /Requires read access/);
});

Deno.test("What does not fit on a command line is refused, and the remedy is named", () => {
  const many = Array.from(
    { length: 3000 },
    (_, i) => `/no/such/file/or/folder/anywhere/at/all/ä/${i}`,
  );
  const modules = many.map((path) => new URL(`file://${path}`).href);
  const error = assertThrows(() => argumentsFor({ modules }), ValueError);
  assertMatch(
    error.message,
    /^Cannot start a child: the command line is too long: \d+ bytes for its modules, at most 131000 fit: list fewer in modules, or give it the permissions read and import in full$/,
  );
  const list = assertThrows(() => argumentsFor({ permissions: { read: many } }), ValueError);
  assertMatch(
    list.message,
    /^Cannot start a child: the command line is too long: \d+ bytes for --allow-read, at most 131000 fit: list less, such as the folder above$/,
  );
  argumentsFor({ modules, permissions: { read: true, import: true } });
});

Deno.test("A child removes its copy of the lock file at once, and later imports still work", async (t) => {
  await using server = serve({
    "/early.ts": `export const name: string = "early";`,
    "/late.ts": `export const name: string = "late";`,
  });
  const [early, late] = ["early", "late"].map((name) =>
    `http://127.0.0.1:${server.addr.port}/${name}.ts`
  );
  const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);
  const rows: Permissions[] = [
    "inherit",
    "none",
    { write: ["/tmp", "/etc"] },
    { write: ["/etc"] },
    { deny: { write: true } },
    { import: ["one.example"], deny: { write: ["/tmp"] } },
  ];
  for (const permissions of rows) {
    await t.step(JSON.stringify(permissions), async () => {
      const project = await Deno.makeTempDir();
      const env = { DENO_DIR: `${project}/cache` };
      const lock = JSON.stringify({ version: "5" });
      try {
        await Deno.writeTextFile(`${project}/deno.json`, "{}");
        await Deno.writeTextFile(`${project}/deno.lock`, lock);
        const request = { permissions, config: `${project}/deno.json`, modules: [early!] };
        const args = argumentsFor({ ...request, settings: { byUrl: [early] } });
        const copy = args.find((arg) => arg.startsWith("--lock="))!.slice("--lock=".length);
        assert(await isThere(copy));
        const { byUrl, granted } = await reportOf(args, env);
        assertEquals(byUrl, { [early!]: "early" });
        assert(!await isThere(copy), "the copy is still there");
        assertEquals(granted.includes("write"), permissions === "inherit");

        if (granted.includes("import")) {
          const args = argumentsFor({ ...request, settings: { byUrl: [late] } });
          assertEquals((await reportOf(args, env)).byUrl, { [late!]: "late" });
        }
        assertEquals(await Deno.readTextFile(`${project}/deno.lock`), lock);
      } finally {
        await Deno.remove(project, { recursive: true });
      }
    });
  }
});

Deno.test("memoryLimit limits the child's heap", async () => {
  const { heapLimit } = await report({ memoryLimit: 200 });
  // V8 adds its young generation.
  assert(heapLimit >= 200 && heapLimit < 400, `${heapLimit}`);
  const { heapLimit: usual } = await report({});
  assert(usual > 400, `${usual}`);
});

Deno.test("A parent that may only run deno starts a child that resolves the project's imports", async () => {
  const project = await Deno.makeTempDir();
  try {
    const write = (name: string, text: string) => Deno.writeTextFile(`${project}/${name}`, text);
    await write("deno.json", JSON.stringify({ imports: { colours: "./colours.ts" } }));
    await write("colours.ts", `export const colour: string = "blue";`);
    await write("task.ts", `import { colour } from "colours"; export const name = colour;`);
    const task = `file://${project}/task.ts`;
    const request = { start: true, config: `${project}/deno.json`, modules: [task] };
    const flags = [`--allow-run=${Deno.execPath()}`];
    const args = ["--quiet", "--no-lock", "--no-prompt", CONFIG, ...flags, PARENT];
    const [out, err] = await lines([...args, JSON.stringify(request)]);
    assertEquals(err, "");
    const { spelledOut, granted }: Report = JSON.parse(out!);
    assertEquals(spelledOut, { [task]: "blue" });
    assertEquals(granted, []);
  } finally {
    await Deno.remove(project, { recursive: true });
  }
});

Deno.test("A compiled program can't start children, and is told what it can do", () => {
  const surroundings = { standalone: true, execPath: "/app", mayRun: () => true };
  const error = assertThrows(() => chooseProgram("start a child", surroundings), RuntimeError);
  assertEquals(
    error.message,
    "Cannot start a child: a compiled program can't run deno, which child processes are started " +
      `with: use a ProcessPoolExecutor with mp_context: "worker"`,
  );
});

Deno.test("A channel is denied where a child has a whole kind but for a list", () => {
  const channel = { read: ["/s"], net: ["unix:/s"] };
  const denies = (permissions: Permissions) =>
    deniesChannel(processPermissions("start a child", permissions)(), channel);
  assertEquals(denies("inherit"), false);
  assertEquals(denies({ read: ["/"], deny: { read: ["/s"] } }), false);
  assertEquals(denies({ write: true, deny: { write: ["/s"] } }), false);
  assertEquals(denies({ read: true, deny: { read: ["/etc"] } }), true);
  assertEquals(denies({ net: true, deny: { net: true } }), false);
  assertEquals(denies({ net: true, deny: { net: ["a.example"] } }), true);
});
