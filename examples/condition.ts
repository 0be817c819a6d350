/**
 * A child process makes parcels, and threads deliver them: each waits for what the other does.
 *
 * The shelf is a folder, since threads and processes have files in common; it has room for three.
 */

import { Condition, Event, Process, ThreadPoolExecutor } from "@herd/concurrent";

export async function parcelsIn(shelf: string): Promise<string[]> {
  const parcels = await Array.fromAsync(Deno.readDir(shelf));
  return parcels.map(({ name }) => `${shelf}/${name}`);
}

/** Puts parcels on the shelf, as soon as there is room. */
export async function produce(shelf: string, changed: Condition, done: Event): Promise<void> {
  for (let n = 1; n <= 10; n++) {
    await using _held = await changed.hold();
    await changed.wait_for(async () => (await parcelsIn(shelf)).length < 3);
    await Deno.writeTextFile(`${shelf}/${n}`, "wool");
    await changed.notify_all();
  }
  await using _held = await changed.hold();
  await done.set();
  await changed.notify_all();
}

/** Takes parcels off the shelf until there will be no more; returns how many. */
export async function consume(shelf: string, changed: Condition, done: Event): Promise<number> {
  for (let delivered = 0;; delivered++) {
    await using _held = await changed.hold();
    let parcel: string | undefined;
    await changed.wait_for(async () => {
      [parcel] = await parcelsIn(shelf);
      return parcel !== undefined || await done.is_set();
    });
    if (parcel === undefined) return delivered;
    await Deno.remove(parcel);
    await changed.notify_all();
  }
}

if (import.meta.main) {
  const shelf = await Deno.makeTempDir();
  const changed = new Condition();
  const done = new Event();

  const producer = new Process({
    target: produce,
    args: [shelf, changed, done],
    permissions: { read: [shelf], write: [shelf] },
  });
  producer.start();

  await using executor = new ThreadPoolExecutor(2);
  const consumers = [1, 2].map(() => executor.submit(consume, shelf, changed, done));
  const delivered = await Promise.all(consumers);
  await producer.join();
  console.log("parcels delivered:", delivered.reduce((sum, n) => sum + n), "of 10");
  console.log("parcels left:", (await parcelsIn(shelf)).length);

  await Deno.remove(shelf);
}
