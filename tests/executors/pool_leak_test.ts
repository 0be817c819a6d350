/** Tests of what pools leave behind, used or dropped: neither workers, nor descriptors, nor memory. */

import { assert, assertEquals } from "@std/assert";
import { runProgram } from "../suites/executor_tasks.ts";

/** What all of these programs have in common: how to collect garbage, and what the system counts. */
const COMMON = `
  import v8 from "node:v8";
  import vm from "node:vm";
  v8.setFlagsFromString("--expose-gc");
  const gc = vm.runInNewContext("gc");
  async function collect() {
    for (let i = 0; i < 5; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  function usage() {
    const status = Deno.readTextFileSync("/proc/self/status");
    const children = Deno.readTextFileSync("/proc/self/task/" + Deno.pid + "/children");
    return {
      descriptors: [...Deno.readDirSync("/proc/self/fd")].length,
      memory: Number(status.match(/^VmRSS:\\s*(\\d+)/m)[1]) / 1024,
      threads: Number(status.match(/^Threads:\\s*(\\d+)/m)[1]),
      children: children.split(" ").filter((pid) => pid !== "").length,
    };
  }
  async function until(condition) {
    for (const end = Date.now() + 15_000; !condition() && Date.now() < end;) await collect();
  }
  function* count() { for (let n = 0;; n++) yield n; }
`;

async function report(source: string): Promise<Record<string, number>> {
  const { code, out, err } = await runProgram(`${COMMON}\n${source}`);
  assertEquals([code, err], [0, ""]);
  return JSON.parse(out);
}

const KINDS = [
  ["spawn", `new herd.Pool({ processes: 2, context: "spawn" })`],
  ["threads", "new herd.ThreadPool(2)"],
];

for (const [kind, make] of KINDS) {
  Deno.test({
    name: `pool after pool leaves nothing behind, however it ends (${kind})`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const { descriptors, memory, children } = await report(`
        async function use(end) {
          const pool = ${make};
          await pool.map((n: number) => n, Array.from({ length: 10_000 }, (_, n) => n));
          await pool.apply_async(() => { throw new Error(); }).wait();
          await pool.apply_async(() => Deno.exit(3)).wait();
          for await (const n of pool.imap((n: number) => n, count())) if (n === 100) break;
          pool.imap((n: number) => n, [1, 2, 3]);
          if (end === "terminate") {
            for (let i = 0; i < 100; i++) pool.apply_async(() => new Promise(() => {}));
          }
          pool[end]();
          await pool.join();
        }
        async function wave(pools) {
          for (let i = 0; i < pools; i++) await use(i % 2 === 0 ? "close" : "terminate");
          await collect();
        }
        await wave(6);
        const before = usage();
        await wave(6);
        const after = usage();
        console.log(JSON.stringify({
          descriptors: after.descriptors - before.descriptors,
          memory: after.memory - before.memory,
          children: after.children,
        }));
      `);
      assertEquals(children, 0, "children are left");
      assert(descriptors! <= 0, `${descriptors} descriptors are left`);
      assert(memory! < 60, `${memory} MB more are left`);
    },
  });

  Deno.test({
    name: `pools that are dropped let their workers go, also in the middle of an imap (${kind})`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const { threads, children } = await report(`
        async function use() {
          const pool = ${make};
          await pool.map((n: number) => n, [1, 2, 3], { chunksize: 1 });
          await pool.imap((n: number) => n, count()).next();
        }
        await use();
        await until(() => usage().children === 0);
        const before = usage();
        for (let i = 0; i < 4; i++) await use();
        // Deno's own threads come and go: those of eight workers would be more.
        await until(() => usage().children === 0 && usage().threads < before.threads + 6);
        const after = usage();
        console.log(JSON.stringify({
          threads: after.threads - before.threads,
          children: after.children,
        }));
      `);
      assertEquals(children, 0, "children are left");
      assert(threads! < 6, `${threads} threads are left`);
    },
  });
}
