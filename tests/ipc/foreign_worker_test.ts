/** Processes and pools inside a Worker that the program started itself. */

import { assertEquals } from "@std/assert";

const PROGRAM = `
  import { Process, ProcessPoolExecutor, ThreadPoolExecutor } from "${
  import.meta.resolve("../../mod.ts")
}";
  await using processes = new ProcessPoolExecutor(1);
  await using threads = new ThreadPoolExecutor(1);
  const sums = [processes, threads].map((pool) => pool.submit((a, b) => a + b, 1, 2));
  const process = new Process({ target: () => Deno.exit(5) });
  process.start();
  await process.join();
  postMessage([...await Promise.all(sums), process.exitcode]);
`;

Deno.test("A Worker of the program's own can have pools and processes", async () => {
  const url = `data:text/javascript,${encodeURIComponent(PROGRAM)}`;
  const worker = new Worker(url, { type: "module" });
  try {
    const message = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
    });
    assertEquals(message, [3, 3, 5]);
  } finally {
    worker.terminate();
  }
});
