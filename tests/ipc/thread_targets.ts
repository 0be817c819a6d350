/** What the threads of `thread_test.ts` do. */

import {
  current_process,
  current_thread,
  dummy,
  type Event,
  type local,
  type Lock,
  Process,
  ProcessPoolExecutor,
  type Queue,
  task,
  Thread,
  ThreadPoolExecutor,
} from "../../mod.ts";

const HERE = import.meta.url;

/** What the thread and the process that run this are called. */
export function names(): string[] {
  return [current_thread().name, current_process().name, `${Deno.pid}`];
}

export async function tellNames(told: Queue<string[]>): Promise<void> {
  await told.put(names());
}

/** Executors and threads inside of a thread. */
export async function nest(told: Queue<unknown>, levels: number): Promise<void> {
  if (levels > 0) {
    const inner = new Thread({ target: task(HERE, nest), args: [told, levels - 1] });
    inner.start();
    await inner.join();
    await told.put(inner.name);
    return;
  }
  await using threads = new ThreadPoolExecutor(1);
  await using processes = new ProcessPoolExecutor({ max_workers: 1 });
  const inThread = await threads.submit(task(HERE, names));
  const [, inProcess] = await processes.submit(task(HERE, names));
  await told.put([inThread[0], inProcess]);
}

/** Leaves a child behind, which goes on for as long as the event says. */
export function leave(kind: "thread" | "process", go: Event, told: Queue<string>): void {
  const options = { target: task(HERE, goOn), args: [go, told] };
  const child = kind === "thread" ? new Thread(options) : new Process(options);
  child.start();
}

export async function goOn(go: Event, told: Queue<string>): Promise<void> {
  await told.put("began");
  await go.wait();
  await told.put("went on");
}

/** Puts something into a thread's own storage, and tells what was there. */
export async function useLocal(told: Queue<unknown>, mine: local, n: number): Promise<void> {
  await told.put({ ...mine });
  mine.n = n;
}

/** A thread among several that look like processes. */
export function dummies(): string[] {
  return dummy.active_children().map(({ name }) => name);
}

/** Has so many threads of its own, each of which tells its name and adds to what is counted. */
export async function crowd(
  told: Queue<string>,
  lock: Lock,
  count: Queue<number>,
  threads: number,
): Promise<void> {
  const crowd = Array.from(
    { length: threads },
    (_, i) => new Thread({ target: task(HERE, addOne), args: [told, lock, count], name: `${i}` }),
  );
  for (const thread of crowd) thread.start();
  for (const thread of crowd) await thread.join();
}

export async function addOne(
  told: Queue<string>,
  lock: Lock,
  count: Queue<number>,
): Promise<void> {
  await lock.acquire();
  await count.put(await count.get() + 1);
  await lock.release();
  await told.put(`${current_process().name} ${current_thread().name}`);
}
