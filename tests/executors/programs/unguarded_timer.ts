/** As `unguarded.ts`, but that the pool is started by a timer. */

import { ThreadPoolExecutor } from "../../../mod.ts";

const forever = new Promise<never>(() => {});

export async function linger(): Promise<never> {
  return await forever;
}

setTimeout(async () => {
  console.log("begins");
  await using executor = new ThreadPoolExecutor(2);
  const futures = [1, 2, 3].map(() => executor.submit(linger));
  for (const future of futures) {
    const { name, cause } = await future.exception() as Error;
    console.log(`${name} because of ${cause}`);
  }
});
