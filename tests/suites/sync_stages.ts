/** Where shared objects are used: the backends of their suites. */

import { deadline } from "@std/async";
import { type PoolExecutor, ProcessPoolExecutor, task, ThreadPoolExecutor } from "../../mod.ts";
import { perform, type Step } from "./sync_tasks.ts";

/** Milliseconds after which a script hangs; it is ended, and its test fails. */
const HANG = 30_000;

const PERFORM = task(import.meta.resolve("./sync_tasks.ts"), perform);

/** Does scripts. */
export interface Actor {
  readonly name: string;
  /** Whether it blocks its thread, so that it can do one script at a time. */
  readonly blocks: boolean;
  /** Whether all its scripts are one owner: see `RLock`. */
  readonly isOneOwner: boolean;
  /** Does a script; gives what its steps returned. */
  does(...steps: Step[]): Promise<unknown[]>;
}

/** Those who use an object together. */
export interface Stage extends AsyncDisposable {
  /** At least two. */
  readonly actors: readonly [Actor, Actor, ...Actor[]];
}

/** One way to use shared objects. */
export interface Backend {
  readonly name: string;
  open(): Promise<Stage>;
}

/** The lines of a suite that a backend does not keep, each with the reason. */
export type Gaps = Readonly<Record<string, string>>;

/**
 * `n` actors that can all do a script at the same time: who blocks is among them once, and so, where there
 * are others, who is one owner.
 */
export function crowd({ actors }: Stage, n: number): Actor[] {
  const free = actors.filter((actor) => !actor.blocks);
  const owners = free.filter((actor) => !actor.isOneOwner);
  const rest = owners.length > 0 ? owners : free;
  return Array.from({ length: n }, (_, i) => actors[i] ?? rest[i % rest.length]!);
}

/** An actor that can do several scripts at a time, and another than the first where there is such. */
export function freeOne({ actors }: Stage): Actor {
  const free = actors.filter((actor) => !actor.blocks);
  return free.find((actor) => actor !== actors[0]) ?? free[0]!;
}

/** Two that are different owners, where there are such. */
export function twoOwners({ actors }: Stage): [Actor, Actor] {
  const [one, other] = actors;
  return [one, actors.find((it) => it !== one && !(it.isOneOwner && one.isOneOwner)) ?? other];
}

const MAIN: Actor = {
  name: "main",
  blocks: false,
  isOneOwner: true,
  does: (...steps) => deadline(perform(false, steps), HANG),
};

class PoolActor implements Actor {
  readonly name: string;
  readonly blocks: boolean;
  readonly isOneOwner = false;
  readonly executor: PoolExecutor;

  constructor(name: string, blocks: boolean, executor: PoolExecutor) {
    this.name = name;
    this.blocks = blocks;
    this.executor = executor;
  }

  does(...steps: Step[]): Promise<unknown[]> {
    return this.executor.options({ deadline: HANG }).submit(PERFORM, this.blocks, steps);
  }
}

function thread(blocks: boolean, killable = false): PoolActor {
  const executor = new ThreadPoolExecutor({
    max_workers: 1,
    concurrency: blocks ? 1 : 32,
    killable,
  });
  return new PoolActor(blocks ? "a thread that blocks" : "a thread", blocks, executor);
}

function child(): PoolActor {
  const executor = new ProcessPoolExecutor({ max_workers: 1, concurrency: 32 });
  return new PoolActor("a child", false, executor);
}

async function stage(...actors: [Actor, Actor, ...Actor[]]): Promise<Stage> {
  const executors = actors.flatMap((it) => it instanceof PoolActor ? [it.executor] : []);
  await Promise.all(executors.map((executor) => executor.ready()));
  return {
    actors,
    async [Symbol.asyncDispose]() {
      await Promise.all(executors.map((executor) => executor.shutdown()));
    },
  };
}

/** All there are. */
export const BACKENDS = {
  main: { name: "main alone", open: () => stage(MAIN, MAIN) },
  threads: {
    name: "main and threads",
    open: () => stage(MAIN, thread(true), thread(false), thread(true)),
  },
  killable: {
    name: "main and killable threads",
    open: () => stage(MAIN, thread(true, true), thread(false, true)),
  },
  threadsAlone: {
    name: "threads alone",
    open: () => stage(thread(true), thread(false), thread(true), thread(false)),
  },
  children: { name: "children alone", open: () => stage(child(), child()) },
  mixed: {
    name: "main, a child and threads",
    open: () => stage(MAIN, child(), thread(true), thread(false)),
  },
} as const satisfies Record<string, Backend>;

/** Registers one line. */
export type Line = (
  id: string,
  sentence: string,
  body: (stage: Stage) => Promise<void>,
) => void;

/** Registers a suite's test for one backend: a step for each of its lines. */
export function suite(
  what: string,
  backend: Backend,
  gaps: Gaps,
  register: (line: Line) => void,
): void {
  const steps: Deno.TestStepDefinition[] = [];
  const unused = new Set(Object.keys(gaps));
  let current: Stage;
  register((id, sentence, body) => {
    const gap = gaps[id];
    unused.delete(id);
    steps.push({
      name: `${id}: ${sentence}${gap === undefined ? "" : ` (gap: ${gap})`}`,
      ignore: gap !== undefined,
      fn: () => body(current),
      // The stage is open before and after; the whole test is looked at for leaks.
      sanitizeOps: false,
      sanitizeResources: false,
    });
  });
  if (unused.size > 0) throw new Error(`gaps that name no line of the suite: ${[...unused]}`);
  Deno.test(`${what}, ${backend.name}`, async (t) => {
    await using stage = await backend.open();
    current = stage;
    for (const step of steps) await t.step(step);
  });
}
