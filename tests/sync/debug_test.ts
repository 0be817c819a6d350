/** Tests of the help with deadlocks that `HERD_DEBUG` asks for. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { CONFIG, run } from "../support/run_deno.ts";

const LATE = new URL("./programs/late.ts", import.meta.url).pathname;

function runLate(program: string, flags: string[], env: Record<string, string>) {
  return run(["--no-lock", CONFIG, ...flags, LATE, program], { env });
}

const WITH = { HERD_DEBUG: "50" };

Deno.test("Main is told which worker holds the lock that it waits for, and in which function", async () => {
  const { code, lines, stderr } = await runLate("main waits for a worker", ["-A"], WITH);
  assertEquals([code, lines], [0, ["true"]], stderr);
  assertMatch(
    stderr,
    /^Herd: MainThread has been waiting for over 50 ms to acquire a Lock: held by ThreadPoolExecutor-0_0\n +at take \(/,
  );
  assertEquals(stderr.match(/Herd:/g)?.length, 1, "once is enough");
  assert(!stderr.includes("(<anonymous>)"), `the engine's own frames are no news: ${stderr}`);
});

Deno.test("Main is told where a worker acquired the lock that it had to wait for", async () => {
  const { code, lines, stderr } = await runLate("main waits for one that waited", ["-A"], WITH);
  assertEquals([code, lines], [0, ["true"]], stderr);
  assertMatch(
    stderr,
    /Herd: MainThread .* to acquire a Lock: held by ThreadPoolExecutor-0_0\n +at takeForLong \(/,
  );
  assert(!stderr.includes("(<anonymous>)"), `the engine's own frames are no news: ${stderr}`);
});

for (
  const [program, holder] of [
    ["main waits for a child", "ProcessPoolExecutor-0_0"],
    ["main waits for a process", "Holder"],
  ] as const
) {
  Deno.test(`Main is told which process holds the lock that it waits for: ${program}`, async () => {
    const { code, lines, stderr } = await runLate(program, ["-A"], WITH);
    assertEquals([code, lines], [0, ["true"]], stderr);
    assertMatch(stderr, new RegExp(`acquire a Lock: held by ${holder} \\(process \\d+\\)\n`));
  });
}

Deno.test("A worker is told where in the program main acquired the lock that it waits for", async () => {
  const { code, lines, stderr } = await runLate("a worker waits for main", ["-A"], WITH);
  assertEquals([code, lines], [0, ["true"]], stderr);
  assertMatch(
    stderr,
    /Herd: ThreadPoolExecutor-0_0 has been waiting for over 50 ms to acquire an RLock: held by MainThread\n.*late\.ts:\d+/,
  );
});

Deno.test("Who waits with a limit is told nothing", async () => {
  const { code, lines, stderr } = await runLate("with a limit", ["-A"], WITH);
  assertEquals([code, lines, stderr], [0, ["false"], ""]);
});

for (
  const [why, flags, env] of [
    ["it is not asked for", ["-A"], {}],
    ["the environment may not be read", ["--allow-read", "--no-prompt"], WITH],
    ["it is no number", ["-A"], { HERD_DEBUG: "yes" }],
  ] as const
) {
  Deno.test(`Nobody is told anything where ${why}`, async () => {
    const { code, lines, stderr } = await runLate("main waits for a worker", [...flags], env);
    assertEquals([code, lines, stderr], [0, ["true"], ""]);
  });
}
