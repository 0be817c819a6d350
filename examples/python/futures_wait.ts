/** Waiting for the first future, for the first error, and for all. */

import {
  ALL_COMPLETED,
  Event,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  ThreadPoolExecutor,
  wait,
} from "@herd/concurrent";

function fail(): never {
  throw new RangeError("no wool");
}

if (import.meta.main) {
  await using executor = new ThreadPoolExecutor(2);
  const gate = new Event();
  const slow = executor.submit((gate: Event) => gate.wait(), gate);
  const quick = executor.submit(() => true);

  let { done, not_done } = await wait([slow, quick], { return_when: FIRST_COMPLETED });
  console.log("first done:", done.has(quick), not_done.has(slow));

  const failing = executor.submit(fail);
  const all = [slow, quick, failing];
  ({ done, not_done } = await wait(all, { return_when: FIRST_EXCEPTION }));
  console.log("first error:", done.has(failing), not_done.has(slow));

  await gate.set();
  ({ done, not_done } = await wait(all, { return_when: ALL_COMPLETED }));
  console.log("all:", done.size, not_done.size);
}
