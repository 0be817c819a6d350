/** Three daemons work through one queue, and nobody does a job twice. */

import { current_process, JoinableQueue, Process } from "@herd/concurrent";

export async function work(jobs: JoinableQueue<number>): Promise<void> {
  for (;;) {
    const job = await jobs.get();
    console.log(`${current_process().name}: job ${job}`);
    await jobs.task_done();
  }
}

if (import.meta.main) {
  const jobs = new JoinableQueue<number>();
  for (let n = 1; n <= 3; n++) {
    new Process({ target: work, args: [jobs], name: `worker ${n}`, daemon: true }).start();
  }
  for (let job = 1; job <= 9; job++) await jobs.put(job);
  await jobs.join();
  console.log("all jobs are done");
}
