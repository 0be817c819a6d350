import { fileURLToPath } from "node:url";
import type { Contender } from "./contender.ts";

const file = fileURLToPath(new URL("../peers/empty.ts", import.meta.url));

/** `deno run` of an empty file, from its spawn until its status: no child does with less. */
export const bareRun: Contender = {
  settings: "deno run of an empty file, from its spawn until its status",
  start() {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", file],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    return {
      run: () => child.status,
      stop: () => Promise.resolve(),
    };
  },
};
