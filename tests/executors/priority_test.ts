/** Tests of the order in which tasks run: the queue by itself, with a clock of its own, then in a pool. */

import { assert, assertEquals, assertLessOrEqual, assertStrictEquals } from "@std/assert";
import { AGE, TaskQueue } from "../../executors/_task_queue.ts";
import { Task } from "../../executors/_task.ts";
import { describe } from "../../ipc/callable.ts";
import { task, ThreadPoolExecutor } from "../../mod.ts";
import * as tasks from "../suites/executor_tasks.ts";
import { ThreadGate } from "../suites/executor_tasks.ts";

const HERE = import.meta.resolve("../suites/executor_tasks.ts");
const echo = task(HERE, tasks.echo);
const pass = task(HERE, tasks.pass);

/** A queue, and tasks for it. */
class Bench {
  readonly queue = new TaskQueue();
  #made = 0;

  /** A task that was submitted at `time` and stands in no queue yet. */
  make(priority = 0, time = 0): Task {
    const owner = {
      settled: (task: Task) => {
        if (task.queued) this.queue.settled();
      },
    };
    const settings = { priority, deadline: undefined, transfer: [], signal: undefined };
    return new Task(owner, describe(echo), [], 0, settings, this.#made++, { time, caller: {} });
  }

  push(priority = 0, time = 0): Task {
    const task = this.make(priority, time);
    this.queue.push(task);
    return task;
  }

  /** Takes all, at time `now`. */
  takeAll(now = 0): Task[] {
    const taken: Task[] = [];
    for (let task = this.queue.take(now); task !== undefined; task = this.queue.take(now)) {
      taken.push(task);
    }
    return taken;
  }
}

/** Asserts that these are the same tasks; a difference shows their order of making and priority. */
function assertTasks(actual: readonly Task[], expected: readonly Task[], message?: string): void {
  const show = ({ order, settings }: Task) => `${order} (priority ${settings.priority})`;
  assertEquals(actual.map(show), expected.map(show), message);
}

Deno.test("an empty queue gives nothing", () => {
  const { queue } = new Bench();
  assertEquals([queue.size, queue.take(0), queue.drain()], [0, undefined, []]);
});

Deno.test("tasks of one priority are taken first in, first out", () => {
  const bench = new Bench();
  const pushed = Array.from({ length: 5000 }, () => bench.push());
  assertEquals(bench.queue.size, 5000);
  assert(pushed.every((task) => task.queued));
  assertTasks(bench.takeAll(), pushed);
  assertEquals(bench.queue.size, 0);
  assert(pushed.every((task) => !task.queued));
});

Deno.test("higher priorities are taken first, whatever number they are", () => {
  const bench = new Bench();
  const priorities = [0, 5, -1, 5, Infinity, 0.5, -Infinity, 0, -0, 2 ** 40];
  const pushed = priorities.map((priority) => bench.push(priority));
  const expected = [4, 9, 1, 3, 5, 0, 7, 8, 2, 6].map((index) => pushed[index]!);
  assertTasks(bench.takeAll(), expected);
});

Deno.test("what comes later with a higher priority overtakes what waits", () => {
  const bench = new Bench();
  const [low, lower] = [bench.push(1), bench.push(0)];
  const high = bench.push(2);
  assertStrictEquals(bench.queue.take(0), high);
  assertStrictEquals(bench.queue.take(0), low);
  const again = bench.push(1);
  assertTasks(bench.takeAll(), [again, lower]);
});

Deno.test("a task that has waited long gets every second turn, the oldest first", () => {
  const bench = new Bench();
  const low = [0, 1, 2].map((time) => bench.push(0, time));
  const middle = [3, 4].map((time) => bench.push(1, time));
  const high = Array.from({ length: 12 }, () => bench.push(9, AGE));
  const now = AGE + 100;
  assertTasks(bench.takeAll(now), [
    ...[low[0]!, high[0]!, low[1]!, high[1]!, low[2]!, high[2]!],
    ...[middle[0]!, high[3]!, middle[1]!, high[4]!],
    ...high.slice(5),
  ]);
});

Deno.test("a task is aged after exactly its time of waiting", () => {
  for (const [waited, isAged] of [[AGE - 1, false], [AGE, true]] as const) {
    const bench = new Bench();
    const low = bench.push(0, 0);
    const high = [bench.push(1, waited), bench.push(1, waited)];
    const expected = isAged ? [low, ...high] : [...high, low];
    assertTasks(bench.takeAll(waited), expected);
  }
});

Deno.test("no priority starves, however fast more urgent tasks come", () => {
  const bench = new Bench();
  const waiting = Array.from({ length: 10 }, (_, n) => bench.push(-n, n));
  for (let n = 0; n < 3; n++) bench.push(100, AGE);
  const turns = new Map<Task, number>();
  for (let turn = 0; bench.queue.size > 3; turn++) {
    turns.set(bench.queue.take(AGE + 50)!, turn);
    if (turns.size < 100) bench.push(100, AGE);
    if (turns.size > 100) break;
  }
  for (const [n, task] of waiting.entries()) assertLessOrEqual(turns.get(task)!, 2 * n + 1);
});

Deno.test("settled tasks are passed over and do not count", () => {
  const bench = new Bench();
  const pushed = Array.from({ length: 100 }, (_, n) => bench.push(n % 3));
  const [cancelled, left] = [
    pushed.filter((t) => t.order % 4),
    pushed.filter((t) => !(t.order % 4)),
  ];
  for (const task of cancelled) assert(task.cancel());
  assertEquals(bench.queue.size, left.length);
  const byPriority = left.toSorted((a, b) => b.settings.priority - a.settings.priority);
  assertTasks(bench.takeAll(), byPriority);
  assertEquals([bench.queue.size, bench.queue.take(0)], [0, undefined]);
});

Deno.test("a queue of nothing but settled tasks is empty, and is used again", () => {
  const bench = new Bench();
  for (let round = 0; round < 3; round++) {
    for (const priority of [0, 1, 1, 2]) bench.push(priority).cancel();
    assertEquals([bench.queue.size, bench.queue.take(0)], [0, undefined]);
    const live = bench.push(1);
    assertTasks(bench.takeAll(), [live]);
  }
});

Deno.test("settled tasks that are the greater part are swept out", async () => {
  const bench = new Bench();
  const fill = () => {
    const pushed = Array.from({ length: 3000 }, (_, n) => bench.push(n % 2));
    tasks.holdWeakly(pushed[500]!);
    const live = pushed.filter((_, n) => n % 3 === 0);
    for (const task of pushed) if (!live.includes(task)) task.cancel();
    return live;
  };
  const live = fill();
  assertEquals(await tasks.isHeld(), false);
  assertEquals(bench.queue.size, 1000);
  const byPriority = live.toSorted((a, b) => b.settings.priority - a.settings.priority);
  assertTasks(bench.takeAll(), byPriority);
});

Deno.test("tasks that were taken back stand in front of their priority, in their order", () => {
  const bench = new Bench();
  const pushed = [1, 1, 0, 1, 0, 1].map((priority) => bench.push(priority));
  const taken = [0, 0, 0].map(() => bench.queue.take(0)!);
  assertTasks(taken, [pushed[0]!, pushed[1]!, pushed[3]!]);
  const others = [bench.make(0), bench.make(2)];
  bench.queue.unshift([...taken, ...others]);
  assert(taken.every((task) => task.queued));
  assertEquals(bench.queue.size, 8);
  const [a, b, c, d, e, f] = pushed;
  assertTasks(bench.takeAll(), [others[1]!, a!, b!, d!, f!, others[0]!, c!, e!]);
});

Deno.test("a task that was settled while it was out of the queue does not come back", () => {
  const bench = new Bench();
  const pushed = [bench.push(), bench.push(), bench.push()];
  const taken = bench.takeAll();
  pushed[1]!.cancel();
  bench.queue.unshift(taken);
  assertEquals([bench.queue.size, pushed[1]!.queued], [2, false]);
  assertTasks(bench.takeAll(), [pushed[0]!, pushed[2]!]);
  assertEquals(bench.queue.size, 0);
});

Deno.test("drain gives all that wait, in their order, and leaves nothing", () => {
  const bench = new Bench();
  const pushed = [0, 2, 1, 2, 0].map((priority) => bench.push(priority));
  pushed[3]!.cancel();
  assertTasks(bench.queue.drain(), [pushed[1]!, pushed[2]!, pushed[0]!, pushed[4]!]);
  assert(pushed.every((task) => !task.queued || task.done()));
  assertEquals([bench.queue.size, bench.queue.take(0)], [0, undefined]);
  const next = bench.push();
  assertTasks(bench.takeAll(), [next]);
});

/** What the queue must do, over a plain list. */
class Model {
  list: Task[] = [];
  #passedOver = false;

  get live(): Task[] {
    return this.list.filter((task) => !task.done());
  }

  unshift(taken: readonly Task[]): void {
    this.list = [...taken, ...this.live];
  }

  /** Asserts that `taken` may be taken at time `now`, and takes it out. */
  take(taken: Task | undefined, now: number): void {
    const live = this.list = this.live;
    const priorities = [...new Set(live.map((task) => task.settings.priority))].sort((a, b) =>
      b - a
    );
    const fronts = priorities.map((p) => live.find((task) => task.settings.priority === p)!);
    const urgent = fronts[0];
    const oldest = fronts.reduce<Task | undefined>(
      (oldest, task) => oldest && oldest.origin.time <= task.origin.time ? oldest : task,
      undefined,
    );
    const isAged = oldest !== undefined && now - oldest.origin.time >= AGE;
    const wanted = isAged ? [urgent, oldest] : [urgent];
    assert(wanted.includes(taken), `took ${taken?.order}, not ${wanted.map((t) => t?.order)}`);
    const passesOver = isAged && fronts.length > 1 && taken !== oldest;
    assert(!(passesOver && this.#passedOver), `task ${oldest?.order} was passed over twice`);
    this.#passedOver = passesOver;
    this.list = live.filter((task) => task !== taken);
  }
}

/** Numbers from 0 to before `n` that only depend on the seed. */
function randomFrom(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

for (const [size, seeds, steps] of [["small", 200, 150], ["large", 2, 80]] as const) {
  Deno.test(`a ${size} queue does what a plain list does, whatever the operations`, () => {
    const most = size === "small" ? 4 : 900;
    for (let seed = 1; seed <= seeds; seed++) {
      const random = randomFrom(seed);
      const [bench, model] = [new Bench(), new Model()];
      let now = 0;
      const taken: Task[] = [];
      const operations = [
        () => {
          for (let n = random(most); n >= 0; n--) model.list.push(bench.push(random(3) * 2, now));
        },
        () => {
          for (let n = random(size === "small" ? 4 : 40); n >= 0; n--) {
            const task = bench.queue.take(now);
            model.take(task, now);
            if (task !== undefined) taken.push(task);
          }
        },
        () => {
          const share = random(10);
          for (const task of model.live) if (random(10) < share) task.cancel();
        },
        () => {
          const back = taken.splice(-random(4) - 1);
          back.sort((a, b) => a.order - b.order);
          bench.queue.unshift(back);
          model.unshift(back.filter((task) => !task.done()));
        },
        () => {
          now += random(AGE / 2);
          if (random(3) === 0) taken.at(-1)?.cancel();
        },
      ];
      for (let step = 0; step < steps; step++) {
        operations[random(operations.length)]!();
        assertEquals(bench.queue.size, model.live.length, `seed ${seed}, step ${step}`);
      }
      const left = model.live.toSorted((a, b) => b.settings.priority - a.settings.priority);
      assertTasks(bench.queue.drain(), left, `seed ${seed}`);
    }
  });
}

/** Submits with each priority while the only worker is held, and tells in which order they end. */
async function runInOrder(
  executor: ThreadPoolExecutor,
  priorities: readonly (number | undefined)[],
): Promise<number[]> {
  using gate = new ThreadGate();
  const blocker = executor.submit(pass, gate.ticket);
  await gate.arrivals(1);
  const order: number[] = [];
  const futures = priorities.map((priority, n) => {
    const future = executor.options({ priority }).submit(echo, n);
    future.add_done_callback(() => order.push(n));
    return future;
  });
  gate.open();
  await Promise.all([blocker, ...futures]);
  return order;
}

Deno.test("queued tasks run by priority, and in the order of their submission within one", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const order = await runInOrder(executor, [undefined, 1, 0, 10, -1, 10, 1, undefined, -0.5]);
  assertEquals(order, [3, 5, 1, 6, 0, 2, 7, 8, 4]);
});

Deno.test("many tasks without a priority run in the order of their submission", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const order = await runInOrder(executor, Array.from({ length: 3000 }, () => undefined));
  assertEquals(order, Array.from({ length: 3000 }, (_, n) => n));
});

Deno.test("map's items have the priority of its options", async () => {
  await using executor = new ThreadPoolExecutor(1);
  using gate = new ThreadGate();
  const blocker = executor.submit(pass, gate.ticket);
  await gate.arrivals(1);
  const order: unknown[] = [];
  const plain = executor.submit(echo, "plain");
  plain.add_done_callback(() => order.push("plain"));
  const results = executor.options({ priority: 1, chunksize: 1 }).map(echo, ["a", "b"]);
  const reading = Array.fromAsync(results, (result) => order.push(result));
  gate.open();
  await Promise.all([blocker, plain, reading]);
  assertEquals(order.indexOf("plain"), 2);
});
