/**
 * One ticket, and a hundred buyers in threads and child processes.
 *
 * Threads and processes have no memory in common, but files. To look and to take are two steps: only a
 * lock makes them one, whoever else is at it.
 */

import { Barrier, Lock, ProcessPoolExecutor, ThreadPoolExecutor } from "@herd/concurrent";

/** Whether the buyer got one of the tickets, whose number is in the file. */
export async function buy(file: string, lock: Lock): Promise<boolean> {
  using _held = await lock.hold();
  const left = Number(await Deno.readTextFile(file));
  if (left > 0) await Deno.writeTextFile(file, String(left - 1));
  return left > 0;
}

/** The same without a lock, where both buyers happen to have looked before either takes. */
export async function buyHastily(file: string, bothHaveLooked: Barrier): Promise<boolean> {
  const left = Number(await Deno.readTextFile(file));
  await bothHaveLooked.wait();
  if (left > 0) await Deno.writeTextFile(file, String(left - 1));
  return left > 0;
}

if (import.meta.main) {
  const file = await Deno.makeTempFile();
  await using threads = new ThreadPoolExecutor(2);
  await using processes = new ProcessPoolExecutor({
    max_workers: 2,
    permissions: { read: [file], write: [file] },
  });
  const count = (bought: boolean[]) => bought.filter(Boolean).length;

  await Deno.writeTextFile(file, "1");
  const both = new Barrier(2);
  const hasty = [threads, processes].map((pool) => pool.submit(buyHastily, file, both));
  console.log("without the lock, one ticket was sold to:", count(await Promise.all(hasty)));

  await Deno.writeTextFile(file, "1");
  const lock = new Lock();
  const buyers = Array.from({ length: 100 }, (_, n) => {
    return (n % 2 === 0 ? threads : processes).submit(buy, file, lock);
  });
  console.log("with the lock:", count(await Promise.all(buyers)));

  await Deno.remove(file);
}
