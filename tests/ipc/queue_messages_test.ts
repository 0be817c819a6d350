/** Tests of what goes between a queue's process and one that uses it: how many messages, and which. */

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { Empty, Queue } from "../../mod.ts";
import { ObjectPort } from "../../ipc/objects/_object_port.ts";
import type { ObjectMessage } from "../../ipc/objects/_object_protocol.ts";
import { kindOf } from "../../sync/_shareable.ts";
import { waitingFor } from "../support/queue_waiters.ts";

/** Two sides of a way in one thread: a queue's, and one that acts as if it were a child. */
class Way implements Disposable {
  readonly queue: Queue<unknown>;
  readonly remote: Queue<unknown>;
  /** What went to the queue's side, and back. */
  readonly up: ObjectMessage[] = [];
  readonly down: ObjectMessage[] = [];
  /** Whether the child hears, and says nothing. */
  isMute = false;
  readonly #home: ObjectPort;
  readonly #child: ObjectPort;
  /** Waits here do not keep the program going. */
  readonly #heartbeat = setInterval(() => {}, 1000);

  constructor(queue = new Queue<unknown>()) {
    this.queue = queue;
    this.#home = new ObjectPort({
      sharesMemory: false,
      post: (message) => this.#carry(message, this.down, () => this.#child),
    });
    this.#child = new ObjectPort({
      sharesMemory: false,
      sendsAhead: true,
      post: (message) => this.#carry(message, this.up, () => this.#home),
    });
    this.remote = this.#child.import(this.#home.export(queue, kindOf(queue)!)) as Queue<unknown>;
  }

  #carry(message: ObjectMessage, log: ObjectMessage[], to: () => ObjectPort): void {
    log.push(message);
    const copy = structuredClone(message);
    if (!(this.isMute && log === this.up)) queueMicrotask(() => to().receive(copy));
  }

  /** Sends by hand. */
  forge(message: ObjectMessage): void {
    this.#home.receive(message);
  }

  /** The child dies. */
  die(): void {
    this.#home.close();
  }

  [Symbol.dispose](): void {
    this.#home.close();
    this.#child.close();
    clearInterval(this.#heartbeat);
  }
}

function count(n: number, from = 0): number[] {
  return Array.from({ length: n }, (_, i) => from + i);
}

async function fill(queue: Queue<unknown>, n: number): Promise<void> {
  for (let i = 0; i < n; i++) await queue.put(i);
}

async function getMany(queue: Queue<unknown>, n: number): Promise<unknown[]> {
  const items: unknown[] = [];
  for (let i = 0; i < n; i++) items.push(await queue.get());
  return items;
}

/** Runs `work` with a clock by which no time passes, so that nobody is slow. */
async function atOnce<T>(work: () => Promise<T>): Promise<T> {
  const { now } = performance;
  const time = performance.now();
  performance.now = () => time;
  try {
    return await work();
  } finally {
    performance.now = now;
  }
}

Deno.test("Thousands of gets in a row take a few messages", async () => {
  using way = new Way();
  await fill(way.queue, 10_000);
  assertEquals(await atOnce(() => getMany(way.remote, 10_000)), count(10_000));
  const asked = way.up.filter(({ kind }) => kind === "call").length;
  assertLess(asked, 30);
  assertEquals(way.down.length, asked);
});

Deno.test("The first items come one by one, and each answer has at most twice as many as the one before", async () => {
  using way = new Way();
  await fill(way.queue, 200);
  await atOnce(() => getMany(way.remote, 100));
  const counts = way.down.map((message) => {
    assert(message.kind === "reply");
    return (message.value[1] as [Uint8Array, number])[1];
  });
  assertEquals(counts.slice(0, 6), [1, 2, 4, 8, 16, 32]);
});

Deno.test("Thousands of puts at once take a few messages, and one answer each", async () => {
  using way = new Way();
  await Promise.all(count(10_000).map((i) => way.remote.put(i)));
  assertEquals(await getMany(way.queue, 10_000), count(10_000));
  assertLess(way.up.length, 10);
  assertEquals(way.down.length, way.up.length);
});

Deno.test("While another waits, or got the last item, one comes at a time", async () => {
  using way = new Way();
  await fill(way.queue, 100);
  await atOnce(async () => {
    for (let i = 0; i < 100; i += 2) {
      assertEquals([await way.remote.get(), await way.queue.get()], [i, i + 1]);
    }
  });
  assertEquals(way.down.filter(({ kind }) => kind === "recall items"), []);
});

Deno.test("Who comes while items are sent ahead has the next one, after one question", async () => {
  using way = new Way();
  await fill(way.queue, 1000);
  await atOnce(() => getMany(way.remote, 100));
  assertEquals(await way.queue.get({ block: false }), 100);
  assertEquals(await Promise.all([way.remote.get(), way.queue.get()]).then((got) => got.sort()), [
    101,
    102,
  ]);
  assertEquals(way.down.filter(({ kind }) => kind === "recall items").length, 1);
  assertEquals(way.queue.qsizeSync(), 1000 - 103);
});

Deno.test("Who has no time does not wait for ever for one that does not answer", async () => {
  using way = new Way();
  await fill(way.queue, 1000);
  await atOnce(() => getMany(way.remote, 100));
  await way.remote.qsize();
  const size = way.queue.qsizeSync();
  assertEquals(size, 900);
  way.isMute = true;
  await assertRejects(() => way.queue.get({ block: false }), Empty);
  assertEquals(way.queue.qsizeSync(), size);
  const get = way.queue.get();
  // Its end is an answer, too.
  way.die();
  assert(await get as number <= 100);
});

Deno.test("What was taken is said before anything else, and the rest goes back when nobody gets any", async () => {
  using way = new Way();
  await fill(way.queue, 1000);
  await atOnce(() => getMany(way.remote, 100));
  assertEquals(await way.remote.qsize(), 900);
  while (way.up.at(-1)!.kind !== "taken" || Reflect.get(way.up.at(-1)!, "keeps") === true) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await Promise.resolve();
  assertEquals(way.queue.getSync(), 100);
});

Deno.test("What a child makes up of items that it took, or puts, costs nobody anything", async () => {
  using way = new Way();
  await fill(way.queue, 10);
  const object = 1;
  for (const taken of [-1, NaN, 1e9, 0.5]) {
    for (const keeps of [true, false]) way.forge({ kind: "taken", object, taken, keeps });
  }
  way.forge({ kind: "taken", object: 77, taken: 1, keeps: false });
  assertEquals(way.queue.qsizeSync(), 10);
  const [realm, task] = [0, 0];
  const garbage = [
    new Uint8Array(0),
    new Uint8Array(3),
    new Uint8Array(new Int32Array([5, 0]).buffer),
    new Uint8Array(new Int32Array([-5, 0]).buffer),
    // Shared objects, which it may not name.
    new Uint8Array(new Int32Array([4, 3]).buffer),
  ];
  for (const items of garbage) {
    way.forge({ kind: "puts", call: 900, object, items, count: 1, realm, task });
  }
  way.forge({ kind: "puts", call: 900, object: 77, items: garbage[0]!, count: 2, realm, task });
  assertEquals(way.down.map((message) => message.kind === "reply" && message.error !== null), [
    ...garbage.map(() => true),
    true,
  ]);
  assertEquals(await getMany(way.queue, 10), count(10));
});

Deno.test("A child that dies with items sent ahead leaves them to who waits", async () => {
  using way = new Way();
  await fill(way.queue, 200);
  await atOnce(() => getMany(way.remote, 100));
  const get = way.queue.get();
  way.die();
  const next = await get as number;
  assert(next <= 100);
  assertEquals(await getMany(way.queue, 199 - next), count(199 - next, next + 1));
  assertEquals(waitingFor(way.queue, "getters"), 0);
});

Deno.test("A get in a child that is aborted, or finds nothing, leaves no trace", async () => {
  using way = new Way();
  const controller = new AbortController();
  const aborted = assertRejects(() => way.remote.get({ signal: controller.signal }));
  const late = assertRejects(() => way.remote.get({ timeout: 5 }));
  controller.abort();
  await Promise.all([aborted, late]);
  await way.queue.put("item");
  assertEquals(await way.remote.get(), "item");
  assertEquals(waitingFor(way.queue, "getters"), 0);
});
