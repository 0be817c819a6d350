/** Tests of what becomes of a pipe when who has an end dies. */

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import {
  type Connection,
  EOFError,
  OSError,
  Pipe,
  type PoolExecutor,
  Process,
  ProcessPoolExecutor,
  task,
  type TaskReference,
  ThreadPoolExecutor,
} from "../../mod.ts";
import { CONFIG, lines } from "../support/run_deno.ts";
import * as tasks from "./pipe_tasks.ts";

const TASKS = import.meta.resolve("./pipe_tasks.ts");
const EXIT = task(TASKS, tasks.exitAfter);
const SEND = task(TASKS, tasks.sendForEver);
const RECEIVE = task(TASKS, tasks.receiveForEver);
const HOLD = task(TASKS, tasks.hold);
const WAIT_SYNC = task(TASKS, tasks.untilEndSync);
const WAIT = task(TASKS, tasks.untilEnd);
const READY = task(TASKS, tasks.readyUntilEnd);

/** Milliseconds that a task has which never ends. */
const deadline = 300;

const KINDS: Record<string, () => PoolExecutor> = {
  "thread": () => new ThreadPoolExecutor(1),
  "killable thread": () => new ThreadPoolExecutor({ max_workers: 1, killable: true }),
  "child": () => new ProcessPoolExecutor(1),
};
/** Those that can be ended by force while they do something. */
const MORTALS = Object.entries(KINDS).filter(([name]) => name !== "thread");

/**
 * Has a worker do something until it is ended by force, with an end that it alone has then; resolves when it has
 * begun. What is returned resolves when it has ended.
 */
async function doomed<A extends unknown[]>(
  executor: PoolExecutor,
  work: TaskReference<[Connection, ...A], unknown>,
  [here, there]: readonly [Connection, Connection],
  ...more: A
): Promise<() => Promise<void>> {
  for (;;) {
    const end = executor.options({ deadline }).submit(work, there, ...more).exception();
    const begun = here.poll(Infinity);
    // On a slow machine its time may be up before it has begun.
    await Promise.race([begun, end]);
    if (!await here.poll()) continue;
    assertEquals(await here.recv(), "ready");
    there.close();
    return async () => void await end;
  }
}

for (const [name, make] of Object.entries(KINDS)) {
  Deno.test(`what a ${name} sent before it ended is received, then EOFError`, async () => {
    await using executor = make();
    const [here, there] = Pipe();
    const ended = executor.submit(EXIT, there, 5).exception();
    assertEquals(await here.recv(), "ready");
    there.close();
    for (let n = 0; n < 5; n++) assertEquals(await here.recv(), n);
    await assertRejects(() => here.recv(), EOFError);
    await assertRejects(() => here.send(1), OSError, "the other end is closed");
    assertEquals([await here.poll(), here.pollSync()], [true, true]);
    await ended;
  });
}

for (const [name, make] of MORTALS) {
  for (const bytes of [0, 100_000]) {
    const what = bytes === 0 ? "small" : "large";

    Deno.test(`a ${name} killed while it sends ${what} messages leaves whole ones, in order`, async () => {
      await using executor = make();
      const [here, there] = Pipe();
      const sent = await doomed(executor, SEND, [here, there], bytes);
      let next = 0;
      await assertRejects(async () => {
        for (;; next++) {
          const [n, load] = await here.recv() as [number, Uint8Array];
          assertEquals([n, load.length], [next, bytes]);
        }
      }, EOFError);
      assert(next > 0);
      await sent();
    });

    Deno.test(`a ${name} killed while it receives ${what} messages blocks no sender`, async () => {
      await using executor = make();
      const [here, there] = Pipe();
      const received = await doomed(executor, RECEIVE, [here, there]);
      const load = new Uint8Array(bytes);
      await assertRejects(
        async () => {
          for (let n = 0;; n++) await here.send([n, load]);
        },
        OSError,
        "the other end is closed",
      );
      await received();
    });
  }

  Deno.test(`who waits for a ${name} hears of its end, blocking or not`, async () => {
    await using executor = make();
    await using threads = new ThreadPoolExecutor(1);
    for (const isBlocking of [false, true]) {
      const [one, other] = Pipe();
      // It waits for what never comes, with both in its hands.
      const end = await doomed(executor, READY, Pipe(), other);
      const told = isBlocking ? threads.submit(WAIT_SYNC, one) : threads.submit(WAIT, one);
      other.close();
      assertEquals(await told, "EOFError");
      await end();
    }
  });
}

Deno.test("a child killed by SIGKILL lets go of its ends, also of those it was sent", async () => {
  const [here, there] = Pipe();
  const [a, b] = Pipe();
  const child = new Process({ target: tasks.readyUntilEnd, args: [there], modules: [TASKS] });
  child.start();
  there.close();
  assertEquals(await here.recv(), "ready");
  await here.send(b);
  b.close();
  const receiving = assertRejects(() => a.recv(), EOFError);
  child.kill();
  await assertRejects(() => here.recv(), EOFError);
  await receiving;
  await child.join();
});

Deno.test("an end in a message that nobody will receive is let go of", async () => {
  const [a, b] = Pipe();
  const [c, d] = Pipe();
  await a.send({ deep: [d] });
  d.close();
  b.close();
  await assertRejects(() => c.recv(), EOFError);

  await using executor = new ThreadPoolExecutor({ max_workers: 1, killable: true });
  const [here, there] = Pipe();
  const [e, f] = Pipe();
  const end = await doomed(executor, HOLD, [here, there]);
  await here.send(f);
  f.close();
  await end();
  assertEquals(await e.poll(), false);
  await assertRejects(() => here.recv(), EOFError);
  await assertRejects(() => e.recv(), EOFError);
});

Deno.test("an end that is under way is somebody's, though nobody has it", async () => {
  const [a, b] = Pipe();
  const [c, d] = Pipe();
  await a.send(d);
  d.close();
  await c.send("early");
  assertEquals(await c.poll(), false);
  const arrived = await b.recv() as Connection;
  assertEquals(await arrived.recv(), "early");
  arrived.close();
  await assertRejects(() => c.recv(), EOFError);
  await assertRejects(() => c.send(1), OSError);
});

Deno.test("the end is there when the last copy has gone, and not before", async () => {
  const [a, b] = Pipe();
  const [c, d] = Pipe();
  const copies: Connection[] = [];
  for (let i = 0; i < 5; i++) {
    await a.send(d);
    copies.push(await b.recv() as Connection);
  }
  assertEquals(new Set([d, ...copies]).size, 6);
  d.close();
  for (const [i, copy] of copies.entries()) {
    assertEquals(await c.poll(), false);
    await copy.send(i);
    assertEquals(await c.recv(), i);
    copy.close();
    copy.close();
  }
  await assertRejects(() => c.recv(), EOFError);
});

for (const way of ["closed", "dropped", "one end dropped", "with an end inside"]) {
  Deno.test(`ten thousand pipes that were ${way} leave nothing behind`, async () => {
    const flags = ["-A", "--v8-flags=--expose-gc", CONFIG];
    const program = new URL("./programs/many_pipes.ts", import.meta.url).pathname;
    const [megabytes] = await lines([...flags, program, way]);
    // Kept, they would take at least 200.
    assertLess(Number(megabytes), 60);
  });
}
