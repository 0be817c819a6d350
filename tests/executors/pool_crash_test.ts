/**
 * What an item can do to its worker, in every stage and by every method: its own call fails with a clear
 * error, no other is lost but those that were in its chunk, and the pool is whole again afterwards. Of most
 * of these CPython's pool hangs.
 */

import { assert, assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import {
  type BasePool,
  BrokenProcessPool,
  BrokenThreadPool,
  Pool,
  type PoolSettings,
  task,
  ThreadPool,
} from "../../mod.ts";
import { within } from "../support/hang_guards.ts";
import { act, type Deed, exitAtStart } from "./pool_crash_tasks.ts";

const HERE = import.meta.resolve("./pool_crash_tasks.ts");
const ACT = task(HERE, act);

/** How many items there are, and which one is bad. */
const COUNT = 8;
const BAD = 2;

interface Kind {
  readonly name: string;
  make(settings?: Omit<PoolSettings, "context">): BasePool;
  readonly broken: typeof BrokenProcessPool | typeof BrokenThreadPool;
}

const KINDS: readonly Kind[] = [
  {
    name: "Pool (spawn)",
    make: (settings) => new Pool({ processes: 2, ...settings, context: "spawn" }),
    broken: BrokenProcessPool,
  },
  {
    name: "Pool (worker)",
    make: (settings) => new Pool({ processes: 2, ...settings, context: "worker" }),
    broken: BrokenProcessPool,
  },
  {
    name: "ThreadPool",
    make: (settings) => new ThreadPool({ processes: 2, ...settings }),
    broken: BrokenThreadPool,
  },
];

/** What the bad item comes to: whether its worker dies of it, and what the error says. */
const DEEDS: readonly [stage: string, deed: Deed, dies: boolean, message: RegExp][] = [
  ["in the run", "throw", false, /thrown in the run/],
  ["in the run", "reject", false, /rejected in the run/],
  ["in the run", "Deno.exit", true, /called Deno\.exit\(3\)/],
  // A process goes on for a moment after it: its last words may be lost under load.
  ["in the run", "self.close", true, /called self\.close\(\)/],
  ["in the run", "SIGKILL", true, /was killed by SIGKILL/],
  ["in the run", "throw in a timer", true, /uncaught/],
  ["in the run", "reject unawaited", true, /reject/],
  ["encoding the result", "return a function", false, /Cannot send the result/],
  ["encoding the result", "return an exiting getter", true, /called Deno\.exit\(9\)/],
];

/** Each item's result, or its error. */
type Outcomes = unknown[];

type Row = [n: number, bad: number, deed: Deed];

const METHODS: Readonly<Record<string, (pool: BasePool, rows: Row[]) => Promise<Outcomes>>> = {
  apply_async: (pool, rows) =>
    Promise.all(rows.map((row) => pool.apply_async(ACT, [row]).catch((error) => error))),
  imap: (pool, rows) => drain(pool.imap(ACT, rows)),
  imap_unordered: (pool, rows) => drain(pool.imap_unordered(ACT, rows)),
  "imap, chunks of 4": (pool, rows) => drain(pool.imap(ACT, rows, { chunksize: 4 })),
};

async function drain(results: AsyncIterator<unknown, undefined>): Promise<Outcomes> {
  const outcomes: Outcomes = [];
  while (true) {
    try {
      const { done, value } = await results.next();
      if (done) return outcomes;
      outcomes.push(value);
    } catch (error) {
      outcomes.push(error);
    }
  }
}

function rowsWith(deed: Deed): Row[] {
  return Array.from({ length: COUNT }, (_, n) => [n, BAD, deed]);
}

async function isWhole(pool: BasePool): Promise<void> {
  const squares = await within(pool.map((n: number) => n * n, [1, 2, 3]), "the pool");
  assertEquals(squares, [1, 4, 9]);
}

for (const { name, make, broken } of KINDS) {
  for (const [stage, deed, dies, message] of DEEDS) {
    // A thread that kills its process kills the program.
    if (deed === "SIGKILL" && name !== "Pool (spawn)") continue;
    Deno.test(`${name}, ${stage}: an item does "${deed}"`, async () => {
      await using pool = make();
      for (const [method, start] of Object.entries(METHODS)) {
        const outcomes = await within(start(pool, rowsWith(deed)), method);
        const errors = outcomes.filter((outcome) => outcome instanceof Error);
        const results = outcomes.filter((outcome) => typeof outcome === "number");
        assertEquals(errors.length + results.length, COUNT, method);
        // What is in one chunk with it goes with its worker; where that could say nothing, all it was sent.
        const most = deed === "SIGKILL" ? COUNT : method.includes("chunks") && dies ? 4 : 1;
        assert(errors.length >= 1 && errors.length <= most, `${method}: ${errors.length} errors`);
        for (const error of errors) {
          if (dies) assertInstanceOf(error, broken);
          assertMatch(`${error.message} ${error.cause}`, message, method);
        }
        assertEquals(new Set(results).has(BAD), false);
        await isWhole(pool);
      }
      for (const chunksize of [1, 4, COUNT]) {
        const mapped = pool.map(ACT, rowsWith(deed), { chunksize });
        const error = await within(mapped.catch((error) => error), "map");
        assertInstanceOf(error, Error);
        assertMatch(`${error.message} ${error.cause}`, message, `map in chunks of ${chunksize}`);
        await isWhole(pool);
      }
    });
  }

  Deno.test(`${name}, after the result: a worker that ends then takes nothing along`, async () => {
    await using pool = make();
    for (const [method, start] of Object.entries(METHODS)) {
      const outcomes = await within(start(pool, rowsWith("return, then exit")), method);
      const results = outcomes.filter((outcome) => typeof outcome === "number");
      if (!method.includes("chunks")) assert(results.includes(BAD), method);
      assertEquals(outcomes.length, COUNT);
      await isWhole(pool);
    }
  });

  Deno.test(`${name}, encoding the task: a getter of an item that throws fails that item`, async () => {
    await using pool = make();
    const items = Array.from({ length: 5 }, (_, n) => ({
      get n() {
        if (n === BAD) throw new RangeError("thrown by a getter");
        return n;
      },
    }));
    const read = ({ n }: { n: number }) => n;
    for (const chunksize of [1, 5]) {
      const outcomes = await within(drain(pool.imap(read, items, { chunksize })), "imap");
      assertEquals(outcomes.filter((outcome) => typeof outcome === "number"), [0, 1, 3, 4]);
      assertMatch(String(outcomes[BAD]), /thrown by a getter/);
    }
    await isWhole(pool);
  });

  Deno.test(`${name}, loading the module: one that fails or ends the worker fails its calls`, async () => {
    await using pool = make();
    const url = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`;
    const MODULES: readonly [text: string, message: RegExp][] = [
      ["throw new RangeError('thrown at the top level'); export function run() {}", /top level/],
      ["export const other = 1;", /run/],
      ["Deno.exit(6); export function run() {}", /Deno\.exit\(6\)/],
    ];
    for (const [text, message] of MODULES) {
      const run = task<(n: number) => number>(url(text), "run");
      const outcomes = await within(drain(pool.imap(run, [1, 2])), "imap");
      assertEquals(outcomes.length, 2);
      for (const error of outcomes) assertMatch(String(error), message);
      await isWhole(pool);
    }
  });

  Deno.test(`${name}, in the initializer: a worker that ends there breaks the pool`, async () => {
    const pool = make({ initializer: task(HERE, exitAtStart) });
    const mapped = pool.map((n: number) => n, [1, 2, 3]);
    const error = await within(mapped.catch((error) => error), "map");
    assertInstanceOf(error, broken);
    assertMatch(error.message, /Deno\.exit\(3\)/);
    pool.close();
    await within(pool.join(), "join");
  });
}
