/** When a pool starts processes, when it does not, and when it can't for the moment. */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { BrokenProcessPool } from "../../mod.ts";
import { noZombies } from "../support/processes.ts";
import { HANG, outcome, within } from "../support/hang_guards.ts";
import { both, Folder, marked } from "./process_pools.ts";

/** Ends once the file is there, if one is given. */
function passOnce(file: string): void {
  while (file !== "") {
    try {
      Deno.statSync(file);
      return;
    } catch {
      // Not yet.
    }
  }
}

/** Lets only some of this program's processes start, for as long as it is in scope. */
class Shortage implements Disposable {
  readonly #own = Object.getOwnPropertyDescriptor(Deno, "Command")!;
  /** How many were to be started. */
  attempts = 0;

  /** @param fails Whether an attempt, of which the first is 1, is one too many. */
  constructor(fails: (attempt: number) => boolean) {
    const attempt = () => ++this.attempts;
    class Scarce extends Deno.Command {
      override spawn(): Deno.ChildProcess {
        if (!fails(attempt())) return super.spawn();
        const error = new Error("Too many open files (os error 24)");
        throw Object.assign(error, { code: "EMFILE" });
      }
    }
    Object.defineProperty(Deno, "Command", { configurable: true, value: Scarce });
  }

  [Symbol.dispose](): void {
    Object.defineProperty(Deno, "Command", this.#own);
  }
}

for (const failing of [1, 2]) {
  both(`A pool outlives ${failing} starts for which there is no room`, async (make) => {
    using shortage = new Shortage((attempt) => attempt <= failing);
    await using executor = make({ max_workers: 1 });
    const future = executor.submit(passOnce, "");
    await within(executor.ready(), "ready()");
    assertEquals(await future.exception(HANG), null);
    assert(shortage.attempts > failing);
  });
}

both("A pool for whose processes there is no room breaks, naming what is short", async (make) => {
  using shortage = new Shortage(() => true);
  await using executor = make();
  const [task, ready] = await Promise.all([
    outcome(executor.submit(passOnce, "")),
    within(executor.ready(), "ready()").catch((error) => error),
  ]);
  for (const error of [task, ready]) {
    assertInstanceOf(error, BrokenProcessPool);
    assertEquals(error.message, "Cannot start workers: Too many open files (os error 24)");
    assertInstanceOf(error.cause, Error);
  }
  assertEquals(shortage.attempts, 3);
});

both("A process that can't be looked after for want of room is none", async (make) => {
  // The first child comes with a shell, or else a Deno, that looks after all.
  using shortage = new Shortage((attempt) => attempt === 2 || attempt === 3);
  await using executor = make({ max_workers: 1 });
  assertEquals(await outcome(executor.submit(passOnce, "")), null);
  assertEquals(shortage.attempts, 5);
});

both("No process is started for tasks that another has and can't give back", async (make) => {
  await using executor = make({ max_workers: 2 });
  using folder = new Folder();
  // Until several are sent at a time.
  for (let i = 0; i < 200; i++) await executor.submit(passOnce, "");
  const futures = [folder.at("open"), "", "", ""].map((file) => executor.submit(passOnce, file));
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  const { workers, queued, running } = executor.stats();
  folder.open("open");
  await Promise.all(futures.map((future) => future.result(HANG)));
  assertEquals([workers, queued, running], [1, 0, 4]);
});

Deno.test("No process of these tests is left, nor a zombie", async () => {
  await marked.gone();
  await noZombies();
});
