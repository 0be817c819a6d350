/** A process changes a number and an array that a manager keeps. */

import { type ArrayProxy, Manager, Process, type ValueProxy } from "@herd/concurrent";

async function change(number: ValueProxy<"d">, array: ArrayProxy<"i">): Promise<void> {
  await number.set(3.5);
  for (let n = 0; n < await array.len(); n++) await array.set(n, -await array.get(n));
}

if (import.meta.main) {
  await using manager = await Manager();
  const number = await manager.Value("d", 0);
  const array = await manager.Array("i", [0, 1, 2, 3]);
  const process = new Process({ target: change, args: [number, array] });
  process.start();
  await process.join();
  console.log(await number.get(), ...await Array.fromAsync(array));
}
