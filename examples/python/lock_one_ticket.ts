/** One ticket in a JSON file, and a hundred buyers in eight processes: one of them gets it. */

import { Lock, ProcessPoolExecutor } from "@herd/concurrent";

async function buy(buyer: number, file: string, lock: Lock): Promise<boolean> {
  using _held = await lock.hold();
  const shop: { tickets: number } = JSON.parse(await Deno.readTextFile(file));
  if (shop.tickets === 0) return false;
  shop.tickets--;
  await Deno.writeTextFile(file, JSON.stringify(shop));
  console.log(`buyer ${buyer} has bought the ticket`);
  return true;
}

if (import.meta.main) {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, JSON.stringify({ tickets: 1 }));
  const lock = new Lock();

  await using executor = new ProcessPoolExecutor({
    max_workers: 8,
    permissions: { read: [file], write: [file] },
  });
  const buyers = Array.from({ length: 100 }, (_, n) => executor.submit(buy, n, file, lock));
  const bought = await Promise.all(buyers);
  console.log("sold:", bought.filter(Boolean).length);
  await Deno.remove(file);
}
