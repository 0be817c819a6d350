/** Three processes simulate in phases: nobody begins one before all have ended the one before. */

import { Barrier, Process } from "@herd/concurrent";

async function simulate(region: string, barrier: Barrier): Promise<void> {
  for (const phase of ["weather", "growth", "grazing"]) {
    console.log(`${phase} in the ${region}`);
    await barrier.wait();
  }
}

if (import.meta.main) {
  const barrier = new Barrier(3, { action: () => console.log("all regions are done") });
  const regions = ["hills", "plains", "marshes"].map((region) => {
    return new Process({ target: simulate, args: [region, barrier] });
  });
  for (const region of regions) region.start();
  for (const region of regions) await region.join();
}
