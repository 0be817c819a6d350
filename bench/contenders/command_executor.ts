import { CommandExecutor } from "@herd/concurrent";
import { type Contender, noWorkers } from "./contender.ts";

/** Herd's `CommandExecutor`. */
export const commandExecutor: Contender = {
  settings: "a new CommandExecutor({ allow, max_workers }) each time",
  start: noWorkers,
  async runPrograms(count, limit) {
    await using executor = new CommandExecutor({ allow: ["true"], max_workers: limit });
    const futures = Array.from({ length: count }, () => executor.submit("true"));
    for (const { code } of await Promise.all(futures)) {
      if (code !== 0) throw new Error(`true ended with code ${code}`);
    }
  },
};
