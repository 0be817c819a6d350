/**
 * How queues behave, whoever uses them from wherever: the lines Q and U of CPython's own suites.
 *
 * Lines that say nothing about a queue of Herd's:
 *
 * - Q03, Q13: there is no feeder thread whose flush could be waited for, or whose errors would need a hook.
 * - Q09: there is no import lock.
 * - Q14: whether a closed queue is empty is for others to know, so `empty` answers.
 * - Q16 to Q19, U25 to U27: of `SimpleQueue`.
 * - U03: a negative timeout is 0, as with `multiprocessing.Queue`.
 * - U04: `maxsize` does not change.
 * - U28: items are copies.
 *
 * How items fail to be put (Q11, Q12, U24, U29) takes items that can't be sent to whoever is to put them: see
 * `queue_test.ts`.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Empty, Event, Full, JoinableQueue, Queue, ShutDown, ValueError } from "../../mod.ts";
import { untilWaitingFor, waitingFor } from "../support/queue_waiters.ts";
import {
  type Actor,
  type Backend,
  crowd,
  freeOne,
  type Gaps,
  type Line,
  suite,
} from "./sync_stages.ts";
import type { Step } from "./sync_tasks.ts";

/** Registers the lines of `Queue` for one backend. */
export function queueSuite(backend: Backend, gaps: Gaps = {}): void {
  suite("Queue", backend, gaps, (line) => {
    itemLines(line);
    limitLines(line);
    closeLines(line);
    shutdownLines(line, (maxsize) => new Queue(maxsize));
  });
}

/** Registers the lines of `JoinableQueue` for one backend. */
export function joinableQueueSuite(backend: Backend, gaps: Gaps = {}): void {
  suite("JoinableQueue", backend, gaps, (line) => {
    shutdownLines(line, (maxsize) => new JoinableQueue(maxsize));
    joinLines(line);
  });
}

function gets(queue: object, n: number): Step[] {
  return Array.from({ length: n }, () => [queue, "get"] as const);
}

/** Each actor, with the next one; main alone with itself. */
function pairs(actors: readonly Actor[]): [Actor, Actor][] {
  return actors.map((actor, i) => [actor, actors[(i + 1) % actors.length]!]);
}

/** What a script that is to fail ends with. */
async function failure(script: Promise<unknown[]>): Promise<string> {
  const error = await script.then(
    (results) => new Error(`it did not: ${results}`),
    (error) => error,
  );
  return `${error.name}: ${error.message}`;
}

/** Values, and what may be lost of them on the way. */
const VALUES: readonly unknown[] = [
  ...[undefined, null, true, 0, -0, 1.5, NaN, Infinity, 2n ** 70n, -5n, "", "short", "ß€😀"],
  ...["long".repeat(1000), new Date(5), /a+/gi, [1, , 3], { a: { b: [1, "x"] } }],
  new Map<unknown, unknown>([[1, { two: 2 }], ["key", new Set([1, "2"])]]),
  ...[new Uint8Array([1, 2, 3]), new Float64Array([0.1, -0]), new ArrayBuffer(5)],
  ...[new Uint8Array(100_000).fill(9), [new Uint8Array(40_000).fill(1), new Uint16Array(30_000)]],
  ...[new URL("https://example.com/a?b#c"), { deep: [new URL("data:,x")] }],
];

function itemLines(line: Line): void {
  line("Q06, U01", "what one puts another gets, in order", async ({ actors }) => {
    const queue = new Queue<unknown>();
    for (const [from, to] of pairs(actors)) {
      await from.does([queue, "put", 1], [queue, "put", "two"], [queue, "put", [3]]);
      assertEquals(await to.does(...gets(queue, 3)), [1, "two", [3]], `${from.name}, ${to.name}`);
    }
    assertEquals(queue.emptySync(), true);
  });

  line("Q06", "items keep what structured clone keeps", async ({ actors }) => {
    const queue = new Queue<unknown>();
    for (const [from, to] of pairs(actors)) {
      await from.does(...VALUES.map((value) => [queue, "put", value] as const));
      const got = await to.does(...gets(queue, VALUES.length));
      assertEquals(got, VALUES, `${from.name}, ${to.name}`);
      assert(Object.is(got[4], -0));
      const cycle: { self?: unknown; list: unknown[] } = { list: [] };
      cycle.self = cycle;
      cycle.list.push(cycle.list, cycle);
      await from.does([queue, "put", cycle]);
      const [same] = await to.does([queue, "get"]) as [typeof cycle];
      assert(same.self === same && same.list[0] === same.list && same.list[1] === same);
      const error = new RangeError("far", { cause: new Empty("nothing") });
      await from.does([queue, "put", { error }]);
      const [back] = await to.does([queue, "get"]) as [{ error: RangeError }];
      assert(back.error instanceof RangeError && back.error.cause instanceof Empty);
      assertEquals([back.error.message, back.error.cause.message], ["far", "nothing"]);
    }
  });

  line(
    "Q06",
    "of many that put and many that get, none loses or doubles an item, and all see the order of each",
    async ({ actors }) => {
      const EACH = 60;
      const queue = new Queue<[number, number]>(7);
      const puts = actors.map((actor, who) =>
        actor.does(...Array.from({ length: EACH }, (_, n) => [queue, "put", [who, n]] as const))
      );
      // Who blocks its thread puts first.
      const takers = actors.filter((actor) => !actor.blocks);
      const rest = actors.length * EACH - (takers.length - 1) * EACH;
      const got = await Promise.all(
        takers.map((actor, i) => actor.does(...gets(queue, i === 0 ? rest : EACH))),
      ) as [number, number][][];
      await Promise.all(puts);
      for (const mine of got) {
        for (const [who] of actors.entries()) {
          const numbers = mine.filter(([from]) => from === who).map(([, n]) => n);
          assertEquals(numbers, numbers.toSorted((a, b) => a - b), "out of order");
        }
      }
      const all = got.flat().map(([who, n]) => who * EACH + n).sort((a, b) => a - b);
      assertEquals(all, Array.from({ length: actors.length * EACH }, (_, i) => i));
      assertEquals(queue.qsizeSync(), 0);
    },
  );

  line("Q06", "a large item arrives whole", async ({ actors }) => {
    const queue = new Queue<Uint8Array>();
    const large = new Uint8Array(3 * 2 ** 20).map((_, i) => i * 7 >> 3);
    for (const [from, to] of pairs(actors)) {
      await from.does([queue, "put", large]);
      const [got] = await to.does([queue, "get"]);
      assert(large.every((byte, i) => (got as Uint8Array)[i] === byte), `${from.name}, ${to.name}`);
    }
  });
}

function limitLines(line: Line): void {
  line(
    "Q01, Q02, U01, U02",
    "who puts into a full queue and has no time gets Full",
    async ({ actors }) => {
      for (const actor of actors) {
        const queue = new Queue<number>(6);
        const ways: Step[] = [
          [queue, "put", 1],
          [queue, "put", 2, {}],
          [queue, "put", 3, { block: true }],
          [queue, "put", 4, { block: true, timeout: undefined }],
          [queue, "put", 5, { block: false }],
          [queue, "put_nowait", 6],
        ];
        await actor.does(...ways);
        assertEquals(await actor.does([queue, "full"], [queue, "qsize"], [queue, "empty"]), [
          ...[true, 6, false],
        ]);
        const full: Step[] = [
          [queue, "put_nowait", 7],
          [queue, "put", 7, { block: false }],
          [queue, "put", 7, { block: false, timeout: 60_000 }],
          [queue, "put", 7, { timeout: 0 }],
          [queue, "put", 7, { timeout: -5 }],
          [queue, "put", 7, { timeout: 5 }],
        ];
        for (const step of full) {
          await assertRejects(
            () => actor.does(step),
            Full,
            "full of 6 items",
          );
        }
        assertEquals(await actor.does(...gets(queue, 6)), [1, 2, 3, 4, 5, 6], actor.name);
        assertEquals(waitingFor(queue, "putters"), 0);
      }
    },
  );

  line(
    "Q04, Q05, Q10, U01, U02",
    "who gets from an empty queue and has no time gets Empty",
    async ({ actors }) => {
      for (const actor of actors) {
        const queue = new Queue<number>();
        for (let n = 1; n <= 5; n++) await queue.put(n);
        const results = await actor.does(
          [queue, "get", { block: true, timeout: undefined }],
          [queue, "get", {}],
          [queue, "get", { timeout: 60_000 }],
          [queue, "get", { block: false }],
          [queue, "get_nowait"],
          [queue, "empty"],
          [queue, "full"],
          [queue, "qsize"],
        );
        assertEquals(results, [1, 2, 3, 4, 5, true, false, 0], actor.name);
        const empty: Step[] = [
          [queue, "get_nowait"],
          [queue, "get", { block: false }],
          [queue, "get", { block: false, timeout: 60_000 }],
          [queue, "get", { timeout: 0 }],
          [queue, "get", { timeout: -5 }],
          [queue, "get", { timeout: 5 }],
        ];
        for (const step of empty) await assertRejects(() => actor.does(step), Empty);
        assertEquals(waitingFor(queue, "getters"), 0);
      }
    },
  );

  line("Q07", "the size is what was put and not got, at once", async ({ actors }) => {
    const queue = new Queue<string>();
    for (const [from, to] of pairs(actors)) {
      const put = [queue, "put", "x"] as const;
      const size = [queue, "qsize"] as const;
      assertEquals(await from.does(size, put, size, put, size), [0, undefined, 1, undefined, 2]);
      assertEquals(await to.does(size, ...gets(queue, 2), size), [2, "x", "x", 0]);
    }
  });

  line("U01", "who waits for an item gets the next one, in order of arrival", async (stage) => {
    const queue = new Queue<number>();
    const waits: Promise<unknown[]>[] = [];
    for (const actor of crowd(stage, 3)) {
      waits.push(actor.does([queue, "get"]));
      await untilWaitingFor(queue, "getters", waits.length);
    }
    for (const [n, wait] of waits.entries()) {
      await freeOne(stage).does([queue, "put", n]);
      assertEquals(await wait, [n]);
    }
    assertEquals([queue.qsizeSync(), waitingFor(queue, "getters")], [0, 0]);
  });

  line("U01", "who waits for room gets it in order of arrival", async (stage) => {
    const queue = new Queue<number>(1);
    await queue.put(-1);
    const waits: Promise<unknown[]>[] = [];
    for (const actor of crowd(stage, 3)) {
      waits.push(actor.does([queue, "put", waits.length]));
      await untilWaitingFor(queue, "putters", waits.length);
    }
    for (const [n, wait] of waits.entries()) {
      assertEquals(await freeOne(stage).does([queue, "get"]), [n - 1]);
      await wait;
    }
    assertEquals(await queue.get(), 2);
    assertEquals(waitingFor(queue, "putters"), 0);
  });

  line("Q05", "an aborted wait leaves no trace", async (stage) => {
    const queue = new Queue<number>();
    const enough = new Event();
    const wait = freeOne(stage).does([queue, "get until", enough]);
    await untilWaitingFor(queue, "getters", 1);
    enough.set();
    assertEquals(await wait, ["CancelledError: enough"]);
    assertEquals(waitingFor(queue, "getters"), 0);
    await queue.put(1);
    assertEquals(queue.qsizeSync(), 1);
  });

  line("Q01", "options that are none are refused, and nothing is put", async ({ actors }) => {
    const queue = new Queue<number>();
    for (const actor of actors) {
      for (
        const options of [{ timeout: "1" }, { timeout: NaN }, { block: 1 }, { blocking: true }]
      ) {
        const put = await failure(actor.does([queue, "put", 1, options]));
        assert(put.includes("Cannot put an item: "), put);
        const get = await failure(actor.does([queue, "get", options]));
        assert(get.includes("Cannot get an item: "), get);
      }
      assertEquals([queue.qsizeSync(), waitingFor(queue, "getters")], [0, 0]);
    }
  });
}

function closeLines(line: Line): void {
  line(
    "Q15",
    "a queue that was closed is closed for who has closed it, and for no other",
    async ({ actors }) => {
      for (const [one, other] of pairs(actors)) {
        const queue = new Queue<number>();
        await queue.put(1);
        for (
          const step of [[queue, "put", 2], [queue, "get"], [queue, "put_nowait", 2]] as Step[]
        ) {
          const script = () => one.does([queue, "close"], [queue, "close"], step);
          await assertRejects(script, ValueError, "the queue was closed here", one.name);
        }
        if (one !== other) assertEquals(await other.does([queue, "get"]), [1], other.name);
      }
    },
  );

  line(
    "Q06",
    "the thread of a queue is joined once it is closed, and at once",
    async ({ actors }) => {
      for (const actor of actors) {
        const join = failure(actor.does([new Queue(), "join_thread"]));
        assertEquals(
          await join,
          "RuntimeError: Cannot join the thread of a queue: close() is to come before",
        );
        const queue = new Queue();
        const steps: Step[] = [[queue, "put", 1], [queue, "close"], [queue, "join_thread"]];
        await actor.does(...steps, [queue, "cancel_join_thread"]);
        assertEquals(queue.qsizeSync(), 1);
      }
    },
  );
}

function shutdownLines(line: Line, make: (maxsize?: number) => Queue<number>): void {
  line(
    "U07, U11",
    "an empty queue that is shut down is so for all and all ways",
    async ({ actors }) => {
      for (const [one, other] of pairs(actors)) {
        const queue = make(3);
        await one.does([queue, "shutdown"]);
        const ways: Step[] = [
          [queue, "put", 1],
          [queue, "put_nowait", 1],
          [queue, "put", 1, { timeout: 1 }],
          [queue, "get"],
          [queue, "get_nowait"],
          [queue, "get", { timeout: 1 }],
        ];
        for (const step of ways) await assertRejects(() => other.does(step), ShutDown);
        assertEquals(await other.does([queue, "qsize"], [queue, "empty"], [queue, "full"]), [
          ...[0, true, false],
        ]);
      }
    },
  );

  line(
    "U08, U11",
    "what is in a queue that is shut down can be got, then no more",
    async ({ actors }) => {
      for (const [one, other] of pairs(actors)) {
        const queue = make();
        await one.does([queue, "put", 1], [queue, "put", 2], [queue, "shutdown"]);
        assertEquals(await other.does([queue, "get"], [queue, "get_nowait"]), [1, 2]);
        await assertRejects(() => one.does([queue, "get"]), ShutDown, "it has none any more");
      }
    },
  );

  line(
    "U09, U10",
    "an immediate shutdown drops what is there, also after a plain one",
    async ({ actors }) => {
      for (const [one, other] of pairs(actors)) {
        for (const before of [[], [{}], [{ immediate: false }], [{ immediate: true }]]) {
          const queue = make();
          await one.does([queue, "put", 1], [queue, "put", 2]);
          for (const options of before) await other.does([queue, "shutdown", options]);
          await one.does([queue, "shutdown", { immediate: true }], [queue, "shutdown"]);
          await assertRejects(() => other.does([queue, "get"]), ShutDown);
          await assertRejects(() => other.does([queue, "put", 3]), ShutDown);
          assertEquals(queue.qsizeSync(), 0);
        }
      }
    },
  );

  line("U13 to U15, U23", "all that wait for an item learn of the shutdown", async (stage) => {
    for (const immediate of [false, true]) {
      const queue = make();
      const waits = crowd(stage, 4).map((actor) => failure(actor.does([queue, "get"])));
      await untilWaitingFor(queue, "getters", 4);
      await freeOne(stage).does([queue, "shutdown", { immediate }]);
      const wanted =
        "ShutDown: Cannot get an item: the queue was shut down, and it has none any more";
      assertEquals(await Promise.all(waits), Array(4).fill(wanted));
      assertEquals(waitingFor(queue, "getters"), 0);
    }
  });

  line("U13, U16, U17, U20, U21", "all that wait for room learn of the shutdown", async (stage) => {
    for (const immediate of [false, true]) {
      const queue = make(1);
      await queue.put(0);
      const waits = crowd(stage, 3).map((actor) => failure(actor.does([queue, "put", 1])));
      await untilWaitingFor(queue, "putters", 3);
      await freeOne(stage).does([queue, "shutdown", { immediate }]);
      const wanted = "ShutDown: Cannot put an item: the queue was shut down";
      assertEquals(await Promise.all(waits), Array(3).fill(wanted));
      assertEquals([queue.qsizeSync(), waitingFor(queue, "putters")], [immediate ? 0 : 1, 0]);
    }
  });
}

function joinLines(line: Line): void {
  line("Q08, U06", "join waits until what was put is done, again and again", async (stage) => {
    const queue = new JoinableQueue<number>();
    assertEquals(await freeOne(stage).does([queue, "join"]), [true]);
    for (let round = 0; round < 2; round++) {
      for (const actor of stage.actors) await actor.does([queue, "put", 1]);
      const joins = crowd(stage, 2).map((actor) => actor.does([queue, "join"]));
      await untilWaitingFor(queue, "joiners", 2);
      const left = stage.actors.length - 1;
      for (let n = 0; n < left; n++) {
        await freeOne(stage).does([queue, "get"], [queue, "task_done"]);
      }
      assertEquals(waitingFor(queue, "joiners"), 2);
      await freeOne(stage).does([queue, "get"], [queue, "task_done"]);
      assertEquals(await Promise.all(joins), [[true], [true]]);
    }
  });

  line("U05", "more can't be done than was put", async ({ actors }) => {
    const queue = new JoinableQueue<number>();
    for (const actor of actors) {
      await assertRejects(() => actor.does([queue, "task_done"]), ValueError, "all that were put");
      await actor.does([queue, "put", 1], [queue, "get"], [queue, "task_done"]);
      await assertRejects(() => actor.does([queue, "task_done"]), ValueError);
    }
  });

  line("U06", "a join that has no time, or is aborted, leaves no trace", async (stage) => {
    const queue = new JoinableQueue<number>();
    await queue.put(1);
    for (const actor of stage.actors) {
      for (const timeout of [0, -1, 5]) {
        assertEquals(await actor.does([queue, "join", { timeout }]), [false], actor.name);
      }
    }
    const enough = new Event();
    const aborted = freeOne(stage).does([queue, "join until", enough]);
    await untilWaitingFor(queue, "joiners", 1);
    enough.set();
    assertEquals(await aborted, ["CancelledError: enough"]);
    assertEquals(waitingFor(queue, "joiners"), 0);
  });

  line(
    "U18, U20, U22",
    "a join goes on after a shutdown, until what was put is done",
    async (stage) => {
      const queue = new JoinableQueue<number>();
      await queue.put(1);
      await queue.put(2);
      const join = freeOne(stage).does([queue, "join"]);
      await untilWaitingFor(queue, "joiners", 1);
      await stage.actors[0].does([queue, "shutdown"], [queue, "get"], [queue, "task_done"]);
      assertEquals(waitingFor(queue, "joiners"), 1);
      await stage.actors[1].does([queue, "get"], [queue, "task_done"]);
      assertEquals(await join, [true]);
    },
  );

  line("U12, U19, U21", "an immediate shutdown calls done what it drops", async (stage) => {
    const queue = new JoinableQueue<number>();
    const [one, other] = stage.actors;
    await one.does([queue, "put", 1], [queue, "put", 2], [queue, "put", 3], [queue, "get"]);
    const join = freeOne(stage).does([queue, "join"]);
    await untilWaitingFor(queue, "joiners", 1);
    await other.does([queue, "shutdown", { immediate: true }]);
    assertEquals(waitingFor(queue, "joiners"), 1);
    await one.does([queue, "task_done"]);
    assertEquals(await join, [true]);
    await assertRejects(() => other.does([queue, "task_done"]), ValueError);
    assertEquals(await other.does([queue, "join"]), [true]);
  });
}
