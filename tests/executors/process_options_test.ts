/** Options that a pool of processes has and one of threads has not. */

import { ProcessPoolExecutor } from "@herd/concurrent";
import { assertThrows } from "@std/assert";

const OWN = { memoryLimit: 64, env: { LEVEL: "3" }, cwd: "/", config: "deno.json" };

for (const [name, value] of Object.entries(OWN)) {
  Deno.test(`${name} is refused to workers that are threads, instead of being ignored`, () => {
    assertThrows(
      () => new ProcessPoolExecutor({ mp_context: "worker", [name]: value }),
      TypeError,
      `Cannot make a ProcessPoolExecutor: ${name} is for processes`,
    );
  });
}
