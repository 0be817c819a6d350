/** A process changes a namespace that a manager keeps. */

import { Manager, type NamespaceProxy, Process } from "@herd/concurrent";

interface Weather {
  wind: string;
  degrees: number;
}

async function change(weather: NamespaceProxy<Weather>): Promise<void> {
  await weather.set("wind", "north");
  await weather.set("degrees", await weather.get("degrees") - 10);
}

if (import.meta.main) {
  await using manager = await Manager();
  const weather = await manager.Namespace<Weather>({ wind: "south", degrees: 14 });
  const process = new Process({ target: change, args: [weather] });
  process.start();
  await process.join();
  console.log(await weather.get("wind"), await weather.get("degrees"));
}
