/**
 * Ends tasks early: by a deadline, by a signal, and by cancelling one that has not begun.
 *
 * `checkpoint()` throws in a task that was asked to stop, also in a loop that never awaits. A task
 * that does not look goes on to its own end, although nobody waits for it any more.
 */

import { CancelledError, current_task, ThreadPoolExecutor, TimeoutError } from "@herd/concurrent";

/** Workers import it from this file, since it uses an import; hence `import.meta.main` below. */
export function countForever(): never {
  for (let n = 0;; n++) if (n % 1000 === 0) current_task().checkpoint();
}

if (import.meta.main) {
  await using executor = new ThreadPoolExecutor(1);

  const late = await executor.options({ deadline: 50 }).submit(countForever).exception();
  console.log("deadline:", late instanceof TimeoutError);

  const controller = new AbortController();
  const running = executor.options({ signal: controller.signal }).submit(countForever);
  const queued = executor.submit((n: number) => n + 1, 1);
  console.log("cancelled before it began:", queued.cancel());

  setTimeout(() => controller.abort("no longer needed"), 50);
  try {
    await running;
  } catch (error) {
    if (error instanceof CancelledError) console.log("signal:", error.cause);
  }

  console.log("the worker is free again:", await executor.submit((n: number) => n + 1, 1));
}
