/** A process changes a list and a dict that a manager keeps. */

import { type DictProxy, type ListProxy, Manager, Process } from "@herd/concurrent";

async function change(sheep: ListProxy<string>, ages: DictProxy<string, number>): Promise<void> {
  await sheep.append("lamb");
  await sheep.reverse();
  await ages.set("lamb", 0);
  await ages.delete("ram");
}

if (import.meta.main) {
  await using manager = await Manager();
  const sheep = await manager.list(["ewe", "ram"]);
  const ages = await manager.dict({ ewe: 5, ram: 7 });
  const process = new Process({ target: change, args: [sheep, ages] });
  process.start();
  await process.join();
  for await (const name of sheep) console.log(name);
  for (const [name, age] of await ages.items()) console.log(`${name}: ${age}`);
}
