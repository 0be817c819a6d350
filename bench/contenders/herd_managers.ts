import { Barrier, Manager, ProcessPoolExecutor, task } from "@herd/concurrent";
import * as peers from "../peers/herd_calls.ts";
import { type Contender, noWorkers } from "./contender.ts";

const ask = task(new URL("../peers/herd_calls.ts", import.meta.url), peers.ask);

/** A dict of a `SyncManager`. */
export const herdManagers: Contender = {
  settings: "Manager().dict: get, awaited; 8 clients: async functions, processes that connect",
  start: noWorkers,
  async manager() {
    const manager = await Manager();
    const dict = await manager.dict({ key: 1 });
    const processes = new ProcessPoolExecutor(8);
    const client = async (count: number) => {
      for (let i = 0; i < count; i++) await dict.get("key");
    };
    return {
      async alone(count) {
        const start = performance.now();
        await client(count);
        return performance.now() - start;
      },
      async together(clients, count) {
        const start = performance.now();
        await Promise.all(Array.from({ length: clients }, () => client(count / clients)));
        return performance.now() - start;
      },
      async apart(clients, count) {
        const all = new Barrier(clients);
        const args = [manager.address!, manager.authkey, count / clients, all] as const;
        const times = Array.from({ length: clients }, () => processes.submit(ask, ...args));
        return Math.max(...await Promise.all(times));
      },
      async [Symbol.asyncDispose]() {
        await processes.shutdown();
        await manager.shutdown();
      },
    };
  },
};
