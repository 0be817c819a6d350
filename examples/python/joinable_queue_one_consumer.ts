/** A daemon works through a queue for ever; the program ends when all is done. */

import { JoinableQueue, Process } from "@herd/concurrent";

async function work(jobs: JoinableQueue<string>): Promise<void> {
  for (;;) {
    const job = await jobs.get();
    console.log("done:", job);
    await jobs.task_done();
  }
}

if (import.meta.main) {
  const jobs = new JoinableQueue<string>();
  const worker = new Process({ target: work, args: [jobs], daemon: true });
  worker.start();
  for (const job of ["shear", "wash", "spin"]) await jobs.put(job);
  await jobs.join();
  console.log("all jobs are done");
}
