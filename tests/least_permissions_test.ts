/**
 * What `docs/permissions.md` says that each feature needs: with exactly these flags it works, and with
 * one of them less it does not.
 */

import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const HERD = decodeURIComponent(ROOT.pathname).replace(/\/$/, "");

/** One project for all: each program prints `works` as its last line. */
const FILES: Readonly<Record<string, string>> = {
  "sheep.ts": `
    const FACTOR = 3;
    export const triple = (n: number) => n * FACTOR;
  `,
  "calls.ts": `
    import type { Executor } from "@herd/concurrent";
    import { task } from "@herd/concurrent";
    import { triple } from "./sheep.ts";

    export async function call(executor: Executor) {
      const ok = await executor.submit((n: number) => n + 1, 1) === 2 &&
        await executor.submit(task(import.meta.resolve("./sheep.ts"), triple), 1) === 3;
      console.log(ok ? "works" : "wrong");
    }
  `,
  "threads.ts": `
    import { ThreadPoolExecutor } from "@herd/concurrent";
    import { call } from "./calls.ts";
    await using executor = new ThreadPoolExecutor(1);
    await call(executor);
  `,
  "thread.ts": `
    import { Thread } from "@herd/concurrent";
    const thread = new Thread({ target: () => console.log("works") });
    thread.start();
    await thread.join();
  `,
  "pool.ts": `
    import { Pool } from "@herd/concurrent";
    await using pool = new Pool({ processes: 1, permissions: "none" });
    console.log((await pool.map((word: string) => word, ["works"]))[0]);
  `,
  "manager.ts": `
    import { Manager } from "@herd/concurrent";
    await using manager = await Manager();
    const list = await manager.list(["works"]);
    console.log(await list.get(0));
  `,
  "manager_address.ts": `
    import { SyncManager } from "@herd/concurrent";
    const permissions = { net: ["127.0.0.1"] };
    await using manager = new SyncManager({ address: ["127.0.0.1", 0], permissions });
    await manager.start();
    const list = await manager.list(["works"]);
    console.log(await list.get(0));
  `,
  "killable.ts": `
    import { ThreadPoolExecutor } from "@herd/concurrent";
    import { call } from "./calls.ts";
    await using executor = new ThreadPoolExecutor({ max_workers: 1, killable: true });
    await call(executor);
  `,
  "limited.ts": `
    import { ThreadPoolExecutor } from "@herd/concurrent";
    import { call } from "./calls.ts";
    await using executor = new ThreadPoolExecutor({
      max_workers: 1,
      modules: [import.meta.resolve("./sheep.ts")],
      permissions: "none",
    });
    await call(executor);
  `,
  "processes.ts": `
    import { ProcessPoolExecutor } from "@herd/concurrent";
    import { call } from "./calls.ts";
    await using executor = new ProcessPoolExecutor({ max_workers: 1, permissions: "none" });
    await call(executor);
  `,
  "bare.ts": `
    import { current_task, ProcessPoolExecutor } from "@herd/concurrent";
    export const name = () => current_task().name;
    if (import.meta.main) {
      await using executor = new ProcessPoolExecutor({ max_workers: 1, permissions: "none" });
      console.log(await executor.submit(name) === "name" ? "works" : "wrong");
    }
  `,
  "process.ts": `
    import { Process } from "@herd/concurrent";
    const child = new Process({ target: () => console.log("works"), permissions: "none" });
    child.start();
    await child.join();
    if (child.exitcode !== 0) throw new Error("exit code " + child.exitcode);
  `,
  "shared.ts": `
    import { Lock, Queue, Semaphore, Value } from "@herd/concurrent";
    const queue = new Queue<number>(1);
    using _held = await new Lock().hold();
    await queue.put(new Value("i", 3).add(1));
    await new Semaphore(2).acquire();
    console.log(await queue.get() === 3 ? "works" : "wrong");
  `,
  "tcp.ts": `
    import { connection } from "@herd/concurrent";
    using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
    using client = await connection.Client(listener.address);
    using server = await listener.accept();
    await client.send("works");
    console.log(await server.recv());
  `,
  "unix.ts": `
    import { connection } from "@herd/concurrent";
    const address = new URL("./herd.sock", import.meta.url).pathname;
    using listener = new connection.Listener({ address });
    using client = await connection.Client(address);
    using server = await listener.accept();
    await client.send("works");
    console.log(await server.recv());
  `,
  "no_address.ts": `
    import { connection } from "@herd/concurrent";
    using listener = new connection.Listener();
    using client = await connection.Client(listener.address);
    using server = await listener.accept();
    await client.send("works");
    console.log(await server.recv());
  `,
  "commands.ts": `
    import { CommandExecutor } from "@herd/concurrent";
    await using executor = new CommandExecutor({ allow: ["sort"] });
    console.log((await executor.submit("sort", [], { stdin: "works" })).stdout);
  `,
  "trace.ts": `
    import { ThreadPoolExecutor } from "@herd/concurrent";
    await using executor = new ThreadPoolExecutor(1);
    executor.trace(new URL("./trace.json", import.meta.url).pathname);
    console.log(await executor.submit(() => "works"));
  `,
  "progress.ts": `
    import { progress } from "@herd/concurrent";
    for await (const word of progress(["works"], { label: "Words" })) console.log(word);
  `,
};

/** Which flags, of a project in `folder`. */
type Flags = (folder: string) => string[];

const RUN = `--allow-run=${Deno.execPath()}`;
const TEMPORARY = Deno.env.get("TMPDIR") ?? "/tmp";
const all: Flags = (folder) => [`--allow-read=${HERD},${folder}`];

const NEEDS: readonly (readonly [program: string, flags: Flags])[] = [
  ["threads.ts", all],
  ["killable.ts", all],
  ["thread.ts", all],
  ["limited.ts", (folder) => [...all(folder), "--unstable-worker-options"]],
  ["processes.ts", () => [RUN]],
  ["bare.ts", (folder) => [RUN, `--allow-read=${folder}/deno.json`]],
  ["process.ts", () => [RUN]],
  ["pool.ts", () => [RUN]],
  ["manager.ts", () => [
    RUN,
    "--allow-net",
    `--allow-read=${TEMPORARY}`,
    `--allow-write=${TEMPORARY}`,
  ]],
  ["manager_address.ts", () => [RUN, "--allow-net=127.0.0.1"]],
  ["shared.ts", () => []],
  ["tcp.ts", () => ["--allow-net=127.0.0.1"]],
  ["unix.ts", (folder) => {
    const path = `${folder}/herd.sock`;
    return [`--allow-net=unix:${path}`, `--allow-read=${path}`, `--allow-write=${path}`];
  }],
  ["no_address.ts", () => [
    "--allow-net",
    `--allow-read=${TEMPORARY}`,
    `--allow-write=${TEMPORARY}`,
  ]],
  ["commands.ts", () => ["--allow-run=sort"]],
  ["trace.ts", (folder) => [...all(folder), `--allow-write=${folder}/trace.json`]],
  ["progress.ts", () => []],
];

/** A folder with all programs, as long as it is in scope. */
class Project implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "herd_permissions_" });

  constructor() {
    const config = {
      imports: { "@herd/concurrent": "jsr:@herd/concurrent@^0.1.0" },
      links: [HERD],
    };
    const files = { ...FILES, "deno.json": JSON.stringify(config) };
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(`${this.folder}/${name}`, text);
    }
  }

  async run(program: string, flags: readonly string[]) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-lock", ...flags, program],
      cwd: this.folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: decode(stdout).trimEnd(), stderr: decode(stderr) };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

for (const [program, flagsFor] of NEEDS) {
  Deno.test({
    name: `${program} runs with the permissions that the documentation names, and with none less`,
    // Paths of sockets and the folder of temporary files are others there.
    ignore: Deno.build.os === "windows",
    async fn() {
      using project = new Project();
      const flags = flagsFor(project.folder);
      const whole = await project.run(program, flags);
      assertEquals([whole.code, whole.stdout], [0, "works"], whole.stderr);
      for (const flag of flags) {
        const { code, stderr } = await project.run(program, flags.filter((one) => one !== flag));
        assertNotEquals(code, 0, `${program} runs without ${flag}`);
        assertMatch(stderr, /NotCapable|--allow-|--unstable-|the option config/, flag);
      }
    },
  });
}
