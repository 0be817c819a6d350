/** A manager keeps a tally for three processes, and an object of our own class. */

import {
  type DictProxy,
  type Lock,
  Process,
  type Proxied,
  SyncManager,
  task,
} from "@herd/concurrent";

/** Lives in the manager: others use it by proxies. */
export class Ledger {
  readonly #lines: string[] = [];

  write(line: string): number {
    return this.#lines.push(line);
  }

  *[Symbol.iterator](): Iterator<string> {
    yield* this.#lines.toSorted();
  }
}

class Farm extends SyncManager {
  declare Ledger: () => Promise<Proxied<Ledger>>;
}
Farm.register("Ledger", task(import.meta.url, "Ledger"));

/** What each process does. */
export async function count(
  pasture: string,
  sheep: number,
  tally: DictProxy<string, number>,
  lock: Lock,
  ledger: Proxied<Ledger>,
): Promise<void> {
  for (let i = 0; i < sheep; i++) {
    // To read and then to write are two calls: nobody may come between.
    await using _held = await lock.hold();
    await tally.set("sheep", await tally.get("sheep", 0) + 1);
  }
  await ledger.write(`${pasture}: ${sheep}`);
}

if (import.meta.main) {
  await using farm = await new Farm().start();
  const [tally, lock] = [await farm.dict<string, number>(), await farm.Lock()];
  const ledger = await farm.Ledger();

  const pastures = { hill: 30, meadow: 20, moor: 10 };
  const processes = Object.entries(pastures).map(([pasture, sheep]) =>
    new Process({ target: count, args: [pasture, sheep, tally, lock, ledger] })
  );
  for (const process of processes) process.start();
  for (const process of processes) await process.join();

  for await (const line of ledger) console.log(line);
  console.log("together:", await tally.get("sheep"));
}
