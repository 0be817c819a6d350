/** Tasks of `facts_test.ts`. */

import { Barrier, type Queue, task, ThreadPoolExecutor } from "../../mod.ts";

type Known = Barrier | Queue;

/** What is known of objects. */
export function factsOf(objects: readonly Known[]): object[] {
  return objects.map((object) =>
    object instanceof Barrier ? { parties: object.parties } : { maxsize: object.maxsize }
  );
}

/** The same, of a thread that was started here. */
export async function factsOfBelow(objects: readonly Known[]): Promise<object[]> {
  await using executor = new ThreadPoolExecutor(1);
  return await executor.submit(task(import.meta.url, factsOf), objects);
}
