/** A bar while results come. */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { as_completed, Future, progress, ThreadPoolExecutor, ValueError } from "@herd/concurrent";

async function gather<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

Deno.test("progress gives on what a list, a generator and an asynchronous generator give", async () => {
  assertEquals(await gather(progress([1, 2, 3])), [1, 2, 3]);
  function* numbers() {
    yield* [1, 2];
  }
  assertEquals(await gather(progress(numbers(), { total: 2, label: "Numbers" })), [1, 2]);
  async function* later() {
    yield* [await Promise.resolve("a"), "b"];
  }
  assertEquals(await gather(progress(later())), ["a", "b"]);
});

Deno.test("progress gives on the results of a map, and the futures of as_completed as futures", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const double = (n: number) => n * 2;
  assertEquals(await gather(progress(executor.map(double, [1, 2, 3]))), [2, 4, 6]);
  const futures = [1, 2].map((n) => executor.submit(double, n));
  const seen = new Set<Future<number>>();
  for await (const future of progress(as_completed(futures), { total: 2 })) {
    assert(future instanceof Future && future.done());
    seen.add(future);
  }
  assertEquals(seen, new Set(futures));
});

Deno.test("A loop that is left early ends what it goes through", async () => {
  let ended = false;
  async function* numbers() {
    try {
      for (let n = 0;; n++) yield await Promise.resolve(n);
    } finally {
      ended = true;
    }
  }
  for await (const n of progress(numbers())) if (n === 3) break;
  assert(ended);
});

Deno.test("An error goes on to who asks for items", async () => {
  async function* numbers() {
    yield await Promise.resolve(1);
    throw new Error("no more");
  }
  const items = progress(numbers());
  assertEquals((await items.next()).value, 1);
  await assertRejects(() => items.next(), Error, "no more");
});

Deno.test("What is no iterable, and what is no total or label, is refused", () => {
  assertThrows(() => progress(3 as never), TypeError, "Cannot show progress: 3 is not iterable");
  assertThrows(() => progress(undefined as never), TypeError, "undefined is not iterable");
  assertThrows(() => progress([], { total: -1 }), ValueError, "total");
  assertThrows(() => progress([], { label: 3 as never }), ValueError, "label");
});

const PROGRAM = `
  import { progress } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
  async function* items() {
    for (let i = 0; i < 4; i++) yield await new Promise((done) => setTimeout(done, 20, i));
  }
  for await (const item of progress(items(), { total: 4, label: "Items {x}" })) {
    if (item === 3) console.log("all there");
  }
  const halfDone = progress([1, 2, 3]);
  await halfDone.next();
`;

async function run(command: string, args: string[]): Promise<{ stdout: string; stderr: string }> {
  const program = new Deno.Command(command, { args, stdin: "null" });
  const { success, stdout, stderr } = await program.output();
  const decoder = new TextDecoder();
  const output = { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  assert(success, output.stdout + output.stderr);
  return output;
}

async function withProgram<R>(use: (file: string) => Promise<R>): Promise<R> {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  try {
    await Deno.writeTextFile(file, PROGRAM);
    return await use(file);
  } finally {
    await Deno.remove(file);
  }
}

const config = `--config=${new URL("../../deno.json", import.meta.url).pathname}`;

Deno.test("Nothing is drawn where standard error is no terminal", async () => {
  const { stdout, stderr } = await withProgram((file) =>
    run(Deno.execPath(), ["run", "--quiet", "--no-prompt", config, file])
  );
  assertEquals([stdout, stderr], ["all there\n", ""]);
});

Deno.test({
  name: "On a terminal there is a bar, which needs no permission and keeps no program alive",
  ignore: Deno.build.os !== "linux" || !hasScript(),
  fn: async () => {
    const { stdout } = await withProgram((file) => {
      const command = [Deno.execPath(), "run", "--quiet", "--no-prompt", config, file];
      return run("script", ["-qec", command.join(" "), "/dev/null"]);
    });
    assertStringIncludes(stdout, "Items (x) [");
    assertStringIncludes(stdout, "0% | 0/4 | 0/s");
    assertStringIncludes(stdout, "100% | 4/4 | ");
    assertStringIncludes(stdout, " left");
    assertStringIncludes(stdout, "all there");
  },
});

/** Whether there is the program that runs another in a terminal of its own. */
function hasScript(): boolean {
  try {
    return new Deno.Command("script", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
