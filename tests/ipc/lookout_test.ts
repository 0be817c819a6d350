/** Tests of the lookout: when it opens the hatch, what it takes, and that it ends. */

import { assert, assertEquals } from "@std/assert";
import { Lookout } from "../../ipc/workers/_lookout.ts";
import { Hatch } from "../../sync/_hatch.ts";

/** A worker that has read `read` messages, and what its lookout took. */
class Bench {
  readonly #buffer = Hatch.allocate();
  readonly parent = new Hatch(this.#buffer);
  readonly taken: number[] = [];
  read = 0;
  readonly lookout: Lookout;

  constructor(onTake: (lookout: Lookout) => void = () => {}) {
    this.lookout = new Lookout(this.#buffer, (slot) => {
      this.taken.push(slot);
      onTake(this.lookout);
    });
  }

  /** Reads a message and answers it at once. */
  serve(smallTask = true): void {
    this.lookout.heard(++this.read, smallTask);
    this.lookout.answering(performance.now());
  }

  /** Whether the worker looks out. */
  get isOpen(): boolean {
    return new Int32Array(this.#buffer)[0]! > 0;
  }

  /** Serves small tasks until the worker looks out. */
  serveUntilOpen(): void {
    // A pause between two of them, on a busy machine, makes the lookout begin its count again.
    while (!this.isOpen) this.serve();
  }
}

/** A turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("a first small task does not make a worker look out", () => {
  const bench = new Bench();
  bench.lookout.answering(performance.now());
  bench.serve();
  assertEquals(bench.isOpen, false);
});

Deno.test("messages that are no small tasks never do", () => {
  const bench = new Bench();
  for (let i = 0; i < 1000; i++) bench.serve(false);
  assertEquals(bench.isOpen, false);
});

Deno.test("small tasks in a row do, and the next one is taken", async () => {
  const bench = new Bench();
  bench.serveUntilOpen();
  assert(bench.parent.put(7, bench.read));
  await turn();
  assertEquals(bench.taken, [7]);
  assertEquals(bench.isOpen, false, "nothing was answered since");
});

Deno.test("a worker that answers what it took looks out again", async () => {
  let puts = 0;
  const bench = new Bench((lookout) => {
    lookout.answering(performance.now());
    if (puts < 3 && bench.parent.put(20 + puts, bench.read)) puts++;
  });
  // After a pause of milliseconds in the middle the worker sleeps all the same.
  for (let tries = 0; puts < 3 && tries < 1000; tries++) {
    bench.taken.length = puts = 0;
    bench.serveUntilOpen();
    bench.parent.put(7, bench.read);
    await turn();
  }
  assertEquals(bench.taken, [7, 20, 21, 22]);
});

Deno.test("a lookout ends when nothing comes, with the hatch closed", async () => {
  const bench = new Bench();
  for (let round = 0; round < 5; round++) {
    bench.serveUntilOpen();
    await turn();
    assertEquals(bench.isOpen, false);
  }
  assertEquals(bench.taken, []);
});

Deno.test("an answer before the last task was taken opens nothing: what was put is not lost", async () => {
  const bench = new Bench();
  bench.serveUntilOpen();
  assert(bench.parent.put(3, bench.read));
  for (let i = 0; i < 1000; i++) bench.lookout.answering(performance.now());
  await turn();
  assertEquals(bench.taken, [3]);
});

Deno.test("a lookout that the parent shuts ends, and others follow", async () => {
  const bench = new Bench();
  for (let round = 0; round < 5; round++) {
    bench.serveUntilOpen();
    bench.parent.shut(bench.read);
    assertEquals(bench.isOpen, false);
    await turn();
    assertEquals(bench.taken, []);
  }
});
