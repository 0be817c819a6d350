/**
 * Herd as its users have it: a project of their own, elsewhere, with its own configuration, import map
 * and dependencies, run as a program with the permissions that it needs and no more.
 *
 * The project links this checkout in place of the published package. Its tasks' modules use bare
 * imports, which only its own import map can resolve, in the workers too.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));

/** Everything in the project but its deno.json. */
const FILES: Readonly<Record<string, string>> = {
  "src/colours.ts": `
    export const favourite: string = "blue";
  `,
  "src/paint.ts": `
    import { favourite } from "colours";
    import { parse } from "acorn";

    export class PaintError extends Error {
      override name = "PaintError";
    }

    export function paint(n: number): string {
      if (n < 0) throw new PaintError("no paint left");
      return favourite + " " + n + " " + parse("1 + 1", { ecmaVersion: 2022 }).type;
    }
  `,
  "main.ts": `
    import { current_task, task, ThreadPoolExecutor } from "@herd/concurrent";
    import { favourite } from "colours";
    import { paint, PaintError } from "./src/paint.ts";

    const offset = 40;

    export function greet(n: number): string {
      return current_task().name + " " + favourite + " " + (n + offset);
    }

    async function main() {
      const url = import.meta.resolve("./src/paint.ts");
      await using executor = new ThreadPoolExecutor(2);
      console.log("by task:", await executor.submit(task(url, paint), 1));
      console.log("by name:", await executor.submit(task<typeof paint>(url, "paint"), 2));
      console.log("by main:", await executor.submit(greet, 2));
      console.log("by source:", await executor.submit((n: number) => n * 2, 4));
      const error = await executor.submit(task(url, paint), -1).exception();
      console.log("error:", error instanceof PaintError, String(error));
      await using other = new ThreadPoolExecutor({ max_workers: 1, modules: [url] });
      console.log("by modules:", await Array.fromAsync(other.map(paint, [5, 6])));
    }

    if (import.meta.main) await main();
  `,
  "nested/deep/start.ts": `
    import { ThreadPoolExecutor } from "@herd/concurrent";
    import { paint } from "../../src/paint.ts";

    if (import.meta.main) {
      const modules = [import.meta.resolve("../../src/paint.ts")];
      await using executor = new ThreadPoolExecutor({ max_workers: 1, modules });
      console.log(await executor.submit(paint, 7));
    }
  `,
  "limited.ts": `
    import { task, ThreadPoolExecutor } from "@herd/concurrent";
    import { paint } from "./src/paint.ts";

    const url = import.meta.resolve("./src/paint.ts");
    if (import.meta.main) {
      await using executor = new ThreadPoolExecutor({
        max_workers: 1,
        modules: [url],
        permissions: "none",
      });
      console.log(await executor.submit(paint, 8), await executor.submit(task(url, paint), 9));
    }
  `,
  "processes.ts": `
    import { current_process, Process, task } from "@herd/concurrent";
    import { favourite } from "colours";

    export class Painter extends Process {
      static override module = import.meta.url;
      n = 4;
      override run() {
        console.log(this.name, favourite, this.n);
      }
    }

    export function greet(name: string) {
      console.log(current_process().name, favourite, name);
    }

    async function run(process: Process) {
      process.start();
      await process.join();
      if (process.exitcode !== 0) console.log(process.exitcode);
    }

    if (import.meta.main) {
      const paint = task<(n: number) => void>(import.meta.resolve("./src/printing.ts"), "print");
      for (const permissions of ["inherit", "none"] as const) {
        await run(new Process({ target: greet, args: ["herd"], permissions }));
        await run(new Process({ target: paint, args: [1], permissions }));
      }
      await run(new Painter());
    }
  `,
  "src/printing.ts": `
    import { paint } from "./paint.ts";

    export const print = (n: number) => console.log(paint(n));
  `,
  "src/meet.ts": `
    import {
      Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore,
    } from "@herd/concurrent";
    import { favourite } from "colours";

    export interface Shared {
      readonly locks: (Lock | RLock)[];
      readonly seats: Map<string, Semaphore>;
      readonly changed: Condition;
      readonly start: Event;
      readonly end: Barrier;
    }

    let shared: Shared;

    export function share(given: Shared) {
      shared = given;
    }

    export async function meet() {
      const { locks, seats, changed, start, end } = shared;
      await start.wait();
      for (const lock of [...locks, ...seats.values()]) {
        using _held = await lock.hold();
      }
      {
        using _held = await changed.hold();
        await changed.wait({ timeout: 1 });
      }
      const isMine = locks[0] instanceof Lock && locks[1] instanceof RLock &&
        seats.get("most") instanceof BoundedSemaphore;
      return [await end.wait(), isMine, favourite];
    }
  `,
  "sync.ts": `
    import {
      Barrier, BoundedSemaphore, Condition, Event, Lock, ProcessPoolExecutor, RLock, Semaphore,
      ThreadPoolExecutor,
    } from "@herd/concurrent";
    import { meet, share } from "./src/meet.ts";

    if (import.meta.main) {
      const start = new Event();
      const shared = {
        locks: [new Lock(), new RLock()],
        seats: new Map([["any", new Semaphore(1)], ["most", new BoundedSemaphore(1)]]),
        changed: new Condition(),
        start,
        end: new Barrier(4),
      };
      const setup = {
        max_workers: 2,
        initializer: share,
        initargs: [shared],
        modules: [import.meta.resolve("./src/meet.ts")],
      } as const;
      await using threads = new ThreadPoolExecutor(setup);
      await using processes = new ProcessPoolExecutor({ ...setup, permissions: "none" });
      const met = [threads, threads, processes, processes].map((pool) => pool.submit(meet));
      await start.set();
      for (const line of (await Promise.all(met)).sort()) console.log(line.join(" "));
    }
  `,
  "remote_processes.ts": `
    import { ProcessPoolExecutor, task } from "@herd/concurrent";
    import { favourite } from "colours";

    export const describe = (n: number) => "from a process: " + favourite + " " + n;

    type Paint = typeof import("./src/paint.ts").paint;
    if (import.meta.main) {
      const config = Deno.args[0];
      await using executor = new ProcessPoolExecutor({ max_workers: 1, config });
      const paint = task<Paint>(import.meta.resolve("./src/paint.ts"), "paint");
      console.log(await executor.submit(paint, 3));
      console.log(await executor.submit(describe, 42));
    }
  `,
  "remote.ts": `
    import { task, ThreadPoolExecutor } from "@herd/concurrent";

    type Paint = typeof import("./src/paint.ts").paint;
    const paint = task<Paint>(Deno.args[0] + "/project/src/paint.ts", "paint");
    if (import.meta.main) {
      await using executor = new ThreadPoolExecutor(1);
      const [outcome] = await Promise.allSettled([executor.submit(paint, 3)]);
      console.log(outcome.status === "fulfilled" ? outcome.value : String(outcome.reason));
      console.log(await executor.submit((n: number) => n, 1));
    }
  `,
};

const EXPECTED = [
  "by task: blue 1 Program",
  "by name: blue 2 Program",
  "by main: greet blue 42",
  "by source: 8",
  "error: true PaintError: no paint left",
  `by modules: [ "blue 5 Program", "blue 6 Program" ]`,
];

/** A project in a folder of its own, as long as it is in scope. */
class Project implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(config: Record<string, unknown> = {}): Promise<Project> {
    const project = new Project(await Deno.makeTempDir({ prefix: "herd_outside_" }));
    const own = {
      imports: {
        "@herd/concurrent": "jsr:@herd/concurrent@^0.1.0",
        "acorn": imports.acorn,
        "colours": "./src/colours.ts",
      },
      links: [decodeURIComponent(ROOT.pathname)],
      ...config,
    };
    for (const [name, text] of Object.entries({ ...FILES, "deno.json": JSON.stringify(own) })) {
      const path = `${project.folder}/${name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(path, text);
    }
    return project;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** What a program came to. */
interface Outcome {
  readonly lines: readonly string[];
  readonly errors: string;
  readonly code: number;
}

/** Runs `deno run` as a user would, who answers no prompt. */
async function run(cwd: string, ...args: string[]): Promise<Outcome> {
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { lines: decode(stdout).trimEnd().split("\n"), errors: decode(stderr), code };
}

async function assertPrints(expected: readonly string[], outcome: Promise<Outcome>): Promise<void> {
  const { lines, errors, code } = await outcome;
  assertEquals([code, lines], [0, expected], errors);
}

// ---- A project on disk -------------------------------------------------------------------------

Deno.test("a program elsewhere needs -R and nothing else", async () => {
  await using project = await Project.create();
  await assertPrints(EXPECTED, run(project.folder, "-R", "main.ts"));
});

Deno.test("a program elsewhere type-checks against Herd", async () => {
  await using project = await Project.create();
  await assertPrints(EXPECTED, run(project.folder, "-R", "--check", "main.ts"));
});

Deno.test("a program's working directory does not matter", async () => {
  await using project = await Project.create();
  await using elsewhere = await Project.create();
  const main = `${project.folder}/main.ts`;
  await Promise.all([
    assertPrints(EXPECTED, run("/", "-R", main)),
    assertPrints(EXPECTED, run(`${elsewhere.folder}/nested`, "-R", main)),
    assertPrints(EXPECTED, run(`${project.folder}/nested/deep`, "-R", "../../main.ts")),
  ]);
});

Deno.test("a program in a nested folder uses the project's import map in its workers", async () => {
  await using project = await Project.create();
  const { folder } = project;
  await Promise.all([
    assertPrints(["blue 7 Program"], run(folder, "-R", "nested/deep/start.ts")),
    assertPrints(["blue 7 Program"], run(`${folder}/nested/deep`, "-R", "start.ts")),
  ]);
});

Deno.test("a path with spaces and letters of other scripts is no obstacle", async () => {
  await using project = await Project.create();
  const odd = `${project.folder}/a b#c?d%20é 羊`;
  await Deno.mkdir(odd);
  await Deno.rename(`${project.folder}/nested`, `${odd}/nested`);
  await Deno.rename(`${project.folder}/src`, `${odd}/src`);
  await Deno.writeTextFile(`${odd}/main.ts`, FILES["main.ts"]!);
  const config = JSON.parse(await Deno.readTextFile(`${project.folder}/deno.json`));
  await Deno.remove(`${project.folder}/deno.json`);
  await Deno.writeTextFile(`${odd}/deno.json`, JSON.stringify(config));
  await assertPrints(EXPECTED, run(odd, "-R", "main.ts"));
});

Deno.test("a program without read access fails with an error that names the flag", async () => {
  await using project = await Project.create();
  const { lines, errors, code } = await run(project.folder, "main.ts");
  assertEquals([code, lines], [1, [""]]);
  assertStringIncludes(errors, "NotCapable: Cannot make a ThreadPoolExecutor: ");
  assertStringIncludes(errors, "--allow-read");
});

Deno.test("read access to the two folders is enough", async () => {
  await using project = await Project.create();
  const flag = `--allow-read=${project.folder},${decodeURIComponent(ROOT.pathname)}`;
  await assertPrints(EXPECTED, run(project.folder, flag, "main.ts"));
});

Deno.test("workers without permissions load the listed modules and their bare imports", async () => {
  await using project = await Project.create({ unstable: ["worker-options"] });
  await assertPrints(["blue 8 Program blue 9 Program"], run(project.folder, "-R", "limited.ts"));
});

Deno.test("processes resolve imports as the program does, with or without permissions", async () => {
  await using project = await Project.create();
  await assertPrints(
    [
      "Process-1 blue herd",
      "blue 1 Program",
      "Process-3 blue herd",
      "blue 1 Program",
      "Painter-5 blue 4",
    ],
    run(project.folder, "-R", "--allow-run", "processes.ts"),
  );
});

Deno.test("threads and processes share what synchronises them, with the least permissions", async () => {
  await using project = await Project.create();
  const read = `--allow-read=${project.folder},${decodeURIComponent(ROOT.pathname)}`;
  await assertPrints(
    [0, 1, 2, 3].map((n) => `${n} true blue`),
    run(project.folder, "--check", read, `--allow-run=${Deno.execPath()}`, "sync.ts"),
  );
});

Deno.test("a program that may not load anything remote still runs, with threads and processes", async () => {
  await using project = await Project.create();
  const processes = ["-R", "--allow-run", "--no-remote", "processes.ts"];
  await assertPrints(EXPECTED, run(project.folder, "-R", "--no-remote", "main.ts"));
  const { lines, code, errors } = await run(project.folder, ...processes);
  assertEquals([code, lines.length], [0, 5], errors);
});

Deno.test("a member of a workspace uses Herd by the workspace's configuration and its own", async () => {
  await using project = await Project.create({ workspace: ["./member"] });
  const member = `${project.folder}/member`;
  await Deno.mkdir(`${member}/src`, { recursive: true });
  const own = {
    name: "@own/member",
    exports: "./main.ts",
    imports: { colours: "./src/colours.ts" },
  };
  await Deno.writeTextFile(`${member}/deno.json`, JSON.stringify(own));
  for (const name of ["main.ts", "processes.ts", "src/paint.ts", "src/printing.ts"]) {
    await Deno.copyFile(`${project.folder}/${name}`, `${member}/${name}`);
  }
  await Deno.writeTextFile(`${member}/src/colours.ts`, `export const favourite = "red";`);
  const red = EXPECTED.map((line) => line.replaceAll("blue", "red"));
  await assertPrints(red, run(member, "-R", "main.ts"));
  const { lines, errors } = await run(member, "-R", "--allow-run", "processes.ts");
  assertEquals(lines[0], "Process-1 red herd", errors);
  assertEquals(lines.slice(1, 5), [
    "red 1 Program",
    "Process-3 red herd",
    "red 1 Program",
    "Painter-5 red 4",
  ]);
});

// ---- Modules from a server ---------------------------------------------------------------------

/** Serves this checkout under /herd/ and a project under /project/, on a loopback port. */
function serve(project: Project): { origin: string; host: string } & AsyncDisposable {
  const roots: Record<string, string> = {
    "/herd/": decodeURIComponent(ROOT.pathname),
    "/project/": `${project.folder}/`,
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const prefix = Object.keys(roots).find((prefix) => pathname.startsWith(prefix));
    if (prefix === undefined) return new Response("not found", { status: 404 });
    try {
      const text = await Deno.readTextFile(roots[prefix] + pathname.slice(prefix.length));
      return new Response(text, { headers: { "content-type": "application/typescript" } });
    } catch {
      return new Response("not found", { status: 404 });
    }
  });
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    origin: `http://${host}`,
    host,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** An import map that takes all from the server, as a published package's does. */
async function writeRemoteMap(project: Project, origin: string): Promise<string> {
  const map = {
    imports: {
      ...imports,
      "@herd/concurrent": `${origin}/herd/mod.ts`,
      "colours": `${origin}/project/src/colours.ts`,
    },
  };
  const path = `${project.folder}/remote_map.json`;
  await Deno.writeTextFile(path, JSON.stringify(map));
  return path;
}

Deno.test("a program and Herd that come from a server need import access and nothing else", async () => {
  await using project = await Project.create();
  await using server = serve(project);
  const map = await writeRemoteMap(project, server.origin);
  await assertPrints(
    EXPECTED,
    run(
      project.folder,
      `--allow-import=${server.host}`,
      `--import-map=${map}`,
      "--no-config",
      `${server.origin}/project/main.ts`,
    ),
  );
});

Deno.test("processes import Herd and what they run from a server, too", async () => {
  await using project = await Project.create();
  await using server = serve(project);
  // For a main module that is in no folder, the configuration has to be named.
  const config = `${project.folder}/remote.json`;
  await Deno.rename(await writeRemoteMap(project, server.origin), config);
  await assertPrints(
    ["blue 3 Program", "from a process: blue 42"],
    run(
      project.folder,
      `--allow-import=${server.host}`,
      `--allow-run=${Deno.execPath()}`,
      `--config=${config}`,
      `${server.origin}/project/remote_processes.ts`,
      config,
    ),
  );
});

Deno.test("a program from a server uses Herd from disk", async () => {
  await using project = await Project.create();
  await using server = serve(project);
  await assertPrints(
    EXPECTED,
    run(
      project.folder,
      "-R",
      `--allow-import=${server.host}`,
      `--config=${project.folder}/deno.json`,
      `${server.origin}/project/main.ts`,
    ),
  );
});

Deno.test("a program on disk sends functions of a module from a server", async () => {
  await using project = await Project.create();
  await using server = serve(project);
  const allow = `--allow-import=${server.host}`;
  // The project's import map is in force there too: it is the program's.
  const granted = run(project.folder, "-R", allow, "remote.ts", server.origin);
  await assertPrints(["blue 3 Program", "1"], granted);

  const { lines, code, errors } = await run(project.folder, "-R", "remote.ts", server.origin);
  assertEquals([code, lines.length], [0, 2], errors);
  const url = `${server.origin}/project/src/paint.ts`;
  assertStringIncludes(lines[0]!, `TypeError: Cannot run paint: its module ${url} does not load`);
  assertStringIncludes(lines[0]!, "--allow-import");
  assert(!lines[0]!.includes("list it in modules"), "that would not help");
  assertEquals(lines[1], "1");
});
