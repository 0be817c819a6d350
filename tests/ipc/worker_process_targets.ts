/** What the processes of `worker_process_test.ts` do. */

import {
  current_process,
  current_thread,
  get_start_method,
  parent_process,
  Process,
  type Queue,
  type StartMethod,
  ThreadPoolExecutor,
} from "../../mod.ts";

const HERE = import.meta.url;

/** What is known in a process of itself and of its parent. */
export interface Relations {
  readonly name: string;
  readonly pid: number | null;
  readonly thread: string;
  readonly authkey: string;
  readonly parent: { name: string; pid: number; alive: boolean } | null;
  readonly method: StartMethod;
}

export function relations(): Relations {
  const { name, pid, authkey } = current_process();
  const parent = parent_process();
  return {
    name,
    pid,
    thread: current_thread().name,
    authkey: authkey.toHex(),
    parent: parent && { name: parent.name, pid: parent.pid, alive: parent.is_alive() },
    method: get_start_method(),
  };
}

/** Tells of itself, and of a child that it starts as nobody says. */
export async function tellFamily(told: Queue<Relations>, levels: number): Promise<void> {
  await parent_process()!.join(1);
  await told.put(relations());
  if (levels === 0) return;
  const child = new Process({ target: tellFamily, args: [told, levels - 1], modules: [HERE] });
  child.start();
  await child.join();
}

/** Tells what a thread of the process knows of it. */
export async function tellInThread(told: Queue<Relations>): Promise<void> {
  await using executor = new ThreadPoolExecutor({ max_workers: 1, modules: [HERE] });
  await told.put(await executor.submit(relations));
}

/** Tries to have a child. */
export async function tellRefusal(told: Queue<string>): Promise<void> {
  try {
    new Process({ name: "a child" }).start();
    await told.put("it started");
  } catch (error) {
    await told.put(String(error));
  }
}
