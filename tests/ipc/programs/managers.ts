/** Programs with managers: each is run by its name, as a program of its own. */

import { active_children, Manager, Process, type Queue, SyncManager, task } from "../../../mod.ts";

const HERE = import.meta.url;

const PROGRAMS: Readonly<Record<string, () => Promise<void>>> = {
  async "a manager is forgotten"() {
    const manager = await Manager();
    const dict = await manager.dict({ a: 1 });
    console.log(await dict.get("a"), active_children()[0]!.name);
  },

  async "waits and is killed"() {
    const manager = await Manager();
    await manager.list();
    console.log("now");
    await (await manager.Event()).wait();
  },

  async "exits at once"() {
    await Manager();
    console.log("exits");
    Deno.exit(3);
  },

  async "Ctrl-C"() {
    Deno.addSignalListener("SIGINT", () => {});
    const manager = await Manager();
    const list = await manager.list<string>();
    Deno.kill(active_children()[0]!.pid!, "SIGINT");
    console.log("now");
    await list.append("still there");
    console.log(await list.copy());
    await manager.shutdown();
  },

  async "keeps waiting"() {
    await using manager = await Manager();
    const queue = await manager.Queue<number>();
    const process = new Process({ target: task(HERE, putLater), args: [queue] });
    process.start();
    // Nothing else keeps the program alive than this.
    console.log(await queue.get());
    await process.join();
  },

  async "a child of the manager"() {
    await using manager = await new Families().start();
    console.log(await (await manager.family()).size());
  },

  async "collected"() {
    await using manager = await Manager();
    const kept = await manager.list();
    for (let i = 0; i < 50; i++) await manager.list([i]);
    for (let turn = 0; turn < 200 && await manager._number_of_objects() > 1; turn++) {
      (globalThis as unknown as { gc(): void }).gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    console.log(await manager._number_of_objects(), await kept.len());
  },

  async "no permissions"() {
    try {
      await Manager();
    } catch (error) {
      console.log((error as Error).name, (error as Error).message);
    }
  },
};

class Families extends SyncManager {
  declare family: () => Promise<{ size(): Promise<number> }>;
}
Families.register("family", family);

/** An object whose method starts a process. */
export function family(): { size(): Promise<number> } {
  return {
    async size() {
      const process = new Process({ target: () => Deno.exit(7) });
      process.start();
      await process.join();
      return process.exitcode!;
    },
  };
}

export async function putLater(queue: Queue<number>): Promise<void> {
  await queue.put(5);
}

if (import.meta.main) await PROGRAMS[Deno.args[0]!]!();
