/** Two processes of a second stage wait until the first stage has been done. */

import { Condition, Event, Process } from "@herd/concurrent";

async function first(stage: Condition, done: Event): Promise<void> {
  using _held = await stage.hold();
  console.log("first stage: done");
  await done.set();
  await stage.notify_all();
}

async function second(worker: number, stage: Condition, done: Event): Promise<void> {
  using _held = await stage.hold();
  await stage.wait_for(() => done.is_set());
  console.log(`second stage: worker ${worker} begins`);
}

if (import.meta.main) {
  const stage = new Condition();
  const done = new Event();
  const processes = [
    new Process({ target: second, args: [1, stage, done] }),
    new Process({ target: second, args: [2, stage, done] }),
    new Process({ target: first, args: [stage, done] }),
  ];
  for (const process of processes) process.start();
  for (const process of processes) await process.join();
}
